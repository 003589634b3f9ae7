"""What a look at a feature sees, made once, and how a finding is made of what shows it.

Knows nothing of any code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from holdfast.diagnosis import Diagnosis
from holdfast.evals.shares import jeffreys
from holdfast.evaluation import CaseResult
from holdfast.finding import MAX_EXAMPLES, Finding, Totals
from holdfast.records import Recording
from holdfast.release import Release


@dataclass(frozen=True, slots=True)
class Tested:
    """A case with gold, as the newest evaluation asked it of one corpus: whether a gold document was `given` to the
    model, and its place among the first passages that a wide search finds, from 1; None where it is not there."""

    case: str
    corpus: str
    recording: Recording
    given: bool
    place: int | None
    passed: bool


class VersionSeen(NamedTuple):
    """A version of a corpus, and when it was made."""

    name: str
    made_at: datetime


class Remark(Struct, frozen=True, kw_only=True):
    """A line of a corpus's quality report, in the report's own code: `count` documents, of which it names some, and
    some of those `together`, as duplicates are."""

    code: str
    message: str
    fix: str
    count: int
    documents: tuple[str, ...] = ()
    together: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class CorpusSeen:
    """A corpus that the feature searches, with its versions, the newest first. `hidden` are documents that no group of
    the configuration may see; `refused` are the limits that the newest sync broke, so that it published nothing."""

    name: str
    remarks: tuple[Remark, ...] = ()
    versions: tuple[VersionSeen, ...] = ()
    synced_at: datetime | None = None
    every_s: int | None = None
    hidden: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class Seen(Struct, frozen=True, kw_only=True):
    """A feature in the window from `since` to `looked_at`.

    `totals` counts every live recording; `sample` are whole ones spread evenly over them, all where there are few.
    `wrong` are the newest that failed, were blocked or degraded; `liked` and `disliked` the newest that people rated.
    `results` and `tested` are of the newest evaluation in the window, which began at
    `evaluated_at`. `limits` is the feature's bar.
    """

    feature: str
    since: datetime
    looked_at: datetime
    totals: Totals = Totals()
    sample: tuple[Recording, ...] = ()
    wrong: tuple[Recording, ...] = ()
    liked: tuple[Recording, ...] = ()
    disliked: tuple[Recording, ...] = ()
    results: tuple[CaseResult, ...] = ()
    evaluated_at: datetime | None = None
    tested: tuple[Tested, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    limits: Mapping[str, float] = {}
    releases: Mapping[str, Release] = {}
    corpora: tuple[CorpusSeen, ...] = ()

    @property
    def sampled(self) -> str:
        """What is to be said where shares are of a sample; empty where everything was read."""
        total, read = self.totals.recordings, len(self.sample)
        return f" (in a sample of {read:,} of {total:,} requests)" if read < total else ""


@dataclass(slots=True)
class Share:
    """The recordings that show something, of those that could. `counted` says how many, where not all were read."""

    showing: list[Recording] = field(default_factory=list)
    of: int = 0
    counted: int | None = None

    def add(self, recording: Recording, shows: bool) -> None:
        """Count a recording that could show it."""
        self.of += 1
        if shows:
            self.showing.append(recording)

    @property
    def count(self) -> int:
        return len(self.showing) if self.counted is None else self.counted

    def __str__(self) -> str:
        return f"{self.count:,} of {self.of:,}"


class Least(Struct, frozen=True):
    """How many recordings must show something, and which share of those that could, before it is said."""

    count: int
    share: float = 0.0

    def reached(self, count: int, of: int) -> bool:
        """Whether it is to be said."""
        return count >= self.count and count >= self.share * of


class Words(NamedTuple):
    """What was seen, and what to type or do next."""

    said: str
    fix: str


Say: TypeAlias = Callable[[str, Share], Words]


def each_slot(seen: Seen, code: str, shares: Mapping[str, Share], least: Least, say: Say) -> Iterator[Finding]:
    """A finding for every slot whose share is enough."""
    for slot, share in sorted(shares.items()):
        if least.reached(share.count, share.of):
            yield made(seen, code, share, say(slot, share), slot)


def made(seen: Seen, code: str, share: Share, words: Words, slot: str = "") -> Finding:
    """The finding that these recordings show; their ids are its examples, the newest first."""
    newest = sorted(share.showing, key=lambda each: each.started_at, reverse=True)
    return Finding(
        code=code,
        about=seen.feature,
        slot=slot,
        said=words.said,
        fix=words.fix,
        count=share.count,
        of=share.of,
        share=jeffreys(share.count, share.of),
        examples=tuple(dict.fromkeys(each.id for each in newest))[:MAX_EXAMPLES],
        first_seen_at=newest[-1].started_at if newest else seen.looked_at,
        last_seen_at=newest[0].started_at if newest else seen.looked_at,
    )


def blamed(seen: Seen, code: str, verdicts: Sequence[str], what: str) -> Iterator[Finding]:
    """A finding where at least three diagnoses of the feature came to one of the verdicts, with the fix that was named
    most often. Of those that came to any."""
    sure = [each for each in seen.diagnoses if each.verdict != "unknown"]
    found = [each for each in sure if each.verdict in verdicts]
    if not Least(3, 0.2).reached(len(found), len(sure)):
        return
    fixes = [each.fixes[0].advice for each in found if each.fixes]
    best = max(sorted(set(fixes)), key=fixes.count, default="")
    newest = max(found, key=lambda each: each.started_at)
    yield Finding(
        code=code,
        about=seen.feature,
        said=f"{len(found)} of {len(sure)} diagnoses came to {what}.",
        fix=f"{best}; {_times(fixes.count(best), len(found))}" if best else f"GET /v1/diagnoses/{newest.id} says more",
        count=len(found),
        of=len(sure),
        share=jeffreys(len(found), len(sure)),
        examples=tuple(dict.fromkeys(each.recording for each in found))[:MAX_EXAMPLES],
        first_seen_at=min(each.started_at for each in found),
        last_seen_at=newest.started_at,
    )


def _times(count: int, of: int) -> str:
    return f"it is the first fix of {count} of these {of}"
