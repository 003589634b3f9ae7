"""What happened around an incident, in order: versions, releases, syncs, failures, opinions, diagnoses, evaluations.

Knows nothing of what is made of it. Every line rests on something that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from holdfast.diagnosis import Diagnosis
from holdfast.errors import NotFound, ReplayDiverged
from holdfast.evals.diagnose.examined import Named
from holdfast.evals.diagnose.telling import headline
from holdfast.evals.postmortem.asked_again import Again, versions
from holdfast.evals.postmortem.document import Claim, Source
from holdfast.evals.postmortem.finding import Found
from holdfast.job import Job, JobQuery
from holdfast.records import Feedback, Recording
from holdfast.stores import EvaluationQuery, Store

LEAD = timedelta(hours=24)
"""How long before the first failure, and after the last, things are told."""
OPINIONS = 5
_FAILURES = 200
_PAGE = 200
_MANY = 20
_NAMED = 3


class Version(Named, Protocol):
    """A version of a corpus in a list."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def documents(self) -> int: ...


class Difference(Protocol):
    """The ids of the documents that differ between two versions."""

    @property
    def added(self) -> tuple[str, ...]: ...
    @property
    def changed(self) -> tuple[str, ...]: ...
    @property
    def removed(self) -> tuple[str, ...]: ...


class Versions(Protocol):
    """The corpora, as far as a timeline asks them."""

    def versions(self, name: str) -> Sequence[Version]:
        """What is kept, the newest first. Raises NotFound (HF202)."""
        ...

    def diff(self, name: str, before: str, after: str) -> Difference:
        """Raises NotFound (HF202), ReplayDiverged (HF502) where one is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What a timeline is made of. `documents` are those that may be named, each with why it is. `quotes`: whether what
    people wrote is quoted. `fixed`: the answers that first passed again."""

    found: Found
    again: Again
    diagnoses: tuple[Diagnosis, ...]
    opinions: tuple[Feedback, ...]
    documents: Mapping[str, str]
    quotes: bool
    fixed: tuple[Recording, ...]

    @property
    def since(self) -> datetime:
        return self.found.first_at - LEAD

    @property
    def until(self) -> datetime:
        told = [self.found.last_at, *(each.started_at for each in self.fixed)]
        told += [each.finished_at or each.started_at for each in self.diagnoses]
        return max(told) + LEAD

    def within(self, at: datetime | None) -> bool:
        return at is not None and self.since <= at <= self.until


async def timeline(store: Store, corpora: Versions, known: Known) -> tuple[Claim, ...]:
    """The lines, the earliest first, each with its time."""
    lines = [*_failures(known), *_opinions(known), *_fixes(known), *_diagnoses(known.diagnoses)]
    lines += _published(corpora, known)
    lines += await _promotions(store, known)
    lines += await _syncs(store, known)
    lines += await _evaluations(store, known)
    return tuple(sorted(lines, key=lambda each: (each.at, each.said)))


def recording_source(recording_id: str) -> Source:
    return Source("recording", recording_id)


def _failures(known: Known) -> Iterable[Claim]:
    """The first and the last, and each that was the first under another release or corpus version."""
    failures, whole = known.found.failures, {each.id: each for each in known.again.failed}
    first, last = failures[0], failures[-1]
    yield Claim(
        said=_under("The first failure", whole.get(first.id)), sources=_of(first.id, whole), at=first.started_at
    )
    before = whole.get(first.id)
    for summary in failures[1:][-_FAILURES:]:
        recording = whole.get(summary.id)
        if recording is None or before is None:
            before = recording or before
            continue
        if (recording.release, versions(recording)) != (before.release, versions(before)):
            said = _under("The first failure that was answered otherwise", recording)
            yield Claim(said=said, sources=_of(recording.id, whole), at=recording.started_at)
        before = recording
    if last.id != first.id:
        yield Claim(said=f"The last of {len(failures)} failures.", sources=_of(last.id, {}), at=last.started_at)


def _under(said: str, recording: Recording | None) -> str:
    """What stood behind an answer: its corpus versions; its release stands among the sources."""
    searched = {} if recording is None else versions(recording)
    if not searched:
        return f"{said}."
    return f"{said}, with {', '.join(f'{name} at {version}' for name, version in searched.items())}."


def _of(name: str, whole: dict[str, Recording]) -> tuple[Source, ...]:
    """A recording, and what it was answered with as far as that is known."""
    recording = whole.get(name)
    if recording is None:
        return (recording_source(name),)
    corpora = (Source("corpus", f"{corpus}@{version}") for corpus, version in versions(recording).items())
    return (recording_source(name), Source("release", recording.release), *corpora)


def _opinions(known: Known) -> Iterable[Claim]:
    opinions = sorted(known.opinions, key=lambda each: each.at)
    for each in opinions[:OPINIONS]:
        what = "corrected an answer" if each.correction is not None else "gave an opinion"
        if each.correction is None and each.score is not None:
            what = f"gave an answer the score {each.score:g}"
        quote = each.comment if known.quotes else None
        yield Claim(said=f"Somebody {what}.", sources=(recording_source(each.recording_id),), at=each.at, quote=quote)
    if len(opinions) > OPINIONS:
        left = opinions[OPINIONS:]
        sources = tuple(recording_source(name) for name in dict.fromkeys(each.recording_id for each in left))
        yield Claim(said=f"The first of {len(left)} more opinions.", sources=sources[:_MANY], at=left[0].at)


