"""What came of the inputs that failed when they were asked again: which answers pass, and what had changed by then.

Knows nothing of how a failure came about. It asks no model: whether an answer passes is told by outcomes, by people, by
evaluations, and by the scorers that compare.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from holdfast.contracts import Scorer
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.verifying import SaysTheSame, Verifying
from holdfast.evals.from_recording import Wanted
from holdfast.evals.keeping import Where, case_of
from holdfast.evals.postmortem.document import Source
from holdfast.evals.postmortem.finding import Found, matching
from holdfast.evals.scorers import scorers
from holdfast.evaluation import Case
from holdfast.identity import canonical
from holdfast.records import Recording, RecordingSummary, Retrieve
from holdfast.store.preview import preview
from holdfast.stores import EvaluationQuery
from holdfast.where import And, Is

INPUTS = 200
"""Recordings of failures whose inputs are looked for again, the newest."""
_EVALUATIONS = 20
_LATER = timedelta(days=90)

How: TypeAlias = Literal["asked", "replayed", "evaluated"]


@dataclass(frozen=True, slots=True)
class Asked:
    """An input asked again: whether the answer passes, None: nothing says so, and how it came to be asked."""

    recording: Recording
    input: bytes
    passes: bool | None
    how: How

    @property
    def at(self) -> datetime:
        return self.recording.started_at


@dataclass(frozen=True, slots=True)
class Again:
    """Everything that was asked with the inputs that failed, the oldest first, `failed` among it."""

    failed: tuple[Recording, ...]
    asked: tuple[Asked, ...]
    cases: Mapping[bytes, Case]
    """What says what a good answer is, by input."""
    whole: bool = True

    def last_failed(self, input: bytes) -> Asked | None:
        """The last live request with that input that did not pass."""
        mine = [each for each in self.asked if each.input == input and each.how == "asked" and each.passes is False]
        return mine[-1] if mine else None

    def passing_since(self, input: bytes) -> Asked | None:
        """The first answer after that which passes: to a live request, else in a replay or an evaluation. None too
        where a later live request failed again."""
        last = self.last_failed(input)
        later = [each for each in self.asked if each.input == input and (last is None or each.at > last.at)]
        good = [each for each in later if each.passes]
        return next((each for each in good if each.how == "asked"), good[0] if good else None)

    @property
    def inputs(self) -> tuple[bytes, ...]:
        """The inputs that failed, each once."""
        return tuple(dict.fromkeys(canonical(each.input) for each in self.failed))

    def passing(self) -> tuple[Asked, ...]:
        """For each input that passes again, the first answer that does; the earliest first."""
        found = [one for input in self.inputs if (one := self.passing_since(input)) is not None]
        return tuple(sorted(found, key=lambda each: each.at))

    def asked_since(self, input: bytes) -> bool:
        """Whether that input was asked again after it last failed."""
        last = self.last_failed(input)
        return any(each.input == input and (last is None or each.at > last.at) for each in self.asked)

    def failing_still(self) -> int:
        """How many inputs were asked again since they first failed, and are not seen to pass."""
        asked = Counter(each.input for each in self.asked)
        return sum(asked[input] > 1 and self.passing_since(input) is None for input in self.inputs)

    def also_failed(self) -> tuple[Asked, ...]:
        """Live requests with these inputs whose answers do not pass."""
        return tuple(each for each in self.asked if each.how == "asked" and each.passes is False)

    def asked_text(self, recording: Recording) -> str | None:
        """What was asked, in at most 160 characters; None where there is no text in it."""
        return preview(recording.input)


async def asked_again(host: Host, found: Found) -> Again:
    """What came of the inputs of the newest `INPUTS` failures, before and after."""
    tenant = found.main.tenant
    ids = [each.id for each in found.failures[-INPUTS:]]
    ids = ids if found.main.id in ids else [found.main.id, *ids]
    failed = await host.store.recordings.whole(ids, tenant)
    inputs = {canonical(each.input) for each in failed}
    cases = await _cases(host, found, inputs)
    others, whole = await _others(host, found)
    judge = await _Judge.of(host, found, cases)
    asked = [Asked(each, canonical(each.input), False, "asked") for each in failed]
    for recording in others:
        if canonical(recording.input) in inputs and recording.id not in ids:
            how: How = "asked" if recording.replay_of is None else "replayed"
            asked.append(Asked(recording, canonical(recording.input), await judge.passes(recording), how))
    asked += await _evaluated(host, found, inputs)
    return Again(failed, tuple(sorted(asked, key=lambda each: each.at)), cases, whole and len(ids) >= len(found.ids))


def pins(recording: Recording) -> tuple[str, ...]:
    """The corpus versions that a recording searched, as in `help@v2`."""
    searched = (step.effect.corpus for step in recording.steps if isinstance(step.effect, Retrieve))
    return tuple(dict.fromkeys(searched))


def versions(recording: Recording) -> dict[str, str]:
    """The corpora that a recording searched, and in which version."""
    return {name: version for name, _, version in (pin.partition("@") for pin in pins(recording))}


def changed(before: Recording, after: Recording) -> tuple[tuple[str, tuple[Source, ...]], ...]:
    """What differs between how two recordings were answered, as far as recordings say, in a few words each."""
    found: list[tuple[str, tuple[Source, ...]]] = []
    if before.release != after.release:
        said = f"the release from {before.release} to {after.release}"
        found.append((said, (Source("release", before.release), Source("release", after.release))))
    old, new = versions(before), versions(after)
    for name in old:
        if name in new and old[name] != new[name]:
            said = f"the corpus {name} from {old[name]} to {new[name]}"
            found.append((said, (Source("corpus_change", f"{name}@{old[name]}..{new[name]}"),)))
    if before.code_hash != after.code_hash:
        found.append(("the feature's code", (Source("recording", before.id), Source("recording", after.id))))
    return tuple(found)


async def _cases(host: Host, found: Found, inputs: set[bytes]) -> dict[bytes, Case]:
    """What says what a good answer is: cases of the file, and of the recording that was asked about what people say."""
    feature = host.feature(found.signature.feature)
    file = cases_file(host.config.folder, feature.name)
    kept = await asyncio.to_thread(read_cases, file, feature.parse)
    cases = {asked: case for case in reversed(kept) if (asked := canonical(case.input)) in inputs and _says(case)}
    where, main = Where(host.store, host.config.folder, host.feature), found.main
    feedback = await host.store.feedback.of(main.id, main.tenant)
    if canonical(main.input) not in cases and any(each.correction is not None for each in feedback):
        cases[canonical(main.input)] = (await case_of(where, main.id, Wanted(), tenant=main.tenant)).case
    return cases


def _says(case: Case) -> bool:
    return bool(case.facts or case.gold or case.expected is not None or case.unanswerable)


async def _others(host: Host, found: Found) -> tuple[list[Recording], bool]:
    """Every recording of the feature from the first failure on whose input begins as one that failed, replays too."""
    where = And((Is("feature", "=", found.signature.feature), Is("since", "=", found.first_at)))
    some, whole = await matching(host.store, where, found.first_at, found.last_at + _LATER, found.main.tenant)
    began = {each.asked for each in found.failures} | {_asked_of(some, found.main.id)}
    ids = [each.id for each in some if each.asked in began]
    return list(await host.store.recordings.whole(ids[-INPUTS * 5 :], found.main.tenant)), whole


def _asked_of(some: Sequence[RecordingSummary], name: str) -> str | None:
    return next((each.asked for each in some if each.id == name), None)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Whether an answer to one of the inputs passes."""

    verify: Verifying
    cases: Mapping[bytes, Case]
    rated: Mapping[str, bool]
    by_outcome: bool

    @classmethod
    async def of(cls, host: Host, found: Found, cases: Mapping[bytes, Case]) -> _Judge:
        feature, tenant = host.feature(found.signature.feature), found.main.tenant
        plain = {name: each for name, each in scorers(host.scorers, feature.name).items() if isinstance(each, Scorer)}
        if any(case.recording and isinstance(case.expected, str) and not case.facts for case in cases.values()):
            plain["exact"] = SaysTheSame()
        rated: dict[str, bool] = {}
        for good, sign in ((True, ">"), (False, "<")):
            where = And((Is("feature", "=", feature.name), Is("feedback.score", sign, 0.0)))
            some, _ = await matching(host.store, where, found.first_at, found.last_at + _LATER, tenant)
            rated |= {each.id: good for each in some}
        verify = Verifying(host, feature, plain, host.release(), tenant)
        return cls(verify, cases, rated, by_outcome=found.signature.outcome != "ok")

    async def passes(self, recording: Recording) -> bool | None:
        """None where nothing says so."""
        if recording.outcome != "ok" or self.rated.get(recording.id) is False:
            return None if recording.outcome == "cancelled" else False
        case = self.cases.get(canonical(recording.input))
        if case is not None:
            return await self.verify(recording, case)
        return True if self.by_outcome or self.rated.get(recording.id) else None


async def _evaluated(host: Host, found: Found, inputs: set[bytes]) -> list[Asked]:
    """What the newest evaluations that began after the first failure made of cases with these inputs."""
    query = EvaluationQuery(feature=found.signature.feature, tenant=found.main.tenant, limit=_EVALUATIONS)
    asked: list[Asked] = []
    for evaluation in await host.store.evaluations.find(query):
        if evaluation.started_at < found.first_at:
            break
        cases = await host.store.evaluations.cases(evaluation.id, evaluation.tenant)
        mine = {case.id: canonical(case.input) for case in cases if canonical(case.input) in inputs}
        results = await host.store.evaluations.results(evaluation.id, evaluation.tenant)
        by_id = {each.recording: each for each in results if each.case in mine}
        for recording in await host.store.recordings.whole(list(by_id), evaluation.tenant):
            result = by_id[recording.id]
            asked.append(Asked(recording, mine[result.case], result.passed, "evaluated"))
    return asked
