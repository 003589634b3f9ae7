"""Scorers that ask a model: a judge with a rubric, and one that compares an answer with the expected one.

Know nothing of how well a model judges: that is what a certificate is for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Literal, TypeAlias

from msgspec import Struct

from holdfast.contracts import Answered, Lab, Scorers
from holdfast.errors import EffectFailed, Misconfigured
from holdfast.evaluation import Case, Scored
from holdfast.identity import canonical, digest
from holdfast.judgement import Judged
from holdfast.records import Json, Message, Passage, Recording
from holdfast.release import ModelSlot, Release
from holdfast.runtime.context import Context
from holdfast.runtime.feature import Feature, FeatureFunction, declare

FEEDBACK = "feedback"
"""In place of a file of labels: what people said of live answers."""
_JUDGE, _COMPARE = "judge:", "compare:"


@dataclass(frozen=True)
class Question:
    """What a judge's prompt may use: all that is known of a case, and the answer to it. `rules` follow the prompt."""

    input: Any
    output: Any
    text: str
    expected: Any
    facts: list[str]
    passages: list[Passage]
    rules: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Opinion:
    """`quote`: the words, verbatim, that decide it. `reason`: why, in a sentence. `passes`: whether it passes."""

    quote: str
    reason: str
    passes: bool


@dataclass(frozen=True)
class Comparison:
    """What the prompt of a comparison may use: a case, and two answers to it. `rules` follow the prompt."""

    input: Any
    facts: list[str]
    passages: list[Passage]
    first: str
    second: str
    rules: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Choice:
    """`quote`: the words, verbatim, that decide it. `reason`: why, in a sentence. `better`: which answer is."""

    quote: str
    reason: str
    better: Literal["first", "second", "same"]


class Judge(Struct, frozen=True):
    """Whether an answer passes a rubric, by a model's judgement.

    `slot` names a ladder whose prompt is the rubric; it may use `input`, `output`, `text`, `expected`, `facts` and
    `passages`, and is answered with a quote, a reason and whether it passes. A reply that cannot be read is an error of
    the scorer, and no score. One answer in ten is judged twice, to learn how far the judge varies. `labels` is a file
    of people's labels in the project, or `feedback`: the certificate is made from them. Without a certificate the judge
    informs, and never gates. `only` names the features it is for; without it, all. The rules of the feature, in
    `evals/FEATURE.rules.md`, follow the rubric and outrank it; a certificate holds for the rules it was made with.
    """

    lowest: ClassVar[bool] = False
    asks: ClassVar[str] = _JUDGE
    slot: str = "judge"
    labels: str = ""
    only: tuple[str, ...] = ()

    async def probe(self, answered: Answered, lab: Lab) -> Scored:
        question = _question(answered, lab.rules)
        recording = await lab.ask(_JUDGE + self.slot, question)
        said = _said(recording)
        again = _opinion(await lab.ask(_JUDGE + self.slot, question)) if lab.twice else None
        detail = Judged(
            quote=said["quote"],
            quoted=_quoted(said["quote"], question),
            reason=said["reason"],
            again=None if again is None else float(again["passes"]),
        )
        return Scored(value=bool(said["passes"]), reason=said["reason"], detail=detail)


class Preferred(Struct, frozen=True):
    """How an answer compares with the expected one, by a model's judgement: 1 better, 0 worse, 0.5 neither.

    Asked in both orders, so that a liking for the first or the second place makes it 0.5. `slot` names a ladder whose
    prompt may use `input`, `facts`, `passages`, `first` and `second`. `labels` as for a judge: a label says whether the
    answer is better. Without a certificate it informs, and never gates. `only` names the features it is for.
    """

    lowest: ClassVar[float] = 0.0
    asks: ClassVar[str] = _COMPARE
    slot: str = "judge"
    labels: str = ""
    only: tuple[str, ...] = ()

    async def probe(self, answered: Answered, lab: Lab) -> Scored | None:
        expected = answered.case.expected
        if expected is None:
            return None
        texts = _plain(answered.recording.output), _plain(expected)
        value, said = await self._asked(answered, lab, texts)
        again = await self._again(answered, lab, texts) if lab.twice else None
        detail = Judged(quote=said["quote"], reason=said["reason"], again=again)
        return Scored(value=value, reason=detail.reason, detail=detail)

    async def _again(self, answered: Answered, lab: Lab, texts: tuple[str, str]) -> float | None:
        try:
            return (await self._asked(answered, lab, texts))[0]
        except EffectFailed:
            return None  # it gave a verdict once, which counts

    async def _asked(self, answered: Answered, lab: Lab, texts: tuple[str, str]) -> tuple[float, dict[str, Json]]:
        """How often the answer is preferred to the expected one, of two: in both orders."""
        case, recording = answered.case, answered.recording
        known = {"input": recording.input, "facts": list(case.facts), "passages": _passages(answered)}
        known |= _ruled(lab.rules)
        worth = {"first": 1.0, "second": 0.0, "same": 0.5}
        one = _said(await lab.ask(_COMPARE + self.slot, {**known, "first": texts[0], "second": texts[1]}))
        other = _said(await lab.ask(_COMPARE + self.slot, {**known, "first": texts[1], "second": texts[0]}))
        both = (worth[one["better"]] + 1 - worth[other["better"]]) / 2
        return (both if both in (0.0, 1.0) else 0.5), one


