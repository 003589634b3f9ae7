"""The engine with a small project: schedules, bugs, retries of the store, erasure, old jobs. One process, real DBOS."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.journeys.job_project import until

from holdfast.app import Project
from holdfast.errors import Misconfigured, NotFound, Refused, StoreFailed
from holdfast.job import Job, JobQuery
from holdfast.jobs import asking, engine
from holdfast.jobs.asking import new_job
from holdfast.jobs.engine import Engine
from holdfast.jobs.kinds import Ended
from holdfast.jobs.schedule import Schedule
from holdfast.settings import CorpusPart, JobsPart
from holdfast.testing import MemoryStore

SECRET = "a-configured-secret"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """As much of a project as an engine asks for."""
    monkeypatch.setattr(engine, "POLL_S", 0.01)
    monkeypatch.setattr(engine, "AGAIN_S", 0.01)
    config = SimpleNamespace(
        jobs=JobsPart(workers=2),
        corpora={},
        secrets=(SECRET,),
        database_url=f"sqlite:///{tmp_path}/holdfast.db",
        state=tmp_path,
    )
    return cast(Project, SimpleNamespace(store=MemoryStore(), config=config))


async def ended(project: Project, job_id: str) -> Job:
    """The job, once it has ended."""

    async def over() -> bool:
        return (await project.store.jobs.get(job_id)).ended_at is not None

    await until(over)
    return await project.store.jobs.get(job_id)


class Works:
    """Kinds of job for tests: each does what its name says."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.stopped: list[str] = []
        self.go = asyncio.Event()

    async def echo(self, project: Project, job: Job, progress: Any) -> Ended:
        progress("echoed", 1, 1)
        return Ended({"said": job.asked})

    async def bug(self, project: Project, job: Job, progress: Any) -> Ended:
        raise ZeroDivisionError(f"by {SECRET}")

    async def refuse(self, project: Project, job: Job, progress: Any) -> Ended:
        raise Misconfigured("HF109", f"the source refuses {SECRET}", "mend it")

    async def wait(self, project: Project, job: Job, progress: Any) -> Ended:
        self.begun.append(job.id)
        progress("waited", len(self.begun), None)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.stopped.append(job.id)
            raise
        return Ended("went")

    @asynccontextmanager
    async def running(self, project: Project, clock: Callable[[], float] | None = None) -> AsyncIterator[Engine]:
        kinds = {"echo": self.echo, "bug": self.bug, "refuse": self.refuse, "wait": self.wait, "sync": self.wait}
        made = Engine(project, kinds) if clock is None else Engine(project, kinds, clock=clock)
        async with made.running():
            yield made


