"""What proves what failed and what fixed it: diagnoses with their recordings, and the same inputs asked again.

Knows nothing of where they are kept. It says no more than was seen: with something in its place an answer passes, and
between an answer that fails and one that passes some things had changed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

from holdfast.diagnosis import Diagnosis
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.telling import headline
from holdfast.evals.last_results import last_results
from holdfast.evals.postmortem.asked_again import Again, Asked, changed
from holdfast.evals.postmortem.document import Claim, Source, Tried
from holdfast.evals.postmortem.finding import Found
from holdfast.evals.postmortem.timeline import Known, recording_source
from holdfast.evals.shares import jeffreys
from holdfast.identity import canonical
from holdfast.records import Recording

_MANY = 20
_REASONS = 3


def prove_failed(known: Known) -> tuple[Claim, ...]:
    """What the failures say of themselves, then what diagnoses say, the one to believe most at the end."""
    return (*_recorded(known), *_diagnosed(known))


def tried(known: Known) -> tuple[Tried, ...]:
    """What the diagnosis to believe most tried, and with which recordings."""
    told = best(known)
    if told is None:
        return ()
    return tuple(
        Tried(
            said=each.said if known.quotes and each.said else each.substitution.replace("_", " "),
            passed=each.passed,
            asked=each.asked,
            share=jeffreys(each.passed, each.asked, 0.9),
            sources=tuple(map(recording_source, each.recordings)) or (Source("diagnosis", told.id),),
        )
        for each in told.tried
    )


def best(known: Known) -> Diagnosis | None:
    """The newest diagnosis with a verdict, of the recording that was asked about where there is one."""
    ordered = sorted(
        known.diagnoses,
        key=lambda each: (each.recording == known.found.main.id, each.verdict != "unknown", each.started_at),
    )
    return ordered[-1] if ordered else None


def _recorded(known: Known) -> Iterator[Claim]:
    main = known.found.main
    read = known.again.failed if known.quotes else ()  # a reason may say what was answered
    reasons = Counter(reason for each in read if (reason := _reason(each)))
    for reason, count in reasons.most_common(_REASONS):
        mine = [each.id for each in known.again.failed if _reason(each) == reason]
        sources = tuple(map(recording_source, mine[-_MANY:]))
        said = f"{count} of the {len(known.again.failed)} failures that were read say why:"
        yield Claim(said=said, sources=sources, quote=reason)
    releases = tuple(dict.fromkeys(each.release for each in known.again.failed))
    said = "The failures that were read were all answered by one release."
    if len(known.again.failed) == 1:
        said = "This release answered it."
    elif len(releases) > 1:
        said = f"The failures that were read were answered by {len(releases)} releases."
    yield Claim(said=said, sources=(recording_source(main.id), *(Source("release", name) for name in releases)))


def _reason(recording: Recording) -> str:
    if recording.failure is not None:
        return recording.failure.message
    if recording.blocked is not None:
        return recording.blocked.reason
    return "" if recording.degraded is None else recording.degraded.reason


def _diagnosed(known: Known) -> Iterator[Claim]:
    told = best(known)
    if told is None:
        return
    others = [each for each in known.diagnoses if each.id != told.id]
    if others:
        verdicts = Counter(each.verdict for each in others)
        listed = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in verdicts.most_common())
        said = f"Other diagnoses of these failures said: {listed}."
        yield Claim(said=said, sources=tuple(Source("diagnosis", each.id) for each in others))
    if known.quotes:
        tables = tuple(each.said.lower() for each in told.tried if each.said)  # what was tried stands in a table
        for sentence in [each for each in told.because if not each.lower().startswith(tables)]:
            yield Claim(said=sentence, sources=(Source("diagnosis", told.id), recording_source(told.recording)))
    for fix in told.fixes:
        with_it = f"{fix.passed} of {fix.asked} answers pass with it" if fix.asked else "it was not tried"
        said = f"A change that suffices, {with_it}: {fix.advice}."
        if known.quotes or fix.changes:
            yield Claim(said=said, sources=(Source("diagnosis", told.id),))
    sources = (Source("diagnosis", told.id), recording_source(told.recording))
    yield Claim(said=f"A diagnosis says: {headline(told)}.", sources=sources)


def prove_fixed(again: Again) -> tuple[Claim, ...]:
    """What passes again, and what had changed by then; the first of them says how many. Empty where nothing is seen."""
    passing = again.passing()
    if not passing:
        return ()
    asked = [each for each in again.inputs if again.asked_since(each)]
    live = [each for each in passing if each.how == "asked"]
    counted = f"Asked again since they last failed, {len(passing)} of {len(asked)} inputs pass"
    if not live:
        counted += ", though only in replays and evaluations: no live request has asked them since"
    sources = tuple(recording_source(each.recording.id) for each in passing[:_MANY])
    claims = [Claim(said=f"{counted}.", sources=sources)]
    for each in _distinct(again, passing):
        last = again.last_failed(each.input)
        if last is None:
            continue
        differs = changed(last.recording, each.recording)
        pair = (recording_source(last.recording.id), recording_source(each.recording.id))
        if not differs:
            said = "Between the last answer that fails and the first that passes, nothing that is recorded had changed."
            claims.append(Claim(said=said, sources=pair))
            continue
        listed = " and ".join(said for said, _ in differs)
        said = f"Between the last answer that fails and the first that passes, this had changed: {listed}."
        claims.append(Claim(said=said, sources=(*pair, *(one for _, some in differs for one in some))))
    return tuple(claims)


def _distinct(again: Again, passing: Sequence[Asked]) -> list[Asked]:
    """One of each way in which things had changed."""
    found: dict[tuple[str, ...], Asked] = {}
    for each in passing:
        last = again.last_failed(each.input)
        if last is not None:
            found.setdefault(tuple(said for said, _ in changed(last.recording, each.recording)), each)
    return list(found.values())


async def kept_cases(host: Host, found: Found, again: Again) -> tuple[Claim, ...]:
    """The cases that were made of these failures or have their inputs, and what came of them last."""
    feature = host.feature(found.signature.feature)
    file = cases_file(host.config.folder, feature.name)
    cases = await asyncio.to_thread(read_cases, file, feature.parse)
    inputs = set(again.inputs)
    ids = found.ids | {found.main.id}
    mine = [case for case in cases if case.recording in ids or canonical(case.input) in inputs]
    last = await last_results(host.store, feature.name, mine, tenant=found.main.tenant)
    claims = []
    for case in mine:
        place = f"{file.relative_to(host.config.folder).as_posix()}#{case.id}"
        sources = [Source("case", place)]
        said = f"The case {case.id} asks this again in every evaluation"
        said += ", and must pass" if case.must_pass else ""
        if (result := last.get(case.id)) is not None:
            said += f"; when it was last asked, {result.passed} of {result.asked} answers passed"
            sources.append(Source("evaluation", result.evaluation))
        claims.append(Claim(said=f"{said}.", sources=tuple(sources)))
    return tuple(claims)


def rules_decided(known: Known) -> tuple[Claim, ...]:
    """The rules that answer what diagnoses asked of these failures."""
    return tuple(
        Claim(
            said="It was decided what a good answer is, and judges are given the rule" + (":" if known.quotes else "."),
            sources=(Source("diagnosis", each.id), Source("case", f"{each.decided.file}#{each.decided.case}")),
            quote=each.decided.decision.rule if known.quotes else None,
        )
        for each in known.diagnoses
        if each.decided is not None
    )
