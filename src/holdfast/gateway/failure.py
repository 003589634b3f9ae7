"""The error of a ladder that is used up: what became of each rung, where the time went, and what to do about it.

Does not decide when a ladder is used up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from holdfast.errors import EffectFailed, HoldfastError, Misconfigured
from holdfast.gateway.call import Call
from holdfast.gateway.fault import NOT_SET_UP, POLICY, Fault, FaultKind
from holdfast.records import Attempt, Origin

_OF_KEYS: frozenset[FaultKind] = frozenset({"unauthorized", "quota"})
_FOR_LONG = frozenset({"revoked", "exhausted", "gone"})
_BY_KIND: Mapping[FaultKind, str] = MappingProxyType(
    {"rate_limited": "HF311", "too_long": "HF312", "schema_violation": "HF303", "filtered": "HF304"}
)
_AFTER_A_WAIT: frozenset[FaultKind] = frozenset({"resting", "rate_limited"})


def failure(call: Call) -> HoldfastError:
    """The error for a call whose every rung was left."""
    slot, attempts, over = call.effect.slot, tuple(call.attempts), call.over
    if not over:
        return Misconfigured("HF100", f"slot '{slot}' has no models", f"list some under [slots.{slot}] models")
    listed = "; ".join(f"{entry}: {fault}" for entry, fault in over)
    kinds = [fault.kind for _, fault in over]
    fix = _fix(over[0][1])
    if set(kinds) <= NOT_SET_UP:
        code = "HF104" if kinds[0] == "no_key" else "HF100"
        return Misconfigured(code, f"no rung of '{slot}' is set up: {listed}", fix)
    if kinds[-1] == "filtered":
        message = f"a content filter stopped '{slot}': {listed}"
        return EffectFailed("HF304", message, _fix(over[-1][1]), attempts, origin="provider")
    if "deadline" in kinds:
        where = "; ".join(map(line, attempts))
        late = f"the deadline of {call.slot.deadline_ms} ms passed before '{slot}' was answered: {where}"
        return EffectFailed("HF302", late, POLICY["deadline"].fix, attempts, origin="gateway")
    asked = [fault for _, fault in over if fault.kind not in NOT_SET_UP]
    return refused(f"no rung of '{slot}' answered: {listed}", fix, asked, attempts)


def refused(message: str, fix: str, faults: Sequence[Fault], attempts: tuple[Attempt, ...]) -> EffectFailed:
    """The error where models were to be asked and none answered: HF311 where all that is in the way is their limit of
    requests, HF312 where it is the length of this one, HF303 where what they answer violates a schema, else HF301; and
    whose fault it is."""
    met = [fault for fault in faults if fault.kind != "passed_over"] or faults
    kinds = {fault.kind for fault in met}
    ours = all(fault.kind == "resting" or _no_use_waiting(fault) for fault in met)
    origin: Origin = "gateway" if ours else "provider"
    code = _BY_KIND.get(next(iter(kinds)), "HF301") if len(kinds) == 1 else "HF301"
    return EffectFailed(code, message, fix, attempts, origin=origin, retry_after_s=_retry_after_s(met))


def line(attempt: Attempt) -> str:
    """One attempt on one line: which, when it began, how long it took, and what became of it."""
    first = "no token" if attempt.first_token_ms is None else f"first token after {attempt.first_token_ms:.0f}"
    detail = attempt.detail
    return (
        f"rung {attempt.rung} {attempt.provider}:{attempt.model} ({detail.part}) from {detail.started_ms:.0f} ms"
        f" for {attempt.ms:.0f} ms, {first}: {attempt.error or 'answered'}"
    )


def _no_use_waiting(fault: Fault) -> bool:
    return fault.kind in _OF_KEYS or (fault.kind == "resting" and fault.param in _FOR_LONG)


def _retry_after_s(faults: Sequence[Fault]) -> float | None:
    """When to ask again, where every rung said so and waiting may help."""
    if any(fault.kind not in _AFTER_A_WAIT or fault.retry_after_ms is None for fault in faults):
        return None
    if all(_no_use_waiting(fault) for fault in faults):
        return None
    return float(max(1, math.ceil(min(fault.retry_after_ms or 0.0 for fault in faults) / 1000)))


def _fix(fault: Fault) -> str:
    return fault.fix or POLICY[fault.kind].fix
