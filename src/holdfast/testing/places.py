"""Addresses at which a vendor cannot be reached, each on this machine: where a provider points for a fault of place.

Does not know HTTP.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from holdfast.testing.fault import Fault

_BACKLOG_FULL = 4


@contextmanager
def place_of(fault: Fault, url: str) -> Iterator[str]:
    """The root URL under which the vendor at `url` is to be looked for while the fault lasts.

    `refused`: a port that nobody listens at. `blackhole`: one whose queue is full, so that connecting is never answered
    (as Linux treats it). `dns`: a name that by RFC 6761 exists nowhere. `tls`: the vendor itself, which speaks no TLS.
    """
    match fault.place:
        case "refused":
            with socket.socket() as bound:
                bound.bind(("127.0.0.1", 0))
                yield _root(bound)
        case "blackhole":
            with _full_queue() as listening:
                yield _root(listening)
        case "dns":
            yield "http://vendor.invalid"
        case "tls":
            yield url.replace("http://", "https://", 1)
        case _:
            yield url


@contextmanager
def _full_queue() -> Iterator[socket.socket]:
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(_BACKLOG_FULL):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening


def _root(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"
