"""Counts of planted faults move the tables as far as there are many of them, and no case is judged by its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.diagnosis import Part, Planted, Substitution, Verdict, Verifier
from holdfast.evals.diagnose.calibrate.learning import (
    TRUST,
    Outcome,
    Sample,
    Share,
    Spoiled,
    Tally,
    crossed,
    farthest,
    learned,
    matrix,
    moved,
    right_and_wrong,
    said_of,
    tally,
    worth,
)
from holdfast.evals.diagnose.posterior import Beliefs, Counts
from holdfast.evals.diagnose.tables import EFFECTS, PRIOR, SIGNS

SURE = Verifier(name="facts", sensitivity=1.0, specificity=1.0)
PARTS: tuple[Part, ...] = tuple(PRIOR)


def outcomes(counted: Mapping[Substitution, tuple[int, int]]) -> tuple[Outcome, ...]:
    return tuple(Outcome((name,), Counts(*counts)) for name, counts in counted.items())


def sample(
    part: Part | None = "ranking",
    case: str = "one",
    tried: Mapping[Substitution, tuple[int, int]] = MappingProxyType({}),
    **fields: object,
) -> Sample:
    planted: Verdict = part if part is not None else "intermittent"
    parts = (part,) if part is not None else ()
    usual: dict[str, object] = {"fault": "any", "possible": PARTS, "grade": "labelled"}
    return Sample(case=case, planted=planted, parts=parts, tried=outcomes(tried), **{**usual, **fields})


samples = st.builds(
    sample,
    st.sampled_from((*PARTS, None)),
    st.sampled_from(("one", "two", "three")),
    facts=st.dictionaries(st.sampled_from(sorted(SIGNS)), st.booleans()),
    tried=st.dictionaries(
        st.sampled_from(sorted(EFFECTS)),
        st.tuples(st.integers(0, 8), st.integers(1, 8)).map(lambda each: (min(each), max(each[1], each[0], 1))),
    ),
)
spoiled = st.builds(Spoiled, case=st.just("one"), substitution=st.sampled_from(sorted(EFFECTS)), bad=st.booleans())


def test_without_counts_what_is_learned_is_the_tables() -> None:
    assert learned(Tally(), SURE) == Beliefs(verifier=SURE)
    assert farthest(learned(Tally(), SURE)) == ()


@given(st.lists(samples, max_size=30), st.lists(spoiled, max_size=30))
def test_whatever_was_counted_every_chance_stays_between_0_and_1(many: list[Sample], bad: list[Spoiled]) -> None:
    beliefs = learned(tally(many, bad), Verifier(name="", sensitivity=0.9, specificity=0.9))
    for name, effect in beliefs.effects.items():
        assert 0 < effect.spoils < 1 or effect.spoils == EFFECTS[name].spoils
        assert all(0 < chance < 1 for chance in effect.mends.values())
    for sign in beliefs.signs.values():
        assert 0 < sign.otherwise < 1
        assert all(0 < chance < 1 for chance in sign.holds.values())
    for one in many[:3]:
        assert said_of(one, beliefs) in {*PARTS, "intermittent", "interaction", "unknown"}


@given(st.floats(0.01, 0.99), st.integers(0, 200), st.integers(0, 200))
def test_a_share_lies_between_what_was_believed_and_what_was_counted(before: float, of: int, rest: int) -> None:
    after = moved(before, Share(of, of + rest))
    counted = of / (of + rest) if of + rest else before
    assert min(before, counted) - 1e-9 <= after <= max(before, counted) + 1e-9


def test_a_few_counts_move_little_and_very_many_are_believed() -> None:
    assert moved(0.9, Share(0, 1)) == pytest.approx(0.9 * TRUST / (TRUST + 1))
    assert moved(0.9, Share(300, 1000)) == pytest.approx(0.3, abs=0.01)
    never = [sample("ranking", tried={"gold_added": (0, 2)}, facts={"gold_in_context": True}) for _ in range(1000)]
    beliefs = learned(tally(never), SURE)
    assert beliefs.effects["gold_added"].mends["ranking"] < 0.02
    assert beliefs.effects["gold_added"].mends["data"] == EFFECTS["gold_added"].mends["data"]
    assert beliefs.signs["gold_in_context"].holds["ranking"] > 0.98
    assert beliefs.signs["gold_in_context"].otherwise == SIGNS["gold_in_context"].otherwise


def test_what_the_planter_decides_is_not_taken_for_what_the_feature_does() -> None:
    many = [
        sample("retrieval", tried={"gold_query": (2, 2)}, facts={"prompt_changed": False, "corpus_changed": True}),
        sample("provider", tried={"again": (2, 2)}),
        sample("verifier", facts={"verifier_unstable": False, "labels_conflict": True}),
        sample("task", tried={"again": (2, 2)}, facts={"labels_conflict": False}),
    ] * 100
    beliefs = learned(tally(many), SURE)
    assert beliefs.effects["gold_query"] == EFFECTS["gold_query"]
    assert beliefs.effects["again"] == EFFECTS["again"]
    assert beliefs.signs["prompt_changed"] == SIGNS["prompt_changed"]
    assert beliefs.signs["labels_conflict"].holds == SIGNS["labels_conflict"].holds
    assert beliefs.signs["labels_conflict"].otherwise > 0.85


def test_what_spoils_a_good_answer_is_not_held_against_what_it_mends() -> None:
    half = [Spoiled(case="one", substitution="wider", bad=bool(each % 2)) for each in range(1000)]
    mended = [sample("ranking", tried={"wider": (2 * (each % 2), 2)}) for each in range(1000)]
    effect = learned(tally(mended, half), SURE).effects["wider"]
    assert effect.spoils == pytest.approx(0.5, abs=0.02)
    assert effect.mends["ranking"] > 0.95
    erring = Verifier(name="", sensitivity=0.5, specificity=1.0)
    assert learned(tally((), half), erring).effects["wider"].spoils < 0.01


def test_two_parts_at_once_teach_nothing_of_either() -> None:
    pair = Sample(
        case="one", fault="a+b", planted="interaction", parts=("data", "guard"), tried=outcomes({"guard_off": (0, 2)})
    )
    assert tally([pair]) == Tally()


def test_what_is_said_of_a_fault_is_by_what_other_cases_taught() -> None:
    tried: dict[Substitution, tuple[int, int]] = {"again": (0, 4), "gold_added": (4, 4), "gold_only": (4, 4)}
    facts = {"gold_in_corpus": True, "gold_in_candidates": False, "gold_in_context": False}
    mine = sample("retrieval", "one", tried=tried, facts=facts)
    alone = [mine] * 50
    assert crossed(alone, (), SURE) == (said_of(mine, Beliefs(verifier=SURE)),) * 50
    other = sample("ranking", "two", tried=tried, facts=facts)
    taught = learned(tally([other] * 50), SURE)
    assert crossed([mine, *[other] * 50], (), SURE)[0] == said_of(mine, taught)


def test_the_matrix_counts_what_was_said_of_what_and_wrong_verdicts_weigh_more() -> None:
    three = [sample("data"), sample("data"), sample("guard")]
    counted = matrix(three, ["data", "unknown", "data"])
    assert counted == (
        Planted(planted="data", said="data", count=1),
        Planted(planted="data", said="unknown", count=1),
        Planted(planted="guard", said="data", count=1),
    )
    assert right_and_wrong(counted) == (1, 1)
    assert worth(counted) < worth(()) < worth(counted[:1])
