"""The process that prepares documents for another: takes one at a time, answers, ends when there is nobody to answer.

Knows nothing of who asks. Bounds itself: memory by a limit of the system, time by an alarm that no code can put off.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from datetime import datetime
from typing import IO, cast

import msgspec
from msgspec import Struct

from holdfast.corpus.chunk import CountTokens
from holdfast.corpus.cleaned import Cleaned, Unreadable
from holdfast.corpus.prepare import Prepared, assemble, clean, prepare
from holdfast.messages import Json
from holdfast.sources import MediaType, Passed, RawDocument

ALARM = getattr(signal, "SIGALRM", 0)
SAYS = 8  # bytes of a number between a worker and who asks
_LENGTH = 8  # bytes that say how long a message is
_COLLECTED = (50_000, 20, 20)  # objects, and times: a page makes a hundred thousand, and hardly any of them in circles
_LOOKS_EVERY_S = 0.5  # for the process it works for


class Setup(Struct, frozen=True, kw_only=True):
    """How a worker prepares documents, and what each may cost. Without `chunks` it cleans them and no more.

    `tokenizer` is that of the encoder, as JSON; None: tokens are estimated.
    """

    max_tokens: int
    tokenizer: str | None = None
    chunks: bool = True
    seconds: float = 30.0
    memory_bytes: int = 2**30


class Task(Struct, frozen=True, kw_only=True, array_like=True):
    """A `RawDocument` and its hash; its body as bytes, `text` where it was none."""

    hash: str
    id: str
    media_type: str
    text: bool
    body: bytes
    title: str | None
    url: str | None
    section: tuple[str, ...]
    locale: str | None
    updated_at: datetime | None
    principals: tuple[str, ...]
    metadata: dict[str, Json]


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """The document prepared, or passed, or only cleaned."""

    prepared: Prepared | None = None
    passed: Passed | None = None
    cleaned: Cleaned | None = None


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """The worker could not, and is good for nothing any more."""

    reason: str


def task_of(raw: RawDocument, raw_hash: str) -> Task:
    """A document as it is handed over."""
    body = raw.body if isinstance(raw.body, bytes) else raw.body.encode("utf-8", "replace")
    return Task(
        hash=raw_hash,
        id=raw.id,
        media_type=raw.media_type,
        text=isinstance(raw.body, str),
        body=body,
        title=raw.title,
        url=raw.url,
        section=raw.section,
        locale=raw.locale,
        updated_at=raw.updated_at,
        principals=raw.principals,
        metadata=raw.metadata,
    )


def raw_of(task: Task) -> RawDocument:
    """The document that was handed over."""
    return RawDocument(
        id=task.id,
        body=task.body.decode() if task.text else task.body,
        media_type=cast(MediaType, task.media_type),
        title=task.title,
        url=task.url,
        section=task.section,
        locale=task.locale,
        updated_at=task.updated_at,
        principals=task.principals,
        metadata=task.metadata,
    )


def write_frame(pipe: IO[bytes], data: bytes) -> None:
    """Sends a message whole."""
    pipe.write(len(data).to_bytes(_LENGTH, "little"))
    pipe.write(data)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """A message; None where the other side ended before it was whole."""
    head = pipe.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    length = int.from_bytes(head, "little")
    data = pipe.read(length)
    return data if len(data) == length else None


def main() -> None:
    """Gets ready as standard input, a socket, says; then forks a worker for every three handles it is sent (tasks,
    answers, errors) and answers its id, and for an id that it is sent waits and answers how that one ended."""
    asked = socket.socket(fileno=os.dup(0))
    os.dup2(2, 1)  # what a library prints is no answer
    length = int.from_bytes(asked.recv(SAYS, socket.MSG_WAITALL), "little")
    setup = msgspec.msgpack.decode(asked.recv(length, socket.MSG_WAITALL), type=Setup)
    count = _counter(setup.tokenizer)
    _get_ready(setup, count)
    while True:
        message, handles, _, _ = socket.recv_fds(asked, SAYS, 3)
        if not message:
            return
        if handles:
            said = os.fork()
            if not said:
                asked.close()
                os.dup2(handles[2], 2)
                os.dup2(2, 1)
                _work(setup, count, os.fdopen(handles[0], "rb"), os.fdopen(handles[1], "wb"))
                return
            for handle in handles:
                os.close(handle)
        else:
            said = os.waitstatus_to_exitcode(os.waitpid(int.from_bytes(message, "little"), 0)[1])
        asked.sendall(said.to_bytes(SAYS, "little", signed=True))


def _get_ready(setup: Setup, count: CountTokens | None) -> None:
    """Loads what every worker needs, and has none of it looked at again for what can be forgotten."""
    import selectolax.lexbor  # noqa: F401  # as it is loaded for the first page

    raw = RawDocument(id="", body="# Ready\n\nNothing but words.", media_type="text/markdown")
    prepare(raw, "", max_tokens=setup.max_tokens, count_tokens=count)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)


def _work(setup: Setup, count: CountTokens | None, tasks: IO[bytes], answers: IO[bytes]) -> None:
    """Answers tasks until they end."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    _limit_memory(setup.memory_bytes)
    decode = msgspec.msgpack.Decoder(Task).decode
    encode = msgspec.msgpack.Encoder().encode
    while (frame := read_frame(tasks)) is not None:
        _set_alarm(setup.seconds)
        try:
            answer = encode(_done(decode(frame), setup, count))
        except MemoryError:
            answer = encode(Failed(reason=f"reading it needed over {setup.memory_bytes / 2**30:g} GB"))
        _set_alarm(0)
        write_frame(answers, answer)


def _done(task: Task, setup: Setup, count: CountTokens | None) -> Done:
    raw = raw_of(task)
    try:
        cleaned = clean(raw)
    except Unreadable as error:
        return Done(passed=Passed(id=raw.id, reason=str(error), failed=True))
    if not setup.chunks:
        return Done(cleaned=cleaned)
    made = assemble(raw, task.hash, cleaned, max_tokens=setup.max_tokens, count_tokens=count)
    return Done(passed=made) if isinstance(made, Passed) else Done(prepared=made)


def _counter(tokenizer: str | None) -> CountTokens | None:
    if tokenizer is None:
        return None
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # there are as many workers as cores
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_str(tokenizer)
    return lambda texts: [len(one) for one in loaded.encode_batch(list(texts))]


def _limit_memory(more: int) -> None:
    """Lets this process grow by so many bytes and no further, where the system can see to that."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm") as statm:
            now = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + more, now + more))


def _set_alarm(seconds: float) -> None:
    if ALARM:
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _watch(parent: int) -> None:
    """Ends this process when the one that it works for is gone."""
    while os.getppid() == parent:
        time.sleep(_LOOKS_EVERY_S)
    os._exit(0)


if __name__ == "__main__":
    main()
