"""The way in: from a project and a recording to what is known of it beforehand, and then to its diagnosis, kept.

Knows nothing of HTTP, of the command line, or of how a verdict is come to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from holdfast.contracts import Progress, silent
from holdfast.diagnosis import Diagnosis, Verifier
from holdfast.errors import NotFound, Refused, nearest
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.diagnose.calibrate.kept import learned_of
from holdfast.evals.diagnose.diagnosing import MOST_CALLS, Diagnosing, Limits
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.known import Known, Verify
from holdfast.evals.diagnose.planning import SURE_AT
from holdfast.evals.diagnose.reading import answers
from holdfast.evals.diagnose.substituting import Earlier
from holdfast.evals.diagnose.verifying import judged_by
from holdfast.evals.diagnose.went_well import went_well
from holdfast.evals.from_recording import Wanted
from holdfast.evals.keeping import Where, case_of
from holdfast.evaluation import Case
from holdfast.identity import canonical
from holdfast.records import Generate, Recording
from holdfast.release import ModelSlot, Release
from holdfast.runtime.feature import Feature

_BAD = ("failed", "blocked", "degraded")
"""Outcomes that are not good, whatever was expected."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a recording is to be diagnosed. `case` is the id of a case in the feature's file; without one it is found.

    `diagnosis_id` is the id to keep it under, None for a new one.
    """

    case: str | None = None
    max_calls: int = MOST_CALLS
    max_cost_usd: float | None = None
    sure_at: float = SURE_AT
    diagnosis_id: str | None = None
    progress: Progress = silent


async def diagnosis_of(host: Host, recording: Recording, plan: Plan) -> Diagnosis:
    """What is known of why an answer is not good, kept when this returns.

    Nothing live happens, and what a guard stopped is kept nowhere. Stopped halfway there is no diagnosis, and it can be
    asked for again. Raises Refused: HF740 where there is no answer to look at, HF741 where it passes, HF742 where
    nothing says what a good one is; NotFound (HF200, HF204, HF207), Misconfigured (HF111), StoreFailed.
    """
    return await kept(await begun(host, recording, plan))


async def begun(host: Host, recording: Recording, plan: Plan) -> Diagnosing:
    """A diagnosis that is about to begin; what it has taken can be read from it, also where it is refused halfway."""
    limits = Limits(
        calls=plan.max_calls,
        cost_usd=plan.max_cost_usd,
        sure_at=plan.sure_at,
        progress=plan.progress,
        diagnosis_id=plan.diagnosis_id,
    )
    known = await known_of(host, recording, plan.case, free=plan.max_cost_usd == 0)
    return Diagnosing(host, recording, known, limits)


async def kept(about: Diagnosing) -> Diagnosis:
    """The diagnosis that this comes to, kept when this returns. Raises what `diagnosis_of` raises."""
    diagnosis = await about.run()
    await about.host.store.diagnoses.add(diagnosis)
    return diagnosis


async def known_of(
    host: Host,
    recording: Recording,
    case_id: str | None = None,
    *,
    cases: Sequence[Case] | None = None,
    measured: bool = True,
    free: bool = False,
) -> Known:
    """What is known of a recording beforehand: its case, who judges, and what went well before.

    `cases` are those of the feature's file, None where they are yet to be read. Without `measured` people's opinions of
    other answers are not looked through for how often who judges errs, which takes long for many recordings. Without
    it, and where it has to be `free`, a judge that is a model is not asked of earlier answers: nothing is spent.

    Raises Refused (HF740, HF742), NotFound (HF200, HF207), Misconfigured (HF111).
    """
    if recording.outcome == "cancelled":
        message = f"{recording.id} was cancelled: there is no answer to look at"
        raise Refused("HF740", message, "ask again, and diagnose what comes of it")
    feature = host.feature(recording.feature)
    cases = await cases_of(host, feature) if cases is None else cases
    case, said = await _case(host, feature, recording, cases, case_id)
    judged = await judged_by(host, feature, case, cases, recording, measured=measured)
    if not _says_something(case) and not judged.by_judge and recording.outcome not in _BAD:
        raise _unsaid(recording)
    asks = (measured and not free) or not judged.verify.bill.each
    known = await beforehand(host, recording, case, judged.verify, judged.verifier, asks=asks)
    release = host.completed(feature, await host.store.releases.get(recording.release))
    releases = tuple(each for each in (release, known.earlier.release, host.release()) if each is not None)
    taught = await learned_of(host.store, feature, releases, datetime.now(UTC), recording.tenant)
    notes = (said, *judged.notes, *known.notes, taught.said)
    return replace(
        known,
        by_words=not judged.by_judge,
        beliefs=None if taught.learned is None else taught.learned.beliefs(judged.verifier),
        planted=() if taught.learned is None else taught.learned.matrix,
        bill=judged.verify.bill,
        notes=tuple(filter(None, notes)),
    )


async def beforehand(
    host: Host, recording: Recording, case: Case, verify: Verify, verifier: Verifier, *, asks: bool = True
) -> Known:
    """What is known of a recording beforehand, given its case and who judges: what went well before, and what else
    could answer. Unless it `asks`, no earlier answer is judged. Raises NotFound (HF204), Misconfigured."""
    release = host.completed(host.feature(recording.feature), await host.store.releases.get(recording.release))
    well = await went_well(host, recording, case, verify if asks else None)
    stronger, how = await stronger_model(host, recording, release)
    earlier = Earlier(
        release=well.release,
        stronger=stronger,
        elsewhere=await second_endpoints(host, release),
        answer=well.answer,
        unlike=well.unlike,
    )
    notes = tuple(filter(None, (well.said, how)))
    return Known(case, verify, verifier, earlier, later=well.later, good=well.good, notes=notes)


async def cases_of(host: Host, feature: Feature) -> Sequence[Case]:
    """The cases of a feature's file, none where there is no file. Raises Misconfigured (HF111)."""
    return await asyncio.to_thread(read_cases, cases_file(host.config.folder, feature.name), feature.parse)


