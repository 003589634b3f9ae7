"""Breakers and budgets, whatever happens in whatever order; and the quantiles that hedging goes by."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from holdfast.gateway.breaker import IN_A_ROW, OPEN_MOST_S, OPEN_S, Breaker
from holdfast.gateway.budget import Budget
from holdfast.gateway.quantiles import KEPT, Times


def opened(at_s: float = 100.0) -> Breaker:
    breaker = Breaker()
    for _ in range(IN_A_ROW):
        breaker.begin(at_s)
        breaker.failed(at_s)
    return breaker


def test_it_opens_on_faults_in_a_row_and_not_before() -> None:
    breaker = Breaker()
    for _ in range(IN_A_ROW - 1):
        breaker.failed(1.0)
    assert breaker.rest_s(1.0) == 0
    breaker.failed(1.0)
    assert breaker.rest_s(1.0) == OPEN_S


def test_it_opens_when_half_of_the_last_calls_failed() -> None:
    breaker = Breaker()
    for at in range(10):
        if at % 2:
            breaker.failed(1.0)
        else:
            breaker.succeeded(1.0, begun_s=1.0)
    assert breaker.state(1.0) == "open"


def test_faults_of_long_ago_do_not_open_it() -> None:
    breaker = Breaker()
    for at in range(10):
        now_s = at * 31.0
        if at % 2:
            breaker.failed(now_s)
        else:
            breaker.succeeded(now_s, begun_s=now_s)
    assert breaker.state(9 * 31.0) == "closed"


def test_half_open_lets_one_probe_through_and_its_success_closes() -> None:
    breaker = opened()
    now_s = 100.0 + OPEN_S
    assert breaker.state(now_s) == "half_open"
    assert breaker.begin(now_s)
    assert breaker.rest_s(now_s) > 0, "a second call has to wait for the probe"
    assert not breaker.begin(now_s)
    breaker.succeeded(now_s, begun_s=now_s)
    assert breaker.state(now_s) == "closed"
    assert breaker.rest_s(now_s) == 0


def test_a_probe_that_fails_doubles_the_wait_up_to_a_bound() -> None:
    breaker, now_s, waits = opened(), 100.0, []
    for _ in range(4):
        now_s += breaker.rest_s(now_s)
        assert breaker.begin(now_s)
        breaker.failed(now_s, probe=True)
        waits.append(breaker.rest_s(now_s))
    assert waits == [OPEN_S * 2, OPEN_MOST_S, OPEN_MOST_S, OPEN_MOST_S]


def test_a_probe_that_is_given_up_leaves_its_place_to_another() -> None:
    breaker = opened()
    now_s = 100.0 + OPEN_S
    assert breaker.begin(now_s)
    breaker.gave_up(probe=True)
    assert breaker.rest_s(now_s) == 0
    assert breaker.begin(now_s)


def test_an_answer_to_an_older_call_does_not_close_it() -> None:
    breaker = opened()
    breaker.succeeded(101.0, begun_s=99.0)
    assert breaker.state(101.0) == "open"


_events = st.lists(st.tuples(st.floats(0, 40), st.sampled_from(["failed", "answered", "late answer", "gave up"])))


@given(_events)
def test_a_fault_while_it_is_open_never_shortens_the_wait_and_one_probe_is_under_way_at_most(events) -> None:
    breaker, now_s, probes = Breaker(), 0.0, 0
    for gap_s, event in events:
        now_s += gap_s
        before_s = breaker.rest_s(now_s)
        probe = before_s == 0 and breaker.begin(now_s)
        probes += probe
        assert probes <= 1
        match event:
            case "failed":
                open_before = breaker.state(now_s) == "open"
                breaker.failed(now_s, probe=probe)
                if open_before:
                    assert breaker.rest_s(now_s) >= before_s
            case "answered":
                breaker.succeeded(now_s, begun_s=now_s)
                assert breaker.rest_s(now_s) == 0
                probes = 0
            case "late answer":
                breaker.succeeded(now_s, begun_s=-1.0)
                breaker.gave_up(probe=probe)
            case _:
                breaker.gave_up(probe=probe)
        probes -= probe and probes > 0
        assert breaker.rest_s(now_s) <= OPEN_MOST_S


@given(st.lists(st.tuples(st.sampled_from(["request", "spend", "wait"]), st.floats(0, 5)), max_size=60))
def test_a_budget_never_gives_more_than_came_in(events) -> None:
    now_s, came, spent = 0.0, 3.0, 0
    budget = Budget(lambda: now_s, per_request=0.1, per_s=1.0, most=10.0, first=3.0)
    for event, amount in events:
        if event == "wait":
            now_s += amount
            came += amount
        elif event == "request":
            budget.deposit()
            came += 0.1
        else:
            spent += budget.spend()
        assert 0 <= budget.left <= 10.0
        assert spent <= came + 1e-6


def test_a_budget_that_is_used_up_gives_nothing_until_more_comes() -> None:
    budget = Budget(lambda: 0.0, per_request=0.05, per_s=0.0, most=10.0, first=1.0)
    assert budget.spend()
    assert not budget.spend()
    for _ in range(21):
        budget.deposit()
    assert budget.spend()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=600), st.floats(0, 1))
def test_quantiles_are_those_of_the_last_times(times, share) -> None:
    kept = Times()
    for ms in times:
        kept.add(ms)
    last = sorted(times[-KEPT:])
    assert kept.at(share) == last[min(len(last) - 1, math.floor(share * len(last)))]
    assert 0 <= kept.slow_share <= 1
