"""A postmortem gathered: what the store, the corpora and the cases of a project say of what went wrong.

Knows nothing of how it is written down. It asks no model, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec.structs import replace

from holdfast.diagnosis import Diagnosis
from holdfast.errors import NotFound
from holdfast.evals.answered import passages_of
from holdfast.evals.diagnose import examined
from holdfast.evals.postmortem.asked_again import Again, asked_again
from holdfast.evals.postmortem.document import Claim, Counts, Incident, Postmortem, Source
from holdfast.evals.postmortem.finding import (
    AROUND,
    Found,
    Window,
    after,
    around,
    befell,
    between,
    during,
    live,
    matching,
    original,
    titled,
)
from holdfast.evals.postmortem.gaps import Looked, gaps
from holdfast.evals.postmortem.proving import kept_cases, prove_failed, prove_fixed, rules_decided, tried
from holdfast.evals.postmortem.timeline import Known, Version, Versions, recording_source, timeline
from holdfast.evals.shares import jeffreys
from holdfast.records import Feedback, Recording, Retrieve
from holdfast.runtime.tape import rests_on_hidden
from holdfast.stores import DiagnosisQuery, Store
from holdfast.where import Expression

TOLD = 10
"""Incidents of one document; of the smaller ones it is said how many there are."""
_DIAGNOSES = 200
_RATED = 500


class Corpora(examined.Corpora, Versions, Protocol):
    """The corpora of a project, as far as a postmortem asks them."""

    def versions(self, name: str) -> Sequence[Version]:
        """What is kept, the newest first. Raises NotFound (HF202)."""
        ...

    def still_visible(self, effect: Retrieve, documents: Collection[str]) -> frozenset[str]: ...


class Host(examined.Host, Protocol):
    """A project, as far as a postmortem asks it for anything."""

    @property
    def corpora(self) -> Corpora: ...


@dataclass(frozen=True, slots=True)
class Showing:
    """What may stand in a document that is passed around: what people wrote, and who was affected, by name."""

    texts: bool = True
    subjects: bool = False


async def named(store: Store, name: str, tenant: str = "") -> Recording:
    """The live recording that a name means: its own id, that of a replay of it, or of a diagnosis of it.

    Raises NotFound (HF203).
    """
    try:
        return await original(store, await store.recordings.get(name, tenant))
    except NotFound as error:
        try:
            diagnosis = await store.diagnoses.get(name, tenant)
        except NotFound:
            message = f"there is no recording or diagnosis '{name}'"
            raise NotFound("HF203", message, "holdfast recordings list shows what there is") from error
    return await original(store, await store.recordings.get(diagnosis.recording, tenant))


async def postmortem_of(host: Host, recording: Recording, window: Window, showing: Showing) -> Postmortem | None:
    """What is known of the incident that a live recording is part of. None where nothing says that it is bad."""
    found = await around(host.store, recording, window)
    incidents = () if found is None else (await _incident(host, found, window, showing),)
    return Postmortem(made_at=datetime.now(UTC), incidents=incidents) if incidents else None


async def postmortem_between(host: Host, window: Window, showing: Showing, tenant: str = "") -> Postmortem | None:
    """What went wrong in a window, the biggest incident first. None where nothing did."""
    found = await between(host.store, window, tenant)
    incidents = [await _incident(host, each, window, showing) for each in found[:TOLD]]
    more = max(0, len(found) - TOLD)
    return Postmortem(made_at=datetime.now(UTC), incidents=tuple(incidents), more=more) if incidents else None


async def _incident(host: Host, found: Found, window: Window, showing: Showing) -> Incident:
    again = await asked_again(host, found)
    diagnoses = await _diagnoses(host.store, found, again)
    opinions = await _opinions(host.store, found)
    gold = {passage.document for each in diagnoses for passage in each.gold}
    quotes = showing.texts and await asyncio.to_thread(_for_everybody, host, [found.main, *again.failed], gold)
    fixed = tuple(each.recording for each in again.passing() if each.how == "asked")
    documents = _documents(again, diagnoses, fixed) if quotes else {}
    known = Known(found, again, diagnoses, opinions, documents, quotes, fixed)
    counts, requests = await _counts(host.store, found, window, opinions)
    proved = prove_fixed(again)
    cases = await kept_cases(host, found, again)
    looked = Looked(known, counts, proved, bool(cases))
    return Incident(
        signature=found.signature,
        title=titled(found.signature),
        counts=counts,
        first_at=found.first_at,
        last_at=found.last_at,
        summary=_summary(known, counts, requests, proved),
        impact=_impact(known, counts, requests, showing),
        timeline=await timeline(host.store, host.corpora, known),
        failed=prove_failed(known),
        tried=tried(known),
        fixed=proved,
        cases=(*cases, *rules_decided(known)),
        unknown=gaps(looked),
    )


async def _diagnoses(store: Store, found: Found, again: Again) -> tuple[Diagnosis, ...]:
    """Diagnoses of these failures, and of others with their inputs, the oldest first."""
    tenant = found.main.tenant
    query = DiagnosisQuery(feature=found.signature.feature, since=found.first_at, tenant=tenant, limit=_DIAGNOSES)
    ids = found.ids | {found.main.id} | {each.recording.id for each in again.asked if each.passes is False}
    mine = [each for each in await store.diagnoses.find(query) if each.recording in ids]
    return tuple(sorted(mine, key=lambda each: each.started_at))


async def _opinions(store: Store, found: Found) -> tuple[Feedback, ...]:
    opinions: list[Feedback] = []
    for each in found.failures[-_RATED:]:
        opinions += await store.feedback.of(each.id, found.main.tenant)
    return tuple(opinions)


def _documents(again: Again, diagnoses: Sequence[Diagnosis], fixed: Sequence[Recording]) -> dict[str, str]:
    """The documents that make a difference, as far as that is known, each with why it does."""
    failed = {passage.document for each in again.failed for passage in passages_of(each)}
    found = {passage.document for each in fixed for passage in passages_of(each)} - failed
    documents = dict.fromkeys(found, "which only answers that pass have found")
    gold = {gold.document for case in again.cases.values() for gold in case.gold}
    gold |= {passage.document for each in diagnoses for passage in each.gold}
    return documents | dict.fromkeys(gold, "which answers")


def _for_everybody(host: Host, recordings: Sequence[Recording], gold: Collection[str]) -> bool:
    """Whether nothing was found by rights that not everybody has, or everybody may see it now. `gold` are documents
    that a diagnosis found with the rights that a subject has now."""
    visible, searches = host.corpora.still_visible, list[Retrieve]()
    for recording in recordings:
        mine = [step.effect for step in recording.steps if isinstance(step.effect, Retrieve)]
        rights = host.who(recording.subject, recording.tenant).principals
        if any(each.principals for each in mine) and next(rests_on_hidden(recording, (), visible), None) is not None:
            return False
        searches += [replace(each, principals=()) for each in mine if each.principals or rights]
    return not searches or set(gold) <= {one for each in searches for one in visible(each, gold)}


async def _counts(
    store: Store, found: Found, window: Window, opinions: Sequence[Feedback]
) -> tuple[Counts, Expression]:
    """The figures, and what finds all requests they are a share of: those of the window, else of whole days in UTC."""
    since = window.since or _day(found.first_at)
    until = window.until or min(_day(found.last_at) + timedelta(days=1), max(after(found.last_at), datetime.now(UTC)))
    if window.since is None and window.until is not None:
        since = max(since, found.first_at - AROUND)
    requests, whole = await matching(store, live(found.signature.feature), since, until, found.main.tenant)
    named = {each.subject for each in found.failures if each.subject is not None}
    counted_all = whole and found.whole and len(found.failures) <= len(requests)
    counts = Counts(
        since=since,
        until=until,
        failures=len(found.failures),
        requests=len(requests),
        share=jeffreys(len(found.failures), len(requests)) if counted_all else None,
        subjects=len(named),
        unnamed=sum(each.subject is None for each in found.failures),
        bad=len({each.recording_id for each in opinions if (each.score or 0.0) < 0}),
        good=len({each.recording_id for each in opinions if (each.score or 0.0) > 0}),
        corrected=len({each.recording_id for each in opinions if each.correction is not None}),
    )
    return counts, during(live(found.signature.feature), since, until)


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _summary(known: Known, counts: Counts, requests: Expression, proved: Sequence[Claim]) -> tuple[Claim, ...]:
    found = known.found
    failures = found.sources
    when = f"From {moment(found.first_at)} to {moment(found.last_at)}"
    if found.first_at == found.last_at:
        when = f"At {moment(found.first_at)}"
    many, name = counted(counts.failures, "request"), found.signature.feature
    said = f"{when} UTC, {many} to {name} went wrong: {befell(found)}."
    claims = [Claim(said=said, sources=(*failures, recording_source(found.main.id)))]
    if counts.share is not None:
        claims.append(Claim(said=share_of(counts), sources=(*failures, Source("recordings", str(requests)))))
    if known.diagnoses:
        claims.append(prove_failed(known)[-1])
    return (*claims, *proved[:1])


def _impact(known: Known, counts: Counts, requests: Expression, showing: Showing) -> tuple[Claim, ...]:
    found, failures = known.found, known.found.sources
    said = f"{counted(counts.failures, 'request')} went wrong: {befell(found)}."
    claims = [Claim(said=said, sources=failures)]
    if counts.share is not None:
        claims.append(Claim(said=share_of(counts), sources=(*failures, Source("recordings", str(requests)))))
    claims.append(Claim(said=_subjects(known, counts, showing), sources=failures))
    rated = ((counts.bad, "found bad"), (counts.good, "found good"), (counts.corrected, "corrected"))
    if any(count for count, _ in rated):
        said = ", ".join(f"{count} {what}" for count, what in rated if count)
        ids = tuple(dict.fromkeys(each.recording_id for each in known.opinions))
        claims.append(
            Claim(said=f"People judged the answers: {said}.", sources=tuple(map(recording_source, ids[:_RATED])))
        )
    others = [each for each in known.again.also_failed() if each.recording.id not in found.ids]
    if found.signature.outcome == "ok" and others:
        said = f"{counted(len(others), 'more request')} asked the same, and did not get an answer that passes."
        claims.append(Claim(said=said, sources=tuple(recording_source(each.recording.id) for each in others)))
    quote = known.again.asked_text(found.main) if known.quotes else None
    if quote is not None:
        said = "Asked, as an example:"
        claims.append(Claim(said=said, sources=(recording_source(found.main.id),), quote=quote))
    return tuple(claims)


def _subjects(known: Known, counts: Counts, showing: Showing) -> str:
    """How many subjects it reached, and by name where that is wanted."""
    if not counts.subjects:
        return "No subject is named."
    said = "One subject was affected" if counts.subjects == 1 else f"{counts.subjects} subjects were affected"
    if showing.subjects:
        names = {each.subject for each in known.found.failures if each.subject is not None}
        said += f": {', '.join(sorted(names))}"
    return said + (f"; {counted(counts.unnamed, 'request')} named none." if counts.unnamed else ".")


def share_of(counts: Counts) -> str:
    """The share of requests that failed, with its interval, and of which time."""
    assert counts.share is not None
    low, high = counts.share.low or 0.0, 1.0 if counts.share.high is None else counts.share.high
    return (
        f"That is {counts.failures} of {counted(counts.requests, 'request')} from {moment(counts.since)} until"
        f" {moment(counts.until)} UTC: {counts.share.estimate:.1%} (95 % interval {low:.1%} to {high:.1%})."
    )


def moment(at: datetime) -> str:
    """A time in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def counted(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count} {noun}" + ("" if count == 1 else "s")