async def _case(
    host: Host, feature: Feature, recording: Recording, cases: Sequence[Case], case_id: str | None
) -> tuple[Case, str]:
    """What is known of a good answer, and where that stands.

    The feature's file knows best, then the evaluation that asked, then what people said. Where none of them does, an
    outcome that is bad by itself needs no more.
    """
    file = f"evals/{feature.name}.jsonl"
    if case_id is not None:
        named = next((case for case in cases if case.id == case_id), None)
        if named is None:
            fix = nearest(case_id, [case.id for case in cases])
            raise NotFound("HF207", f"there is no case '{case_id}' in {file}", fix)
        return named, f"A good answer is what the case `{named.id}` says."
    asked = canonical(recording.input)
    mine = [case for case in cases if case.recording == recording.id]
    mine += [case for case in cases if canonical(case.input) == asked]
    if mine:
        return mine[0], f"A good answer is what the case `{mine[0].id}` of {file} says."
    where = Where(host.store, host.config.folder, host.feature)
    made = (await case_of(where, recording.id, Wanted(), tenant=recording.tenant)).case
    feedback = await host.store.feedback.of(recording.id, recording.tenant)
    corrected = any(each.correction is not None for each in feedback)
    if corrected:
        return made, "A good answer is what somebody's correction says."
    if recording.evaluation is not None and _says_something(made):
        return made, "A good answer is what the case of the evaluation that asked says."
    if recording.outcome not in _BAD and any((each.score or 0.0) > 0 for each in feedback):
        return made, "Somebody found this answer good."
    bare = Case(id=recording.id, input=recording.input, calls=made.calls, recording=recording.id)
    if recording.outcome in _BAD:
        return bare, f"Nothing says what a good answer is; this one is {recording.outcome}, and one that is not passes."
    return bare, "Nothing says what a good answer is but who judges."


def _says_something(case: Case) -> bool:
    return bool(case.facts or case.gold or case.expected is not None or case.unanswerable)


def _unsaid(recording: Recording) -> Refused:
    fix = (
        "say it in one of three ways: a correction (POST /v1/feedback with recording_id and correction), a case"
        f" (holdfast cases add {recording.feature} JSON), or a certified judge"
    )
    return Refused("HF742", f"nothing says what a good answer to {recording.id} is", fix)


async def stronger_model(host: Host, recording: Recording, release: Release) -> tuple[str | None, str]:
    """The model to ask in place of the first rung: the one that is configured, else the dearest of the project's
    ladders and price list, where it is dearer than what answered. And which it is, in words."""
    if (configured := host.config.diagnosis.stronger_model) is not None:
        return configured, f"The stronger model is {configured}, as configured."
    used = {step.effect.slot for step in answers(recording) if isinstance(step.effect, Generate)}
    ladders = {name: slot.models for name, slot in _ladders(release).items()}
    ladders |= {f"{name} now": slot.models for name, slot in _ladders(host.release()).items()}
    first = {models[0] for name, models in ladders.items() if models and (name in used or not used)}
    named = _each([*ladders.values(), tuple(host.config.prices)])
    prices = {model: await host.gateway.price_usd(model) for model in named}
    asked = [price for model in first if (price := prices.get(model)) is not None]
    dearer = {
        model: price
        for model, price in prices.items()
        if price is not None and model not in first and price > max(asked, default=0.0)
    }
    if not asked or not dearer:
        return None, "No stronger model is known: stronger_model in [diagnosis] names one."
    found = max(dearer, key=lambda each: (dearer[each], each))
    return found, f"The stronger model is {found}, the dearest that the project names in a ladder or with a price."


async def second_endpoints(host: Host, release: Release) -> dict[str, str]:
    """For each model that is asked first, the same one at another provider, as far as the project names one: in a
    ladder, or with its price."""
    ladders = [*_ladders(release).values(), *_ladders(host.release()).values()]
    named = _each([*(slot.models for slot in ladders), tuple(host.config.prices)])
    found: dict[str, str] = {}
    for first in dict.fromkeys(slot.models[0] for slot in ladders if slot.models):
        for other in named:
            same = _model(other) == _model(first) and other.partition(":")[0] != first.partition(":")[0]
            if same and ":" in other and first not in found and await host.gateway.price_usd(other) is not None:
                found[first] = other
    return found


def _model(name: str) -> str:
    """A model without its provider, and without whose it is (`openai/gpt-5-mini` at a reseller)."""
    return name.partition(":")[2].rpartition("/")[2]


def _ladders(release: Release) -> dict[str, ModelSlot]:
    return {name: slot for name, slot in release.slots.items() if isinstance(slot, ModelSlot)}


def _each(ladders: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(model for models in ladders for model in models))
