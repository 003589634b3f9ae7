"""After thousands of creates, updates, deletes and changes of permission, the index is the source: exactly, every time.

Through a source that is read whole and through a feed; with syncs that break off, are cancelled, or fetch a few named
documents only; with versions restored, landings lost, and everything made anew in between.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from corpora import finds, word
from feeds import Desk, DeskFeed, feed_room, made
from holdfast.sources import Feed, Passed, RawDocument, Source

IDS = 60
GROUPS: tuple[tuple[str, ...], ...] = ((), (), (), ("staff",), ("board",), ("staff", "board"))
ASKERS: tuple[tuple[str, ...], ...] = ((), ("staff",), ("board",), ("staff", "board"), ("guest",))
Kind = Literal["feed", "source"]


class Whole:
    """The desk as a source that is read whole."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        for number, (known, data) in enumerate(self._desk.articles.items()):
            if self._desk.fail_after is not None and number >= 10 * self._desk.fail_after:
                raise ConnectionError("the help desk broke off")
            yield made(known, data, self._desk.sections["s"])


class Machine:
    """A desk, the room that follows it, and what chance does to both."""

    def __init__(self, folder: Path, kind: Kind, seed: int) -> None:
        self.folder = folder
        self.kind = kind
        self.chance = random.Random(seed)
        self.desk = Desk()
        self.room = feed_room(folder, keep=3)
        self.operations = self.syncs = self.revision = 0
        self.touched: set[str] = set()
        self.other = False
        """Whether something changed that no list of ids tells of."""

    def operate(self) -> None:
        """One create, update, delete or change of permission."""
        self.operations += 1
        self.revision += 1
        chance, known = self.chance, f"d{self.chance.randrange(IDS):02}"
        self.touched.add(known)
        there = self.desk.articles.get(known)
        text = f"This page {word(known)} is at revision r{self.revision}x.\n\n## More\n\n{word(known)} again."
        match chance.choices(("put", "delete", "silent", "allow", "draft", "rename"), (40, 15, 10, 25, 8, 2))[0]:
            case "put":
                self.desk.put(known, text, there["principals"] if there else chance.choice(GROUPS))
            case "delete":
                self.desk.delete(known)
            case "silent":
                self.desk.delete(known, silently=True)
            case "allow" if there:
                self.desk.put(known, there["text"], chance.choice(GROUPS))
            case "draft":
                self.desk.put(known, text, draft=True)
            case "rename":
                self.desk.rename(f"Section {self.revision}")
                self.other = True
            case _:
                self.desk.put(known, text)

    def source(self) -> Source | Feed:
        return DeskFeed(self.desk) if self.kind == "feed" else Whole(self.desk)

    async def stop_a_sync(self) -> None:
        """A sync that the source or somebody ends before its time: nothing that can be found changes."""
        before = await self.found()
        if self.chance.random() < 0.5:
            self.desk.fail_after = 0
            if self.desk.changes or self.kind == "source":
                try:
                    await self.room.sync("kb", source=self.source())
                except ConnectionError:
                    assert await self.found() == before
            self.desk.fail_after = None
            return
        left = self.chance.randrange(6)

        def told(stage: str, done: int, total: int | None) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise asyncio.CancelledError

        try:
            await self.room.sync("kb", source=self.source(), progress=told)
        except asyncio.CancelledError:
            assert await self.found() == before

    async def sync(self) -> None:
        """One sync, of some sort; then the index is the source."""
        self.syncs += 1
        chance = self.chance.random()
        only = self.touched if 0.1 < chance < 0.4 and not self.other else None
        if chance < 0.03:
            for file in (self.folder / "corpora" / "kb").glob("landing.db*"):
                file.unlink()
        await self.room.sync("kb", source=self.source(), full=chance > 0.97, only=only)
        self.touched, self.other = set(), False
        await self.check()
        if self.chance.random() < 0.15:
            await self.restore()

    async def restore(self) -> None:
        """An earlier version answers, with what there is now for those who may see it now."""
        versions = [version.name for version in self.room.versions("kb")]
        await self.room.restore("kb", self.chance.choice(versions))
        for asker in ASKERS:
            found = await finds(self.room, "page", k=IDS, mode="lexical", principals=asker)
            assert found <= self.expected(asker)

    def documents(self) -> dict[str, RawDocument]:
        offered = (made(known, data, self.desk.sections["s"]) for known, data in self.desk.articles.items())
        return {one.id: one for one in offered if isinstance(one, RawDocument)}

    def expected(self, asker: tuple[str, ...]) -> set[str]:
        """What somebody may find."""
        there = self.documents().values()
        return {one.id for one in there if not one.principals or set(one.principals) & set(asker)}

    async def found(self) -> Any:
        if not self.room.versions("kb"):
            return None
        return [await finds(self.room, "page", k=IDS, mode="lexical", principals=asker) for asker in ASKERS]

    async def check(self) -> None:
        """Ids, texts, sections and permissions are the source's, in the newest version and for everybody who asks."""
        newest = next(version.name for version in self.room.versions("kb") if version.newest)
        version = self.room._opened["kb"].version(int(newest[1:]))
        expected = self.documents()
        assert version.places.keys() == expected.keys()
        for known, one in expected.items():
            document = version.document(known)
            assert document is not None
            assert document.text.split() == str(one.body).split()
            assert (document.principals, document.section) == (tuple(sorted(one.principals)), one.section)
            assert version.indexed(known) == len(version.rows_of(known))
        assert version.indexed() == version.tables[0] == version.tables[1]
        for asker in ASKERS:
            for mode in ("lexical", "hybrid"):
                found = await finds(self.room, "page", newest, k=IDS, mode=mode, principals=asker)
                assert found == self.expected(asker), (mode, asker)
        for known in self.chance.sample(sorted(expected), min(3, len(expected))):
            assert await finds(self.room, word(known), newest, k=1, principals=("staff", "board")) == {known}
        for known in self.desk.articles.keys() - expected.keys():
            assert self.room.outcome_of("kb", known).reason == "draft"


async def same_after(folder: Path, kind: Kind, operations: int, seed: int) -> Machine:
    machine = Machine(folder, kind, seed)
    while machine.operations < operations:
        for _ in range(machine.chance.randrange(1, 40)):
            machine.operate()
        if machine.chance.random() < 0.2:
            await machine.stop_a_sync()
        await machine.sync()
    machine.room.close()
    return machine


@pytest.mark.parametrize("kind", ["feed", "source"])
async def test_index_equals_source_after_hundreds_of_operations(tmp_path: Path, kind: Kind) -> None:
    machine = await same_after(tmp_path, kind, 700, seed=7)
    assert machine.syncs > 20


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["feed", "source"])
async def test_index_equals_source_after_ten_thousand_operations(tmp_path: Path, kind: Kind) -> None:
    machine = await same_after(tmp_path, kind, 10_000, seed=10)
    assert machine.syncs > 300
