"""The faults a vendor can cause, by name: what each does to an answer that would have gone well.

Does not know how a caller should take them. `FAULTS` is the catalogue; `under` puts one of it on a rule, `When` says at
which request and where in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from holdfast.errors import Misconfigured, unknown
from holdfast.testing.act import Act
from holdfast.testing.asked import Asked
from holdfast.testing.fault import Fault
from holdfast.testing.faults_answer import ANSWER
from holdfast.testing.faults_connection import CONNECTION
from holdfast.testing.faults_refusal import REFUSAL
from holdfast.testing.faults_stream import STREAM
from holdfast.testing.vendor import Rule


def _named(*groups: tuple[Fault, ...]) -> Iterator[tuple[str, Fault]]:
    for group in groups:
        for fault in group:
            yield fault.name, fault


FAULTS: Mapping[str, Fault] = MappingProxyType(dict(_named(REFUSAL, CONNECTION, STREAM, ANSWER)))
"""Every fault by its name."""


@dataclass(frozen=True, slots=True)
class When:
    """Which requests a fault befalls, and after how many pieces of the answer (or which share of them)."""

    often: Literal["always", "once"] = "always"
    pieces: int | None = None
    share: float | None = None

    def at(self, act: Act) -> int:
        """The pieces of this answer that come before the fault; half of them where nothing was said."""
        count = len(act.said)
        if self.pieces is not None:
            return min(self.pieces, count)
        return round(count * (0.5 if self.share is None else self.share))


def parse(text: str) -> tuple[Fault, When]:
    """`KIND`, then any of `@start`, `@N` (pieces), `@50%`, `@once` and `@always`, as in `cut@50%@once`.

    Raises NotFound (HF207) for a fault that is not in the catalogue, Misconfigured (HF100) for another word.
    """
    name, *rest = text.strip().split("@")
    if name not in FAULTS:
        raise unknown("HF207", "fault", name, FAULTS)
    fault = FAULTS[name]
    often: Literal["always", "once"] = "once" if fault.once else "always"
    pieces: int | None = None
    share: float | None = None
    for word in rest:
        if word == "once":
            often = "once"
        elif word == "always":
            often = "always"
        elif word == "start":
            pieces, share = 0, None
        elif word.isdecimal():
            pieces, share = int(word), None
        elif word.endswith("%") and word[:-1].isdecimal() and int(word[:-1]) <= 100:
            pieces, share = None, int(word[:-1]) / 100
        else:
            fix = "write @start, @3 (after three pieces), @50%, @once or @always, as in cut@50%@once"
            raise Misconfigured("HF100", f"'@{word}' does not say when the fault '{name}' comes", fix)
    return fault, When(often, pieces, share)


def under(rule: Rule, fault: Fault, when: When | None = None) -> Rule:
    """The rule, with the fault upon every request, or upon the first alone. A fault that does not fit a request (bad
    arguments where no tool may be called) leaves it as it is. Faults of the address are not put on here: `places`."""
    when = when or When("once" if fault.once else "always")

    def ruled(asked: Asked) -> Act:
        act = rule(asked)
        if (when.often == "once" and asked.number > 0) or not fault.fits(asked):
            return act
        return fault.does(act, asked, when.at(act))

    return ruled