async def test_what_goes_wrong_in_a_job_is_its_failure_without_secrets_and_ends_nothing_else(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    jobs = project.store.jobs
    asked = {kind: await jobs.add(new_job(kind, {"n": 1})) for kind in ("bug", "refuse", "unheard_of", "echo")}
    handlers = list(logging.getLogger().handlers)
    async with Works().running(project):
        came = {kind: await ended(project, job.id) for kind, job in asked.items()}
    codes = {kind: job.failure.code for kind, job in came.items() if job.failure is not None}
    assert codes == {"bug": "HF999", "refuse": "HF109", "unheard_of": "HF310"}
    assert (came["echo"].status, came["echo"].result) == ("done", {"said": {"n": 1}})
    assert came["echo"].progress is not None
    assert "ZeroDivisionError" in caplog.text
    assert all(SECRET not in str(job.failure) for job in came.values())
    assert f"by {SECRET}" not in caplog.text
    assert logging.getLogger().handlers == handlers, "nothing is configured for the whole process"


async def test_only_as_many_as_configured_run_at_a_time_and_progress_is_kept(project: Project) -> None:
    works = Works()
    asked = [await project.store.jobs.add(new_job("wait", n)) for n in range(5)]
    async with works.running(project):
        await until(lambda: len(works.begun) == 2)

        async def progress() -> Any:
            return (await project.store.jobs.get(works.begun[-1])).progress

        await until(progress)
        assert len(works.begun) == 2
        works.go.set()
        assert [(await ended(project, job.id)).result for job in asked] == ["went"] * 5
    assert sorted(works.begun) == sorted(job.id for job in asked)


async def test_a_stop_leaves_a_job_to_the_next_engine_and_an_erased_one_is_stopped(project: Project) -> None:
    works = Works()
    job = await project.store.jobs.add(new_job("wait", None))
    async with works.running(project):
        await until(lambda: works.begun == [job.id])
    assert works.stopped == [job.id]
    assert (await project.store.jobs.get(job.id)).status == "running"
    async with works.running(project):
        await until(lambda: works.begun == [job.id] * 2)
        await project.store.recordings.delete_subject("nobody")
        cast(Any, project.store.jobs)._kept.clear()
        await until(lambda: works.stopped == [job.id] * 2)
    with pytest.raises(NotFound):
        await project.store.jobs.get(job.id)


async def test_a_store_that_fails_for_a_while_loses_no_end(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = project.store.jobs
    works, failures = Works(), 0
    job = await jobs.add(new_job("wait", None))
    async with works.running(project):
        await until(lambda: works.begun == [job.id])
        whole = jobs.change

        async def failing(changed: Job) -> Job | None:
            nonlocal failures
            if changed.ended_at is not None and failures < 3:
                failures += 1
                raise StoreFailed("HF601", "the disk is full", "free some space")
            return await whole(changed)

        monkeypatch.setattr(jobs, "change", failing)
        works.go.set()
        assert (await ended(project, job.id)).status == "done"
    assert failures == 3


async def test_a_corpus_is_synced_once_for_each_interval(project: Project) -> None:
    cast(Any, project.config).corpora = {
        "often": CorpusPart(source="folder", every="10s"),
        "never": CorpusPart(source="folder"),
    }
    now, works = 1005.0, Works()
    async with works.running(project, clock=lambda: now):
        assert await project.store.jobs.find(JobQuery()) == ()
        now = 1010.0
        await until(lambda: len(works.begun) == 1)
        works.go.set()
        assert (await ended(project, "job_sync_often_10s_101")).status == "done"
        now = 1030.0
        await until(lambda: len(works.begun) == 2)
        assert (await ended(project, "job_sync_often_10s_103")).asked == {
            "corpus": "often",
            "full": False,
            "only": None,
            "accept": None,
        }
    ids = [job.id for job in await project.store.jobs.find(JobQuery())]
    assert ids == ["job_sync_often_10s_103", "job_sync_often_10s_101"]


def test_an_interval_begins_for_everybody_at_the_same_time() -> None:
    corpora = {"a": CorpusPart(source="folder", every="15m")}
    first, second = Schedule(corpora, 899.0), Schedule(corpora, 10.0)
    assert list(first.due(899.9, ())) == []
    (one,), (other,) = first.due(900.0, ()), second.due(1200.0, ())
    assert one.id == other.id == "job_sync_a_900s_1"
    assert list(first.due(1799.0, ())) == []
    assert list(first.due(1800.0, (one,))) == [], "it is being synced still"
    assert list(first.due(1801.0, ())) == [], "that interval is over for it"
    assert [job.id for job in first.due(2700.0, ())] == ["job_sync_a_900s_3"]


async def test_old_jobs_are_deleted_and_the_engine_forgets_them(project: Project) -> None:
    works, now = Works(), datetime.now(UTC).timestamp()
    async with works.running(project):
        job = await project.store.jobs.add(new_job("echo", 1))
        await ended(project, job.id)
    async with works.running(project, clock=lambda: now + 31 * 86400) as later:

        async def forgotten() -> bool:
            kept = await project.store.jobs.find(JobQuery())
            return not kept and await later._durable.state(job.id, 1) == "unknown"

        await until(forgotten)


async def test_an_engine_whose_database_is_damaged_says_what_to_move_away(project: Project, tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"this is no database at all" * 400)
    with pytest.raises(StoreFailed, match=r"move .*jobs\.db away"):
        async with Works().running(project):
            await asyncio.Event().wait()
    (tmp_path / "jobs.db").unlink()
    async with Works().running(project):
        job = await project.store.jobs.add(new_job("echo", 1))
        assert (await ended(project, job.id)).status == "done"


async def test_a_job_can_be_cancelled_until_it_has_ended_and_tried_again_when_it_failed() -> None:
    jobs = MemoryStore().jobs
    waiting = await jobs.add(new_job("echo", 1, key="k"))
    assert (await asking.ask(jobs, new_job("echo", 1, key="k"))).id == waiting.id
    with pytest.raises(Refused, match="HF707"):
        await asking.ask(jobs, new_job("echo", 2, key="k"))
    with pytest.raises(Refused, match="HF711"):
        await asking.retry(jobs, waiting.id)
    assert (await asking.cancel(jobs, waiting.id)).status == "cancelled"
    assert (await asking.cancel(jobs, waiting.id)).status == "cancelled"
    again = await asking.retry(jobs, waiting.id)
    assert (again.status, again.attempt, again.ended_at, again.asked) == ("queued", 2, None, 1)
    for wrong in (asking.cancel(jobs, waiting.id, "acme"), asking.retry(jobs, "job_9")):
        with pytest.raises(NotFound):
            await wrong


async def test_a_corpus_is_synced_by_one_job_at_a_time_and_what_waits_takes_in_what_is_asked(project: Project) -> None:
    works, jobs = Works(), project.store.jobs
    first = await asking.ask_sync_of(jobs, "kb", ["a"])
    async with works.running(project):
        await until(lambda: works.begun == [first.id])
        second = await asking.ask_sync_of(jobs, "kb", ["b"])
        other = await asking.ask_sync_of(jobs, "faq", ["x"])
        await until(lambda: works.begun == [first.id, other.id])
        assert (await jobs.get(second.id)).status == "queued"
        assert (await asking.ask_sync_of(jobs, "kb", ["c"])).id == second.id
        works.go.set()
        assert (await ended(project, second.id)).asked == {
            "corpus": "kb",
            "full": False,
            "only": ["b", "c"],
            "accept": None,
        }
