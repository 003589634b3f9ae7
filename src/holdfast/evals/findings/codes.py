"""Every code of a finding, and what a look finds by all of them.

Knows nothing of what any of them means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from holdfast.evals.findings import cost, data, generation, guards, retrieval
from holdfast.evals.findings.seen import Seen
from holdfast.finding import Finding

Looks: TypeAlias = Callable[[Seen], Iterator[Finding]]
"""A pure function that finds one thing, if it is there; its docstring is its page in the documentation."""

FAMILIES: Mapping[str, tuple[Looks, ...]] = MappingProxyType(
    {
        "HD1": retrieval.CODES,
        "HD2": generation.CODES,
        "HD3": guards.CODES,
        "HD4": cost.CODES,
        "HD5": data.CODES,
    }
)
"""The codes of a hundred, by what they begin with."""

EVERY: Mapping[str, Looks] = MappingProxyType(
    {looks.__name__.upper(): looks for family in FAMILIES.values() for looks in family}
)


def findings_of(seen: Seen) -> tuple[Finding, ...]:
    """Everything that there is to find, by code. The same view gives the same findings."""
    return tuple(finding for looks in EVERY.values() for finding in looks(seen))
