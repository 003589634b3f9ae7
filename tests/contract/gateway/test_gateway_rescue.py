"""A stream that dies after tokens is gone on with: the caller hears one answer, and every attempt is paid for once."""

from __future__ import annotations

import pytest
from tests.contract.gateway.ladders import ASKED, CALL, between, kinds, slot

from holdfast.contracts import deaf
from holdfast.errors import EffectFailed
from holdfast.gateway.capability import Facts
from holdfast.records import Generate, Generated, Passage, Tool
from holdfast.testing import Act
from holdfast.testing.rules import always, deterministic, in_turn, without_prefill

TEXT = "All is well with you today, and it will be as well tomorrow as it was the day before."
BREAKS = [
    pytest.param(Act(cut_after=7), "broken_off", id="cut"),
    pytest.param(Act(cut_after=7, cut="reset"), "broken_off", id="reset"),
    pytest.param(Act(stall_after=7), "stalled", id="stall"),
    pytest.param(Act(error_after=7), "server_error", id="error event"),
    pytest.param(Act(malformed_after=7, malformed=9), "garbled", id="garbage"),
    pytest.param(Act(text=" ".join(TEXT.split(" ")[:7]) + " ", end="silent"), "broken_off", id="clean end"),
]
PREFILL = Facts(prefill="last_message")


def broken(act: Act) -> Act:
    return act if act.end == "silent" else Act(**{**_fields(act), "text": TEXT})


def _fields(act: Act) -> dict[str, object]:
    return {name: getattr(act, name) for name in act.__slots__}


@pytest.mark.parametrize(("act", "kind"), BREAKS)
@pytest.mark.parametrize("facts", [None, PREFILL], ids=["asked", "prefill"])
async def test_the_next_rung_goes_on_where_the_first_broke_off(act, kind, facts) -> None:
    async with between([broken(act)], deterministic(TEXT, "anchor"), facts=facts) as climb:
        done = await climb.ask(retries=0, idle_ms=300)
        assert done.result == Generated(text=TEXT, model="spare:m", rung=1)
        assert climb.visible() == TEXT
        assert climb.resets == 0
        assert kinds(done.attempts) == [kind, None]
        assert [attempt.detail.part for attempt in done.attempts] == ["first", "rescue"]
        turns = [turn.role for turn in climb.spare.requests[0].asked.messages]
        assert turns[2:] == (["assistant"] if facts else ["assistant", "user"])


async def test_each_attempt_is_paid_for_what_it_gave() -> None:
    async with between([Act(text=TEXT, cut_after=7)], deterministic(TEXT, "anchor")) as climb:
        done = await climb.ask(retries=0)
        dead, saviour = done.attempts
        assert dead.usage is not None
        assert dead.usage.estimated
        heard = len("All is well with you today, and ")
        assert dead.usage.output_tokens == heard // 4
        assert saviour.usage is not None
        assert not saviour.usage.estimated
        assert dead.cost_usd
        assert saviour.cost_usd
        assert saviour.detail.started_ms >= dead.detail.started_ms


async def test_a_cut_is_gone_on_with_on_the_same_rung_once_and_then_on_the_next() -> None:
    rule = in_turn(Act(text=TEXT, cut_after=7), deterministic(TEXT, "anchor", Act(cut_after=9)))
    async with between(rule, deterministic(TEXT, "anchor")) as climb:
        done = await climb.ask()
        assert kinds(done.attempts) == ["broken_off", "broken_off", None]
        assert [attempt.rung for attempt in done.attempts] == [0, 0, 1]
        assert climb.visible() == TEXT
        assert climb.resets == 0


async def test_a_single_rung_goes_on_with_its_own_answer() -> None:
    rule = in_turn(Act(text=TEXT, stall_after=7), deterministic(TEXT, "anchor"))
    async with between(rule, always(Act())) as climb:
        done = await climb.ask("main:m", idle_ms=300)
        assert kinds(done.attempts) == ["stalled", None]
        assert climb.visible() == TEXT


async def test_a_model_that_refuses_a_begun_answer_is_asked_in_words_now_and_later() -> None:
    async with between(
        [Act(text=TEXT, cut_after=7)], without_prefill(deterministic(TEXT, "anchor")), facts=PREFILL
    ) as climb:
        for refused in (1, 0):
            climb.heard.clear()
            done = await climb.ask(retries=0)
            assert kinds(done.attempts) == ["broken_off", *["bad_request"] * refused, None]
            assert climb.visible() == TEXT
        report = {route.provider: route for route in climb.gateway.health().routes}
        assert "prefill" in report["spare"].dropped


