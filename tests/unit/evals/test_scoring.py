"""What each scorer says of an answer, and when a case passes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.contracts import Answered, Scorer
from holdfast.evals.answered import answered
from holdfast.evals.scorers import BUILT_IN
from holdfast.evals.scoring import Scoring
from holdfast.evaluation import Case, Gold, ScoreValue
from holdfast.records import (
    Attempt,
    Blocked,
    Degraded,
    Failure,
    Generate,
    Generated,
    Passage,
    Recording,
    Retrieve,
    Retrieved,
    Step,
    Usage,
)
from holdfast.runtime.feature import Bar
from holdfast.support import NOT_FOUND

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TEXT = "Refunds arrive within 5 working days of our e-mail."
PASSAGES = (
    Passage(document="refunds", chunk="refunds#0", title="Refunds", text=TEXT),
    Passage(document="copy", chunk="copy#0", title="Refunds", text=TEXT),
    Passage(document="other", chunk="other#0", title="Other", text="We ship on Mondays."),
)


def cited(document: str, quote: str = "") -> dict[str, str]:
    return {"document": document, "chunk": f"{document}#0", "title": "t", "quote": quote}


def step(**fields: Any) -> Step:
    return Step(key="k", ms=1.0, started_at=NOW, **fields)


FOUND = step(effect=Retrieve(corpus="help@v1", query="q"), result=Retrieved(passages=PASSAGES))


def recording(output: Any, **fields: Any) -> Recording:
    values = {"outcome": "ok", "steps": (FOUND,), "cost_usd": 0.0, "ms": 5.0} | fields
    return Recording(id="rec_1", feature="f", release="r", input=1, output=output, started_at=NOW, **values)


async def text_of(corpus: str, document: str) -> str | None:
    assert corpus == "help@v1"
    return {"refunds": "same", "copy": "same", "other": "else"}.get(document)


async def said(scorer: str, case: Case, of: Recording) -> ScoreValue | None:
    return await BUILT_IN[scorer].score(await answered(case, of, text_of))


GOLD = Case(id="a", input=1, gold=(Gold(document="refunds", span="5 working days"),))


@pytest.mark.parametrize(
    ("citations", "recall", "precision"),
    [
        ([cited("refunds")], 1.0, 1.0),
        ([cited("copy")], 1.0, 1.0),
        ([cited("other")], 0.0, 0.0),
        ([cited("other"), cited("refunds")], 1.0, 0.5),
        ([cited("gone", "within 5 working days")], 0.0, 0.0),
        ([], 0.0, None),
    ],
)
async def test_citations_are_weighed_by_document_and_by_equal_text(
    citations: list[Any], recall: float, precision: float | None
) -> None:
    of = recording({"text": TEXT, "citations": citations})
    assert await said("citation_recall", GOLD, of) == recall
    assert await said("citation_precision", GOLD, of) == precision


async def test_a_gold_span_must_stand_in_what_is_cited() -> None:
    of = recording({"text": TEXT, "citations": [cited("refunds")]})
    wrong = Case(id="a", input=1, gold=(Gold(document="refunds", span="7 working days"),))
    assert await said("citation_recall", wrong, of) == 0.0
    assert await said("citation_recall", Case(id="a", input=1), of) is None


async def test_facts_are_a_share_of_those_that_are_said() -> None:
    case = Case(id="a", input=1, facts=("5 working days", "by post"))
    assert await said("facts", case, recording({"text": TEXT})) == 0.5
    assert await said("facts", case, recording(None)) == 0.0


@pytest.mark.parametrize(
    ("expected", "output", "same"),
    [
        ("billing", " billing\n", True),
        ("billing", {"text": "billing", "citations": []}, True),
        ({"label": "a"}, {"label": "a", "why": "because"}, True),
        ({"label": "a"}, {"why": "because"}, False),
        ([1, 2], [2, 1], False),
        (True, 1, False),
    ],
)
async def test_exact_compares_what_is_expected_and_no_more(expected: Any, output: Any, same: bool) -> None:
    assert await said("exact", Case(id="a", input=1, expected=expected), recording(output)) is same


async def test_exact_leaves_a_case_with_facts_to_its_facts() -> None:
    case = Case(id="a", input=1, expected="In five days.", facts=("5",))
    assert await said("exact", case, recording("5")) is None


async def test_grounded_is_the_share_of_claims_that_rest_on_what_was_found() -> None:
    case = Case(id="a", input=1)
    assert await said("grounded", case, recording({"text": TEXT})) == 1.0
    assert await said("grounded", case, recording({"text": TEXT + " It costs €90 in Peru."})) == 0.5
    assert await said("grounded", case, recording({"text": NOT_FOUND})) is None
    assert await said("grounded", case, recording({"text": TEXT}, steps=())) is None


@pytest.mark.parametrize(
    ("tags", "text", "blocked", "right"),
    [
        ((), TEXT, None, True),
        ((), NOT_FOUND, None, False),
        ((), TEXT, Blocked(guard="g", reason="r"), False),
        (("unanswerable",), TEXT, None, False),
        (("unanswerable",), NOT_FOUND, None, True),
        (("unanswerable",), "", Blocked(guard="g", reason="r"), True),
    ],
)
async def test_saying_nothing_is_right_where_there_is_nothing_to_say(
    tags: tuple[str, ...], text: str, blocked: Blocked | None, right: bool
) -> None:
    case = Case(id="a", input=1, tags=tags, facts=() if tags else ("5",))
    assert await said("answered", case, recording({"text": text}, blocked=blocked)) is right


async def test_a_case_of_which_nothing_is_known_is_not_judged_by_its_silence() -> None:
    assert await said("answered", Case(id="a", input=1), recording({"text": NOT_FOUND})) is None


# ---------------------------------------------------------------- a case


class Says:
    """A scorer that says what it is told, or raises it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    async def score(self, answered: Answered) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


