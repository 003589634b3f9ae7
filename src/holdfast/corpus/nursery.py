"""Where workers come from: one process that gets ready once and becomes two whenever another is wanted.

Knows nothing of documents, nor of what a worker is told.

Getting ready, which is mostly importing, costs as much as preparing megabytes; a worker that is forked has it done.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import IO

from holdfast.corpus.worker import SAYS

_WIDE_BYTES = 2**20
_START_S = 60.0  # to get ready, on a machine that is busy


class Forked:
    """A worker: pipes to it and from it, and what it said of its end. `end` it, or it stays."""

    def __init__(self, nursery: Nursery) -> None:
        task, self._tasks_end = os.pipe()
        self._answers_end, answer = os.pipe()
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - for as long as the process lives
        try:
            self.pid = nursery.ask(b"", task, answer, self.errors.fileno())
        except OSError:
            os.close(self._tasks_end)
            os.close(self._answers_end)
            self.errors.close()
            raise
        finally:
            os.close(task)
            os.close(answer)
        _widen(self._tasks_end)
        _widen(self._answers_end)
        self.tasks = os.fdopen(self._tasks_end, "wb")
        self.answers = os.fdopen(self._answers_end, "rb")
        self._nursery = nursery

    def end(self) -> tuple[int, str]:
        """Kill it, and leave no zombie; its exit status, and the last line of what it said."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        for pipe in (self.tasks, self.answers):
            with suppress(OSError):  # what it was never told
                pipe.close()
        status = -signal.SIGKILL
        with suppress(OSError):  # the nursery is gone, and its workers with it
            status = self._nursery.ask(self.pid.to_bytes(SAYS, "little"))
        with self.errors:
            self.errors.seek(0)
            lines = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        return status, lines[-1][:300] if lines else ""


class Nursery:
    """The process that forks workers. `close` it after the workers; where this process is killed, it ends too."""

    def __init__(self, setup: bytes) -> None:
        self._asks, theirs = socket.socketpair()
        self._asks.settimeout(_START_S)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "holdfast.corpus.worker"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    "OPENBLAS_NUM_THREADS": "1",  # a process with threads cannot be forked, and workers are many
                },
                start_new_session=True,  # Ctrl-C is for the process that minds them
            )
        with suppress(OSError):  # it died at once, which is found out when it is asked for a worker
            self._asks.sendall(len(setup).to_bytes(SAYS, "little") + setup)

    def ask(self, what: bytes, *handles: int) -> int:
        """With handles, a worker that has them: its id. Else how the worker of that id ended, waited for.

        Raises OSError where the process is gone.
        """
        if handles:
            socket.send_fds(self._asks, [bytes(SAYS)], handles)
        else:
            self._asks.sendall(what)
        said = self._asks.recv(SAYS)
        if len(said) < SAYS:
            raise OSError("the process that starts workers has ended")
        return int.from_bytes(said, "little", signed=True)

    def close(self) -> None:
        """End it. Closed twice is closed once."""
        self._asks.close()
        self._process.kill()
        self._process.wait()


def _widen(pipe: int) -> None:
    """Lets most documents fit in a pipe whole, so that nobody waits until they are taken; where the system can."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _WIDE_BYTES)
