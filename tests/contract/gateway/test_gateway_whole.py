"""Answers that come in one piece, where nobody listens: asked for whole, waited for longer, and hedged alike."""

from __future__ import annotations

import time

import pytest
from tests.contract.gateway.ladders import ASKED, Ladder, between, kinds, slot

from holdfast.contracts import deaf
from holdfast.errors import EffectFailed
from holdfast.records import Done, Generate, Generated
from holdfast.testing import Act
from holdfast.testing.rules import always, in_turn

WELL = Act(text="All is well.")
SPARE = always(Act(text="The spare answers."))


async def unheard(climb: Ladder, *models: str, **limits: object) -> Done:
    effect = Generate(slot="answer", models=models or ("main:m", "spare:m"), messages=ASKED)
    return await climb.gateway.generate(effect, slot(upstream="follow", **limits), deaf)


async def test_a_whole_answer_is_asked_for_where_the_slot_follows_and_nobody_listens() -> None:
    async with between(always(WELL), SPARE) as climb:
        done = await unheard(climb)
        assert isinstance(done.result, Generated)
        assert done.result.text == "All is well."
        assert not climb.main.requests[0].asked.streaming
        await climb.ask(upstream="follow")
        assert climb.main.requests[1].asked.streaming, "somebody listens"
        await climb.gateway.generate(Generate(slot="answer", models=("main:m",), messages=ASKED), slot(), deaf)
        assert climb.main.requests[2].asked.streaming, "the slot does not say so"


async def test_a_whole_answer_may_take_half_of_what_is_left_while_another_rung_remains() -> None:
    async with between(
        [Act(before_headers_ms=60_000)], [Act(text="The spare answers.", before_headers_ms=300)]
    ) as climb:
        started = time.monotonic()
        done = await unheard(climb, deadline_ms=1_600, first_token_ms=100)
        assert kinds(done.attempts) == ["silent", None]
        assert 1.0 < time.monotonic() - started < 1.6


async def test_the_last_rung_has_all_the_time_that_is_left() -> None:
    async with between(always(Act(text="All is well.", before_headers_ms=500)), SPARE) as climb:
        assert kinds((await unheard(climb, "main:m", first_token_ms=100)).attempts) == [None]
        with pytest.raises(EffectFailed) as failed:
            await unheard(climb, "main:m", first_token_ms=100, deadline_ms=200)
        assert failed.value.code == "HF302"


async def test_a_whole_answer_that_is_later_than_usual_is_hedged() -> None:
    async with between(in_turn(Act(text="Late.", before_headers_ms=60_000), WELL), SPARE) as climb:
        times = climb.gateway.standing.model("main", "m").whole
        for _ in range(20):
            times.add(30.0)
        done = await unheard(climb)
        assert isinstance(done.result, Generated)
        assert done.result.text == "All is well."
        assert {attempt.detail.part for attempt in done.attempts} == {"first", "hedge"}


@pytest.mark.parametrize(
    "act",
    [Act(text="All is well.", cut_after_bytes=60), Act(body=b'{"choices": [{"mess'), Act(text="")],
    ids=["cut", "cut JSON", "blank"],
)
async def test_half_of_a_whole_answer_is_no_answer(act) -> None:
    async with between([act], SPARE) as climb:
        done = await unheard(climb, retries=0)
        assert isinstance(done.result, Generated)
        assert done.result.text == "The spare answers."
        assert done.attempts[0].error
