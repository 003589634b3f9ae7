"""The failures of a feature over a while, sorted into what failed and how often.

Knows nothing of how a failure is found, looked at or diagnosed.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from holdfast.diagnosis import Fix, NextTest, Part, Verdict
from holdfast.judgement import Interval


class LookedInto(Struct, frozen=True, kw_only=True):
    """One failure of a cluster that was diagnosed, under the id of its diagnosis; or why it could not be: `refused`
    says so, the code first, and what to type next."""

    recording: str
    diagnosis: str | None = None
    verdict: Verdict | None = None
    probability: float = 0.0
    refused: str | None = None


class ClusterFix(Struct, frozen=True, kw_only=True):
    """A change that was a fix in `suffices` of the cluster's diagnoses; `fix` counts the answers of all of them.

    It stands as fix `number` in `diagnosis`, which is what a release is made from.
    """

    fix: Fix
    suffices: int
    diagnosis: str
    number: int


class Cluster(Struct, frozen=True, kw_only=True):
    """Failures of which the facts say the same. `verdict` is what its diagnoses agree upon: `unknown` where they do
    not, or where there is none; `note` then says why, and `next_test` what would tell most of one of them.

    `count` is of recordings, `distinct` of different requests among them. `share` is of all that were looked at, with
    the 95 % interval for failures such as these. `signs` say in words what its failures have in common; `examples` are
    recordings, the most typical first. `fixes`: what suffices for most comes first, and of these the cheapest.
    """

    verdict: Verdict
    said: str
    probability: float = 0.0
    probabilities: dict[str, float] = {}
    parts: tuple[Part, ...] = ()
    count: int
    distinct: int
    share: Interval
    signs: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    looked_into: tuple[LookedInto, ...] = ()
    fixes: tuple[ClusterFix, ...] = ()
    note: str | None = None
    next_test: NextTest | None = None

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """The ids of its diagnoses."""
        return tuple(each.diagnosis for each in self.looked_into if each.diagnosis is not None)


class Failures(Struct, frozen=True, kw_only=True):
    """What failed of a feature since a moment, the biggest cluster first.

    Of `of` recordings that went wrong, `live` of people's requests and `evaluated` of cases, `looked_at` were looked
    at: all of them, or a random sample. They are `distinct` requests: one that was asked again of the same release, and
    failed in the same way, is looked at once and counted with the first. `undiagnosed` of those looked at are in
    clusters without a verdict. `stopped` says why no more was diagnosed.
    """

    id: str
    feature: str
    tenant: str = ""
    since: datetime
    started_at: datetime
    finished_at: datetime | None = None
    clusters: tuple[Cluster, ...] = ()
    of: int = 0
    live: int = 0
    evaluated: int = 0
    looked_at: int = 0
    distinct: int = 0
    undiagnosed: int = 0
    calls: int = 0
    spent_usd: float | None = 0.0
    stopped: str | None = None
