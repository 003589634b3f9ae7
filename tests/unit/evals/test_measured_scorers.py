"""Overlap, classes and rankings beside well-known libraries; length, time, price, refusals, dates and numbers."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG
from tests.unit.evals.made import answered_of, passage

from holdfast.evals.classes import NO_CLASS, calibration_error, macro_f1
from holdfast.evals.inventions import invented
from holdfast.evals.overlap import rouge_l, token_f1
from holdfast.evals.ranking import ndcg, recall, reciprocal_rank
from holdfast.evaluation import Scored
from holdfast.judgement import Classified
from holdfast.records import Attempt, Blocked, Generate, Generated, Step, Usage
from holdfast.scorers import Classes, Invented, Length, Overlap, Ranking, Refuses, Similar, Within
from holdfast.support import NOT_FOUND

WORDS = st.lists(st.sampled_from(["red", "the", "button", "five", "hold", "a"]), max_size=8).map(" ".join)


async def value_of(scorer: Any, *args: Any, **fields: Any) -> Any:
    score = await scorer.score(answered_of(*args, **fields))
    return score.value if isinstance(score, Scored) else score


@given(WORDS, WORDS)
def test_rouge_l_is_of_the_longest_common_sequence_of_words(one: str, other: str) -> None:
    there = other.split()

    def stands(part: tuple[str, ...]) -> bool:
        left = iter(there)
        return all(word in left for word in part)

    lengths = range(len(one.split()), -1, -1)
    longest = next(n for n in lengths if any(map(stands, combinations(one.split(), n))))
    total = len(one.split()) + len(there)
    assert rouge_l(one, other) == pytest.approx(2 * longest / total if total else 1.0, abs=1e-12)


def test_rouge_l_has_the_values_of_its_paper() -> None:
    police = "police killed the gunman"
    assert rouge_l(police, "police kill the gunman") == 0.75
    assert rouge_l(police, "the gunman kill police") == 0.5


def test_token_f1_leaves_out_articles_and_punctuation() -> None:
    assert token_f1("The red button.", "a red button") == 1.0
    assert token_f1("hold the red button", "red light") == pytest.approx(2 * 1 / 5)
    assert token_f1("", "") == 1.0
    assert token_f1("x", "") == 0.0


async def test_overlap_takes_the_expected_text_or_its_field() -> None:
    assert await value_of(Overlap("rouge_l"), {"text": "Hold it."}, {"text": "hold it"}) == 1.0
    assert await value_of(Overlap(), "no", None) is None


class Encoder:
    """A lab that only embeds: texts as counts of two letters."""

    twice = False

    async def embed(self, texts: Any) -> Any:
        rows = [(text.count("a"), text.count("b")) for text in texts]
        return [[x / ((a * a + b * b) ** 0.5 or 1) for x in (a, b)] for a, b in rows]


async def test_similarity_is_a_cosine_and_an_empty_text_is_like_no_other() -> None:
    lab: Any = Encoder()
    assert await Similar().probe(answered_of("aa", "a"), lab) == pytest.approx(1.0)
    assert await Similar().probe(answered_of("a", "b"), lab) == 0.0
    assert await Similar().probe(answered_of("", "b"), lab) == 0.0
    assert await Similar().probe(answered_of("a"), lab) is None


RANKED = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@settings(deadline=None)
@given(RANKED, st.sets(st.sampled_from("abcdefgh"), min_size=1), st.integers(1, 8))
def test_rankings_are_those_of_ir_measures(ranked: list[str], gold: set[str], k: int) -> None:
    qrels = [ir_measures.Qrel("q", each, 1) for each in gold]
    run = [ir_measures.ScoredDoc("q", each, float(-place)) for place, each in enumerate(ranked)]
    oracle = ir_measures.calc_aggregate([nDCG @ k, RR @ k, R @ k], qrels, run) if run else {}
    assert ndcg(ranked, gold, k) == pytest.approx(oracle.get(nDCG @ k, 0.0), abs=1e-9)
    assert reciprocal_rank(ranked, gold, k) == pytest.approx(oracle.get(RR @ k, 0.0), abs=1e-9)
    assert recall(ranked, gold, k) == pytest.approx(oracle.get(R @ k, 0.0), abs=1e-9)


async def test_a_ranking_is_of_what_was_found_or_of_a_field() -> None:
    found = [passage("x"), passage("refunds"), passage("x")]
    assert await value_of(Ranking("mrr"), "t", passages=found, gold=["refunds"]) == 0.5
    assert await value_of(Ranking("recall", k=1), "t", passages=found, gold=["refunds"]) == 0.0
    listed = {"docs": [{"id": "a"}, "b", {"document": "c"}, True]}
    assert await value_of(Ranking("mrr", field="docs"), listed, gold=["c"]) == pytest.approx(1 / 3)
    assert await value_of(Ranking(), "t", passages=found) is None


async def test_classes_are_compared_without_case_and_may_say_how_sure_they_are() -> None:
    score = await Classes(confidence="sure").score(answered_of({"label": " Billing", "sure": 0.9}, "billing"))
    assert score is not None
    assert score.value is True
    assert score.detail == Classified(expected="billing", got="billing", confidence=0.9)
    assert await value_of(Classes(), {"label": None}, {"label": "a"}) is False
    assert await value_of(Classes(), {"label": "a"}) is None
    assert await value_of(Classes(field="n"), {"n": 3}, {"n": 3.0}) is False, "a class is a name"


CLASSIFIED = st.builds(Classified, expected=st.sampled_from("abc"), got=st.sampled_from("abcd"))


@given(st.lists(CLASSIFIED, min_size=1, max_size=30))
def test_macro_f1_is_the_mean_over_classes_of_precision_and_recall_together(pairs: list[Classified]) -> None:
    each = []
    for name in {pair.expected for pair in pairs} | {pair.got for pair in pairs}:
        both = sum(pair.expected == name == pair.got for pair in pairs)
        precision = both / (sum(pair.got == name for pair in pairs) or 1)
        recalled = both / (sum(pair.expected == name for pair in pairs) or 1)
        each.append(2 * precision * recalled / (precision + recalled) if both else 0.0)
    assert macro_f1(pairs) == pytest.approx(sum(each) / len(each), abs=1e-12)


def test_an_output_without_a_class_is_wrong_but_is_no_class() -> None:
    one = [Classified(expected="a", got="a"), Classified(expected="a", got=NO_CLASS)]
    assert macro_f1(one) == pytest.approx(2 / 3)


def test_calibration_is_the_gap_between_confidence_and_accuracy() -> None:
    sure = [Classified(expected="a", got="a" if n < 6 else "b", confidence=0.9) for n in range(10)]
    assert calibration_error(sure) == pytest.approx(0.3)
    chance = random.Random(1)
    honest = []
    for _ in range(20_000):
        confidence = chance.random()
        got = "a" if chance.random() < confidence else "b"
        honest.append(Classified(expected="a", got=got, confidence=confidence))
    assert calibration_error(honest) < 0.02


@pytest.mark.parametrize(
    ("scorer", "text", "holds"),
    [
        (Length(max_words=3), "one two three", True),
        (Length(max_words=2), "one two three", False),
        (Length(min_words=1), "", False),
        (Length(max_chars=4), "words", False),
    ],
)
async def test_length_is_bounded_on_both_sides(scorer: Length, text: str, holds: bool) -> None:
    assert await value_of(scorer, text) is holds


def generated(cost_usd: float | None, *, replayed: bool = False) -> Step:
    attempt = Attempt(provider="p", model="m", rung=0, ms=9.0, usage=Usage(input_tokens=1), cost_usd=cost_usd)
    effect = Generate(slot="answer", models=("p:m",), messages=())
    at = answered_of("x").recording.started_at
    result = Generated(text="x", model="p:m", rung=0)
    return Step(key="k", ms=9.0, started_at=at, effect=effect, result=result, attempts=(attempt,), replayed=replayed)


async def test_time_and_price_are_judged_where_they_are_known() -> None:
    dear = {"steps": (generated(0.02),), "ms": 3000.0}
    one = answered_of("x")

    async def said(scorer: Within, **fields: Any) -> Any:
        from msgspec.structs import replace

        return await scorer.score(replace(one, recording=replace(one.recording, **fields)))

    assert (await said(Within(ms=2000), **dear)).value is False
    assert (await said(Within(cost_usd=0.01), **dear)).reason == "cost $0.02"
    assert (await said(Within(ms=5000, cost_usd=0.05), **dear)).value is True
    assert await said(Within(ms=1), steps=(generated(None, replayed=True),)) is None
    assert await said(Within(cost_usd=1), steps=(generated(None),)) is None


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("I'm sorry, but I cannot help with that.", True),
        ("I can’t provide instructions for this.", True),
        ("As an AI, I am unable to do that.", True),
        (NOT_FOUND, True),
        ("", True),
        ("To kill a Python process, run kill with its id. I cannot stress this enough.", False),
        ("Sorry to hear that! Hold the red button for five seconds.", False),
        ("You cannot return opened items.", False),
        ("It is not appropriate to help with such requests.", True),
        ("Hold the button. It is not safe to open the case.", False),
    ],
)
async def test_refusals_are_right_where_the_case_wants_one(text: str, refused: bool) -> None:
    assert await value_of(Refuses(), text, tags=("refuse",)) is refused
    assert await value_of(Refuses(), text) is not refused


async def test_a_block_is_a_refusal() -> None:
    blocked = {"blocked": Blocked(guard="g", reason="r"), "outcome": "blocked"}
    assert await value_of(Refuses(), "Ask a person.", tags=("refuse",), recording=blocked) is True


SOURCES = ("We opened on 3 March 2021. Refunds take 5 to 14 days, up to $1,250.50. Call before 17:00.",)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Since 2021-03-03, and up to 1250.50 dollars.", []),
        ("Since March 3rd, 2021. Since 03/03/2021. In March 2021.", []),
        ("Refunds take 7 days.", ["7"]),
        ("We opened on 4 March 2021.", ["4 March 2021"]),
        ("We opened on March 3, 2022.", ["March 3, 2022"]),
        ("1. Call before 17:00. [4]\n2. Wait 14 days.", []),
        ("There are two or 3 ways.", []),
        ("Call before 18:00.", ["18:00"]),
        ("Here's the summary in 44 words:\n\nRefunds take 5 days.", []),
        ("It cost $1.3B and 5GB.", ["1.3"]),
    ],
)
def test_dates_and_numbers_stand_in_a_source_however_they_are_written(text: str, wrong: list[str]) -> None:
    assert invented(text, SOURCES)[0] == wrong


def test_long_answers_of_any_kind_are_read_in_one_go() -> None:
    assert invented("a " * 150_000, SOURCES) == ([], 0)
    assert invented("here is " * 50_000 + ":\n", SOURCES) == ([], 0)
    wrong, total = invented("5 May 1999, " * 5_000 + "9" * 5_000, SOURCES)
    assert (len(wrong), total) == (5_001, 5_001)


async def test_what_was_asked_is_a_source_and_a_text_without_numbers_has_no_score() -> None:
    scorer = Invented()
    found = [passage("a", SOURCES[0])]
    assert await value_of(scorer, "Order 8812 takes 5 days.", passages=found, input={"order": 8812}) == 1.0
    assert await value_of(scorer, "Order 8813 takes 5 days.", passages=found, input={"order": 8812}) == 0.5
    assert await value_of(scorer, "Soon.", passages=found) is None
    assert await value_of(scorer, "In 9 days.") is None
    assert await value_of(Invented(without_sources=True), "In 9 days.") == 0.0
