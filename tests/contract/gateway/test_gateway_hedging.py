"""A second attempt beside a late one: the quicker is heard, the other is ended and billed, and extra calls are few."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.gateway.ladders import ASKED, Ladder, between, kinds, slot

from holdfast.contracts import Answer
from holdfast.errors import attempts_of
from holdfast.gateway.attempt import Limits, Watch
from holdfast.gateway.hedge import LEAST_TIMES
from holdfast.records import Attempt, Generate, Generated
from holdfast.testing import Act
from holdfast.testing.rules import always, bimodal, deterministic, in_turn, late

WELL = Act(text="All is well.")
LATE = Act(text="Late it is.", before_text_ms=60_000)


def known(climb: Ladder, ms: float = 30.0, count: int = LEAST_TIMES) -> None:
    """Have the main route known by so many first tokens."""
    times = climb.gateway.standing.model("main", "m").streamed
    for _ in range(count):
        times.add(ms)


def parts(attempts: tuple[Attempt, ...]) -> list[tuple[str, str | None]]:
    return sorted((attempt.detail.part, attempt.error and attempt.error.partition(":")[0]) for attempt in attempts)


async def test_the_other_answers_and_the_late_one_is_told_to_stop() -> None:
    async with between(in_turn(LATE, WELL), always(WELL)) as climb:
        known(climb)
        done = await climb.ask()
        assert done.result == Generated(text="All is well.", model="main:m", rung=0)
        assert climb.visible() == "All is well."
        assert climb.resets == 0
        assert parts(done.attempts) == [("first", "cancelled"), ("hedge", None)]
        loser = next(attempt for attempt in done.attempts if attempt.error)
        assert loser.error == "cancelled: the other was quicker"
        await asyncio.wait_for(climb.main.requests[0].hung_up.wait(), 2)


async def test_the_next_rung_may_be_the_other_and_is_said_to_have_answered() -> None:
    async with between(always(LATE), always(WELL)) as climb:
        known(climb)
        done = await climb.ask(hedge="next")
        assert isinstance(done.result, Generated)
        assert (done.result.model, done.result.rung) == ("spare:m", 1)


async def test_another_key_is_used_where_there_is_one() -> None:
    async with between(in_turn(LATE, WELL), always(WELL), keys=("key-one-of-two", "key-two-of-two")) as climb:
        known(climb)
        await climb.ask()
        assert len({received.asked.key for received in climb.main.requests}) == 2


async def test_the_first_is_heard_when_it_speaks_before_the_other() -> None:
    async with between(in_turn(Act(text="All is well.", before_text_ms=150), LATE), always(WELL)) as climb:
        known(climb)
        done = await climb.ask()
        assert climb.visible() == "All is well."
        assert parts(done.attempts) == [("first", None), ("hedge", "cancelled")]


async def test_one_that_is_told_to_stop_may_be_told_again_before_it_has_ended() -> None:
    """As it is where the other begins and ends its answer in one turn of the loop."""
    loop = asyncio.get_running_loop()
    watch = Watch(lambda text: None, Limits(1_000, 60_000, 60_000, loop.time() + 60))

    async def forever() -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    outcome = asyncio.ensure_future(watch.over(forever()))
    await asyncio.sleep(0)
    watch.stop()
    loop.call_soon(watch.stop)
    fault = await outcome
    assert not isinstance(fault, Answer)
    assert (fault.kind, fault.message) == ("cancelled", "the other was quicker")


async def test_a_hedge_that_fails_does_not_fail_the_call() -> None:
    rule = in_turn(Act(text="All is well.", before_text_ms=200), Act(status=500))
    async with between(rule, always(WELL)) as climb:
        known(climb)
        done = await climb.ask(retries=0)
        assert climb.visible() == "All is well."
        assert parts(done.attempts) == [("first", None), ("hedge", "server_error")]


async def test_the_first_may_fail_while_the_other_lives() -> None:
    rule = in_turn(Act(status=500, before_headers_ms=120), Act(text="All is well.", before_text_ms=200))
    async with between(rule, always(WELL)) as climb:
        known(climb)
        done = await climb.ask(retries=0)
        assert climb.visible() == "All is well."
        assert parts(done.attempts) == [("first", "server_error"), ("hedge", None)]


async def test_when_both_fail_the_next_rung_is_asked() -> None:
    rule = in_turn(Act(status=500, before_headers_ms=100), Act(status=503, before_headers_ms=50))
    async with between(rule, always(Act(text="The spare answers."))) as climb:
        known(climb)
        done = await climb.ask(retries=0)
        assert climb.visible() == "The spare answers."
        assert len(done.attempts) == 3


async def test_a_winner_that_breaks_off_is_gone_on_with() -> None:
    text = "All is well with you today, and it will be as well tomorrow."
    async with between(in_turn(LATE, Act(text=text, cut_after=7)), deterministic(text, "anchor")) as climb:
        known(climb)
        done = await climb.ask(retries=0)
        assert climb.visible() == text
        assert climb.resets == 0
        assert parts(done.attempts) == [("first", "cancelled"), ("hedge", "broken_off"), ("rescue", None)]


@pytest.mark.parametrize("limits", [{"hedge": "off"}, {}], ids=["off", "not known"])
async def test_nothing_more_is_asked_where_it_is_off_or_too_little_is_known(limits) -> None:
    async with between(in_turn(Act(text="All is well.", before_text_ms=150), WELL), always(WELL)) as climb:
        known(climb, count=LEAST_TIMES if limits else LEAST_TIMES - 1)
        assert kinds((await climb.ask(**limits)).attempts) == [None]


async def test_nothing_more_is_asked_when_everything_is_slow() -> None:
    async with between(always(Act(text="All is well.", before_text_ms=80)), always(WELL)) as climb:
        known(climb)
        known(climb, ms=70.0, count=8)
        for ms in (80.0, 90.0, 100.0, 110.0, 120.0, 130.0, 140.0):
            known(climb, ms=ms, count=1)
        assert climb.gateway.standing.model("main", "m").streamed.slow_share > 0.3
        assert kinds((await climb.ask()).attempts) == [None]


async def test_extra_calls_stay_within_their_budget() -> None:
    async with between(always(Act(text="All is well.", before_text_ms=60)), always(WELL)) as climb:
        for _ in range(30):
            known(climb, ms=20.0, count=30)  # so that every call is late
            await climb.ask()
        assert 1 <= climb.main.calls - 30 <= 3


async def test_cancelling_ends_both() -> None:
    async with between(always(LATE), always(WELL)) as climb:
        known(climb)
        task = asyncio.create_task(climb.ask())
        await climb.main.received(2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as stopped:
            await task
        assert parts(attempts_of(stopped.value)) == [("first", "cancelled"), ("hedge", "cancelled")]
        for received in climb.main.requests:
            await asyncio.wait_for(received.hung_up.wait(), 2)


async def test_few_calls_are_slow_at_a_vendor_of_two_speeds() -> None:
    calls, slow_ms = 400, 400.0
    latency = bimodal(40.0, slow_ms, odds=0.03, seed=5)
    slow: dict[str, int] = {}
    asked: dict[str, int] = {}
    for hedge in ("off", "same"):
        async with between(late(always(Act(text="Yes.")), latency), always(WELL)) as climb:
            left, times = iter(range(calls)), []
            effect = Generate(slot="answer", models=("main:m",), messages=ASKED)

            async def one_after_the_other(climb=climb, effect=effect, hedge=hedge, left=left, times=times) -> None:
                for _ in left:
                    done = await climb.gateway.generate(effect, slot(hedge=hedge), climb.hear)
                    won = next(attempt for attempt in done.attempts if attempt.error is None)
                    times.append(won.detail.started_ms + (won.first_token_ms or 0.0))

            await asyncio.gather(*(one_after_the_other() for _ in range(20)))
            slow[hedge] = sum(ms >= slow_ms for ms in times)
            asked[hedge] = climb.main.calls
    assert asked["off"] == calls
    assert asked["same"] <= calls * 1.05 + 1
    assert slow["off"] >= 8
    assert slow["same"] <= slow["off"] / 2


async def test_two_that_begin_in_one_turn_of_the_loop_do_not_end_each_other() -> None:
    deadline_at = asyncio.get_running_loop().time() + 5
    limits = Limits(connect_ms=1000, first_token_ms=1000, idle_ms=1000, deadline_at=deadline_at)
    first, second = Watch(len, limits), Watch(len, limits)
    first.on_begin, second.on_begin = second.stop, first.stop
    first.generating()
    second.generating()
    assert (first.stopped_early, second.stopped_early) == (False, True)
