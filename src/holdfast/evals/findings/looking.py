"""A look at a feature: reads what there is to see, without asking a model, and keeps what it finds.

Knows nothing of any code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from msgspec.structs import replace

from holdfast.durations import seconds_in
from holdfast.errors import EffectFailed, NotFound, ReplayDiverged
from holdfast.evals.diagnose.gold import WIDE, name_of
from holdfast.evals.diagnose.reading import searches
from holdfast.evals.facts import contains
from holdfast.evals.findings.codes import findings_of
from holdfast.evals.findings.host import Host, Remarked
from holdfast.evals.findings.seen import CorpusSeen, Remark, Seen, Tested, VersionSeen
from holdfast.evals.findings.shown import given
from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.finding import Stock
from holdfast.records import Passage, Recording, Retrieve
from holdfast.release import Release
from holdfast.stores import DiagnosisQuery, EvaluationQuery, RecordingQuery, StockQuery, Store
from holdfast.where import parse

SAMPLE = 500
"""Recordings that are read whole: a share of 5 % is then known to two points either way."""
NEWEST = 150
"""Of those that went wrong, and of those that people rated good or bad."""
CASES = 200
"""Cases with gold that are looked at, each with a wide search at most."""
DIAGNOSES = 500
MOST_DAYS = 3650
_WRONG = "(outcome = failed or outcome = blocked or outcome = degraded) and replay_of = none"
_EVALUATIONS = 20


def begins(since: str, now: datetime) -> datetime:
    """When a look begins that goes back for a duration such as `12h` or `7d`. Raises ValueError for what is none, and
    beyond MOST_DAYS."""
    seconds = seconds_in(since)
    if not 0 < seconds <= MOST_DAYS * 86_400:
        raise ValueError(f"'{since}' is no time to look back; give 1s to {MOST_DAYS}d")
    return now - timedelta(seconds=seconds)


async def take_stock(
    host: Host, feature: str, since: datetime, *, tenant: str = "", now: datetime | None = None
) -> Stock:
    """What there is to say of a feature from its recordings since then, kept when this returns; what earlier looks
    found and this one does not is past. No model is asked. Raises NotFound (HF200, HF207), StoreFailed."""
    seen = await see(host, feature, since, tenant=tenant, now=now or datetime.now(UTC))
    found = await asyncio.to_thread(findings_of, seen)
    count = seen.totals.recordings
    stock = Stock(feature=feature, since=since, looked_at=seen.looked_at, recordings=count, findings=found)
    return await host.store.findings.keep(stock, tenant)


async def see(host: Host, feature: str, since: datetime, *, tenant: str, now: datetime) -> Seen:
    """What a look sees: every recording counted, some read whole. The same recordings give the same view."""
    declared = host.feature(feature)
    limits = dict(declared.bar.limits) if declared.bar is not None else {}
    store, recordings = host.store, host.store.recordings
    window = StockQuery(
        feature=feature,
        since=since,
        until=now,
        tenant=tenant,
        slower_than_ms=limits.get("p95_ms", 1e300),
        dearer_than_usd=limits.get("cost_usd", 1e300),
    )
    totals = await store.findings.totals(window)
    sample = await recordings.whole(await store.findings.spread(window, SAMPLE, totals.recordings), tenant)
    wrong = await _newest(store, window, _WRONG)
    evaluation, results, tested = await _evaluated(host, window)
    asked = DiagnosisQuery(feature=feature, since=since, tenant=tenant, limit=DIAGNOSES)
    return Seen(
        feature=feature,
        since=since,
        looked_at=now,
        totals=totals,
        sample=sample,
        wrong=wrong,
        liked=await _newest(store, window, "feedback.score > 0 and replay_of = none"),
        disliked=await _newest(store, window, "feedback.score < 0 and replay_of = none"),
        results=results,
        evaluated_at=None if evaluation is None else evaluation.started_at,
        tested=tested,
        diagnoses=await store.diagnoses.find(asked),
        limits=limits,
        releases=await _releases(store, sample),
        corpora=await _corpora(host, [*sample, *(each.recording for each in tested)]),
    )


async def _newest(store: Store, window: StockQuery, where: str) -> tuple[Recording, ...]:
    """The newest live recordings of the window for which an expression holds, whole."""
    query = RecordingQuery(
        feature=window.feature,
        tenant=window.tenant,
        since=window.since,
        until=window.until,
        where=parse(where),
        limit=NEWEST,
    )
    return await store.recordings.whole([each.id for each in await store.recordings.find(query)], window.tenant)


async def _releases(store: Store, recordings: Sequence[Recording]) -> Mapping[str, Release]:
    found = {}
    for release in sorted({each.release for each in recordings}):
        try:
            found[release] = await store.releases.get(release)
        except NotFound:
            continue  # it was made by something that keeps none
    return found


# ---------------------------------------------------------------- the newest evaluation


async def _evaluated(
    host: Host, window: StockQuery
) -> tuple[Evaluation | None, tuple[CaseResult, ...], tuple[Tested, ...]]:
    """The newest evaluation in the window that has results, its results, and its cases with gold."""
    evaluations = host.store.evaluations
    query = EvaluationQuery(feature=window.feature, tenant=window.tenant, limit=_EVALUATIONS)
    for evaluation in await evaluations.find(query):
        if not window.since <= evaluation.started_at < window.until:
            continue
        results = await evaluations.results(evaluation.id, window.tenant)
        if results:
            cases = {each.id: each for each in await evaluations.cases(evaluation.id, window.tenant) if each.gold}
            return evaluation, results, await _tested(host, cases, results, window.tenant)
    return None, (), ()


async def _tested(
    host: Host, cases: Mapping[str, Case], results: Sequence[CaseResult], tenant: str
) -> tuple[Tested, ...]:
    """The first CASES cases with gold, as each was asked first."""
    first = {each.recording: each for each in reversed(results) if each.case in cases and each.repeat == 0}
    recordings = await host.store.recordings.whole(list(reversed(first))[:CASES], tenant)
    tested = []
    for recording in recordings:
        result = first[recording.id]
        if used := [step.effect for step in searches(recording) if isinstance(step.effect, Retrieve)]:
            tested.append(await _placed(host, cases[result.case], recording, used, passed=result.passed))
    return tuple(tested)


async def _placed(host: Host, case: Case, recording: Recording, used: Sequence[Retrieve], *, passed: bool) -> Tested:
    """Whether a passage that answers was given, and where the same search has it among the first WIDE."""
    corpus = name_of(used[0])
    best = _place(given(recording), case)
    if best is not None:
        return Tested(case.id, corpus, recording, given=True, place=best, passed=passed)
    for effect in used:
        search = replace(effect.search, k=WIDE, max_per_document=WIDE)
        try:
            place = _place(await host.corpora.search(replace(effect, search=search)), case)
        except (NotFound, ReplayDiverged, EffectFailed):
            continue  # the corpus, or that version of it, is not there any more
        if place is not None and (best is None or place < best):
            corpus, best = name_of(effect), place
    return Tested(case.id, corpus, recording, given=False, place=best, passed=passed)


def _place(passages: Sequence[Passage], case: Case) -> int | None:
    """The place of the first passage that answers, from 1."""
    for place, passage in enumerate(passages, start=1):
        for gold in case.gold:
            if passage.document == gold.document and (gold.span is None or contains(passage.text, gold.span)):
                return place
    return None


# ---------------------------------------------------------------- corpora


async def _corpora(host: Host, recordings: Sequence[Recording]) -> tuple[CorpusSeen, ...]:
    """The corpora that were searched and that there still are."""
    used = {name_of(s.effect) for each in recordings for s in each.steps if isinstance(s.effect, Retrieve)}
    known = sorted(used.intersection(host.corpora.names))
    return tuple([await asyncio.to_thread(partial(_corpus, host, name)) for name in known])


def _corpus(host: Host, name: str) -> CorpusSeen:
    corpora, settings = host.corpora, host.config.corpora.get(name)
    versions = corpora.versions(name)
    if not versions:
        return CorpusSeen(name)
    groups = sorted({group for each in host.config.server.groups.values() for group in each})
    synced, refused = corpora.last_sync(name), corpora.refused(name)
    return CorpusSeen(
        name=name,
        remarks=tuple(map(_remark, corpora.quality(name).report.findings)),
        versions=tuple(VersionSeen(each.name, each.created_at) for each in versions),
        synced_at=None if synced is None else synced.at,
        every_s=None if settings is None else settings.every_s,
        hidden=corpora.unseen(name, groups),
        refused=() if refused is None else tuple(each.code for each in refused.broken),
    )


def _remark(found: Remarked) -> Remark:
    named = [*found.documents, *(document for each in found.examples for document in each.documents)]
    return Remark(
        code=found.code,
        message=found.message,
        fix=found.fix,
        count=found.count,
        documents=tuple(dict.fromkeys(named)),
        together=tuple(frozenset(each.documents) for each in found.examples if len(each.documents) > 1),
    )