@pytest.mark.parametrize("manner", ["exact", "anchor", "restart"])
async def test_however_a_model_goes_on_nothing_is_lost_or_doubled(manner) -> None:
    async with between([Act(text=TEXT, cut_after=9)], deterministic(TEXT, manner)) as climb:
        done = await climb.ask(retries=0)
        assert isinstance(done.result, Generated)
        assert (done.result.text, climb.visible()) == (TEXT, TEXT)


async def test_a_model_that_answers_anew_is_heard_whole_after_a_reset() -> None:
    other = "All is well with you today, and I hope that it stays so for a long time."
    async with between([Act(text=TEXT, cut_after=11)], [Act(text=other)]) as climb:
        done = await climb.ask(retries=0)
        assert isinstance(done.result, Generated)
        assert (done.result.text, climb.visible(), climb.resets) == (other, other, 1)


async def test_nothing_to_add_is_no_proof_that_nothing_is_missing() -> None:
    async with between([Act(text=TEXT, cut_after=7)], in_turn(Act(text=""), Act(text="Another answer."))) as climb:
        done = await climb.ask(retries=1)
        assert isinstance(done.result, Generated)
        assert (done.result.text, climb.visible()) == ("Another answer.", "Another answer.")


async def test_a_ladder_that_ends_in_a_half_answer_fails_and_takes_it_back() -> None:
    async with between([Act(text=TEXT, cut_after=7)], [Act(status=500)]) as climb:
        with pytest.raises(EffectFailed) as failed:
            await climb.ask(retries=0)
        assert failed.value.code == "HF301"
        assert (climb.visible(), climb.resets) == ("", 1)


async def test_arguments_of_a_tool_are_never_gone_on_with() -> None:
    act = Act(text="Let me look. ", tool_calls=(CALL,), cut_after_bytes=1_350)
    async with between([act], [Act(text="The spare answers.")]) as climb:
        tools = (Tool(name="look_up"),)
        done = await climb.ask(
            effect=Generate(slot="answer", models=("main:m", "spare:m"), messages=ASKED, tools=tools), retries=0
        )
        assert climb.main.requests[0].sent_pieces > 0
        assert isinstance(done.result, Generated)
        assert climb.resets == 1
        assert climb.visible() == "The spare answers."
        assert [attempt.detail.part for attempt in done.attempts] == ["first", "first"]


async def test_an_answer_to_a_schema_always_starts_again() -> None:
    async with between([Act(text='{"text": "half an answer"}', cut_after=2)], [Act(text='{"text": "whole"}')]) as climb:
        effect = Generate(slot="answer", models=("main:m", "spare:m"), messages=ASKED, schema={"type": "object"})
        await climb.ask(effect=effect, retries=0)
        assert (climb.visible(), climb.resets) == ('{"text": "whole"}', 1)


async def test_restart_and_error_are_kept_to_where_the_slot_says_so() -> None:
    async with between([Act(text=TEXT, cut_after=7)], deterministic(TEXT)) as climb:
        done = await climb.ask(retries=0, rescue="restart")
        assert [attempt.detail.part for attempt in done.attempts] == ["first", "first"]
        assert (climb.visible(), climb.resets) == (TEXT, 1)
        climb.heard.clear()
        with pytest.raises(EffectFailed) as failed:
            await climb.ask(retries=2, rescue="error")
        assert kinds(failed.value.attempts) == ["broken_off"]
        assert (climb.visible(), climb.resets) == ("", 1)


async def test_what_nobody_heard_is_asked_for_whole() -> None:
    async with between([Act(text=TEXT, cut_after=7)], deterministic(TEXT)) as climb:
        effect = Generate(slot="answer", models=("main:m", "spare:m"), messages=ASKED)
        done = await climb.gateway.generate(effect, slot(retries=0), deaf)
        assert isinstance(done.result, Generated)
        assert done.result.text == TEXT
        assert [turn.role for turn in climb.spare.requests[0].asked.messages] == ["system", "user"]


async def test_the_sources_answer_after_a_reset_where_no_model_can() -> None:
    source = Passage(document="d", chunk="c", title="Health", text="You are well today. It rains.", score=0.9)
    effect = Generate(
        slot="answer",
        models=("main:m", "extractive"),
        messages=ASKED,
        sources=(source,),
        question="Are you well today?",
    )
    async with between([Act(text=TEXT, stall_after=7)], always(Act())) as climb:
        done = await climb.ask(effect=effect, retries=0, idle_ms=200)
        assert isinstance(done.result, Generated)
        assert done.result.rung == 1
        assert climb.resets == 1
        assert climb.visible() == done.result.text
