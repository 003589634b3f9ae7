"""What goes well comes back whole, counted and streamed, in every dialect; the ladder is climbed in order."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.gateway.ladders import ASKED, CALL, between, kinds, slot

from holdfast.contracts import deaf
from holdfast.errors import EffectFailed
from holdfast.records import Generate, Generated, Message, Usage
from holdfast.testing import Act


@pytest.mark.parametrize("piece", [("All is ", "wéll ✓."), ("🦊",), tuple("one letter at a time")])
async def test_text_is_heard_piece_by_piece_and_returned_whole(ladder, piece) -> None:
    climb = await ladder(Act(pieces=piece, usage=Usage(input_tokens=3, output_tokens=2)))
    done = await climb.ask()
    assert done.result == Generated(text="".join(piece), model="main:m", rung=0)
    assert [event.text for event in climb.heard] == list(piece)
    (attempt,) = done.attempts
    assert (attempt.provider, attempt.model, attempt.rung, attempt.error) == ("main", "m", 0, None)
    assert attempt.usage == Usage(input_tokens=3, output_tokens=2)
    assert attempt.cost_usd == 3 + 2 * 2
    assert attempt.first_token_ms is not None
    assert 0 < attempt.first_token_ms <= attempt.ms


async def test_cached_and_reasoning_tokens_are_counted_once(ladder) -> None:
    usage = Usage(input_tokens=5, cache_read_tokens=70, output_tokens=11, reasoning_tokens=13)
    done = await (await ladder(Act(usage=usage, reasoning="Hm."))).ask()
    assert done.attempts[0].usage == usage


async def test_missing_usage_is_estimated_and_says_so(ladder) -> None:
    done = await (await ladder(Act(text="x" * 400, usage=None))).ask()
    usage = done.attempts[0].usage
    assert usage is not None
    assert usage.estimated
    assert usage.output_tokens == 100
    assert usage.input_tokens == sum(len(message.text) for message in ASKED) // 4


async def test_tool_calls_come_back_with_parsed_arguments(ladder) -> None:
    done = await (await ladder(Act(text="", tool_calls=(CALL, CALL)))).ask()
    assert isinstance(done.result, Generated)
    assert [(call.name, call.arguments) for call in done.result.tool_calls] == [(CALL.name, CALL.arguments)] * 2
    assert done.result.stop_reason == "tool_calls"


async def test_an_answer_that_comes_whole_though_a_stream_was_asked_for_is_taken(ladder, dialect) -> None:
    chat = b'{"model":"m","choices":[{"message":{"content":"Hi."},"finish_reason":"length"}]}'
    body = {
        "openai": chat,
        "azure": chat,
        "openai-responses": b'{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":'
        b'[{"type":"message","content":[{"type":"output_text","text":"Hi."}]}]}',
        "anthropic": b'{"type":"message","content":[{"type":"text","text":"Hi."}],"stop_reason":"max_tokens"}',
        "gemini": b'{"candidates":[{"content":{"parts":[{"text":"Hi."}]},"finishReason":"MAX_TOKENS"}]}',
    }[dialect]
    climb = await ladder(Act(body=body))
    done = await climb.ask()
    assert done.result == Generated(text="Hi.", model="main:m", rung=0, stop_reason="length")
    assert climb.visible() == "Hi."


async def test_a_whole_answer_is_read_whatever_type_the_vendor_gives_it() -> None:
    body = b'{"model":"m","choices":[{"message":{"content":"Hi."},"finish_reason":"stop"}]}'
    async with between([Act(body=body, headers={"content-type": "text/plain"})], []) as climb:
        effect = Generate(slot="answer", models=("main:m",), messages=ASKED)
        done = await climb.gateway.generate(effect, slot(upstream="follow"), deaf)
    assert done.result == Generated(text="Hi.", model="main:m", rung=0)


_EACH_ENDS = (
    b'data: {"candidates":[{"content":{"parts":[{"text":"%s"}]},"finishReason":"STOP"}],"usageMetadata":'
    b'{"promptTokenCount":3,"candidatesTokenCount":2}}\n\n'
)


@pytest.mark.parametrize("dialect", ["gemini"], indirect=True)
async def test_a_stream_whose_every_event_says_that_it_ends_is_read_to_its_end(ladder) -> None:
    body = b"".join(_EACH_ENDS % text for text in (b"All ", b"is ", b"well."))
    climb = await ladder(Act(body=body, headers={"content-type": "text/event-stream"}))
    done = await climb.ask()
    assert (climb.visible(), done.result.text) == ("All is well.", "All is well.")


async def test_connections_are_used_again(ladder) -> None:
    climb = await ladder()
    for _ in range(5):
        await climb.ask()
    assert climb.main.connections == 1


async def test_a_refusal_in_words_is_an_answer_and_not_a_fault(ladder, dialect) -> None:
    done = await (await ladder(Act(text="I cannot help with that.", stop_reason="content_filter"))).ask()
    assert isinstance(done.result, Generated)
    assert done.result.text == "I cannot help with that."
    assert done.result.stop_reason == ("refusal" if dialect == "anthropic" else "content_filter")


async def test_an_answer_of_which_the_filter_leaves_nothing_is_told_as_filtered_and_not_asked_for_again(ladder) -> None:
    climb = await ladder(Act(text="", stop_reason="content_filter"))
    with pytest.raises(EffectFailed) as failed:
        await climb.ask()
    assert failed.value.code == "HF304"
    assert kinds(failed.value.attempts) == ["filtered"]
    assert (climb.main.calls, climb.spare.calls) == (1, 0)


async def test_when_no_rung_is_left_the_error_lists_every_attempt_and_why(ladder) -> None:
    climb = await ladder(Act(status=401))
    climb.spare.acts = [Act(status=404)]
    with pytest.raises(EffectFailed) as failed:
        await climb.ask("main:m", "spare:m", "extractive")
    assert failed.value.code == "HF301"
    assert "main:m: unauthorized" in failed.value.message
    assert "spare:m: no_model" in failed.value.message
    assert "extractive: passed_over" in failed.value.message
    assert "api_key" in failed.value.fix
    assert kinds(failed.value.attempts) == ["unauthorized", "no_model", "passed_over"]


async def test_rungs_count_in_the_slots_whole_ladder(ladder) -> None:
    climb = await ladder(Act(status=401))
    effect = Generate(slot="answer", models=("main:m", "spare:m"), messages=ASKED, first_rung=3)
    done = await climb.ask(effect=effect)
    assert isinstance(done.result, Generated)
    assert done.result.rung == 4
    assert [attempt.rung for attempt in done.attempts] == [3, 4]


async def test_many_calls_at_once_do_not_mix(ladder) -> None:
    climb = await ladder(Act(pieces=tuple("slowly"), between_ms=2))

    async def one(number: int) -> str:
        heard: list[str] = []
        effect = Generate(slot="answer", models=("main:m",), messages=(Message(role="user", text=f"number {number}"),))
        await climb.gateway.generate(effect, slot(), lambda event: heard.append(event.text))
        return "".join(heard)

    assert await asyncio.gather(*(one(number) for number in range(50))) == ["slowly"] * 50
    assert len(climb.main.requests) == 50
