"""What went well before: the last good answer of a feature, a good one to the same input, and more for side effects.

Knows nothing of why an answer is not good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.known import Verify
from holdfast.evaluation import Case
from holdfast.identity import canonical
from holdfast.records import Recording, RecordingSummary
from holdfast.release import Release
from holdfast.stores import EvaluationQuery, RecordingQuery
from holdfast.where import parse

GOOD = 12
"""Recordings that went well, at most: more would be read than are ever asked again."""
_LIKED = 50
_PLAIN = 100
_EVALUATIONS = 10
_SAME = 3


@dataclass(frozen=True, slots=True)
class WentWell:
    """`release` gave the last good answer, and `said` says which that was and how it is known to be good.

    `answer` is that answer where it was one to the same input that passes still; `unlike` is an older one to it that
    nobody complained of, and that does not pass.
    """

    release: Release | None = None
    said: str = ""
    answer: Recording | None = None
    unlike: Recording | None = None
    later: Recording | None = None
    good: tuple[Recording, ...] = ()


async def went_well(host: Host, recording: Recording, case: Case, verify: Verify | None = None) -> WentWell:
    """What went well of this feature. What somebody liked, or what passed the case in an evaluation, counts most; then
    an older answer to the same input that `verify` finds good; an answer that nobody complained of counts where another
    release gave it."""
    store, tenant = host.store, recording.tenant
    liked = await _rated(host, recording, ">", _LIKED)
    passed = await _passed(host, recording, case)
    quiet = await _quiet(host, recording)
    asked = canonical(recording.input)
    same = [each for each in (*passed, *liked) if canonical(each.input) == asked]
    before = [each for each in (*passed, *liked) if each.started_at < recording.started_at]
    last = max(before, key=lambda each: each.started_at, default=None)
    release: Release | None = None
    answer: Recording | None = None
    unlike: Recording | None = None
    said = ""
    if last is not None:
        how = "it passed the same case in an evaluation" if last in passed else "somebody found it good"
        said = f"The last good answer is {last.id}: {how}."
        release = await store.releases.get(last.release)
        answer = last if canonical(last.input) == asked else None
    else:
        answer, unlike = await _asked_before(host, recording, case, quiet, verify)
        other = answer or next((each for each in quiet if each.release != recording.release), None)
        if other is not None:
            release = await store.releases.get(other.release)
            why = "of another release: nobody complained of it" if answer is None else "to the same: it passes"
            said = f"The last good answer is taken to be {other.id}, {why}."
    live = {each.id: each for each in liked if each.evaluation is None}
    wanted = [each.id for each in quiet if each.id not in live][: GOOD * 2]
    more = await store.recordings.whole(wanted, tenant)
    good = _distinct((*live.values(), *more, *passed), {asked})
    return WentWell(release, said, answer, unlike, max(same, key=lambda each: each.started_at, default=None), good)


async def _rated(host: Host, recording: Recording, sign: str, limit: int) -> tuple[Recording, ...]:
    """The newest recordings that somebody rated so, but for this one."""
    where = parse(f"feedback.score {sign} 0 and replay_of = none")
    query = RecordingQuery(feature=recording.feature, tenant=recording.tenant, where=where, limit=limit)
    ids = [each.id for each in await host.store.recordings.find(query) if each.id != recording.id]
    return await host.store.recordings.whole(ids, recording.tenant)


async def _passed(host: Host, recording: Recording, case: Case) -> tuple[Recording, ...]:
    """What passed this case in the newest evaluations of the feature, one of each."""
    query = EvaluationQuery(feature=recording.feature, tenant=recording.tenant, limit=_EVALUATIONS)
    ids = []
    for evaluation in await host.store.evaluations.find(query):
        results = await host.store.evaluations.results(evaluation.id, recording.tenant)
        mine = [each for each in results if each.case == case.id and each.passed and each.recording != recording.id]
        ids += [each.recording for each in mine[:1]]
    return await host.store.recordings.whole(ids, recording.tenant)


async def _quiet(host: Host, recording: Recording) -> tuple[RecordingSummary, ...]:
    """The newest answers before this one that were whole, and that nobody complained of."""
    where = parse("outcome = ok and replay_of = none")
    query = RecordingQuery(
        feature=recording.feature, tenant=recording.tenant, where=where, until=recording.started_at, limit=_PLAIN
    )
    bad = RecordingQuery(
        feature=recording.feature, tenant=recording.tenant, where=parse("feedback.score < 0"), limit=_PLAIN * 2
    )
    complained = {each.id for each in await host.store.recordings.find(bad)}
    found = await host.store.recordings.find(query)
    return tuple(each for each in found if each.id not in complained and each.id != recording.id)


async def _asked_before(
    host: Host, recording: Recording, case: Case, quiet: Iterable[RecordingSummary], verify: Verify | None
) -> tuple[Recording | None, Recording | None]:
    """The newest older answer to the same input that passes, and where none does one that does not."""
    if verify is None:
        return None, None
    older = await host.store.recordings.whole([each.id for each in quiet], recording.tenant)
    asked = canonical(recording.input)
    same = sorted((each for each in older if canonical(each.input) == asked), key=lambda each: each.started_at)
    for each in same[: -_SAME - 1 : -1]:
        if await verify(each, case):
            return each, None
    return None, same[-1] if same else None


def _distinct(recordings: Iterable[Recording], seen: set[bytes]) -> tuple[Recording, ...]:
    """At most GOOD of them, each of another input."""
    found: list[Recording] = []
    for each in recordings:
        asked = canonical(each.input)
        if asked not in seen and each.outcome == "ok":
            seen.add(asked)
            found.append(each)
    return tuple(found[:GOOD])
