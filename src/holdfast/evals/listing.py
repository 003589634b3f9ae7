"""A feature's cases with what is known of each: its set, its last result, its slices, the wear of its sets.

Knows nothing of how any of it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.evals.audit import in_audit, split
from holdfast.evals.last_results import LastResult, last_results
from holdfast.evals.wear import Wear, wear_of
from holdfast.evaluation import Case
from holdfast.stores import Store

Set: TypeAlias = Literal["working", "audit"]


class ListedCase(Struct, frozen=True, kw_only=True):
    """A case, which split it belongs to, and its last result; None: it was never asked as it is now."""

    case: Case
    set: Set
    last: LastResult | None = None


class Slice(Struct, frozen=True, kw_only=True):
    """The cases that have one tag, and how many of them passed, failed or were flaky when they were last asked."""

    tag: str
    cases: int
    passed: int = 0
    failed: int = 0
    flaky: int = 0


class CaseSet(Struct, frozen=True, kw_only=True):
    """The cases of a feature in the order of its file. `audit` is None where there is no audit split."""

    feature: str
    cases: tuple[ListedCase, ...]
    slices: tuple[Slice, ...]
    working: Wear
    audit: Wear | None = None


async def case_set(
    store: Store, feature: str, cases: Sequence[Case], audit_share: float, *, tenant: str = ""
) -> CaseSet:
    """What is known of these cases. Raises StoreFailed."""
    last = await last_results(store, feature, cases, tenant=tenant)
    working, audit = split(cases, audit_share)
    return CaseSet(
        feature=feature,
        cases=tuple(
            ListedCase(case=case, set="audit" if in_audit(case, audit_share) else "working", last=last.get(case.id))
            for case in cases
        ),
        slices=slices_of(cases, last),
        working=await wear_of(store, feature, working, tenant=tenant),
        audit=await wear_of(store, feature, audit, tenant=tenant) if audit else None,
    )


def slices_of(cases: Sequence[Case], last: Mapping[str, LastResult]) -> tuple[Slice, ...]:
    """Every tag as a slice, by name. A case with several tags is in several slices."""
    tags = sorted({tag for case in cases for tag in case.tags})
    return tuple(_slice(tag, [case for case in cases if tag in case.tags], last) for tag in tags)


def _slice(tag: str, cases: Sequence[Case], last: Mapping[str, LastResult]) -> Slice:
    came = [last[case.id].came for case in cases if case.id in last]
    passed, failed, flaky = (came.count(each) for each in ("passed", "failed", "flaky"))
    return Slice(tag=tag, cases=len(cases), passed=passed, failed=failed, flaky=flaky)
