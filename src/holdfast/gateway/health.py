"""How well each route does: a breaker and a hold for every provider, model and key, and what was learned of a model.

Does not know ladders or requests. Kept in memory for as long as the gateway; times in seconds of its clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from holdfast.gateway.breaker import Breaker
from holdfast.gateway.fault import COUNTED, Fault, FaultKind
from holdfast.gateway.health_report import HealthReport, RouteHealth, RouteState
from holdfast.gateway.learned import Refusals, same_model
from holdfast.gateway.quantiles import Times

EXHAUSTED_S, EXHAUSTED_MOST_S = 300.0, 3_600.0
REVOKED_S = 300.0
"""How often a key that was refused is tried again, by one call: vendors have refused good keys by mistake."""
GONE_S = 300.0
PARKED_S, PARKED_MOST_S = 0.25, 4.0
ASKED_MOST_S = 3_600.0
"""So long a wait that a vendor asks for is believed: days and years have been seen, and a call an hour costs nobody."""
MOST = 4_096  # names of models come from outside: what is kept of them is bounded

Held: TypeAlias = Literal["parked", "exhausted", "revoked"]
_NEUTRAL: frozenset[FaultKind] = frozenset({"cancelled", "deadline"})


class Begun(NamedTuple):
    """When a call to a route was begun, and whether it is the one probe of its breaker."""

    at_s: float
    probe: bool


class Route:
    """One model of one provider with one key: whether it may be asked, and what came of it so far."""

    __slots__ = (
        "_held_s",
        "_hold_s",
        "_until_s",
        "answered",
        "asked",
        "breaker",
        "faults",
        "held",
        "key_id",
        "last_fault",
    )

    def __init__(self, key_id: int | None) -> None:
        self.key_id = key_id
        self.breaker = Breaker()
        self.held: Held | None = None
        self._held_s = 0.0
        self._until_s = 0.0
        self._hold_s = 0.0
        self.asked = 0
        self.answered = 0
        self.faults: Counter[str] = Counter()
        self.last_fault: Fault | None = None

    def rest_s(self, now_s: float) -> float:
        """How long it may not be asked; 0: ask now."""
        return max(self.breaker.rest_s(now_s), self._until_s - now_s if self.held else 0.0, 0.0)

    def why(self, now_s: float) -> RouteState:
        """Why it rests, in one word."""
        if self.held is not None and self._until_s > now_s:
            return self.held
        return self.breaker.state(now_s)

    def begin(self, now_s: float) -> Begun:
        """It is asked. A key that was refused is tried by one call at a time."""
        self.asked += 1
        if self.held in ("exhausted", "revoked"):
            self._until_s = now_s + self._hold_s
        return Begun(now_s, self.breaker.begin(now_s))

    def note(self, fault: Fault | None, now_s: float, begun: Begun) -> None:
        """What came of asking it; None: an answer."""
        if fault is not None and fault.kind not in _NEUTRAL:
            self.faults[fault.kind] += 1
            self.last_fault = fault
        if fault is None:
            self.answered += 1
        match fault.kind if fault is not None else None:
            case "cancelled" | "deadline":
                self.breaker.gave_up(probe=begun.probe)
            case "rate_limited" | "quota" | "unauthorized" | "no_model":
                self.breaker.gave_up(probe=begun.probe)
                assert fault is not None
                self._hold(fault, now_s)
            case kind if kind in COUNTED:
                self.breaker.failed(now_s, probe=begun.probe)
            case _:  # an answer, or a refusal of this one request: the route is well
                self.breaker.succeeded(now_s, begun_s=begun.at_s)
                if begun.at_s >= self._held_s:
                    self.held, self._until_s, self._hold_s = None, 0.0, 0.0

    def _hold(self, fault: Fault, now_s: float) -> None:
        until_s = self._held_s = now_s
        match fault.kind:
            case "rate_limited" if fault.retry_after_ms is not None:
                self.held, until_s = "parked", now_s + min(fault.retry_after_ms / 1000, ASKED_MOST_S)
            case "rate_limited":
                self._hold_s = min(PARKED_MOST_S, self._hold_s * 2) if self.held == "parked" else PARKED_S
                self.held, until_s = "parked", now_s + self._hold_s
            case "quota":
                longer = self._hold_s * 2 if self.held == "exhausted" else EXHAUSTED_S
                self.held, self._hold_s = "exhausted", min(EXHAUSTED_MOST_S, longer)
                until_s = now_s + self._hold_s
            case "unauthorized":
                self.held, self._hold_s, until_s = "revoked", REVOKED_S, now_s + REVOKED_S
        self._until_s = max(self._until_s, until_s)


class ModelHealth:
    """One model of one provider, with whichever key: its times, what it refuses, under which name it answers."""

    __slots__ = ("gone_until_s", "refusals", "served", "streamed", "swapped", "whole")

    def __init__(self) -> None:
        self.streamed = Times()
        self.whole = Times()
        self.refusals = Refusals()
        self.gone_until_s = 0.0
        self.served: str | None = None
        self.swapped = 0

    def times(self, *, streaming: bool) -> Times:
        """Times to the first token of a stream, or to a whole answer."""
        return self.streamed if streaming else self.whole

    def note_served(self, asked: str, served: str) -> None:
        """Take note of the name that an answer came under."""
        if served and not same_model(asked, served):
            self.served = served
            self.swapped += 1


class Health:
    """Every route and model that a gateway has asked."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._routes: dict[tuple[str, str, str | None], Route] = {}
        self._models: dict[tuple[str, str], ModelHealth] = {}

    def route(self, provider: str, model: str, key: str | None, key_id: int | None = None) -> Route:
        found = self._routes.get((provider, model, key))
        return found or _kept(self._routes, (provider, model, key), Route(key_id))

    def model(self, provider: str, model: str) -> ModelHealth:
        found = self._models.get((provider, model))
        return found or _kept(self._models, (provider, model), ModelHealth())

    def gone(self, provider: str, model: str) -> None:
        """The vendor says that it has no such model."""
        self.model(provider, model).gone_until_s = self.clock() + GONE_S

    def report(self, retries_left: float, hedges_left: float) -> HealthReport:
        """Everything, as it stands now."""
        routes = tuple(
            self._said(name, route) for name, route in sorted(self._routes.items(), key=lambda item: str(item[0][:2]))
        )
        return HealthReport(routes=routes, retries_left=int(retries_left), hedges_left=int(hedges_left))

    def _said(self, name: tuple[str, str, str | None], route: Route) -> RouteHealth:
        now_s = self.clock()
        model = self.model(name[0], name[1])
        times = model.streamed if len(model.streamed) >= len(model.whole) else model.whole
        p50, p95, p99 = (times.at(share) if len(times) else None for share in (0.5, 0.95, 0.99))
        gone_s = model.gone_until_s - now_s
        rest_s = max(route.rest_s(now_s), gone_s)
        refusals = model.refusals
        return RouteHealth(
            provider=name[0],
            model=name[1],
            key=route.key_id,
            state="gone" if gone_s > 0 else route.why(now_s),
            rest_ms=round(max(0.0, rest_s) * 1000),
            asked=route.asked,
            answered=route.answered,
            faults=dict(route.faults),
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            dropped=tuple(sorted(refusals.dropped | ({"prefill"} if not refusals.prefill else set()))),
            unable=tuple(sorted(refusals.unable)),
            served=model.served,
            swapped=model.swapped,
            last_fault=None if route.last_fault is None else str(route.last_fault),
        )


_Name = TypeVar("_Name")
_Value = TypeVar("_Value")


def _kept(table: dict[_Name, _Value], name: _Name, value: _Value) -> _Value:
    """Keep it; when the table is full, what was kept first goes."""
    if len(table) >= MOST:
        del table[next(iter(table))]
    table[name] = value
    return value
