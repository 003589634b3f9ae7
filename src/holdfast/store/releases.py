"""Releases in a database: by id, by name, and which of them answers. Knows nothing of what a release chooses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from holdfast.errors import NotFound, unknown
from holdfast.identity import to_json
from holdfast.release import Release
from holdfast.store.faults import name_taken, nothing_before
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import NamedRelease, Promotion


class SqlReleases:
    """See `Releases`. Every change is one transaction, so that two processes promote one after the other."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, release: Release) -> None:
        """See `Releases`."""
        row = (release.id, to_json(msgspec.structs.replace(release, name=None)).decode())
        await self._writer.change(lambda keeper: self._write(keeper, "add_release", *row))

    async def get(self, release_id: str) -> Release:
        """See `Releases`. By id it has no name."""
        return await self._readers.read(lambda reader: self._get(reader, release_id))

    async def create(self, named: NamedRelease) -> NamedRelease:
        """See `Releases`."""
        return await self._writer.change(lambda keeper: self._create(keeper, named))

    async def named(self) -> tuple[NamedRelease, ...]:
        """See `Releases`."""
        return await self._readers.read(
            lambda reader: tuple(
                msgspec.json.decode(content, type=NamedRelease)
                for (content,) in reader.connection.execute(self._sql["named_releases"])
            )
        )

    async def promote(self, name: str | None, at: datetime, by: str) -> Promotion:
        """See `Releases`."""
        return await self._writer.change(lambda keeper: self._promote(keeper, name, at, by))

    async def rollback(self, at: datetime, by: str) -> Promotion:
        """See `Releases`."""
        return await self._writer.change(lambda keeper: self._rollback(keeper, at, by))

    async def promotions(self, limit: int = 50) -> tuple[Promotion, ...]:
        """See `Releases`."""
        return await self._readers.read(
            lambda reader: tuple(
                msgspec.json.decode(content, type=Promotion)
                for (content,) in reader.connection.execute(self._sql["promotions"], (limit,))
            )
        )

    def _get(self, reader: Reader, asked: str) -> Release:
        if row := reader.connection.execute(self._sql["release_of_id"], (asked,)).fetchone():
            return msgspec.json.decode(row[0], type=Release)
        if (named := self._named(reader, asked)) is not None:
            return named.release
        raise self._unknown(reader, asked)

    def _named(self, side: Keeper | Reader, name: str) -> NamedRelease | None:
        row = side.connection.execute(self._sql["named_release"], (name,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=NamedRelease)

    def _unknown(self, side: Keeper | Reader, asked: str) -> NotFound:
        names = side.connection.execute(self._sql["release_names"])
        return unknown("HF204", "release", asked, (name for (name,) in names))

    def _create(self, keeper: Keeper, named: NamedRelease) -> NamedRelease:
        kept = self._named(keeper, named.name)
        if kept is None:
            self._write(keeper, "add_named_release", named.name, to_json(named).decode())
            choices = msgspec.structs.replace(named.release, name=None)
            self._write(keeper, "add_release", choices.id, to_json(choices).decode())
            return named
        if not kept.same_as(named):
            raise name_taken(named.name)
        return kept

    def _promote(self, keeper: Keeper, name: str | None, at: datetime, by: str) -> Promotion:
        if name is not None and self._named(keeper, name) is None:
            raise self._unknown(keeper, name)
        number, release, _, content = self._newest(keeper)
        if content and release == name:
            return msgspec.json.decode(content, type=Promotion)
        promotion = Promotion(number=number + 1, release=name, at=at, by=by)
        return self._promoted(keeper, promotion, previous=number)

    def _rollback(self, keeper: Keeper, at: datetime, by: str) -> Promotion:
        number, release, previous, _ = self._newest(keeper)
        if release is None and previous == 0:
            raise nothing_before()
        row = keeper.connection.execute(self._sql["promotion"], (previous,)).fetchone()
        back, before = row or (None, 0)
        promotion = Promotion(number=number + 1, release=back, at=at, by=by, rollback=True)
        return self._promoted(keeper, promotion, previous=before)

    def _newest(self, keeper: Keeper) -> tuple[int, str | None, int, str]:
        """Number, release, previous and content of what answers now; before the first promotion, the working tree."""
        row = keeper.connection.execute(self._sql["newest_promotion"]).fetchone()
        return row or (0, None, 0, "")

    def _promoted(self, keeper: Keeper, promotion: Promotion, *, previous: int) -> Promotion:
        row = (promotion.number, promotion.release, previous, to_json(promotion).decode())
        self._write(keeper, "add_promotion", *row)
        return promotion

    def _write(self, keeper: Keeper, statement: str, *values: object) -> None:
        keeper.connection.execute(self._sql[statement], values)