AnyJudge: TypeAlias = Judge | Preferred


def judges(scorers: Scorers) -> dict[str, AnyJudge]:
    """Those of the scorers that are judges, by name."""
    return {name: scorer for name, scorer in scorers.items() if isinstance(scorer, Judge | Preferred)}


@lru_cache(maxsize=64)
def judge_feature(name: str) -> Feature | None:
    """The feature that asks a judge, as in `judge:SLOT` and `compare:SLOT`; None for any other name.

    It is run as every feature is, so that what a judge said is a recording, priced, and can be replayed.
    """
    for prefix, asking in ((_JUDGE, _judging), (_COMPARE, _comparing)):
        if name.startswith(prefix):
            return declare(asking(name.removeprefix(prefix)), name=name)
    return None


def _judging(slot: str) -> FeatureFunction:
    async def judge(ctx: Context, question: Question) -> Opinion:
        return await ctx.generate(slot, Opinion, history=_said_of(question.rules), **_shown(question))

    return judge


def _comparing(slot: str) -> FeatureFunction:
    async def compare(ctx: Context, question: Comparison) -> Choice:
        return await ctx.generate(slot, Choice, history=_said_of(question.rules), **_shown(question))

    return compare


def _shown(question: Question | Comparison) -> dict[str, Any]:
    """What the prompt may use."""
    return {name: value for name, value in vars(question).items() if name != "rules"}


def _said_of(rules: Sequence[str]) -> tuple[Message, ...]:
    """What follows the prompt: the rules, where there are any."""
    if not rules:
        return ()
    listed = "\n".join(f"- {rule}" for rule in rules)
    text = (
        f"Whoever is responsible for these answers has decided the following. Where it applies, it decides:\n{listed}"
    )
    return (Message(role="user", text=text),)


def judge_hash(judge: AnyJudge, release: Release, rules: Sequence[str]) -> str:
    """What a judge is, as a hash: how it asks, its prompt and the rules behind it, its models and how they are sampled.

    Raises NotFound (HF201) where the release has no such ladder, Misconfigured (HF110) where that has no prompt.
    """
    slot = release.models(judge.slot)
    if slot.prompt is None:
        message = f"the slot '{judge.slot}' has no prompt, which is what it judges by"
        raise Misconfigured("HF110", message, f'write prompt = "prompts/{judge.slot}.md" in [slots.{judge.slot}]')
    ruled = [list(rules)] if rules else []  # without any it is what it was before there were rules
    return digest(canonical([judge.asks, slot.prompt.hash, slot.models, _sampling(slot), *ruled]), 12)


def _sampling(slot: ModelSlot) -> Json:
    return [slot.temperature, slot.top_p, slot.max_tokens, slot.seed, slot.stop]


def _ruled(rules: Sequence[str]) -> dict[str, Json]:
    return {"rules": list(rules)} if rules else {}


def _question(answered: Answered, rules: Sequence[str]) -> dict[str, Json]:
    case: Case = answered.case
    return {
        "input": answered.recording.input,
        "output": answered.recording.output,
        "text": answered.text or _plain(answered.recording.output),
        "expected": case.expected,
        "facts": list(case.facts),
        "passages": _passages(answered),
        **_ruled(rules),
    }


def _passages(answered: Answered) -> list[Json]:
    """What was found, as a prompt shows it; scores and places do not make another question."""
    return [
        {"document": each.document, "chunk": each.chunk, "title": each.title, "text": each.text}
        for each in answered.passages
    ]


def _said(recording: Recording) -> dict[str, Any]:
    """What the judge answered. Raises EffectFailed where it did not, or where a lower rung did."""
    if recording.outcome == "ok" and isinstance(recording.output, dict):
        return recording.output
    why = f"{recording.outcome}: "
    if recording.failure is not None:
        why = f"{recording.failure.code}: {recording.failure.message}"
    elif recording.degraded is not None:
        why = f"a lower rung answered ({recording.degraded.model}): {recording.degraded.reason}"
    raise EffectFailed("HF309", f"the judge gave no verdict: {why}", f"see: holdfast recordings show {recording.id}")


def _opinion(recording: Recording) -> dict[str, Any] | None:
    """What the judge answered; None where it did not."""
    try:
        return _said(recording)
    except EffectFailed:
        return None


def _quoted(quote: str, question: dict[str, Json]) -> bool:
    """Whether a quote stands in what the judge was shown, but for whitespace."""
    wanted = " ".join(quote.split())
    shown = [question["text"], _plain(question["input"]), *(each["text"] for each in question["passages"])]
    return bool(wanted) and any(wanted in " ".join(text.split()) for text in shown)


def _plain(value: Json) -> str:
    text = value.get("text") if isinstance(value, dict) else value
    return text if isinstance(text, str) else json.dumps(value, ensure_ascii=False)
