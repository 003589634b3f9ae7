"""Documents prepared in processes of their own, which may be killed: a document that hangs or bursts fails alone.

Knows nothing of any format, nor of what becomes of a prepared document.

    workers = Workers(Setup(max_tokens=150))
    answers = workers.prepare(batch)
    workers.close()
"""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import msgspec

from holdfast.corpus.nursery import Forked, Nursery
from holdfast.corpus.worker import ALARM, Done, Failed, Setup, read_frame, task_of, write_frame
from holdfast.sources import Passed, RawDocument

MAX_WORKERS = 16
_GRACE_S = 5.0  # after a worker's own alarm: for one whose system has none
_START_S = 30.0  # for a worker to come up, on a machine that is busy
_decode = msgspec.msgpack.Decoder(Done | Failed)


@dataclass(slots=True)
class _Worker:
    """A process at work, or waiting for some."""

    process: Forked
    index: int = -1  # of the document it has in hand
    deadline: float = 0.0

    @property
    def answers(self) -> IO[bytes]:
        return self.process.answers

    def give(self, index: int, task: bytes, seconds: float) -> bool:
        """Hand it a document; False where it has died meanwhile."""
        fresh = self.index < 0
        self.index = index
        self.deadline = time.monotonic() + seconds + _GRACE_S + (_START_S if fresh else 0.0)
        try:
            write_frame(self.process.tasks, task)
        except OSError:
            return False
        return True

    def end(self) -> tuple[int, str]:
        """Kill it; its exit status, and the last line of what it said."""
        return self.process.end()


class Workers:
    """A pool of processes, each started when there is work for it. For one caller at a time.

    Ends with `close`; where this process is killed, the workers notice and end too.
    """

    def __init__(self, setup: Setup, *, processes: int | None = None) -> None:
        self._setup = setup
        self._processes = processes or min(MAX_WORKERS, _cores())
        self._idle: list[_Worker] = []
        self._nursery: Nursery | None = None

    def prepare(self, batch: Sequence[tuple[RawDocument, str]]) -> list[Done]:
        """The documents, each with its hash, prepared; in their order.

        One that takes longer than the setup allows, needs more memory, or brings its process down is Passed as
        failed, and says so. Raises OSError where no process can be started.
        """
        made: list[Done | None] = [None] * len(batch)
        waiting = deque(sorted(range(len(batch)), key=lambda index: -len(batch[index][0].body)))  # none is long alone
        busy = selectors.DefaultSelector()
        try:
            while waiting or busy.get_map():
                while waiting and len(busy.get_map()) < self._processes:
                    index = waiting.popleft()
                    self._start(index, batch[index], busy)
                for worker in self._ready(busy):
                    busy.unregister(worker.answers)
                    made[worker.index] = self._answer(worker, batch[worker.index][0])
        finally:
            for key in list(busy.get_map().values()):
                key.data.end()
            busy.close()
        return [one for one in made if one is not None]

    def close(self) -> None:
        """End every process. Closed twice is closed once; used again, it starts anew."""
        while self._idle:
            self._idle.pop().end()
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None

    # ------------------------------------------------------------ one document

    def _start(self, index: int, document: tuple[RawDocument, str], busy: selectors.BaseSelector) -> None:
        task = msgspec.msgpack.encode(task_of(*document))
        worker = self._idle.pop() if self._idle else self._spawn()
        if not worker.give(index, task, self._setup.seconds):
            worker.end()
            worker = self._spawn()
            worker.give(index, task, self._setup.seconds)  # one that dies at once is found dead when it should answer
        busy.register(worker.answers, selectors.EVENT_READ, worker)

    def _ready(self, busy: selectors.BaseSelector) -> list[_Worker]:
        """The workers that have answered, died, or had their time."""
        at_work: list[_Worker] = [key.data for key in busy.get_map().values()]
        soonest = min(worker.deadline for worker in at_work)
        answered: list[_Worker] = [key.data for key, _ in busy.select(max(0.0, soonest - time.monotonic()))]
        if answered:
            return answered
        now = time.monotonic()
        return [worker for worker in at_work if worker.deadline <= now]

    def _answer(self, worker: _Worker, raw: RawDocument) -> Done:
        late = worker.deadline <= time.monotonic()
        frame = None if late else read_frame(worker.answers)
        if frame is not None:
            answer = _decode.decode(frame)
            if isinstance(answer, Done):
                self._idle.append(worker)
                return answer
            worker.end()
            return Done(passed=Passed(id=raw.id, reason=answer.reason, failed=True))
        status, said = worker.end()
        return Done(passed=Passed(id=raw.id, reason=self._why(status, said, late), failed=True))

    def _why(self, status: int, said: str, late: bool) -> str:
        setup = self._setup
        if late or status == -ALARM:
            return f"reading it took over {setup.seconds:g} s"
        if "memory" in said.lower():
            return f"reading it needed over {setup.memory_bytes / 2**30:g} GB"
        return f"reading it ended the process that tried: {said or f'signal {-status}' if status < 0 else said}"

    def _spawn(self) -> _Worker:
        if self._nursery is None:
            self._nursery = Nursery(msgspec.msgpack.encode(self._setup))
        try:
            return _Worker(Forked(self._nursery))
        except OSError:  # something ended it: another, once
            self._nursery.close()
            self._nursery = Nursery(msgspec.msgpack.encode(self._setup))
            return _Worker(Forked(self._nursery))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