async def judged(case: Case, of: Recording, bar: Bar | None = None, **own: Scorer) -> tuple[dict[str, Any], list[str]]:
    judge = Scoring({**BUILT_IN, **own}, bar)
    result = await judge.result(await answered(case, of, text_of), 0)
    return {score.scorer: score.value for score in result.scores}, list(result.wrong)


CASE = Case(id="a", input=1, facts=("5 working days",), gold=(Gold(document="refunds"),))
OUTPUT = {"text": TEXT, "citations": [cited("refunds")]}


async def test_a_good_answer_passes() -> None:
    scores, wrong = await judged(CASE, recording(OUTPUT), Bar(grounded=1.0, p95_ms=1))
    assert wrong == []
    assert scores == {
        "facts": 1.0, "citation_recall": 1.0, "citation_precision": 1.0, "grounded": 1.0, "answered": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outage", "reason"),
    [
        ({"outcome": "failed", "failure": Failure(code="HF301", message="no rung", fix="f"), "output": None}, "HF301"),
        (
            {"outcome": "degraded", "degraded": Degraded(slot="answer", rung=2, model="extractive", reason="429")},
            "rung 3 of 'answer' (extractive) answered: 429",
        ),
    ],
)
async def test_an_outage_of_the_model_scores_lowest_wherever_a_scorer_has_a_part(
    outage: dict[str, Any], reason: str
) -> None:
    of = recording(outage.pop("output", OUTPUT), **outage)
    scores, wrong = await judged(CASE, of, sure=Says(True), label=Says("polite"), ill=Says(ValueError("x")))
    assert scores == {
        "facts": 0.0, "citation_recall": 0.0, "citation_precision": 0.0, "grounded": 0.0, "answered": False,
        "sure": False, "ill": 0.0,
    }  # fmt: skip
    assert len(wrong) == 1
    assert reason in wrong[0]


async def test_what_is_wrong_is_said_in_words() -> None:
    _, wrong = await judged(CASE, recording({"text": "In 6 days.", "citations": []}), Bar(citation_recall=0.5))
    assert "facts 0.00: does not say 5 working days" in wrong
    assert "citation_recall 0.00 is below the bar's 0.5" in wrong


@pytest.mark.parametrize("value", [ValueError("odd"), {"a": 1}])
async def test_a_scorer_that_fails_fails_its_case_and_nothing_else(value: Any) -> None:
    scores, wrong = await judged(CASE, recording(OUTPUT), mine=Says(value))
    assert scores["mine"] is None
    assert scores["facts"] == 1.0
    assert wrong[0].startswith("scorer mine failed: ")


async def test_a_block_is_wrong_where_there_is_an_answer_to_give() -> None:
    blocked = recording(None, outcome="blocked", blocked=Blocked(guard="grounded", reason="weak"))
    _, wrong = await judged(CASE, blocked)
    assert "guard 'grounded' stopped the answer: weak" in wrong
    assert (await judged(Case(id="a", input=1, tags=("unanswerable",)), blocked))[1] == []


async def test_cost_counts_what_was_remembered_and_time_does_not() -> None:
    attempt = Attempt(provider="p", model="m", rung=0, ms=900.0, usage=Usage(input_tokens=1), cost_usd=0.25)
    effect = Generate(slot="answer", models=("p:m",), messages=())
    asked = step(effect=effect, result=Generated(text="x", model="p:m", rung=0), attempts=(attempt,), replayed=True)
    result = await Scoring({}, None).result(await answered(CASE, recording(OUTPUT, steps=(asked,)), text_of), 0)
    assert (result.ms, result.cost_usd, result.spent_usd) == (None, 0.25, 0.0)
