"""A vendor that is late, or a caller that stops waiting: the call ends in time and the vendor is told."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.contract.gateway.ladders import kinds

from holdfast.errors import EffectFailed, attempts_of
from holdfast.gateway import Pace
from holdfast.testing import Act


async def test_a_vendor_that_says_nothing_is_left_without_a_second_try(ladder) -> None:
    climb = await ladder(Act(before_headers_ms=60_000))
    done = await climb.ask(first_token_ms=300)
    assert kinds(done.attempts) == ["silent", None]
    await asyncio.wait_for(climb.main.requests[0].hung_up.wait(), 2)


async def test_signs_of_life_without_text_buy_no_time(ladder) -> None:
    climb = await ladder(Act(before_text_ms=60_000))
    done = await climb.ask(first_token_ms=300)
    assert kinds(done.attempts) == ["silent", None]


async def test_reasoning_counts_as_a_first_token(ladder) -> None:
    climb = await ladder(Act(reasoning="Let me think.", before_text_ms=700))
    assert await climb.text(first_token_ms=500, idle_ms=3_000) == "All is well."


async def test_a_slow_drip_is_not_late_while_it_drips(ladder) -> None:
    climb = await ladder(Act(pieces=tuple("abcdefgh"), between_ms=90))
    assert await climb.text(first_token_ms=500, idle_ms=500) == "abcdefgh"


async def test_a_stall_after_tokens_is_reset_and_the_next_rung_answers(ladder) -> None:
    climb = await ladder(Act(pieces=("Half an ", "answer"), stall_after=1))
    done = await climb.ask(idle_ms=300, rescue="restart")
    assert kinds(done.attempts) == ["stalled", None]
    assert climb.resets == 1
    assert climb.visible() == "The spare answers."
    usage = done.attempts[0].usage
    assert usage is not None
    assert usage.estimated
    assert done.attempts[0].cost_usd is not None


async def test_nothing_listens_at_the_address(ladder, dialect) -> None:
    climb = await ladder()
    await climb.main.__aexit__(None, None, None)
    port = climb.gateway.providers["main"].base_url
    done = await climb.ask()
    assert kinds(done.attempts) == ["unreachable", None], port
    assert done.attempts[0].usage is None
    await climb.main.__aenter__()


async def test_the_deadline_ends_the_whole_ladder(ladder) -> None:
    climb = await ladder(Act(before_headers_ms=60_000))
    started = time.monotonic()
    with pytest.raises(EffectFailed) as failed:
        await climb.ask(deadline_ms=300)
    assert time.monotonic() - started < 2
    assert failed.value.code == "HF302"
    assert kinds(failed.value.attempts) == ["deadline", "deadline"]
    assert not climb.spare.requests


async def test_cancelling_stops_the_vendor_and_keeps_the_attempts(ladder) -> None:
    climb = await ladder(Act(status=500), Act(pieces=("Some ", "words ", "more"), stall_after=2))
    task = asyncio.create_task(climb.ask())
    await climb.has_shown("Some words ")
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as stopped:
        await task
    attempts = attempts_of(stopped.value)
    assert kinds(attempts) == ["server_error", "cancelled"]
    assert attempts[1].usage.estimated
    assert attempts[1].cost_usd is not None
    await asyncio.wait_for(climb.main.requests[1].hung_up.wait(), 2)


async def test_cancelling_before_any_answer_stops_the_vendor_too(ladder) -> None:
    climb = await ladder(Act(before_headers_ms=60_000))
    task = asyncio.create_task(climb.ask())
    await climb.main.received(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as stopped:
        await task
    assert kinds(attempts_of(stopped.value)) == ["cancelled"]
    assert attempts_of(stopped.value)[0].usage is None
    await asyncio.wait_for(climb.main.requests[0].hung_up.wait(), 2)


async def test_cancelling_between_tries_keeps_the_attempts(ladder) -> None:
    climb = await ladder(Act(status=500), pace=Pace(backoff_ms=60_000, backoff_cap_ms=60_000))
    pausing = asyncio.Event()

    def chance() -> float:
        pausing.set()
        return 0.05

    climb.gateway.chance = chance
    task = asyncio.create_task(climb.ask())
    await pausing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as stopped:
        await task
    assert kinds(attempts_of(stopped.value)) == ["server_error"]
