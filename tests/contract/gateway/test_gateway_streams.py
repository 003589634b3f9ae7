"""A stream that breaks is never taken for an answer, and what was heard of it is voided."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.contract.gateway.ladders import kinds

from holdfast.errors import EffectFailed
from holdfast.records import Generated, Usage
from holdfast.testing import Act


async def test_a_stream_cut_at_any_byte_is_whole_or_a_fault_but_never_half(ladder) -> None:
    whole = "All is well with you."
    for cut in range(0, 1_600, 37):
        climb = await ladder(Act(text=whole, cut_after_bytes=cut, cut="close" if cut % 2 else "reset"))
        done = await climb.ask(retries=0, rescue="restart")
        assert isinstance(done.result, Generated)
        assert done.result.text in (whole, "The spare answers."), cut
        assert climb.visible() == done.result.text, cut


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(Act(pieces=("Half ", "of it"), error_after=1), id="error event"),
        pytest.param(Act(pieces=("Half ", "of it"), end="silent"), id="clean end"),
        pytest.param(Act(pieces=("Half ", "of it"), malformed_after=1, malformed=9), id="many malformed lines"),
    ],
)
async def test_a_single_rung_that_breaks_after_tokens_fails_with_a_reset(ladder, act) -> None:
    climb = await ladder(act)
    with pytest.raises(EffectFailed) as failed:
        await climb.ask("main:m", retries=0)
    assert failed.value.code == "HF301"
    assert climb.resets == 1
    assert climb.visible() == ""
    assert failed.value.attempts[0].usage is not None


@pytest.mark.parametrize(
    ("error_type", "kind"),
    [
        ("overloaded_error", "server_error"),
        ("rate_limit_error", "rate_limited"),
        ("api_error", "server_error"),
        ("authentication_error", "unauthorized"),
        ("insufficient_quota", "quota"),
        ("something new", "server_error"),
    ],
)
async def test_an_error_event_is_told_by_its_type(ladder, dialect, error_type, kind) -> None:
    if dialect == "gemini" and kind in ("unauthorized", "quota"):
        kind = "server_error"  # the dialect has a status and no word for these once it streams
    climb = await ladder(Act(error_after=1, error_type=error_type))
    done = await climb.ask(retries=0)
    assert kinds(done.attempts) == [kind, None]


async def test_a_few_malformed_lines_are_skipped(ladder) -> None:
    climb = await ladder(Act(malformed_after=1, malformed=3))
    assert await climb.text() == "All is well."
    assert len(climb.main.requests) == 1


async def test_an_answer_without_the_closing_event_is_whole(ladder) -> None:
    climb = await ladder(Act(end="unclosed"))
    done = await climb.ask()
    assert isinstance(done.result, Generated)
    assert done.result.text == "All is well."
    assert done.attempts[0].usage == Usage(input_tokens=12, output_tokens=5)


async def test_usage_that_follows_the_answer_late_is_counted_and_the_connection_kept(ladder) -> None:
    climb = await ladder(Act(closing_ms=8))
    for _ in range(2):
        done = await climb.ask()
        assert done.attempts[0].usage == Usage(input_tokens=12, output_tokens=5)
    assert climb.main.connections == 1


async def test_a_connection_that_stays_open_after_the_answer_does_not_hold_it_up(ladder) -> None:
    climb = await ladder(Act(end="hanging"))
    started = time.monotonic()
    assert await climb.text(idle_ms=500) == "All is well."
    assert time.monotonic() - started < 2
    await asyncio.wait_for(climb.main.requests[0].hung_up.wait(), 2)


async def test_a_giant_event_is_a_fault_and_not_a_full_memory(ladder) -> None:
    climb = await ladder(Act(raw_stream=b"data: " + b"x" * (9 * 1024 * 1024)))
    done = await climb.ask()
    assert kinds(done.attempts) == ["garbled", "garbled", None]
