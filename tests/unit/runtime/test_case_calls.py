"""A side effect is answered from a case's own answers, in order, and never happens."""

from __future__ import annotations

from typing import Any

from tests.unit.runtime.worlds import Outside, release

from holdfast.records import Call, Called, Recording
from holdfast.runtime.context import Context
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import declare
from holdfast.runtime.tape import Tape

HAPPENED: list[str] = []


def happen(what: str) -> str:
    HAPPENED.append(what)
    return "live"


async def book(ctx: Context, question: str) -> list[Any]:
    found = [await ctx.call("book", happen, "a"), await ctx.call("look", happen, "b", safe=True)]
    return [*found, await ctx.call("book", happen, "c")]


async def again(ctx: Context, question: str) -> str:
    number = await ctx.call("book", happen, question)
    reply = await ctx.generate("answer", str, question=question, number=number)
    await ctx.guard("grounded", reply)
    return f"{reply} {number}"


async def asked(calls: dict[str, list[Any]], fn: Any = book, **how: Any) -> Recording:
    HAPPENED.clear()
    tape = Tape(live=False, calls=calls, **how)
    return await execute(declare(fn), "q", release=release(), world=Outside().world(), tape=tape)


async def test_each_call_of_a_name_gets_the_next_answer_and_nothing_happens() -> None:
    recording = await asked({"book": [{"id": 1}, {"id": 2}], "look": [None]})
    assert recording.output == [{"id": 1}, None, {"id": 2}]
    assert HAPPENED == []
    assert [step.result for step in recording.steps if isinstance(step.effect, Call)] == [
        Called(value={"id": 1}), Called(value=None), Called(value={"id": 2}),
    ]  # fmt: skip


async def test_a_safe_call_without_answers_is_made() -> None:
    recording = await asked({"book": [1, 2]})
    assert recording.output == [1, "live", 2]
    assert HAPPENED == ["b"]


async def test_a_call_too_many_fails_and_says_what_to_add() -> None:
    recording = await asked({"book": [1], "look": [2]})
    assert recording.failure is not None
    assert recording.failure.code == "HF307"
    assert "called 2 times" in recording.failure.message
    assert "calls.book" in recording.failure.fix


async def test_a_call_without_an_answer_still_does_not_happen() -> None:
    recording = await asked({})
    assert recording.failure is not None
    assert recording.failure.code == "HF307"
    assert HAPPENED == []


async def test_a_strict_tape_takes_a_cases_answer_for_remembered() -> None:
    recording = await asked({"book": [1, 2], "look": [3]}, strict=True)
    assert recording.output == [1, 3, 2]


async def test_another_pass_is_given_the_same_answer_again() -> None:
    outside = Outside()
    outside.judge = lambda check: len(outside.done) > 3
    tape = Tape(live=False, calls={"book": [7]})
    recording = await execute(declare(again), "q", release=release(on_fail="retry"), world=outside.world(), tape=tape)
    assert recording.outcome == "ok"
    assert recording.output.endswith(" 7")
    assert {step.turn for step in recording.steps} == {0, 1}


async def test_what_was_remembered_goes_before_a_cases_answer() -> None:
    recorded = await asked({"book": [1, 2], "look": [3]})
    HAPPENED.clear()
    tape = Tape.of(recorded)
    replayed = await execute(declare(book), "q", release=release(), world=Outside().world(), tape=tape)
    assert replayed.output == [1, 3, 2]
    assert all(step.replayed for step in replayed.steps)
