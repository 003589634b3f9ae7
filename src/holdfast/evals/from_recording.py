"""A recording becomes a case: what was asked, what is known of a good answer, what side effects gave.

Knows nothing of files, nor of how a case is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from holdfast.errors import Refused
from holdfast.evals.answered import citations_of, passages_of, text_in
from holdfast.evaluation import Case, Gold
from holdfast.records import Call, Called, Failed, Feedback, Json, Recording
from holdfast.support import CITATION, SUPPORTED, grounding
from holdfast.support.vocabulary import STOP_WORDS

_SCRUBBED = "[secret]"
_AMOUNT = re.compile(r"([€$£]\s?)?(\d+(?:[.,:]\d+)*)(\s?[%€$£]|\s[^\W\d_]+)?")
_WORDS = 6
"""A correction of more words is prose, which no answer repeats word by word."""


class MadeCase(Struct, frozen=True, kw_only=True):
    """A case made of a recording, and what whoever keeps it should know of it, in sentences."""

    feature: str
    case: Case
    notes: tuple[str, ...] = ()


class Wanted(Struct, frozen=True, kw_only=True):
    """What is said of a case besides what the recording tells; `id` None: the recording's own."""

    id: str | None = None
    tags: tuple[str, ...] = ()
    must_pass: bool = False


def made_case(recording: Recording, feedback: Sequence[Feedback], wanted: Wanted) -> MadeCase:
    """The case of a recording. The same recording and feedback give the same case.

    `expected` is the newest correction, and of one in prose `facts` are the amounts. Where the newest opinion is good
    and the output is no text, it is the output itself. `gold` are the documents that an answer nobody objected to
    cites; of a corrected one, those of the passages that the correction rests on. `calls` are what the side effects of
    its last pass gave.
    Raises Refused (HF721) where the input held a secret, which is not kept.
    """
    if _holds_secret(recording.input):
        message = f"the input of {recording.id} held a secret, which was taken out before it was recorded"
        fix = "write the case by hand, with a made-up value: holdfast cases add"
        raise Refused("HF721", message, fix)
    correction = _correction(feedback)
    disliked = correction is not None or _opinion(feedback) < 0
    notes = []
    expected = correction
    if correction is None and _opinion(feedback) > 0 and not text_in(recording.output):
        expected = recording.output
    facts: tuple[str, ...] = ()
    if isinstance(correction, str) and len(correction.split()) > _WORDS:
        if facts := _amounts(correction):
            notes.append("the facts are the amounts in the correction: add what else must be said")
        else:
            notes.append("expected is compared as it stands: for prose, write what must be said as facts")
    gold = _resting(correction, recording) if correction is not None else () if disliked else _cited(recording)
    if expected is None and not gold:
        notes.append("nothing says what a good answer is: write facts, gold or expected")
    calls, failed = _calls(recording)
    notes += [f"the call '{name}' failed: from there on the case has no answer of it" for name in failed]
    if recording.subject is not None:
        notes.append(
            f"erasing '{recording.subject}' reaches neither the case nor its evaluations: take names out of it"
        )
    case = Case(
        id=wanted.id or recording.id,
        input=recording.input,
        expected=expected,
        facts=facts,
        gold=gold,
        tags=tuple(dict.fromkeys(wanted.tags)),
        must_pass=wanted.must_pass,
        calls=calls,
        recording=recording.id,
    )
    return MadeCase(feature=recording.feature, case=case, notes=tuple(notes))


def as_known(made: MadeCase, known: Case) -> MadeCase:
    """The case with what another one, of the same input, knows of a good answer. What must pass is not copied."""
    case = made.case
    tags = tuple(dict.fromkeys((*known.tags, *case.tags)))
    labels = {"expected": known.expected, "facts": known.facts, "gold": known.gold}
    return replace(made, case=replace(case, tags=tags, calls={**case.calls, **known.calls}, **labels), notes=())


def with_input(made: MadeCase, input: Json) -> MadeCase:
    """The same case, asked something else."""
    return replace(made, case=replace(made.case, input=input))


def _correction(feedback: Sequence[Feedback]) -> Json:
    return next((each.correction for each in reversed(feedback) if each.correction is not None), None)


def _opinion(feedback: Sequence[Feedback]) -> float:
    """The newest score that somebody gave; 0 where nobody did."""
    return next((each.score for each in reversed(feedback) if each.score is not None), 0.0)


def _amounts(text: str) -> tuple[str, ...]:
    """Every number with the unit that stands at it, once: what prose about a fact can be held to literally."""
    found: dict[str, None] = {}
    for match in _AMOUNT.finditer(CITATION.sub(" ", text)):
        sign, number, unit = match.groups(default="")
        plain = unit.strip().lower()
        found[f"{sign}{number}{'' if plain in STOP_WORDS else unit}".strip()] = None
    return tuple(found)


def _cited(recording: Recording) -> tuple[Gold, ...]:
    """The documents that the answer cites; one that was blocked or failed has no citations to trust."""
    if recording.outcome not in ("ok", "degraded"):
        return ()
    documents = dict.fromkeys(citation.document for citation in citations_of(recording.output))
    return tuple(Gold(document=document) for document in documents)


def _resting(correction: Json, recording: Recording) -> tuple[Gold, ...]:
    """The documents of the passages, as they were found, on each of which the correction rests by itself."""
    text = text_in(correction)
    if not text:
        return ()
    documents = {}
    for passage in passages_of(recording):
        weighed = grounding(text, [passage.text])
        if any(sentence.claim for sentence in weighed.sentences) and weighed.least >= SUPPORTED:
            documents[passage.document] = Gold(document=passage.document)
    return tuple(documents.values())


def _calls(recording: Recording) -> tuple[dict[str, tuple[Json, ...]], list[str]]:
    """What each side effect of the last pass gave, as asked for, up to its first failure; and which of them failed."""
    last = max((step.turn for step in recording.steps), default=0)
    given: dict[str, list[Json]] = {}
    failed: dict[str, None] = {}
    for step in sorted(recording.steps, key=lambda step: step.started_at):
        if step.turn != last or not isinstance(step.effect, Call) or step.effect.safe:
            continue
        name = step.effect.name
        if isinstance(step.result, Called) and name not in failed:
            given.setdefault(name, []).append(step.result.value)
        elif isinstance(step.result, Failed):
            failed[name] = None
    return {name: tuple(values) for name, values in given.items()}, list(failed)


def _holds_secret(value: Json) -> bool:
    if isinstance(value, str):
        return _SCRUBBED in value
    if isinstance(value, list):
        return any(map(_holds_secret, value))
    if isinstance(value, dict):
        return any(_holds_secret(name) or _holds_secret(part) for name, part in value.items())
    return False
