"""The threads that read: each with its own connection, off the event loop.

Knows nothing of what is read.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from holdfast.errors import StoreFailed
from holdfast.store.codec import Codec
from holdfast.store.connection import Connection
from holdfast.store.faults import closed

T = TypeVar("T")
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Reader:
    """What one thread reads with."""

    connection: Connection
    codec: Codec


class Readers:
    """A small pool. A read sees everything that was acknowledged before it began."""

    def __init__(
        self, connect: Callable[[], Connection], errors: type[Exception], fault: Callable[[Exception], StoreFailed]
    ) -> None:
        self._connect = connect
        self._errors = errors
        self._fault = fault
        self._mine = threading.local()
        self._all: list[Reader] = []
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="holdfast-reader")
        self._open = True

    async def read(self, read: Callable[[Reader], T]) -> T:
        """What `read` gives, run in one of the threads. Raises what it raises; StoreFailed (HF600) for the database."""
        if not self._open:
            raise closed()
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, read)

    def close(self) -> None:
        """Let the reads under way end, and close every connection. A second time does nothing."""
        self._open = False
        self._pool.shutdown()
        while self._all:
            self._all.pop().connection.close()

    def _run(self, read: Callable[[Reader], T]) -> T:
        try:
            if not hasattr(self._mine, "reader"):
                self._mine.reader = Reader(self._connect(), Codec())
                self._all.append(self._mine.reader)
            return read(self._mine.reader)
        except self._errors as error:
            raise self._fault(error) from error
