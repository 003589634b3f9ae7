"""Faults of the connection: an address that nobody answers at, and a vendor that hangs up or says nothing.

Does not know dialects.
"""

from __future__ import annotations

from dataclasses import replace

from holdfast.testing.act import Act
from holdfast.testing.asked import Asked
from holdfast.testing.fault import Fault, act_with

_FOREVER_MS = 86_400_000.0


def _same(act: Act, _asked: Asked, _after: int) -> Act:
    return act


def _stale(act: Act, asked: Asked, _after: int) -> Act:
    """A connection that was used before is gone when it is used again."""
    return replace(act, hang_up=True) if asked.on_connection else act


def _flaps(act: Act, asked: Asked, _after: int) -> Act:
    return act if asked.number % 2 else replace(act, error="server_error")


CONNECTION: tuple[Fault, ...] = (
    Fault(name="refused", says="nothing listens at the address", does=_same, place="refused"),
    Fault(
        name="connect_blackhole",
        says="connecting is never answered",
        does=_same,
        place="blackhole",
    ),
    Fault(name="dns", says="the host's name cannot be found", does=_same, place="dns"),
    Fault(name="tls", says="the TLS handshake fails", does=_same, place="tls"),
    Fault(name="reset_before_headers", says="the connection is reset before an answer", does=act_with(hang_up=True)),
    Fault(
        name="reset_once",
        says="the connection is reset before an answer, the first time",
        does=act_with(hang_up=True),
        once=True,
    ),
    Fault(name="stale_keep_alive", says="a connection that is used again is reset", does=_stale),
    Fault(
        name="accepts_never_answers",
        says="the request is taken and no answer comes",
        does=act_with(before_headers_ms=_FOREVER_MS),
    ),
    Fault(
        name="drip_headers",
        says="headers come one in two seconds",
        does=act_with(header_ms=2_000.0),
    ),
    Fault(name="flapping", says="500 every other time", does=_flaps),
)