def _fixes(known: Known) -> Iterable[Claim]:
    whole = {each.id: each for each in known.fixed}
    for each in known.fixed[:1]:
        said = _under("The first answer that passes again, to an input that had failed", each)
        yield Claim(said=said, sources=_of(each.id, whole), at=each.started_at)


def _diagnoses(diagnoses: Sequence[Diagnosis]) -> Iterable[Claim]:
    for each in diagnoses:
        said = f"A diagnosis was made. {headline(each)}."
        yield Claim(said=said, sources=(Source("diagnosis", each.id), recording_source(each.recording)),
                    at=each.finished_at or each.started_at)  # fmt: skip
        if each.decided is not None:
            said = f"It was decided which reading is right: {each.decided.decision.right}."
            yield Claim(said=said, sources=(Source("diagnosis", each.id),), at=each.decided.at)


def _published(corpora: Versions, known: Known) -> Iterable[Claim]:
    """The versions of the corpora that were searched: those that answered, and those published meanwhile."""
    answered = [*known.again.failed, *known.fixed]
    for name in dict.fromkeys(corpus for each in answered for corpus in versions(each)):
        used = {versions(each).get(name) for each in answered}
        try:
            kept = corpora.versions(name)
        except NotFound:
            continue  # the project has no such corpus any more
        for place, version in enumerate(kept):
            if version.name in used or known.within(version.created_at):
                before = kept[place + 1].name if place + 1 < len(kept) else None
                yield _version(corpora, known, (name, version, before))


def _version(corpora: Versions, known: Known, of: tuple[str, Version, str | None]) -> Claim:
    name, version, before = of
    said = f"{name} {version.name} was published, with {_counted(version.documents, 'document')}"
    sources = [Source("corpus", f"{name}@{version.name}")]
    try:
        differs = None if before is None else corpora.diff(name, before, version.name)
    except ReplayDiverged:
        differs = None  # the one before is not kept any more
    if differs is not None:
        counts = [(len(differs.added), "added"), (len(differs.changed), "changed"), (len(differs.removed), "removed")]
        said += ": " + (", ".join(f"{count} {what}" for count, what in counts if count) or "nothing that differs")
        sources.append(Source("corpus_change", f"{name}@{before}..{version.name}"))
        for what, ids in (("removed", differs.removed), ("changed", differs.changed), ("added", differs.added)):
            for each in [each for each in ids if each in known.documents][:_NAMED]:
                said += f"; {each}, {known.documents[each]}, was {what}"
    return Claim(said=f"{said}.", sources=tuple(sources), at=version.created_at)


async def _promotions(store: Store, known: Known) -> list[Claim]:
    lines = []
    for each in await store.releases.promotions(_PAGE):
        if not known.within(each.at):
            continue
        what = "The working tree" if each.release is None else f"The release {each.release}"
        did = "answered again, after a rollback" if each.rollback else "was promoted, and answered from then on"
        sources = [Source("promotion", str(each.number))]
        if each.release is not None:
            sources.append(Source("release", each.release))
        lines.append(Claim(said=f"{what} {did}.", sources=tuple(sources), at=each.at))
    return lines


async def _syncs(store: Store, known: Known) -> list[Claim]:
    """Jobs that synced one of the corpora that were searched."""
    searched = {name for each in known.again.failed for name in versions(each)}
    lines, query = list[Claim](), JobQuery(tenant=known.found.main.tenant, kind="sync", limit=_PAGE)
    for job in await store.jobs.find(query):
        corpus = job.asked.get("corpus") if isinstance(job.asked, dict) else None
        if corpus in searched and known.within(job.ended_at):
            lines.append(Claim(said=f"{_ended(job)} {corpus}.", sources=(Source("job", job.id),), at=job.ended_at))
    return lines


def _ended(job: Job) -> str:
    why = "" if job.failure is None else f" with {job.failure.code}"
    return "A job synced" if job.status == "done" else f"A job was {job.status}{why} that was to sync"


async def _evaluations(store: Store, known: Known) -> list[Claim]:
    query = EvaluationQuery(feature=known.found.signature.feature, tenant=known.found.main.tenant, limit=_MANY)
    lines = []
    for each in await store.evaluations.find(query):
        if each.gate is None and known.within(each.started_at):
            said = f"An evaluation asked {_counted(each.cases, 'case')}; {each.failed} of {each.done} answers failed."
            sources = (Source("evaluation", each.id), Source("release", each.release))
            lines.append(Claim(said=said, sources=sources, at=each.started_at))
    for gate in await store.gates.find(query):
        if known.within(gate.started_at):
            ruling = "has no verdict yet" if gate.verdict is None else f"said: {gate.verdict.ruling.replace('_', ' ')}"
            said = f"A gate held a candidate against {gate.against}, and {ruling}."
            held = (Source("gate", gate.id), Source("release", gate.baseline), Source("release", gate.candidate))
            lines.append(Claim(said=said, sources=held, at=gate.started_at))
    return lines


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
