"""How the routes of a gateway stand, as a value that others may read.

Does not know how it came about.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

RouteState: TypeAlias = Literal["closed", "open", "half_open", "parked", "exhausted", "revoked", "gone"]


class RouteHealth(Struct, frozen=True, kw_only=True):
    """One model of one provider with one key (`key` counts from 0; None: it has none).

    `state`: `closed` all is well; `open` it failed too often and is left alone; `half_open` the next call tries it;
    `parked` it asked for a pause; `exhausted` its quota is used up; `revoked` the key was refused; `gone` there is no
    such model. `rest_ms` is how long it will not be asked. The quantiles are those of the first token, in ms. `dropped`
    are parameters that the model rejects, `unable` kinds of input. `swapped` counts answers that came from another
    model than was asked, `served` is its name.
    """

    provider: str
    model: str
    key: int | None
    state: RouteState
    rest_ms: int
    asked: int
    answered: int
    faults: dict[str, int]
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    dropped: tuple[str, ...] = ()
    unable: tuple[str, ...] = ()
    served: str | None = None
    swapped: int = 0
    last_fault: str | None = None


class HealthReport(Struct, frozen=True, kw_only=True):
    """Every route that was asked, and how many extra calls the gateway may make by itself at the moment."""

    routes: tuple[RouteHealth, ...]
    retries_left: int
    hedges_left: int
