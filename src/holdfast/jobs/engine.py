"""The engine: takes the jobs that were asked for, does them a few at a time, and sees to it that each ends.

Knows nothing of what the kinds of job do. Only the process that holds the project's lock runs one: what is asked stands
in the store, how far each job has come stands in the engine's own database.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec.structs import replace

from holdfast.errors import HoldfastError, NotFound, StoreFailed, alone, nearest
from holdfast.identity import to_json
from holdfast.job import Job, JobProgress
from holdfast.jobs.asking import changed, corpus_of
from holdfast.jobs.durable import Durable
from holdfast.jobs.kinds import KINDS, Ended, Work
from holdfast.jobs.schedule import Schedule
from holdfast.jobs.webhook import Webhooks
from holdfast.records import Failure
from holdfast.runtime.world import ended
from holdfast.store.scrubbing import Scrubber

if TYPE_CHECKING:
    from holdfast.app import Project

T = TypeVar("T")
_log = logging.getLogger("holdfast.jobs")

POLL_S = 0.25
"""How often the store is asked what is new."""
SWEEP_S = 3600.0
"""How often old jobs are deleted."""
ADOPT_S = 15.0
"""How often a running job that nobody does is looked for."""
AGAIN_S = 1.0
"""How long after the store failed it is asked again."""


class Engine:
    """Does the jobs of one open project."""

    def __init__(
        self, project: Project, kinds: Mapping[str, Work] = KINDS, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._project = project
        self._jobs = project.store.jobs
        self._kinds = kinds
        self._settings = project.config.jobs
        self._clock = clock
        self._scrubber = Scrubber(project.config.secrets)
        self._schedule = Schedule(project.config.corpora, clock())
        self._webhooks = Webhooks(self._settings.webhook_secret, self._settings.webhook_hosts)
        self._durable = Durable(database_url(project), self._stoppable(self._work), self._stoppable(self._deliver))
        self._stopping = False
        self._free = asyncio.Event()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._begun: set[tuple[str, int]] = set()
        self._doing: dict[str, asyncio.Task[Ended]] = {}
        self._progress: dict[str, JobProgress] = {}
        self._sweep_at = self._adopt_at = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Inside, jobs are done. Leaving stops at once: what is under way goes on when an engine runs again.

        What is inside need not wait for the engine to open, which takes a second or two. When its database cannot be
        opened, what is inside is cancelled and StoreFailed (HF600) raised.
        """
        try:
            async with asyncio.TaskGroup() as group:
                taking = group.create_task(self._take())
                try:
                    yield
                finally:
                    self._stopping = True
                    for task in (taking, *self._under_way):
                        task.cancel()
                    await asyncio.gather(*self._under_way, return_exceptions=True)
        except BaseExceptionGroup as errors:
            raise alone(errors, StoreFailed) from None
        finally:
            await self._durable.close()

    async def _take(self) -> None:
        await self._until_needed()
        await self._durable.open()
        while True:
            looked = await ended(self.look())
            if looked.error is not None:
                _log.error("jobs could not be looked after; this is tried again", exc_info=looked.error)
                await asyncio.sleep(AGAIN_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):  # unlike wait_for of Python 3.11, never swallows a cancellation
                    await self._free.wait()

    async def _until_needed(self) -> None:
        """Wait for the first job. To open takes a second and 45 MB, which a project that only serves does without."""
        every = any(corpus.every is not None for corpus in self._project.config.corpora.values())
        while not every and not self._durable.has_past:
            looked = await ended(self._jobs.unfinished())
            if looked.value:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S if looked.error is None else AGAIN_S):
                    await self._free.wait()

    async def look(self) -> None:
        """Look once at what is to be done: begin, cancel, note progress, ask for what is due, delete what is old."""
        self._free.clear()
        doing = dict(self._doing)
        unfinished = await self._jobs.unfinished()
        for job in self._schedule.due(self._clock(), unfinished):
            await self._jobs.add(job)
        syncing = {corpus_of(job) for job in unfinished if job.status == "running"}
        for job in sorted(unfinished, key=lambda each: (each.id, each.attempt) not in self._begun):
            task = doing.pop(job.id, None)
            if job.status == "queued":
                if (corpus := corpus_of(job)) is None or corpus not in syncing:
                    await self._begin(job)
                    syncing.add(corpus)
            elif task is not None and job.cancelling:
                task.cancel()
            elif job.id in self._progress:
                await self._jobs.change(replace(job, progress=self._progress.pop(job.id)))
        for job_id, task in doing.items():
            if not await self._is_there(job_id):
                task.cancel()  # it was erased
        await self._adopt(unfinished)
        await self._sweep()

    async def _begin(self, job: Job) -> None:
        if len(self._begun) < self._settings.workers and (job.id, job.attempt) not in self._begun:
            self._begun.add((job.id, job.attempt))
            await self._durable.begin(job.id, job.attempt)

    async def _adopt(self, unfinished: tuple[Job, ...]) -> None:
        """See to running jobs that nobody does: those the engine has lost are begun again, those it gave up fail."""
        if self._clock() < self._adopt_at:
            return
        self._adopt_at = self._clock() + ADOPT_S
        for job in unfinished:
            attempt = (job.id, job.attempt)
            if job.id in self._doing or (job.status == "queued" and attempt not in self._begun):
                continue
            if await self._durable.state(*attempt) == "ended":
                self._begun.discard(attempt)
                said = "the process ended again and again while it was done, or its engine could not go on"
                fix = "look for the reason in the server's log, then: holdfast jobs retry"
                await self._end(*attempt, Ended(None, Failure(code="HF310", message=said, fix=fix)))
            else:
                await self._durable.begin(*attempt)

    async def _sweep(self) -> None:
        if self._clock() >= self._sweep_at:
            self._sweep_at = self._clock() + SWEEP_S
            before = datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=self._settings.keep_days)
            gone = await self._jobs.delete_ended(before)
            await self._durable.forget((job.id, n) for job in gone for n in range(1, job.attempt + 1))

    # ------------------------------------------------------------ one job

    def _stoppable(self, step: Callable[[str, int], Awaitable[T]]) -> Callable[[str, int], Awaitable[T]]:
        """The step, which ends before this engine does; what it could not finish is done again by the next one."""

        async def stoppable(job_id: str, attempt: int) -> T:
            if self._stopping:
                raise asyncio.CancelledError
            task = asyncio.current_task()
            assert task is not None
            self._under_way.add(task)
            try:
                return await step(job_id, attempt)
            finally:
                self._under_way.discard(task)

        return stoppable

    async def _work(self, job_id: str, attempt: int) -> None:
        """Do one attempt of a job, and keep what came of it. Begun again after it ended, it does nothing."""
        self._begun.add((job_id, attempt))
        try:
            job = await self._started(job_id, attempt)
            if job is not None:
                await self._end(job_id, attempt, await self._ended(job))
        finally:
            self._begun.discard((job_id, attempt))
            self._progress.pop(job_id, None)
            self._free.set()

    async def _started(self, job_id: str, attempt: int) -> Job | None:
        """The job, which is running from now on; None where this attempt is not to be done any more."""

        def start(job: Job) -> Job:
            if job.attempt != attempt or job.status != "queued":
                return job
            return replace(job, status="running", started_at=datetime.now(UTC))

        job = await self._kept(job_id, start)
        return job if job is not None and job.attempt == attempt and job.status == "running" else None

    async def _ended(self, job: Job) -> Ended | None:
        """What came of it; None where it was cancelled. Whatever is raised is the job's failure, and ends nothing else.

        Cancelling this stops the work, and the job is as running as before.
        """
        if job.cancelling:
            return None
        if job.kind not in self._kinds:
            said = f"this Holdfast does no jobs of the kind '{job.kind}'"
            return Ended(None, Failure(code="HF310", message=said, fix=nearest(job.kind, self._kinds)))
        task = asyncio.ensure_future(self._kinds[job.kind](self._project, job, self._hearing(job.id)))
        self._doing[job.id] = task
        try:
            outcome = await ended(task)
        finally:
            self._doing.pop(job.id, None)
        match outcome.error:
            case None:
                came: Ended = outcome.value
                return came
            case asyncio.CancelledError():
                return None
            case HoldfastError() as error:
                return Ended(None, Failure(code=error.code, message=error.message, fix=error.fix))
            case bug:
                return self._bug(job, bug)

    def _bug(self, job: Job, bug: BaseException) -> Ended:
        report = self._scrubber.scrub(msgspec.json.encode("".join(traceback.format_exception(bug))))
        _log.error("HF999: job %s (%s): %s", job.id, job.kind, msgspec.json.decode(report))
        message = f"{type(bug).__name__} was raised inside the job"
        return Ended(None, Failure(code="HF999", message=message, fix=f"look for {job.id} in the server's log"))

    def _hearing(self, job_id: str) -> Callable[[str, int, int | None], None]:
        loop = asyncio.get_running_loop()

        def heard(stage: str, done: int, total: int | None) -> None:
            loop.call_soon_threadsafe(self._progress.__setitem__, job_id, JobProgress(stage, done, total))

        return heard

    async def _end(self, job_id: str, attempt: int, came: Ended | None) -> None:
        """Keep what came of an attempt; None: it was cancelled."""
        last = self._progress.get(job_id)

        def end(job: Job) -> Job:
            if job.attempt != attempt or job.status not in ("queued", "running"):
                return job
            now, progress = datetime.now(UTC), last or job.progress
            if came is None:
                return replace(job, status="cancelled", cancelling=False, ended_at=now, progress=progress)
            said = msgspec.json.decode(self._scrubber.scrub(to_json(came)), type=Ended)
            return replace(
                job,
                status="done" if said.failure is None else "failed",
                cancelling=False,
                progress=progress,
                result=said.result,
                failure=said.failure,
                ended_at=now,
            )

        job = await self._kept(job_id, end)
        if job is not None:
            _tell(job)

    async def _deliver(self, job_id: str, attempt: int) -> bool:
        """Tell the webhook of a job that has ended. Whether that is settled."""
        try:
            job = await self._jobs.get(job_id, None)
        except NotFound:
            return True
        if job.webhook is None or job.attempt != attempt or job.delivered_at is not None:
            return True
        if not await self._webhooks.deliver(job):
            return False
        await self._kept(job_id, lambda each: replace(each, delivered_at=datetime.now(UTC)))
        return True

    async def _kept(self, job_id: str, change: Callable[[Job], Job]) -> Job | None:
        """The job as it is changed; None where it was erased. While the store fails, it is asked again and again."""
        while True:
            try:
                return await changed(self._jobs, job_id, change)
            except NotFound:
                return None
            except StoreFailed as error:
                _log.error("job %s: %s: %s (fix: %s)", job_id, error.code, error.message, error.fix)
                await asyncio.sleep(AGAIN_S)

    async def _is_there(self, job_id: str) -> bool:
        try:
            await self._jobs.get(job_id, None)
        except NotFound:
            return False
        return True


def database_url(project: Project) -> str:
    """The engine's own database: a file of the project's state, or a schema of the project's PostgreSQL."""
    url = project.config.database_url
    if url.startswith("postgres"):
        return url
    project.config.state.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{project.config.state / 'jobs.db'}"


def _tell(job: Job) -> None:
    if job.failure is not None:
        failure = job.failure
        _log.error("job %s (%s): %s: %s (fix: %s)", job.id, job.kind, failure.code, failure.message, failure.fix)
    else:
        _log.info("job %s (%s) is %s", job.id, job.kind, job.status)
