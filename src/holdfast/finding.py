"""A finding: something about a feature or its data that makes answers worse, slower or dearer, and what to do about it.

Knows nothing of how one is found.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from holdfast.judgement import Interval
from holdfast.records import Outcome

MAX_EXAMPLES = 5


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was seen in `count` of `of` recordings, with what was seen and what to type or do next.

    `code` is stable, as HD102 is: HD1xx retrieval, HD2xx generation, HD3xx guards, HD4xx cost and latency, HD5xx data.
    `about` is the feature's name, or for HD5xx the corpus's; `slot` the slot of the feature that it speaks of, empty
    where it is none in particular. `of` and `share` are null where nothing is a share. `examples` are ids of
    recordings, for HD5xx of documents. `first_seen_at` and `last_seen_at` are times of what shows it. `past`: the last
    look did not find it any more.
    """

    code: str
    about: str
    slot: str = ""
    said: str
    fix: str
    count: int
    of: int | None = None
    share: Interval | None = None
    examples: tuple[str, ...] = ()
    first_seen_at: datetime
    last_seen_at: datetime
    past: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same finding in two looks: the code, what it is about, the slot."""
        return self.code, self.about, self.slot

    @property
    def of_data(self) -> bool:
        """Whether its examples are documents, and not recordings."""
        return self.code.startswith("HD5")


class Stock(Struct, frozen=True, kw_only=True):
    """What a look at a feature found in its live recordings `since` then, so many of them, and what earlier looks found
    that is past: those of now first, by code."""

    feature: str
    since: datetime
    looked_at: datetime
    recordings: int = 0
    findings: tuple[Finding, ...] = ()


class Counted(Struct, frozen=True, kw_only=True):
    """Live recordings of a feature that ended alike: so many of them, `priced` with a known cost, `cost_usd` together.

    `slot` is the one that degraded them, `guard` what blocked them, `failure` the code that they failed with. `slower`
    and `dearer` count those beyond the limits that were asked about.
    """

    outcome: Outcome
    slot: str | None = None
    guard: str | None = None
    failure: str | None = None
    recordings: int
    priced: int = 0
    cost_usd: float = 0.0
    slower: int = 0
    dearer: int = 0
    first_at: datetime
    last_at: datetime


class Totals(Struct, frozen=True, kw_only=True):
    """Every live recording of a feature in a window, counted; `p95_ms` is of those that answered, None without any."""

    counted: tuple[Counted, ...] = ()
    p95_ms: float | None = None

    @property
    def recordings(self) -> int:
        return sum(each.recordings for each in self.counted)
