"""Trials that live in memory, by the contract `Trials`.

Knows nothing of durability, nor of how a replay is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from holdfast.identity import to_json
from holdfast.store.codec import Codec
from holdfast.store.faults import no_recording, no_trial
from holdfast.stores import PairQuery, TrialQuery
from holdfast.trial import Pair, Trial


@dataclass(slots=True)
class _Kept:
    content: bytes
    subjects: tuple[str, ...]
    pairs: dict[str, bytes] = field(default_factory=dict)

    @property
    def trial(self) -> Trial:
        return msgspec.json.decode(self.content, type=Trial)


class MemoryTrials:
    """Trials by tenant and id. `check` raises where the store is closed; `recordings` are those that are there."""

    def __init__(self, check: Callable[[], None], codec: Codec, recordings: Collection[tuple[str, str]]) -> None:
        self._check = check
        self._codec = codec
        self._recordings = recordings
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def add(self, trial: Trial, subjects: Sequence[str] = ()) -> None:
        """See `Trials`."""
        self._check()
        self._kept.setdefault((trial.tenant, trial.id), _Kept(self._codec.scrubbed(to_json(trial)), tuple(subjects)))

    async def change(self, trial: Trial) -> None:
        """See `Trials`."""
        self._one(trial.id, trial.tenant).content = self._codec.scrubbed(to_json(trial))

    async def get(self, trial_id: str, tenant: str = "") -> Trial:
        """See `Trials`."""
        return self._one(trial_id, tenant).trial

    async def find(self, query: TrialQuery) -> tuple[Trial, ...]:
        """See `Trials`."""
        self._check()
        if query.before is not None:
            self._one(query.before, query.tenant)
        found = [kept.trial for (tenant, _), kept in self._kept.items() if tenant == query.tenant]
        wanted = [each for each in found if query.before is None or each.id < query.before]
        return tuple(sorted(wanted, key=lambda each: each.id, reverse=True)[: query.limit])

    async def add_pairs(self, trial_id: str, pairs: Sequence[Pair], tenant: str = "") -> None:
        """See `Trials`."""
        kept = self._one(trial_id, tenant)
        for pair in pairs:
            if (tenant, pair.recording) in self._recordings:
                kept.pairs.setdefault(pair.recording, self._codec.scrubbed(to_json(pair)))

    async def pairs(self, query: PairQuery) -> tuple[Pair, ...]:
        """See `Trials`."""
        kept = self._one(query.trial, query.tenant)
        if query.after is not None and query.after not in kept.pairs:
            raise no_recording(query.after)
        names = list(kept.pairs)
        names = names[names.index(query.after) + 1 :] if query.after is not None else names
        found = (msgspec.json.decode(kept.pairs[name], type=Pair) for name in names)
        return tuple(pair for pair in found if query.verdict in (None, pair.verdict))[: query.limit]

    def forget(self, recordings: Collection[tuple[str, str]], subject: str, tenant: str) -> int:
        """Drop the trials that name a subject, and the pairs of those recordings; gives how many trials."""
        gone = [name for name, kept in self._kept.items() if name[0] == tenant and subject in kept.subjects]
        for name in gone:
            del self._kept[name]
        for (whose, _), kept in self._kept.items():
            kept.pairs = {name: pair for name, pair in kept.pairs.items() if (whose, name) not in recordings}
        return len(gone)

    def _one(self, trial_id: str, tenant: str) -> _Kept:
        self._check()
        found = self._kept.get((tenant, trial_id))
        if found is None:
            raise no_trial(trial_id)
        return found
