"""The one thread that writes: it commits together whatever is queued, then wakes everybody who waited.

Knows nothing of what the changes mean.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

from holdfast.errors import HoldfastError, StoreFailed
from holdfast.records import Recording
from holdfast.store.codec import Packed
from holdfast.store.faults import UNWRITABLE, closed, disk_fault, doubtful, unwritable
from holdfast.store.keeper import Keeper

T = TypeVar("T")
Change: TypeAlias = Callable[[Keeper], Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Something to write, and who waits for it. `alone`: the change makes its own transactions."""

    work: Recording | Change
    loop: asyncio.AbstractEventLoop
    waiter: asyncio.Future[Any]
    alone: bool = False


class Writer:
    """Owns the keeper. Whoever awaits is woken after the commit; whoever stops waiting holds up nobody."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._queue: SimpleQueue[_Asked | None] = SimpleQueue()
        self._gate = threading.Lock()  # nothing is queued behind the end
        self._open = True
        # A daemon, so that a program that forgot close() can end; what was acknowledged is on disk by then.
        self._thread = threading.Thread(target=self._serve, name="holdfast-writer", daemon=True)
        self._thread.start()

    async def keep(self, recording: Recording) -> None:
        """Keep a recording. Raises StoreFailed."""
        await self._ask(recording)

    async def change(self, change: Callable[[Keeper], T], *, alone: bool = False) -> T:
        """Make a change in a transaction shared with others, or `alone` in its own; gives what the change gives.

        A change that raises a HoldfastError is undone, and nothing else is. When the connection breaks it is made again
        if it was undone for certain; else StoreFailed (HF600) says so. It never takes effect twice.
        """
        result: T = await self._ask(change, alone)
        return result

    def close(self) -> None:
        """Write what is queued, end the thread and close its connection. A second time does nothing."""
        with self._gate:
            if self._open:
                self._open = False
                self._queue.put(None)
        self._thread.join()

    async def _ask(self, work: Recording | Change, alone: bool = False) -> Any:
        loop = asyncio.get_running_loop()
        asked = _Asked(work, loop, loop.create_future(), alone)
        with self._gate:
            if not self._open:
                raise closed()
            self._queue.put(asked)
        return await asked.waiter

    def _serve(self) -> None:
        waiting: list[_Asked] = []
        try:
            while waiting := self._take():
                together = [asked for asked in waiting if not asked.alone]
                _wake(zip(together, self._commit(together), strict=True))
                for asked in waiting:
                    if asked.alone:
                        _wake([(asked, self._outcome(asked.work))])
                waiting = []
        finally:
            with self._gate:
                self._open = False
            _wake((asked, closed()) for asked in [*waiting, *self._rest()])  # anybody is here only after a bug
            self._keeper.connection.close()

    def _take(self) -> list[_Asked]:
        """Everything queued, waiting for at least one; empty at the end."""
        first = self._queue.get()
        return [] if first is None else [first, *self._rest()]

    def _rest(self) -> list[_Asked]:
        rest: list[_Asked] = []
        try:
            while (asked := self._queue.get_nowait()) is not None:
                rest.append(asked)
            self._queue.put(None)  # the end was reached: leave it for the next look
        except Empty:
            pass
        return rest

    def _commit(self, batch: list[_Asked], *, again: bool = True) -> list[Any]:
        """Write a batch in one transaction; gives each one's result or error.

        `again`: once more after a connection was lost, and one by one when the database refuses something in it.
        """
        if not batch:
            return []
        outcomes: list[Any] = [self._pack(asked.work) for asked in batch]
        packed = [outcome for outcome in outcomes if isinstance(outcome, Packed)]
        try:
            with self._keeper.transaction(packed):
                kept = iter(self._keeper.keep(packed))
                return [
                    next(kept) if isinstance(outcome, Packed) else outcome or self._in_savepoint(asked.work)
                    for asked, outcome in zip(batch, outcomes, strict=True)
                ]
        except self._keeper.errors as error:
            in_doubt = self._keeper.in_doubt
            if again and self._keeper.recovers():
                return self._commit_again(batch, in_doubt)
            if len(batch) > 1 and self._keeper.blames_one(error):
                return [outcome for asked in batch for outcome in self._commit([asked])]
            return [outcome if isinstance(outcome, StoreFailed) else self._keeper.fault(error) for outcome in outcomes]

    def _commit_again(self, batch: list[_Asked], in_doubt: bool) -> list[Any]:
        """The batch over a new connection; in doubt only its recordings, as keeping one twice changes nothing."""
        left_out = [in_doubt and not isinstance(asked.work, Recording) for asked in batch]
        made = iter(self._commit([asked for asked, out in zip(batch, left_out, strict=True) if not out], again=False))
        return [doubtful() if out else next(made) for out in left_out]

    def _pack(self, work: Recording | Change) -> Packed | StoreFailed | None:
        """A recording packed, or why it cannot be; None for a change."""
        if not isinstance(work, Recording):
            return None
        try:
            return self._keeper.codec.pack(work)
        except StoreFailed as error:
            return error

    def _in_savepoint(self, work: Recording | Change) -> Any:
        """Make one change of a batch; undo it alone if it refuses."""
        execute = self._keeper.connection.execute
        execute("SAVEPOINT change")
        outcome = self._outcome(work)
        if isinstance(outcome, HoldfastError):
            execute("ROLLBACK TO change")
        execute("RELEASE change")
        return outcome

    def _outcome(self, work: Recording | Change) -> Any:
        assert not isinstance(work, Recording)
        try:
            return work(self._keeper)
        except HoldfastError as error:
            return error
        except self._keeper.errors as error:
            return self._keeper.fault(error)
        except OSError as error:
            return disk_fault(error)
        except UNWRITABLE as error:
            return unwritable("what was to be kept", error)


def _wake(outcomes: Iterable[tuple[_Asked, Any]]) -> None:
    """Tell everybody what came of it, with one call into each event loop."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = defaultdict(list)
    for asked, outcome in outcomes:
        by_loop[asked.loop].append((asked.waiter, outcome))
    for loop, waiters in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_resolve, waiters)


def _resolve(waiters: Iterable[tuple[asyncio.Future[Any], Any]]) -> None:
    for waiter, outcome in waiters:
        if waiter.done():
            continue  # cancelled: it is kept all the same
        if isinstance(outcome, BaseException):
            waiter.set_exception(outcome)
        else:
            waiter.set_result(outcome)
