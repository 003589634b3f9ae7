"""What counts and facts make likely: they move it the right way, and no verdict is given that was not seen to hold."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.diagnosis import Part, Substitution, Verdict, Verifier
from holdfast.evals.diagnose.planning import Option, best_for, by_verdict, confirming, next_option, verdict_of
from holdfast.evals.diagnose.planning import given as said_of
from holdfast.evals.diagnose.posterior import Beliefs, Counts, Key, Outlook, beyond, effect_of, hypotheses, posterior
from holdfast.evals.diagnose.tables import EFFECTS, PRIOR, SIGNS

BELIEFS = Beliefs(verifier=Verifier(name="judge", sensitivity=0.92, specificity=0.92))
PARTS: tuple[Part, ...] = tuple(PRIOR)
ALL = hypotheses(PARTS)
KEYS: list[Key] = [(name,) for name in EFFECTS]
FOUND = {"gold_in_corpus": True, "gold_in_candidates": True, "gold_in_context": True}


def chances(tried: Mapping[Key, Counts], facts: Mapping[str, bool] = FOUND) -> dict[Verdict, float]:
    return by_verdict(posterior(BELIEFS, ALL, facts, tried))


def words(passed: int, said: int, asked: int) -> Counts:
    """Counts with a second opinion that agrees as far as it can."""
    return Counts(passed, asked, said, min(passed, said))


counts = st.integers(1, 6).flatmap(
    lambda asked: st.tuples(st.integers(0, asked), st.integers(0, asked)).map(
        lambda pair: Counts(pair[0], asked, pair[1], max(0, pair[0] + pair[1] - asked))
    )
)
tried_some = st.dictionaries(st.sampled_from(KEYS), counts, max_size=6)


@given(tried_some, st.dictionaries(st.sampled_from(sorted(SIGNS)), st.booleans()))
def test_whatever_was_seen_the_chances_add_up_to_1(tried: dict[Key, Counts], facts: dict[str, bool]) -> None:
    now = posterior(BELIEFS, ALL, facts, tried)
    assert sum(now.values()) == pytest.approx(1.0)
    assert all(0.0 <= chance <= 1.0 for chance in now.values())


@given(tried_some, st.sampled_from(KEYS), st.sampled_from(ALL))
def test_what_further_answers_may_be_adds_up_to_1(tried: dict[Key, Counts], key: Key, one: frozenset[Part]) -> None:
    found = Outlook(BELIEFS, one, tried).chances(key, 2)
    assert len(found) == 3
    assert sum(found) == pytest.approx(1.0)


@given(st.integers(1, 6))
def test_the_more_answers_pass_with_a_substitution_the_likelier_is_what_it_mends(asked: int) -> None:
    again = {("again",): Counts(0, 4)}
    of = [chances({**again, ("gold_only",): Counts(passed, asked)})["context_noise"] for passed in range(asked + 1)]
    assert of == sorted(of)


def test_five_outcomes_of_one_substitution_tell_less_than_one_each_of_five() -> None:
    others: list[Substitution] = ["again", "placebo", "provider_healthy", "second_endpoint", "stronger_model"]
    one = chances({("again",): Counts(0, 5)})["intermittent"]
    each = chances({(name,): Counts(0, 1) for name in others})["intermittent"]
    assert each < one


def test_facts_alone_tell_where_a_passage_was_lost() -> None:
    cut = chances({}, {"gold_in_corpus": True, "gold_in_candidates": True, "gold_in_context": False})
    missed = chances({}, {"gold_in_corpus": True, "gold_in_candidates": False, "gold_in_context": False})
    gone = chances({}, {"gold_in_corpus": False, "gold_in_context": False})
    assert [max(each, key=lambda name: each[name]) for each in (cut, missed, gone)] == ["ranking", "retrieval", "data"]


def test_a_judge_that_differs_from_the_words_is_in_doubt_and_an_expectation_that_nothing_meets_is() -> None:
    differs = {("again",): words(0, 4, 4), ("ceiling",): words(0, 2, 2)}
    asked: list[Substitution] = ["again", "ceiling", "gold_only", "minimal_prompt", "stronger_model"]
    never = {(name,): words(0, 0, 4) for name in asked}
    facts = {**FOUND, "labels_conflict": True}
    assert verdict_of(posterior(BELIEFS, ALL, {**FOUND, "said_in_words": True}, differs)).verdict == "verifier"
    unguarded = hypotheses([part for part in PARTS if part != "guard"])
    now = by_verdict(posterior(BELIEFS, unguarded, {**facts, "said_in_words": False}, never))
    assert max(now, key=lambda name: now[name]) == "task"
    assert now["verifier"] < 0.01


def test_two_parts_are_named_where_only_both_changes_together_pass() -> None:
    tried: dict[Key, Counts] = {
        ("again",): words(0, 0, 4),
        ("gold_added",): words(0, 0, 4),
        ("previous_prompt",): words(0, 0, 4),
        ("gold_added", "previous_prompt"): words(4, 4, 4),
    }
    facts = {"gold_in_corpus": False, "gold_in_context": False, "prompt_changed_since": True}
    now = posterior(BELIEFS, ALL, facts, tried)
    found = said_of(BELIEFS, now, tried, list(tried))
    assert (found.verdict, found.parts) == ("interaction", ("data", "prompt"))
    without = {key: each for key, each in tried.items() if len(key) == 1}
    assert said_of(BELIEFS, posterior(BELIEFS, ALL, facts, without), without, list(tried)).verdict == "unknown"


def test_a_substitution_that_did_not_mend_a_part_alone_does_not_mend_it_beside_another_one() -> None:
    alone = {("again",): words(0, 0, 4), ("gold_only",): words(0, 0, 6)}
    beside = {**alone, ("gold_only", "previous_prompt"): words(4, 4, 4)}
    assert chances(beside)["context_noise"] < chances(alone)["context_noise"]


def test_a_verdict_is_not_given_before_what_mends_it_was_seen_to_help() -> None:
    sure = {frozenset({"retrieval"}): 1.0}
    keys: list[Key] = [("again",), ("gold_added",), ("ceiling",), ("gold_only", "guard_off")]
    helped = {("gold_added",): Counts(3, 4)}
    others = {("ceiling",): Counts(4, 4), ("gold_only", "guard_off"): Counts(4, 4), ("gold_added",): Counts(1, 4)}
    assert said_of(BELIEFS, sure, helped, keys).verdict == "retrieval"
    assert said_of(BELIEFS, sure, others, keys).verdict == "unknown"
    assert confirming(BELIEFS, verdict_of(sure), {}, [Option(key, 1) for key in keys]) == Option(("gold_added",), 1)


def test_what_nothing_here_can_mend_is_said_by_its_facts() -> None:
    assert beyond({"provider_not_set_up": True}) == ("provider",)
    assert beyond({"gold_withheld": True}) == ("retrieval",)
    assert beyond({"gold_withheld": True, "gold_in_context": False}) == ()
    unkeyed = Beliefs(verifier=BELIEFS.verifier, beyond=("provider",))
    assert said_of(unkeyed, {frozenset({"provider"}): 1.0}, {}, KEYS).verdict == "provider"
    assert "provider" not in effect_of(unkeyed, ("provider_healthy",)).mends
    assert not any(len(one) > 1 and "provider" in one for one in hypotheses(PARTS, ("provider",)))


def test_what_is_asked_next_is_worth_its_calls() -> None:
    now = posterior(BELIEFS, ALL, {"gold_in_context": False}, {})
    cheap, dear = Option(("gold_added",), 1), Option(("gold_added",), 10)
    assert next_option(BELIEFS, now, {}, [dear, cheap]) == cheap
    assert next_option(BELIEFS, {frozenset({"data"}): 1.0}, {}, [cheap]) is None
    assert best_for(BELIEFS, "data", KEYS)[0] == ("gold_only",)
    assert best_for(BELIEFS, "task", KEYS) == []
