"""The hidden split of a set of cases: a share that ordinary evaluations leave out, for an honest look now and then.

Knows nothing of where cases are kept or how they are asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from holdfast.errors import NotFound
from holdfast.evaluation import Case


def in_audit(case: Case, audit_share: float) -> bool:
    """Whether a case belongs to the audit split: by the SHA-256 of its id, so that it stays where it is when others
    come and go, and when the case itself changes. A case that must pass never does: it guards every evaluation."""
    place = int.from_bytes(hashlib.sha256(b"audit\x00" + case.id.encode()).digest()[:8]) / 2**64
    return not case.must_pass and place < audit_share


def split(cases: Sequence[Case], audit_share: float) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The working cases and the audit cases, each in their order. The same ids give the same split, everywhere.

    With a larger share, what was in the audit split stays in it. 0 leaves it empty.
    """
    working = tuple(case for case in cases if not in_audit(case, audit_share))
    audit = tuple(case for case in cases if in_audit(case, audit_share))
    return working, audit


def to_ask(cases: Sequence[Case], audit_share: float, *, audit: bool = False) -> tuple[Case, ...]:
    """The working cases, or those of the audit split. Raises NotFound (HF207) where there are none."""
    working, hidden = split(cases, audit_share)
    if chosen := hidden if audit else working:
        return chosen
    if audit:
        fix = "set audit_share under [evals], or add cases: a share of the new ones belongs to it"
        raise NotFound("HF207", "no case belongs to the audit split", fix)
    raise NotFound("HF207", "every case belongs to the audit split", "add cases, or lower audit_share under [evals]")
