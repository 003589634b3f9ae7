"""Clusters are the same whatever order things come in; failures of which the facts say the same are in one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.store_samples import recording
from tests.contract.test_store_diagnoses import diagnosis

from holdfast.diagnosis import Diagnosis, Fact, Fix, SideEffects, Verifier
from holdfast.evals.diagnose.agreeing import agreed, fixes_among
from holdfast.evals.diagnose.clustering import clusters, typical
from holdfast.evals.diagnose.finding_facts import held
from holdfast.evals.diagnose.gathering import Failing
from holdfast.evals.diagnose.kinds import WITHIN, Kind, Seen, effective, kinds_of
from holdfast.evals.diagnose.planning import by_verdict, verdict_of
from holdfast.evals.diagnose.posterior import Beliefs, Counts, Hypothesis, Key, hypotheses, posterior
from holdfast.evals.diagnose.signs import Signature, distance, in_words, signature
from holdfast.evals.diagnose.tables import PRIOR, SIGNS
from holdfast.judgement import Interval

SIGNATURES = st.builds(
    Signature,
    outcome=st.sampled_from(["ok", "failed", "blocked"]),
    guards=st.sampled_from([(), ("shape",), ("tone",)]),
    code=st.sampled_from([None, "HF301"]),
    grade=st.sampled_from(["none", "labelled", "searched"]),
    facts=st.dictionaries(st.sampled_from(sorted(SIGNS)), st.booleans()).map(
        lambda facts: tuple(sorted(facts.items()))
    ),
)
WEIGHED = st.dictionaries(SIGNATURES, st.integers(1, 50), max_size=12)

VERIFIER = Verifier(name="facts", sensitivity=0.95, specificity=0.95)


def near(one: Signature, other: Signature) -> float:
    return distance(one, other)


@given(WEIGHED, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_every_failure_is_in_one_cluster_and_no_order_changes_which(
    weights: dict[Signature, int], chance: random.Random
) -> None:
    found = clusters(weights, near, WITHIN)
    assert sorted(map(repr, (one for group in found for one in group))) == sorted(map(repr, weights))
    shuffled = list(weights.items())
    chance.shuffle(shuffled)
    assert clusters(dict(shuffled), near, WITHIN) == found


@given(WEIGHED)
@settings(deadline=None, max_examples=60)
def test_no_two_of_a_cluster_are_further_apart_than_said_and_the_heaviest_cluster_is_first(
    weights: dict[Signature, int],
) -> None:
    found = clusters(weights, near, WITHIN)
    for group in found:
        assert all(distance(a, b) <= WITHIN for a, b in combinations(group, 2))
    sizes = [sum(weights[one] for one in group) for group in found]
    assert all(a >= b for a, b in pairwise(sizes))


@given(SIGNATURES, SIGNATURES)
@settings(deadline=None)
def test_a_distance_is_the_same_both_ways_and_none_to_the_same(one: Signature, other: Signature) -> None:
    assert distance(one, one) == 0.0
    assert 0.0 <= distance(one, other) == distance(other, one) <= 1.0


@given(st.dictionaries(st.integers(0, 30), st.integers(1, 20), min_size=1, max_size=10), st.integers(1, 8))
def test_the_typical_ones_are_no_more_than_there_are_and_the_first_is_nearest_to_all(
    weights: dict[int, int], most: int
) -> None:
    def apart(a: int, b: int) -> float:
        return abs(a - b) / 30

    taken = typical(weights, apart, most)
    assert len(taken) == min(most, sum(weights.values()))
    assert all(taken.count(one) <= weights[one] for one in taken)
    sums = {one: sum(weight * apart(one, other) for other, weight in weights.items()) for one in weights}
    assert sums[taken[0]] <= min(sums.values()) + 1e-9


def test_without_any_failure_there_is_no_cluster() -> None:
    assert clusters({}, near, WITHIN) == ()
    assert typical({}, near, 3) == ()


SOUND = {"provider_failed": False, "prompt_incomplete": False, "guard_acted": False, "prompt_changed": False}
FOUND = {"gold_in_corpus": True, "gold_in_candidates": True, "gold_in_context": True}


def signed(grade: Any = "labelled", outcome: Any = "ok", **facts: bool) -> Signature:
    return Signature(outcome=outcome, grade=grade, facts=tuple(sorted({**SOUND, **facts}.items())))


CUT = signed(**{**FOUND, "gold_in_context": False})
GONE = signed(gold_in_corpus=False)


def test_what_tells_of_another_part_is_another_cluster_and_what_does_not_is_not() -> None:
    down = signed(**{**FOUND, "provider_failed": True})
    assert distance(CUT, GONE) > WITHIN
    assert distance(signed(**FOUND), CUT) > WITHIN
    assert distance(signed(**FOUND), signed(**FOUND, labels_conflict=True)) > WITHIN
    assert distance(signed("none"), CUT) > WITHIN, "of which nothing is known is no ranking"
    assert distance(down, signed("none", provider_failed=True)) < 0.1, "a label tells nothing where the vendor is down"
    assert distance(down, signed(**{**FOUND, "provider_failed": True, "prompt_changed": True})) < 0.1
    assert distance(CUT, signed("searched", **{**FOUND, "gold_in_context": False})) < WITHIN


def test_failures_that_show_otherwise_are_never_together() -> None:
    one = signature(recording("q", outcome="failed"), ())
    assert distance(one, signature(recording("q"), ())) == 1.0
    assert distance(one, signature(recording("q", outcome="failed"), (), passes=True)) == 1.0


def test_a_fact_that_cannot_be_told_is_in_no_signature() -> None:
    facts = (Fact(name="gold_in_corpus", holds=None), Fact(name="guard_acted", holds=False))
    assert signature(recording("q"), facts).facts == (("guard_acted", False),)


def test_signs_are_said_with_of_how_many_they_hold() -> None:
    said = in_words({CUT: 6, signed(gold_in_candidates=True): 2})
    assert said == ("an answer that is not good", "what answers did not reach the prompt (6 of 8)")
    assert in_words({signed("none"): 1})[-1] == "nothing says which passage answers"


# ---------------------------------------------------------------- kinds


def seen(at: int, one: Signature, count: int = 1) -> Seen:
    return Seen(Failing(recording=recording(f"q{at}"), count=count), one)


def judged(one: Seen, verdict: str, chance: float = 0.95) -> Diagnosis:
    facts = tuple(Fact(name=name, holds=holds) for name, holds in one.signature.facts)
    other = {"data": "ranking"}.get(verdict, "data")
    named = verdict if chance >= 0.85 else "unknown"
    chances = {verdict: chance, other: 1 - chance, "intermittent": 0.0}
    return diagnosis(one.failing.recording.id, verdict=named, probabilities=chances, probability=chance, facts=facts,
                     grade="labelled")  # fmt: skip


def with_found(members: list[Seen], *found: tuple[Seen, Diagnosis]) -> Kind:
    kind = Kind("answer", tuple(members))
    kind.found += found
    return kind


def test_a_kind_is_looked_into_until_two_agree() -> None:
    members = [seen(at, CUT) for at in range(9)]
    (kind,) = kinds_of("answer", members)
    first = kind.next_example()
    assert first is not None
    one, two, three = members[:3]
    assert with_found(members, (one, judged(one, "ranking"))).next_example() is not None
    agreeing = with_found(members, (one, judged(one, "ranking")), (two, judged(two, "ranking")))
    assert agreeing.next_example() is None
    unsure = [(each, judged(each, "ranking", 0.5)) for each in (one, two, three)]
    assert with_found(members, *unsure[:2]).next_example() is not None
    assert with_found(members, *unsure).next_example() is None


def test_a_kind_whose_diagnoses_differ_is_split_where_the_facts_tell_them_apart() -> None:
    near_by = signed("searched", **{**FOUND, "gold_in_context": False})
    members = [*(seen(at, CUT) for at in range(5)), *(seen(at, near_by) for at in range(5, 8))]
    first, last = members[0], members[-1]
    kind = with_found(members, (first, judged(first, "ranking")), (last, judged(last, "data")))
    assert sorted(each.count for each in kind.split()) == [3, 5]
    assert [len(each.found) for each in kind.split()] == [1, 1]
    second = members[1]
    alike = with_found(members, (first, judged(first, "ranking")), (second, judged(second, "data")))
    assert alike.split() == (alike,)
    assert alike.next_example() is None
    assert agreed(alike.diagnoses).verdict == "unknown"


def test_ten_of_the_same_are_not_ten_that_are_known() -> None:
    assert effective([seen(at, CUT) for at in range(10)]) == pytest.approx(10)
    assert effective([seen(0, CUT, count=10)]) == pytest.approx(1)
    assert effective([]) == 0.0


# ---------------------------------------------------------------- what diagnoses say together


def test_what_one_diagnosis_says_is_what_is_said() -> None:
    one = judged(seen(0, CUT), "ranking", 0.93)
    assert agreed([one]).verdict == "ranking"
    assert agreed([one]).probability == pytest.approx(0.93, abs=0.01)
    assert agreed([]).verdict == "unknown"


def rounded(now: Mapping[Hypothesis, float]) -> dict[str, float]:
    return {name: round(chance, 4) for name, chance in by_verdict(now).items()}


def believed(one: Seen, counts: dict[Key, Counts]) -> Diagnosis:
    """A diagnosis as it follows from its facts and from so many answers."""
    facts = tuple(Fact(name=name, holds=holds) for name, holds in one.signature.facts)
    beliefs = Beliefs(verifier=VERIFIER)
    now = posterior(beliefs, hypotheses(PRIOR), held(facts), counts)
    said = verdict_of(now, 0.85)
    chances, before = rounded(now), rounded(posterior(beliefs, hypotheses(PRIOR), held(facts), {}))
    return diagnosis(one.failing.recording.id, verdict=said.verdict, probability=said.probability, facts=facts,
                     probabilities=chances, by_facts=before, parts=said.parts, grade="labelled",
                     verifier=VERIFIER)  # fmt: skip


def test_the_facts_of_two_that_agree_count_once() -> None:
    one, two = (believed(seen(at, CUT), {}) for at in range(2))
    together = agreed([one, two])
    assert together.probabilities["ranking"] == pytest.approx(one.probabilities["ranking"], abs=0.02)


def test_two_that_agree_are_surer_than_one_by_what_was_tried() -> None:
    counts: dict[Key, Counts] = {("again",): Counts(0, 2), ("wider",): Counts(2, 2), ("gold_added",): Counts(1, 2)}
    one, two = (believed(seen(at, CUT), counts) for at in range(2))
    assert one.verdict == "ranking"
    assert agreed([one, two]).probability > one.probability
    assert agreed([one, two]).parts == ("ranking",)


def test_no_verdict_is_given_that_no_diagnosis_gives() -> None:
    counts: dict[Key, Counts] = {("wider",): Counts(1, 1)}
    unsure = [believed(seen(at, CUT), counts) for at in range(3)]
    assert {each.verdict for each in unsure} == {"unknown"}
    assert agreed(unsure).verdict == "unknown"
    assert agreed(unsure).probability > unsure[0].probability


def test_the_same_fix_is_one_and_what_suffices_for_most_comes_first() -> None:
    def fix(k: int, cost: float | None, asked: int = 0) -> Fix:
        effects = SideEffects(asked=asked, broken=1, share=Interval(0.5, None, None)) if asked else None
        return Fix(part="ranking", advice="more", passed=3, asked=4, share=Interval(0.75, None, None),
                   changes={"help.k": k}, cost_usd=cost, side_effects=effects)  # fmt: skip

    by_hand = Fix(part="ranking", advice="by hand", passed=0, asked=0, share=Interval(0.0, None, None))
    one = diagnosis("rec_1", id="dg_1", fixes=(fix(9, 0.001), fix(40, 0.01, 2)))
    two = diagnosis("rec_2", id="dg_2", fixes=(by_hand, fix(40, 0.03, 5)))
    other = diagnosis("rec_3", verdict="data", fixes=(fix(40, 0.0),))
    found = fixes_among([one, two, other], "ranking")
    assert [(each.fix.changes, each.suffices, each.diagnosis, each.number) for each in found] == [
        ({"help.k": 40}, 2, "dg_1", 2), ({"help.k": 9}, 1, "dg_1", 1), ({}, 1, "dg_2", 1)]  # fmt: skip
    most = found[0].fix
    assert (most.passed, most.asked, most.cost_usd) == (6, 8, pytest.approx(0.02))
    assert most.side_effects is not None
    assert most.side_effects.asked == 5
