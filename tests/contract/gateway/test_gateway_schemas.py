"""An answer that must match a schema exactly is checked, asked for once more, and left for the next rung; never passed
off as right."""

from __future__ import annotations

import pytest
from tests.contract.gateway.ladders import ASKED, CALL, between, kinds

from holdfast.errors import EffectFailed
from holdfast.messages import Tool
from holdfast.records import Generate, Generated
from holdfast.testing import Act

SCHEMA = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]}
RIGHT, WRONG, OTHER = '{"days": 5}', '{"days": "five"}', '{"days": 7}'


def exact(*models: str, **changes: object) -> Generate:
    fields = {"slot": "answer", "models": models or ("main:m", "spare:m"), "messages": ASKED, "schema": SCHEMA}
    return Generate(**{**fields, "exact": True, **changes})


async def test_a_violating_answer_is_sent_back_once_with_what_is_wrong(ladder) -> None:
    climb = await ladder(Act(text=WRONG), Act(text=RIGHT))
    done = await climb.ask(effect=exact())
    assert isinstance(done.result, Generated)
    assert (done.result.text, done.result.rung, climb.visible()) == (RIGHT, 0, RIGHT)
    assert kinds(done.attempts) == ["schema_violation", None]
    assert [attempt.detail.part for attempt in done.attempts] == ["first", "retry"]
    assert all(attempt.usage is not None for attempt in done.attempts)
    again = climb.main.requests[1].asked
    assert "the reply.days is not integer" in again.text
    assert "five" in str(again.body)


@pytest.mark.parametrize("text", [WRONG, "no JSON", f"```json\n{RIGHT}\n```", "[]", RIGHT + " and so on"])
async def test_a_rung_that_violates_twice_is_left_for_the_next(text: str) -> None:
    async with between([Act(text=text)], [Act(text=OTHER)]) as climb:
        done = await climb.ask(effect=exact())
        assert isinstance(done.result, Generated)
        assert (done.result.text, done.result.rung, climb.visible()) == (OTHER, 1, OTHER)
        assert kinds(done.attempts) == ["schema_violation", "schema_violation", None]
        assert len(climb.spare.requests[0].asked.body["messages"]) == len(ASKED)


async def test_when_every_rung_violates_that_is_the_error_and_nothing_stays_shown() -> None:
    async with between([Act(text=WRONG)], [Act(text="no JSON")]) as climb:
        with pytest.raises(EffectFailed) as failed:
            await climb.ask(effect=exact())
        assert (failed.value.code, failed.value.origin) == ("HF303", "provider")
        assert kinds(failed.value.attempts) == ["schema_violation"] * 4
        assert climb.visible() == ""


async def test_a_reader_who_wants_no_restart_still_gets_the_next_rungs_answer() -> None:
    async with between([Act(text=WRONG)], [Act(text=OTHER)]) as climb:
        done = await climb.ask(effect=exact(), rescue="error")
        assert isinstance(done.result, Generated)
        assert done.result.text == OTHER


async def test_a_slot_without_retries_goes_to_the_next_rung_at_once() -> None:
    async with between([Act(text=WRONG)], [Act(text=OTHER)]) as climb:
        done = await climb.ask(effect=exact(), retries=0)
        assert kinds(done.attempts) == ["schema_violation", None]


async def test_what_ended_for_want_of_tokens_or_calls_a_tool_is_no_violation() -> None:
    call = Act(tool_calls=(), text='{"da', stop_reason="length")
    async with between([call], [Act(text=OTHER)]) as climb:
        done = await climb.ask(effect=exact())
        assert isinstance(done.result, Generated)
        assert (done.result.text, done.result.stop_reason) == ('{"da', "length")
    async with between([Act(tool_calls=(CALL,))], [Act(text=OTHER)]) as climb:
        tool = Tool(name=CALL.name, description="", parameters={"type": "object"})
        done = await climb.ask(effect=exact(tools=(tool,)))
        assert isinstance(done.result, Generated)
        assert done.result.tool_calls


async def test_an_answer_that_somebody_else_reads_is_theirs_to_judge() -> None:
    async with between([Act(text=WRONG)], [Act(text=OTHER)]) as climb:
        done = await climb.ask(effect=exact(exact=False))
        assert isinstance(done.result, Generated)
        assert done.result.text == WRONG
