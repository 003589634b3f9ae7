"""The answer to the question of a diagnosis: it becomes a case, and a rule that judges are given.

Knows nothing of who may decide, nor of how the question came about.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from holdfast.diagnosis import Decided, Decision, Diagnosis
from holdfast.errors import Refused
from holdfast.evals.answered import citations_of, text_in
from holdfast.evals.case_file import put_case
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.diagnose.telling import UNSAID, expected_of
from holdfast.evals.from_recording import MadeCase, Wanted, made_case
from holdfast.evals.keeping import Where, case_of
from holdfast.evals.rules import one_line, put_rule, rules_file
from holdfast.evaluation import UNANSWERABLE, Case, Gold
from holdfast.identity import canonical
from holdfast.records import Feedback, Json, Recording

LONGEST_RULE = 1000
"""Characters of a rule: a judge reads all of them with every answer."""
_FORBIDDEN = ("<!--", "-->")
_SAY = "say with `expected` what is right"


class Outcome(Struct, frozen=True, kw_only=True):
    """The diagnosis with the decision noted, the case as it stands now, and what to know of it, in sentences."""

    diagnosis: Diagnosis
    decided: Decided
    case: Case
    notes: tuple[str, ...] = ()


async def decide(where: Where, diagnosis: Diagnosis, decision: Decision) -> Outcome:
    """Answer the question of a diagnosis: the case says what is right, and the feature's judges are given the rule.

    The case is the one of the feature's file that was made of the recording or has the same input, else a new one under
    the recording's id. The case, the rule and the note on the diagnosis are written in this order, each whole; stopped
    halfway, deciding again writes the rest, and the same decision again changes nothing. Another decision takes the
    place of the one before.

    Raises Refused: HF750 where nothing was asked, the rule is none, or nothing says what is right, HF721 where the
    input held a secret; NotFound (HF200, HF203, HF214), Misconfigured (HF109, HF111), StoreFailed (HF601).
    """
    decision = _checked(diagnosis, decision)
    recording = await where.store.recordings.get(diagnosis.recording, diagnosis.tenant)
    parse = where.feature(recording.feature).parse
    file = cases_file(where.folder, recording.feature)
    known = _known_in(await asyncio.to_thread(read_cases, file, parse), recording)
    made = await _case(where, recording, known, diagnosis, decision)
    await asyncio.to_thread(put_case, file, made.case, parse)
    await asyncio.to_thread(put_rule, where.folder, recording.feature, decision.rule, diagnosis.id)
    decided = Decided(
        decision=decision,
        at=datetime.now(UTC),
        case=made.case.id,
        file=file.relative_to(where.folder).as_posix(),
        rules_file=rules_file(where.folder, recording.feature).relative_to(where.folder).as_posix(),
    )
    before = diagnosis.decided
    if before is not None and replace(before, at=decided.at) == decided:
        return Outcome(diagnosis=diagnosis, decided=before, case=made.case, notes=made.notes)
    noted = await where.store.diagnoses.decide(diagnosis.id, decided, diagnosis.tenant)
    return Outcome(diagnosis=noted, decided=decided, case=made.case, notes=made.notes)


def _checked(diagnosis: Diagnosis, decision: Decision) -> Decision:
    """The decision with its rule on one line. Raises Refused (HF750)."""
    if diagnosis.question is None:
        message = f"{diagnosis.id} asks nothing: its verdict is {diagnosis.verdict}"
        raise Refused("HF750", message, f"make a case of it: holdfast cases from-recording {diagnosis.recording}")
    rule = one_line([decision.rule])
    if not rule or len(rule) > LONGEST_RULE or not rule.isprintable() or any(mark in rule for mark in _FORBIDDEN):
        said = f"the rule has {len(rule)} characters, or some that are not printed, or an HTML comment"
        said = said if rule else "there is no rule"
        fix = f"say in one plain sentence of at most {LONGEST_RULE} characters what makes such an answer right"
        raise Refused("HF750", said, fix)
    if isinstance(decision.expected, str) and not decision.expected.strip():
        decision = replace(decision, expected=None)
    if decision.right == "neither" and decision.expected is None:
        raise Refused("HF750", "neither is right, and nothing says what is", _SAY)
    return replace(decision, rule=rule)


def _known_in(cases: tuple[Case, ...], recording: Recording) -> Case | None:
    """The case of the file that is of this recording, else one with its input."""
    asked = canonical(recording.input)
    mine = [case for case in cases if case.recording == recording.id]
    mine += [case for case in cases if canonical(case.input) == asked]
    return mine[0] if mine else None


async def _case(
    where: Where, recording: Recording, known: Case | None, diagnosis: Diagnosis, decision: Decision
) -> MadeCase:
    """The case that says what was decided: what is known of it where that is right, else made of the right text."""
    made = await case_of(where, recording.id, Wanted(), tenant=recording.tenant)
    expecting = made.case if known is None else known
    if decision.right == "expected" and decision.expected is None and _says(expecting, diagnosis):
        if not (expected_of(expecting) or expecting.gold or expecting.unanswerable):
            raise _unsaid(recording)
        notes = made.notes if known is None else ()
        return replace(made, case=replace(expecting, recording=expecting.recording or recording.id, rule=decision.rule),
                       notes=notes)  # fmt: skip
    right = _right(recording, diagnosis, decision)
    opinion = Feedback(id="", recording_id=recording.id, at=recording.started_at, correction=right)
    made = made_case(recording, [opinion], Wanted())
    tags = tuple(tag for tag in expecting.tags if tag != UNANSWERABLE)
    case = replace(
        made.case,
        id=expecting.id,
        input=expecting.input,
        gold=made.case.gold or (_cited(recording) if decision.right == "answered" else ()),
        tags=tags,
        must_pass=expecting.must_pass,
        calls={**made.case.calls, **expecting.calls},
        recording=expecting.recording or recording.id,
        rule=decision.rule,
    )
    return replace(made, case=case)


def _says(case: Case, diagnosis: Diagnosis) -> bool:
    """Whether a case expects what the diagnosis shows as expected: nothing else was decided of it since."""
    return bool(diagnosis.readings) and (expected_of(case) or UNSAID) == diagnosis.readings[0].text


def _right(recording: Recording, diagnosis: Diagnosis, decision: Decision) -> Json:
    """What a good answer says. Raises Refused (HF750)."""
    if decision.expected is not None:
        return decision.expected
    if decision.right == "expected":
        if not diagnosis.readings or diagnosis.readings[0].text == UNSAID:
            raise _unsaid(recording)
        return _value(diagnosis.readings[0].text)
    answered = text_in(recording.output) or recording.output
    if decision.right != "answered" or not answered:
        raise Refused("HF750", f"{recording.id} has no answer that could be right", _SAY)
    return answered


def _value(reading: str) -> Json:
    """What a reading says: an object or a list where it is one in JSON, else the text."""
    try:
        value: Json = msgspec.json.decode(reading)
    except msgspec.DecodeError:
        return reading
    return value if isinstance(value, dict | list) else reading


def _unsaid(recording: Recording) -> Refused:
    return Refused("HF750", f"no words say what was expected of {recording.id}", _SAY)


def _cited(recording: Recording) -> tuple[Gold, ...]:
    documents = dict.fromkeys(citation.document for citation in citations_of(recording.output))
    return tuple(Gold(document=document) for document in documents)
