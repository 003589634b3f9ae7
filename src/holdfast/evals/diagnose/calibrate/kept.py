"""What a calibration leaves behind: counts and a confusion matrix, kept by feature and code, and when they expire.

Knows nothing of how faults are planted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from holdfast.diagnosis import Planted, Verifier
from holdfast.evals.diagnose.calibrate.learning import Tally, learned
from holdfast.evals.diagnose.posterior import Beliefs
from holdfast.identity import canonical, digest
from holdfast.records import Json
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot, Release
from holdfast.runtime.feature import Feature
from holdfast.stores import Store

VERSION = 1
GOOD_FOR = timedelta(days=60)
_NEWEST = ""
"""Where it is kept for which code a feature was calibrated last."""


class Learned(Struct, frozen=True, kw_only=True):
    """What was learned of a feature. `planted` is what was said of its planted faults by what those of other cases
    taught; `by_tables` is what was said of them by the tables alone.

    `uses_counts`: verdicts are come to with what was counted, which was no worse than the tables. `slots` names the
    slots that the feature uses, and `release` is over what of them matters. `stopped` says why it ended early.
    `calls` has those that a planted outage kept from a model, too.
    """

    version: int = VERSION
    feature: str
    code_hash: str
    release: str
    slots: tuple[str, ...]
    at: datetime
    cases: int
    faults: int
    planted: tuple[Planted, ...]
    by_tables: tuple[Planted, ...]
    uses_counts: bool
    tally: Tally
    calls: int = 0
    spent_usd: float | None = 0.0
    stopped: str | None = None

    def beliefs(self, verifier: Verifier) -> Beliefs:
        """What to come to verdicts with."""
        return learned(self.tally if self.uses_counts else Tally(), verifier)

    @property
    def matrix(self) -> tuple[Planted, ...]:
        """What was said of planted faults, in the way in which verdicts are come to."""
        return self.planted if self.uses_counts else self.by_tables


class _Version(Struct, frozen=True):
    version: int


class _Newest(Struct, frozen=True, kw_only=True):
    """For which code a feature was calibrated last, and when."""

    version: int = VERSION
    code_hash: str
    at: datetime


def of_release(release: Release, slots: tuple[str, ...]) -> str:
    """A hash of what of these slots decides how a feature fails: its models, how it searches, its guards. A prompt is
    changed too often to count, and so is how many passages are given."""
    chosen: dict[str, Json] = {}
    for name in slots:
        slot = release.slots.get(name)
        if isinstance(slot, ModelSlot):
            chosen[name] = list(slot.models)
        elif isinstance(slot, CorpusSlot):
            chosen[name] = [slot.mode, slot.reranker or "none"]
        elif isinstance(slot, GuardSlot):
            chosen[name] = slot.family
    return digest(canonical(chosen), 16)


async def keep(store: Store, learned: Learned, tenant: str = "") -> None:
    """Keep what was learned in place of what was learned of the same code before."""
    content: Json = msgspec.to_builtins(learned)
    await store.diagnoses.keep_learned(learned.feature, learned.code_hash, content, tenant)
    newest: Json = msgspec.to_builtins(_Newest(code_hash=learned.code_hash, at=learned.at))
    await store.diagnoses.keep_learned(learned.feature, _NEWEST, newest, tenant)


class Found(Struct, frozen=True):
    """What was learned, where it may be used; and what is to be said of it, empty where there never was any."""

    learned: Learned | None
    said: str


async def learned_of(
    store: Store, feature: Feature, releases: tuple[Release, ...], now: datetime, tenant: str = ""
) -> Found:
    """What was learned of a feature, where it still holds: for this code, for one of these releases as far as it
    matters, and not long ago."""
    again = f"holdfast diagnose --calibrate --feature {feature.name}"
    content = await store.diagnoses.learned(feature.name, feature.code_hash, tenant)
    if content is None:
        newest = await store.diagnoses.learned(feature.name, _NEWEST, tenant)
        if newest is None:
            return Found(None, "")
        return Found(None, f"What planted faults taught is not used: the feature's code has changed since ({again}).")
    if msgspec.convert(content, _Version).version != VERSION:
        return Found(None, f"What planted faults taught is not used: it is of another version of Holdfast ({again}).")
    found = msgspec.convert(content, Learned)
    if now - found.at > GOOD_FOR:
        return Found(None, f"What planted faults taught is not used: it is older than {GOOD_FOR.days} days ({again}).")
    if found.release not in {of_release(release, found.slots) for release in releases}:
        why = "other models, searches or guards answer now"
        return Found(None, f"What planted faults taught is not used: {why} ({again}).")
    how = (
        "What they taught is used"
        if found.uses_counts
        else "What they taught was no better than the tables, which are used"
    )
    return Found(found, f"{found.faults} faults were planted in {found.cases} cases of this feature. {how}.")
