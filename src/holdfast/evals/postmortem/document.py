"""A postmortem as values: claims, each with what it rests on, and what is not known.

Knows nothing of Markdown, nor of where anything was found.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.judgement import Interval
from holdfast.records import Outcome

Kind: TypeAlias = Literal[
    "recording",
    "recordings",
    "release",
    "promotion",
    "corpus",
    "corpus_change",
    "diagnosis",
    "evaluation",
    "gate",
    "case",
    "job",
]


class Source(Struct, frozen=True):
    """What a claim rests on, by its id.

    `recordings` are those of an expression; a promotion is named by its number; `corpus` is a version, as in `help@v2`,
    and `corpus_change` two of them, as in `help@v1..v2`; a case is named by file and id, as in `evals/answer.jsonl#c`.
    """

    kind: Kind
    id: str


class Claim(Struct, frozen=True, kw_only=True):
    """A sentence, and what it rests on, which is never nothing. `quote` is what somebody else wrote, as they did."""

    said: str
    sources: tuple[Source, ...]
    at: datetime | None = None
    quote: str | None = None

    def __post_init__(self) -> None:
        assert self.sources, f"a claim rests on something: {self.said}"


class Tried(Struct, frozen=True, kw_only=True):
    """A substitution of a diagnosis: `passed` of `asked` answers passed with it."""

    said: str
    passed: int
    asked: int
    share: Interval | None
    sources: tuple[Source, ...]


class Gap(Struct, frozen=True, kw_only=True):
    """Something that is not known, and what to type to find out."""

    said: str
    do: str | None = None


class Signature(Struct, frozen=True, kw_only=True):
    """What failures have in common. `by` is the code of the failure, the guard that stopped the answer, or the slot of
    which a lower rung answered; empty where the answer came whole, and somebody found it bad."""

    feature: str
    outcome: Outcome
    by: str = ""


class Counts(Struct, frozen=True, kw_only=True):
    """What an incident comes to. `requests` are all to the feature from `since` until `until`, of which `failures`
    failed, with their share; `subjects` failed for that many different subjects, and `unnamed` for nobody named."""

    since: datetime
    until: datetime
    failures: int
    requests: int
    share: Interval | None
    subjects: int
    unnamed: int
    bad: int = 0
    good: int = 0
    corrected: int = 0


class Incident(Struct, frozen=True, kw_only=True):
    """Failures of one signature, and everything that is known of them."""

    signature: Signature
    title: str
    counts: Counts
    first_at: datetime
    last_at: datetime
    summary: tuple[Claim, ...]
    impact: tuple[Claim, ...]
    timeline: tuple[Claim, ...]
    failed: tuple[Claim, ...]
    tried: tuple[Tried, ...]
    fixed: tuple[Claim, ...]
    cases: tuple[Claim, ...]
    unknown: tuple[Gap, ...]


class Postmortem(Struct, frozen=True, kw_only=True):
    """Incidents, the biggest first, and how many more there were than are told of."""

    made_at: datetime
    incidents: tuple[Incident, ...]
    more: int = 0
