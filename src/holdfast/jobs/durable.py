"""DBOS, as jobs use it: which job has come how far, through every kill.

Knows nothing of what a job is: it calls back with an id and an attempt. Keeps ids and steps only, never what was asked
or answered. DBOS has its own threads and event loop; what it calls runs on the loop of whoever opened this.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from holdfast.errors import StoreFailed

T = TypeVar("T")

VERSION = "1"
"""Of the workflow below. It is fixed, so that a job goes on under a newer Holdfast; steps may only come at its end."""
MOST_STARTS = 50
"""How often a job may be begun again after the process ended in the middle of it: one that kills it is given up."""
TRIES_AFTER_S = (1, 5, 30, 120, 600, 3600, 14400)
"""How long after each failed delivery the next one is tried."""


State: TypeAlias = Literal["unknown", "open", "ended"]


class Durable:
    """The one engine of a process. At most one process may have it open on one database.

    `work` does a job and tells no more than that it has ended; `deliver` tells of its end, and says whether that is
    settled. Both are called at least once, and again after a kill unless they had returned.
    """

    def __init__(
        self, url: str, work: Callable[[str, int], Awaitable[None]], deliver: Callable[[str, int], Awaitable[bool]]
    ) -> None:
        self._url = url
        self._work = work
        self._deliver = deliver
        self._thread: threading.Thread | None = None
        self._there: asyncio.AbstractEventLoop | None = None
        self._start: Callable[[str, int], Coroutine[Any, Any, None]] = _unopened
        self._stop = Future[None]()

    @property
    def has_past(self) -> bool:
        """Whether there may be something that a kill interrupted: its database is there, or on a server."""
        path = self._url.removeprefix("sqlite:///")
        return path == self._url or Path(path).exists()

    async def open(self) -> None:
        """Begin to work; what a kill interrupted goes on by itself. Raises StoreFailed (HF600)."""
        here, opened = asyncio.get_running_loop(), Future[None]()
        self._thread = threading.Thread(target=self._live, args=(here, opened), name="holdfast-jobs", daemon=True)
        self._thread.start()
        await asyncio.shield(asyncio.wrap_future(opened))  # the thread sets it, whether anybody still waits or not

    async def begin(self, job_id: str, attempt: int) -> None:
        """Have a job done. A second time for the same attempt does nothing, also where a kill came between."""
        assert self._there is not None
        if await self.state(job_id, attempt) == "unknown":
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._start(job_id, attempt), self._there))

    async def state(self, job_id: str, attempt: int) -> State:
        """Whether an attempt was ever begun, and whether it will still be worked on."""
        from dbos import DBOS

        status = await asyncio.to_thread(DBOS.get_workflow_status, _name(job_id, attempt))
        if status is None:
            return "unknown"
        return "open" if status.status in ("PENDING", "ENQUEUED", "DELAYED") else "ended"

    async def forget(self, attempts: Iterable[tuple[str, int]]) -> None:
        """Delete what is kept of these attempts of jobs."""
        from dbos import DBOS

        names = [_name(*attempt) for attempt in attempts]
        if names:
            await asyncio.to_thread(DBOS.delete_workflows, names)

    async def close(self) -> None:
        """Stop at once. What is under way is cancelled where it runs, and goes on at the next opening."""
        if self._thread is not None:
            self._stop.set_result(None)
            await asyncio.to_thread(self._thread.join)

    def _live(self, here: asyncio.AbstractEventLoop, opened: Future[None]) -> None:
        """The life of the engine, in a thread of its own: DBOS takes the executor of the loop it is launched on."""
        from dbos import DBOS

        async def live() -> None:
            self._there = asyncio.get_running_loop()
            self._launch(here)
            opened.set_result(None)
            await asyncio.wrap_future(self._stop)

        try:
            asyncio.run(live())  # which cancels what still runs there; DBOS then leaves it to the next launch
        except Exception as error:  # a job's edge: whatever keeps the engine from its database
            if opened.done():
                raise
            opened.set_exception(_unopenable(self._url, error))
        finally:
            DBOS.destroy(destroy_registry=True)

    def _launch(self, here: asyncio.AbstractEventLoop) -> None:
        from dbos import DBOS, SetWorkflowID

        # A logger with a handler is one that DBOS leaves alone; its records reach the handlers of the application.
        logger = logging.getLogger("dbos")
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        DBOS(
            config={
                "name": "holdfast",
                "system_database_url": self._url,
                "dbos_system_schema": "holdfast_jobs",
                "application_version": VERSION,
                "executor_id": "holdfast",
                "log_level": "CRITICAL",  # what goes wrong in a job is logged where it is done
            }
        )

        async def back(called: Awaitable[T]) -> T:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_coroutine(called), here))

        @DBOS.step(name="work")
        async def work(job_id: str, attempt: int) -> None:
            await back(self._work(job_id, attempt))

        @DBOS.step(name="deliver")
        async def deliver(job_id: str, attempt: int) -> bool:
            return await back(self._deliver(job_id, attempt))

        @DBOS.workflow(name="job", max_recovery_attempts=MOST_STARTS)
        async def job(job_id: str, attempt: int) -> None:
            await work(job_id, attempt)
            for wait_s in TRIES_AFTER_S:
                if await deliver(job_id, attempt):
                    return
                await DBOS.sleep_async(wait_s)
            await deliver(job_id, attempt)

        async def start(job_id: str, attempt: int) -> None:
            with SetWorkflowID(_name(job_id, attempt)):
                await DBOS.start_workflow_async(job, job_id, attempt)

        self._start = start
        DBOS.launch()


def _unopenable(url: str, error: Exception) -> StoreFailed:
    name = url.removeprefix("sqlite:///") if url.startswith("sqlite") else "the schema holdfast_jobs"
    return StoreFailed(
        "HF600",
        f"the engine of jobs cannot open its database, {name}: {error}",
        f"move {name} away; jobs that were running are then begun again",
    )


def _name(job_id: str, attempt: int) -> str:
    return f"{job_id}.{attempt}"


async def _coroutine(awaitable: Awaitable[T]) -> T:
    return await awaitable


async def _unopened(job_id: str, attempt: int) -> None:
    raise AssertionError(f"{_name(job_id, attempt)} was begun before the engine was open")
