"""What execute promises: one function runs live requests, replays, and replays with one thing changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import BaseModel
from tests.unit.runtime.worlds import Outside, release

from holdfast.contracts import Delta, Event, Reset
from holdfast.errors import EffectFailed, HoldfastError, Refused, ReplayDiverged
from holdfast.identity import canonical, recording_from_json, to_json
from holdfast.records import Check, Citation, Generate, Message, Recording, Retrieve, Tool
from holdfast.runtime.context import Context
from holdfast.runtime.execute import execute, recording_of
from holdfast.runtime.feature import declare
from holdfast.runtime.tape import Tape


class Ticket(BaseModel):
    subject: str | None = None
    body: str


class Reply(BaseModel):
    text: str
    citations: list[Citation] = []


class Label(BaseModel):
    label: str
    urgency: int


async def answer_ticket(ctx: Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("kb", ticket.body)
    reply = await ctx.generate("answer", Reply, ticket=ticket, passages=passages)
    await ctx.guard("grounded", reply.text, sources=passages)
    return reply


async def classify(ctx: Context, ticket: Ticket) -> Label:
    return await ctx.generate("answer", Label, ticket=ticket)


ANSWER, CLASSIFY = declare(answer_ticket), declare(classify)
TICKET = {"body": "How do I reset it?"}


async def live(outside: Outside, feature: Any = ANSWER, ticket: Any = None, **guard: Any) -> Recording:
    return await execute(feature, ticket or TICKET, release=release(**guard), world=outside.world())


def loaded(recording: Recording) -> Recording:
    return recording_from_json(to_json(recording))


def kinds(outside: Outside) -> list[str]:
    return [type(effect).__name__ for effect in outside.done]


async def test_a_replay_does_nothing_and_gives_the_same_bytes() -> None:
    first = await live(Outside())
    again = Outside()
    second = await execute(ANSWER, TICKET, release=release(), world=again.world(), tape=Tape.of(loaded(first)))
    assert again.done == []
    assert canonical(second.output) == canonical(first.output)
    assert second.replay_of == first.id
    assert [step.key for step in second.steps] == [step.key for step in first.steps]
    assert second.cost_usd == 0.0


async def test_changing_the_models_redoes_the_generation_and_what_depends_on_its_text() -> None:
    first = await live(Outside())
    again, changed = Outside(), release().with_change("answer.models", "other:model")
    second = await execute(ANSWER, TICKET, release=changed, world=again.world(), tape=Tape.of(first))
    assert kinds(again) == ["Generate", "Check"]
    assert second.output != first.output


async def test_a_model_that_says_the_same_leaves_the_guard_remembered() -> None:
    outside = Outside()
    outside.reply = lambda effect: "the same words"
    first = await live(outside)
    again, changed = Outside(), release().with_change("answer.models", "other:model")
    again.reply = lambda effect: "the same words"
    await execute(ANSWER, TICKET, release=changed, world=again.world(), tape=Tape.of(first))
    assert kinds(again) == ["Generate"]


@pytest.mark.parametrize(("text", "redone"), [("one text", ["Retrieve"]), ("other", ["Retrieve", "Generate", "Check"])])
async def test_another_corpus_version_redoes_generation_only_if_the_passages_text_changed(
    text: str, redone: list[str]
) -> None:
    versions = {"kb@v1": "one text", "kb@v2": text}
    first = await live(Outside(versions=versions))
    again, changed = Outside(versions=versions), release().with_change("kb.version", "v2")
    await execute(ANSWER, TICKET, release=changed, world=again.world(), tape=Tape.of(first))
    assert kinds(again) == redone


async def test_latest_means_on_replay_what_it_meant_when_recorded_unless_asked_anew() -> None:
    first = await live(Outside())
    again = Outside()
    again.version = "v2"
    await execute(ANSWER, TICKET, release=release(), world=again.world(), tape=Tape.of(first))
    assert again.done == []
    await execute(ANSWER, TICKET, release=release(), world=again.world(), tape=Tape.of(first).without_pin("kb"))
    assert [effect.corpus for effect in again.done if isinstance(effect, Retrieve)] == ["kb@v2"]


async def test_a_strict_replay_that_misses_names_the_step_and_says_what_to_type() -> None:
    first = await live(Outside())
    changed = release().with_change("answer.models", "other:model")
    with pytest.raises(ReplayDiverged) as caught:
        await execute(ANSWER, TICKET, release=changed, world=Outside().world(), tape=Tape.of(first, strict=True))
    assert caught.value.code == "HF500"
    assert "generate answer" in caught.value.message
    assert "--fresh generate" in caught.value.fix


async def test_fresh_kinds_are_done_again() -> None:
    first = await live(Outside())
    again = Outside()
    await execute(ANSWER, TICKET, release=release(), world=again.world(), tape=Tape.of(first, fresh=["generate"]))
    assert kinds(again) == ["Generate"]


async def test_a_side_effect_is_never_repeated_by_a_replay_unless_asked() -> None:
    sent: list[str] = []

    async def send(ctx: Context, ticket: Ticket) -> str:
        return str(await ctx.call("send", lambda body: sent.append(body) or "sent", ticket.body))

    feature = declare(send)
    first = await live(Outside(), feature)
    assert (first.output, sent) == ("sent", [TICKET["body"]])
    again = await execute(feature, TICKET, release=release(), world=Outside().world(), tape=Tape.of(first))
    assert (again.output, sent) == ("sent", [TICKET["body"]])
    other = await execute(feature, {"body": "x"}, release=release(), world=Outside().world(), tape=Tape.of(first))
    assert other.failure is not None
    assert (other.failure.code, len(sent)) == ("HF307", 1)
    await execute(feature, TICKET, release=release(), world=Outside().world(), tape=Tape.of(first, fresh=["call"]))
    assert len(sent) == 2


async def test_a_guard_that_wants_a_retry_runs_the_function_again_with_feedback() -> None:
    outside = Outside()
    outside.judge = lambda check: len([effect for effect in outside.done if isinstance(effect, Check)]) > 1
    recording = await live(outside, on_fail="retry")
    assert kinds(outside) == ["Retrieve", "Generate", "Check", "Generate", "Check"]
    asked = [effect for effect in outside.done if isinstance(effect, Generate)][1]
    assert [message.role for message in asked.messages] == ["user", "assistant", "user"]
    assert "no support" in asked.messages[-1].text
    assert recording.outcome == "ok"
    assert [step.turn for step in recording.steps] == [0, 0, 0, 1, 1, 1]
    again = Outside()
    replayed = await execute(
        ANSWER, TICKET, release=release(on_fail="retry"), world=again.world(), tape=Tape.of(loaded(recording))
    )
    assert again.done == []
    assert replayed.output == recording.output


async def test_a_guard_that_wants_the_next_rung_gets_it_and_the_answer_counts_as_degraded() -> None:
    outside = Outside()
    outside.judge = lambda check: kinds(outside).count("Check") == 3
    recording = await live(outside, on_fail="next_rung")
    asked = [effect.models for effect in outside.done if isinstance(effect, Generate)]
    assert asked == [("a:one", "b:two", "extractive"), ("b:two", "extractive"), ("extractive",)]
    assert recording.outcome == "degraded"
    assert recording.degraded is not None
    assert (recording.degraded.rung, recording.degraded.slot) == (2, "answer")
    assert "no support" in recording.degraded.reason


async def test_when_no_rung_is_left_a_safe_answer_is_given_and_the_outcome_is_blocked() -> None:
    outside = Outside()
    outside.judge = lambda check: False
    recording = await live(outside, on_fail="next_rung", safe_answer="Please call us.")
    assert recording.outcome == "blocked"
    assert recording.output == {"text": "Please call us.", "citations": []}
    assert recording.blocked is not None
    assert recording.blocked.guard == "grounded"


async def test_a_block_has_no_output_and_replays_as_a_block() -> None:
    outside = Outside()
    outside.judge = lambda check: False
    first = await live(outside, on_fail="block")
    assert (first.outcome, first.output) == ("blocked", None)
    again = Outside()
    second = await execute(ANSWER, TICKET, release=release(on_fail="block"), world=again.world(), tape=Tape.of(first))
    assert (second.outcome, second.blocked, again.done) == ("blocked", first.blocked, [])


async def test_a_block_stands_though_the_feature_swallows_it() -> None:
    async def stubborn(ctx: Context, ticket: Ticket) -> str:
        try:
            await ctx.guard("grounded", "text")
        except HoldfastError:
            return "sent anyway"
        return "fine"

    outside = Outside()
    outside.judge = lambda check: False
    recording = await live(outside, declare(stubborn), on_fail="block")
    assert (recording.outcome, recording.output) == ("blocked", None)


async def test_a_reply_that_does_not_match_is_sent_back_once_with_what_is_wrong() -> None:
    outside = Outside()
    replies = iter(['{"label": "billing"}', '```json\n{"label": "billing", "urgency": 2}\n```'])
    outside.reply = lambda effect: next(replies)
    recording = await live(outside, CLASSIFY)
    assert recording.output == {"label": "billing", "urgency": 2}
    repair = outside.done[1]
    assert isinstance(repair, Generate)
    assert "urgency" in repair.messages[-1].text
    assert repair.schema is not None


async def test_a_rung_whose_reply_cannot_be_mended_is_left_for_the_next_and_that_is_said() -> None:
    outside = Outside()
    good = '{"label": "billing", "urgency": 2}'
    outside.reply = lambda effect: good if effect.models[0] == "b:two" else '{"label": "billing"}'
    recording = await live(outside, CLASSIFY)
    assert recording.output == {"label": "billing", "urgency": 2}
    asked = [effect for effect in outside.done if isinstance(effect, Generate)]
    assert [effect.models[0] for effect in asked] == ["a:one", "a:one", "b:two"]
    assert [(effect.first_rung, len(effect.messages)) for effect in asked[::2]] == [(0, 1), (1, 1)]
    assert recording.degraded is not None
    assert (recording.degraded.rung, recording.degraded.reason) == (1, "a:one: its reply did not match the output")
    again = Outside()
    second = await execute(CLASSIFY, TICKET, release=release(), world=again.world(), tape=Tape.of(loaded(recording)))
    assert (second.output, second.degraded, again.done) == (recording.output, recording.degraded, [])


async def test_where_the_next_rung_fails_the_reply_that_did_not_match_is_the_reason() -> None:
    outside = Outside()

    def reply(effect: Generate) -> str:
        if effect.models[0] == "b:two":
            raise EffectFailed("HF301", "no rung of 'answer' answered", "wait")
        return "no JSON at all"

    outside.reply = reply
    recording = await live(outside, CLASSIFY)
    assert recording.failure is not None
    assert recording.failure.code == "HF303"
    assert "a:one" in recording.failure.message
    assert "no rung of 'answer' answered" in recording.failure.message


async def test_a_reply_that_never_matches_is_a_clear_failure_and_replays_as_one() -> None:
    outside = Outside()
    outside.reply = lambda effect: "no JSON at all"
    first = await live(outside, CLASSIFY)
    assert first.outcome == "failed"
    assert first.failure is not None
    assert first.failure.code == "HF303"
    assert "Label" in first.failure.message
    again = Outside()
    second = await execute(CLASSIFY, TICKET, release=release(), world=again.world(), tape=Tape.of(loaded(first)))
    assert (second.failure, again.done) == (first.failure, [])


async def test_a_feature_that_raises_is_a_recorded_failure_that_names_the_line() -> None:
    async def broken(ctx: Context, ticket: Ticket) -> str:
        raise KeyError("price")

    recording = await live(Outside(), declare(broken))
    assert recording.failure is not None
    assert recording.failure.code == "HF309"
    assert "KeyError" in recording.failure.message
    assert "test_execute.py, line" in recording.failure.message


async def test_an_input_that_is_not_the_features_is_refused_naming_the_field() -> None:
    with pytest.raises(Refused, match="body"):
        await live(Outside(), ticket={"subject": 3})


async def test_tools_come_back_to_the_feature_which_calls_them() -> None:
    async def agent(ctx: Context, ticket: Ticket) -> str:
        tool = Tool(name="lookup", parameters={"type": "object"})
        history = [Message(role="user", text=ticket.body)]
        first = await ctx.generate("answer", tools=[tool], history=history, ticket=ticket)
        found = await ctx.call("lookup", lambda: {"status": "shipped"}, safe=True)
        last = await ctx.generate("answer", history=[*history, Message(role="assistant", text=str(found))])
        return f"{first.text} {last.text} {found}"

    recording = await live(Outside(), declare(agent))
    assert "shipped" in str(recording.output)


async def test_the_clock_and_chance_are_remembered() -> None:
    async def lucky(ctx: Context, ticket: Ticket) -> str:
        return f"{ctx.now().isoformat()} {ctx.random().random()}"

    feature = declare(lucky)
    first = await live(Outside(), feature)
    second = await execute(feature, TICKET, release=release(), world=Outside().world(), tape=Tape.of(loaded(first)))
    assert second.output == first.output


async def test_markers_become_citations_numbered_by_first_mention() -> None:
    outside = Outside(versions={"kb@v1": "Hold the button for five seconds."})
    outside.reply = lambda effect: "Hold the button. [1] See also [7] and `list[1]`."
    recording = await live(outside)
    assert recording.output["text"] == "Hold the button. [1] See also [7] and `list[1]`."
    assert [citation["document"] for citation in recording.output["citations"]] == ["d1"]
    assert recording.output["citations"][0]["quote"] in "Hold the button for five seconds."


async def test_a_cancelled_request_leaves_a_recording_of_what_happened() -> None:
    async def waits(ctx: Context, ticket: Ticket) -> str:
        await ctx.retrieve("kb", "q")
        await asyncio.Event().wait()
        return ""

    task = asyncio.create_task(live(Outside(), declare(waits)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    recording = recording_of(cancelled.value)
    assert recording is not None
    assert (recording.outcome, len(recording.steps)) == ("cancelled", 1)


async def test_a_time_limit_around_a_request_is_told_from_a_cancellation() -> None:
    async def waits(ctx: Context, ticket: Ticket) -> str:
        await asyncio.Event().wait()
        return ""

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await live(Outside(), declare(waits))


def said(heard: list[Event]) -> str:
    """The deltas since the last reset."""
    text = ""
    for event in heard:
        text = "" if isinstance(event, Reset) else text + event.text if isinstance(event, Delta) else text
    return text


async def test_streamed_text_adds_up_to_the_output_whatever_the_guards_do() -> None:
    for on_fail in ("flag", "retry", "next_rung", "safe_answer", "block", "redact"):
        outside = Outside()
        outside.judge = lambda check: False
        recording = await live(outside, on_fail=on_fail, safe_answer="Ask us.")
        assert said(outside.heard) == ((recording.output or {}).get("text") or "")


async def test_a_step_of_an_unknown_corpus_names_the_nearest() -> None:
    async def wrong(ctx: Context, ticket: Ticket) -> str:
        return str(await ctx.retrieve("kbb", "q"))

    recording = await live(Outside(), declare(wrong))
    assert recording.failure is not None
    assert (recording.failure.code, "did you mean 'kb'" in recording.failure.fix) == ("HF202", True)


async def test_catching_a_failed_effect_takes_the_same_path_again() -> None:
    async def careful(ctx: Context, ticket: Ticket) -> str:
        try:
            await ctx.call("pay", lambda: 1 / 0)
        except EffectFailed as error:
            return f"no: {error.message}"
        return "paid"

    feature = declare(careful)
    first = await live(Outside(), feature)
    second = await execute(feature, TICKET, release=release(), world=Outside().world(), tape=Tape.of(loaded(first)))
    assert "ZeroDivisionError" in str(first.output)
    assert second.output == first.output


async def test_a_redacted_text_replaces_the_guarded_one_in_the_output() -> None:
    outside = Outside()
    outside.judge = lambda check: False
    original = outside.result

    def redacting(effect: Any) -> Any:
        result = original(effect)
        if kinds(outside)[-1] != "Check":
            return result
        return replace(result, verdict=replace(result.verdict, redacted="only what is supported"))

    outside.result = redacting  # type: ignore[method-assign]
    recording = await live(outside, on_fail="redact")
    assert (recording.outcome, recording.output["text"]) == ("ok", "only what is supported")
