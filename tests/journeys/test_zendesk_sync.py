"""A whole Zendesk is synced through refusals, failures, broken connections and a kill: complete, exact, and no more.

The journey runs the command line as a user does, against the simulated Zendesk, and without an encoder: the corpus is
searched by words only. The soak form does the same with 100,000 tickets, and prints what it took.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.app import Project, open_configured
from holdfast.config import load_config
from holdfast.documents import Document
from holdfast.errors import NotFound
from holdfast.records import Retrieve
from holdfast.store.landing import SqliteLanding
from holdfast.testing import MemoryStore
from holdfast.testing.zendesk import (
    ADMIN,
    NOTE_WORD,
    TOKEN,
    Account,
    Asked,
    Limits,
    ManyTickets,
    Seen,
    Viewer,
    ZendeskServer,
    big_account,
    faults,
    sample_account,
)

STAFF = ("staff",)
PUBLIC = re.compile(r"zqpublic\d+x\d+")
OVERLAP_S = 600
MOST_MEMORY_MB = 1_000
"""What one process may take, its maps of files included, however many tickets there are of those tried here."""


@dataclass(frozen=True)
class Ended:
    code: int
    report: dict
    peak_rss_mb: float


class Desk:
    """A project whose one corpus is the tickets of a simulated Zendesk."""

    def __init__(self, folder: Path, server: ZendeskServer, content: str = "tickets") -> None:
        self.folder = folder
        self.server = server
        folder.mkdir(exist_ok=True)
        (folder / "features.py").write_text("from holdfast import App\n\napp = App()\n", "utf-8")
        (folder / "holdfast.toml").write_text(
            f'[corpora.desk]\nsource = "zendesk"\ncontent = "{content}"\nbase_url = "{server.url}"\n'
            f'email = "{ADMIN}"\ntoken = "{TOKEN}"\n',
            "utf-8",
        )

    @property
    def landing(self) -> Path:
        return self.folder / ".holdfast" / "storage" / "corpora" / "desk" / "landing.db"

    def start(self) -> subprocess.Popen[bytes]:
        """`holdfast sync`, in a process of its own that has no encoder."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "HOLDFAST_CACHE": str(self.folder / "no-models"),
        }
        command = (sys.executable, "-m", "holdfast.cli", "sync", "desk", "--json")
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE)

    async def sync(self) -> Ended:
        """Sync to the end."""
        process = self.start()
        said = await asyncio.to_thread(lambda: process.stdout.read() if process.stdout else b"")
        code, peak = await asyncio.to_thread(ended, process)
        reports = json.loads(said)["reports"] if code == 0 else [{}]
        return Ended(code, reports[0], peak)

    async def sync_killed(self, when: Callable[[Asked], bool]) -> Ended:
        """Sync until such a request comes, which is not answered: then kill -9."""
        reached = asyncio.Event()
        before = len(self.server.requests)

        def reach(asked: Asked) -> bool:
            if when(asked) and asked.number > before:
                reached.set()
                return True
            return False

        self.server.on_request(reach, faults.slow(3600))
        process = self.start()
        end = asyncio.ensure_future(asyncio.to_thread(ended, process))
        reaching = asyncio.ensure_future(reached.wait())
        await asyncio.wait([end, reaching], return_when=asyncio.FIRST_COMPLETED)
        reaching.cancel()
        assert not end.done(), "the sync ended before it could be killed"
        process.kill()
        code, peak = await end
        return Ended(code, {}, peak)

    async def opened(self) -> Project:
        return await open_configured(load_config(self.folder, {}), store=MemoryStore(), encoder=False)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Wait for the end: the exit code, and the most memory that this one process had, in MB.

    What the system counts for an ended process includes what its parent had when it was started; so it is looked at.
    """
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, most_memory_mb(process.pid))
        time.sleep(0.05)
    if process.stdout is not None:
        process.stdout.close()
    return process.returncode, peak


def most_memory_mb(pid: int) -> float:
    """The most that a process has had so far; 0 where it has just ended."""
    try:
        said = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith("VmHWM")), 0.0)


def weather(server: ZendeskServer, every: int) -> None:
    """Of so many requests each kind of failure befalls one, over and over."""
    kinds = (
        faults.too_many(1),
        faults.refused(503),
        faults.cut("body"),
        faults.refused(502, b"<html>Bad gateway</html>"),
        faults.cut("chunk"),
        faults.truncated(),
        faults.too_many(1, plain=True),
        faults.cut("connection"),
        faults.page_of_html(),
        faults.doubled(3),
        faults.emptied(),
    )
    for turn, fault in enumerate(kinds):
        at = 3 + turn * max(1, every // len(kinds))
        server.on_request(lambda asked, at=at: asked.number % every == at % every, fault, times=None)


def place(seen: Seen) -> tuple[str, str]:
    """Which page of an export was asked for."""
    query = seen.asked.query
    return seen.asked.path, query.get("cursor") or query.get("start_time", "")


def pages(requests: list[Seen]) -> list[tuple[str, str]]:
    return [place(seen) for seen in requests if seen.asked.pool == "export"]


def assert_resumed(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> None:
    """No page that had landed was asked for again, but for the overlap that an export by time needs."""
    cursors = [{where for path, where in asked if path.endswith("cursor.json")} for asked in (before, after)]
    assert not cursors[0] & cursors[1]
    times = [[int(where) for path, where in asked if "ticket_events" in path] for asked in (before, after)]
    assert min(times[1]) > times[0][-1] - OVERLAP_S > 0


def befall(account: Account, count: int, edited: int) -> set[int]:
    """What happens at the help desk between the kill and the second sync, at last to so many tickets within one
    second; the tickets that are gone by it."""
    support, admin = account.support, account.admin
    support.delete(1)
    support.scrub(2)
    support.comment(4, "A late answer. zqpublic4x90", admin.id)
    support.comment(4, f"{NOTE_WORD} a late note", admin.id, public=False)
    slip = support.comment(5, f"{NOTE_WORD} said aloud", admin.id)
    support.make_private(5, slip.id)
    first = support.comments(6)[0]
    support.redact(6, first.id, "zqpublic6x0")
    new = support.create("A new one", "It came late. zqpublic999999999x0", admin.id)
    assert new.id == count + 1
    account.clock.advance(60)
    for number in [number for number in support.ids() if support.listed(number)][:edited]:
        support.update(number, tags=["edited"])
    account.clock.advance(3600)
    return {1, 2}


def expected(account: Account) -> dict[str, set[str]]:
    """The public words of every ticket that is not deleted."""
    support = account.support
    words: dict[str, set[str]] = {}
    for number in support.ids():
        ticket = support.ticket(number)
        if ticket is not None and ticket.status != "deleted":
            public = " ".join(comment.body for comment in support.comments(number) if comment.public)
            words[str(number)] = set(PUBLIC.findall(public))
    return words


async def assert_exact(desk: Desk, told: dict) -> None:
    """The corpus has the public words of every ticket, and no word more; what is gone is nowhere."""
    wanted = expected(desk.server.account)
    assert told["ledger"]["red"] == []
    assert told["ledger"]["failed"] == 0
    project = await desk.opened()
    try:
        assert project.corpora.show("desk", "latest").summary.documents == len(wanted)
        for number, words in wanted.items():
            document = await project.corpora.document("desk", "latest", number)
            said = " ".join((document.title, document.text, *(one.text for one in document.removed)))
            assert set(PUBLIC.findall(said)) == words, number
            assert NOTE_WORD not in said
        pinned = project.corpora.pinned("desk", "latest")

        async def found(query: str) -> set[str]:
            effect = Retrieve(corpus=pinned, query=query, principals=STAFF)
            return {passage.document for passage in await project.corpora.search(effect)}

        assert "4" in await found("zqpublic4x90")
        assert not await found(NOTE_WORD)
        assert not await found("zqpublic6x0")
        some = sorted(wanted, key=int)[:: max(1, len(wanted) // 50)]
        assert [number for number in some if wanted[number] and number not in await found(min(wanted[number]))] == []
    finally:
        await project.close()


def assert_landed(desk: Desk, gone: set[int]) -> None:
    """Nothing of an internal note, or of a ticket that is gone, is kept on this machine."""
    landing = SqliteLanding(desk.landing)
    try:
        for kind in landing.counts():
            for item in landing.rows(kind):
                said = json.dumps(item.data, ensure_ascii=False)
                assert NOTE_WORD not in said, (kind, item.id)
                number = {found.removeprefix("zqpublic").partition("x")[0] for found in PUBLIC.findall(said)}
                assert not number & {str(one) for one in gone}, (kind, item.id)
    finally:
        landing.close()


async def synced_through_everything(
    folder: Path, tickets: int, *, fails_every: int, limits: Limits, edited: int
) -> list[str]:
    """The whole journey; what it took, in sentences."""
    account = big_account(tickets, customers=max(50, tickets // 50))
    past = account.support.past
    assert isinstance(past, ManyTickets)
    async with ZendeskServer(account, limits=limits) as server:
        desk = Desk(folder, server)
        weather(server, fails_every)
        began = time.perf_counter()
        middle_s = past.ended_s - tickets * 10  # half of what happened

        def halfway(asked: Asked) -> bool:
            return "ticket_events" in asked.path and int(asked.query["start_time"]) > middle_s

        killed = await desk.sync_killed(halfway)
        assert killed.code == -9
        before = pages(server.requests)
        gone = befall(account, tickets, edited)
        first = len(server.requests)
        done = await desk.sync()
        seconds = time.perf_counter() - began
        assert done.code == 0
        assert max(killed.peak_rss_mb, done.peak_rss_mb) < MOST_MEMORY_MB
        assert server.early == 0, "a request came inside a Retry-After"
        assert_resumed(before, pages(server.requests[first:]))
        assert {seen.fault for seen in server.requests} >= {"refused 429", "refused 503", "cut body", "truncated"}
        server.clear_faults()
        await assert_exact(desk, done.report)
        deleted = {number for number in range(1, tickets + 1) if past.deleted(number)}
        assert_landed(desk, gone | deleted)
        idle = await desk.sync()
        assert (idle.code, idle.report["published"]) == (0, False)
        refused = sum(seen.status == 429 for seen in server.requests)
        failed = sum(bool(seen.fault) for seen in server.requests)
        return [
            f"{tickets} tickets, {done.report['kept']} documents, {done.report['chunks']} chunks, by words only",
            f"{seconds:.0f} s for both syncs together, of which the second: {done.report['seconds']}",
            f"peak memory {killed.peak_rss_mb:.0f} MB until the kill, {done.peak_rss_mb:.0f} MB after it",
            f"{len(server.requests)} requests, {refused} of them refused with 429, {failed} with a fault, "
            f"{server.over_limit} over the limit, {server.early} inside a Retry-After",
        ]


async def test_a_help_desk_is_synced_whole_through_failures_and_a_kill_in_the_middle(tmp_path: Path) -> None:
    limits = Limits(support=100, export=8, window_s=1.0)
    await synced_through_everything(tmp_path, 1_500, fails_every=47, limits=limits, edited=300)


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_hundred_thousand_tickets_are_synced_whole_in_bounded_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = Limits(support=2_500, export=60, window_s=2.0)
    edited = 1_100  # more than a page of an export holds
    said = await synced_through_everything(tmp_path, 100_000, fails_every=97, limits=limits, edited=edited)
    with capsys.disabled():
        for line in ("", *said):
            sys.stdout.write(f"{line}\n")


async def test_every_edge_case_of_a_help_desk_is_accounted_for_and_no_note_of_it_is_kept(tmp_path: Path) -> None:
    async with ZendeskServer(sample_account(3)) as server:
        articles, tickets = (Desk(tmp_path / kind, server, kind) for kind in ("articles", "tickets"))
        for desk in (articles, tickets):
            done = await desk.sync()
            assert done.code == 0
            assert done.report["ledger"]["red"] == []
            assert done.report["read"] == done.report["kept"] + sum(group["count"] for group in done.report["passed"])
            assert not [group for group in done.report["passed"] if group["failed"]]
        assert_landed(tickets, set())
        center, support = server.account.help_center, server.account.support
        project = await tickets.opened()
        try:
            kept = {n for n in support.ids() if project.corpora.outcome_of("desk", str(n)).outcome == "kept"}
            public = {n for n in support.ids() if any(one.public for one in support.comments(n))}
            assert kept <= public - {n for n in support.ids() if not support.listed(n) and n not in support.archived}
            for number in kept:
                document = await project.corpora.document("desk", "latest", str(number))
                assert NOTE_WORD not in document.title + document.text
                assert document.principals == STAFF
        finally:
            await project.close()
        project = await articles.opened()
        try:
            everybodys = {one.title for one in await documents(project, articles) if one.locale == "en-us"}
        finally:
            await project.close()
        public = [one for one in center.articles.values() if center.visible(one, "en-us", Viewer())]
        titles = {center.translations[one.id, "en-us"].title for one in public}
        assert everybodys == titles - {"body null", "empty", "only spaces"}


async def documents(project: Project, desk: Desk) -> list[Document]:
    """What anybody at all may see of the corpus."""
    landing = SqliteLanding(desk.landing)
    ids = list(landing.document_ids())
    landing.close()
    seen = []
    for number in ids:
        with contextlib.suppress(NotFound):
            seen.append(await project.corpora.document("desk", "latest", number, principals=()))
    return seen
