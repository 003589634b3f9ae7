"""A recording of any feature replays exactly: random effects, concurrency, failures and passes."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.runtime.worlds import Outside, release

from holdfast.errors import HoldfastError
from holdfast.identity import recording_from_json, to_json
from holdfast.records import Cancelled, Recording
from holdfast.runtime.context import Context
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import declare
from holdfast.runtime.tape import Tape

# A plan is a tree: what the feature does, and how it waits for it.
LEAVES = st.one_of(
    st.tuples(st.just("retrieve"), st.integers(0, 2)),
    st.tuples(st.just("generate"), st.integers(0, 2)),
    st.tuples(st.just("embed"), st.integers(0, 2)),
    st.tuples(st.just("guard"), st.integers(0, 2)),
    st.tuples(st.just("call"), st.integers(0, 5)),
    st.tuples(st.just("now"), st.just(0)),
    st.tuples(st.just("random"), st.just(0)),
)
PLANS = st.recursive(
    LEAVES,
    lambda inner: st.tuples(
        st.sampled_from(["in_turn", "gather", "gather_errors", "group", "first", "twice", "caught", "chain"]),
        st.lists(inner, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


async def follow(ctx: Context, plan: Any, seen: str = "") -> Any:
    """Do what a plan says; the value depends on every result and on the order in which results came."""
    kind, rest = plan
    match kind:
        case "retrieve":
            return [passage.text for passage in await ctx.retrieve("kb", f"q{rest}")]
        case "generate":
            return (await ctx.generate("answer", question=f"g{rest}{seen}")).text
        case "embed":
            return await ctx.embed([f"t{rest}"])
        case "guard":
            return (await ctx.guard("grounded", f"text {rest}")).passed
        case "call":
            return await ctx.call("work", work, rest)
        case "now":
            return ctx.now().isoformat()
        case "random":
            return ctx.random().random()
        case "gather":
            return await asyncio.gather(*(follow(ctx, part, seen) for part in rest))
        case "gather_errors":
            values = await asyncio.gather(*(follow(ctx, part, seen) for part in rest), return_exceptions=True)
            return [str(value) for value in values]
        case "group":
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(follow(ctx, part, seen)) for part in rest]
            return [task.result() for task in tasks]
        case "first":
            tasks = [asyncio.create_task(follow(ctx, part, seen)) for part in rest]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            left = [task for task in tasks if task not in done]  # in their order, which that of a set is not
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            return sorted(str(task.exception() or task.result()) for task in done)
        case "twice":
            return [await follow(ctx, rest[0], seen), await follow(ctx, rest[0], seen)]
        case "caught":
            try:
                return [await follow(ctx, part, seen) for part in rest]
            except HoldfastError as error:
                return error.code
        case "chain":
            return await chained(ctx, rest, seen)
        case _:
            return [await follow(ctx, part, seen) for part in rest]


async def chained(ctx: Context, parts: Any, seen: str) -> list[str]:
    """Do all parts at once; what each asks for next depends on which have ended before it."""
    order: list[str] = []

    async def noted(at: int, part: Any) -> None:
        value = await follow(ctx, part, seen)
        order.append(f"{at}:{value}")
        await follow(ctx, ("generate", 0), "|".join(order))

    await asyncio.gather(*(noted(at, part) for at, part in enumerate(parts)))
    return order


def work(number: int) -> int:
    if number == 4:
        raise ValueError("four")
    return number * random.randrange(1000)  # a side effect that never gives the same twice


async def planned(ctx: Context, plan: list[Any]) -> Any:
    return {"text": str(await follow(ctx, plan))}


FEATURE = declare(planned)


async def record_and_replay(plan: Any, seed: int, on_fail: str) -> tuple[Recording, Recording, Outside]:
    live, again = Outside(seed, slow=True), Outside(seed + 1, slow=True)
    chosen = release(on_fail=on_fail)
    plan = json.loads(json.dumps(plan))
    first = await execute(FEATURE, plan, release=chosen, world=live.world())
    loaded = recording_from_json(to_json(first))
    assert loaded == first
    second = await execute(
        FEATURE, loaded.input, release=chosen, world=again.world(), tape=Tape.of(loaded, strict=True)
    )
    return first, second, again


@pytest.mark.filterwarnings("ignore:Task was destroyed")
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    plan=PLANS,
    seed=st.integers(0, 10_000),
    on_fail=st.sampled_from(["flag", "retry", "next_rung", "safe_answer", "block"]),
)
def test_any_feature_replays_exactly_and_without_a_single_effect(plan: Any, seed: int, on_fail: str) -> None:
    first, second, again = asyncio.run(record_and_replay(plan, seed, on_fail))
    assert again.done == []
    assert to_json_of(second) == to_json_of(first)
    assert in_order(second) == in_order(first)
    assert given_up(second) == given_up(first)
    assert all(step.replayed for step in second.steps)


def to_json_of(recording: Recording) -> Any:
    return (recording.output, recording.outcome, recording.degraded, recording.blocked, recording.failure)


def in_order(recording: Recording) -> list[tuple[int, str]]:
    return [(step.turn, step.key) for step in recording.steps if not isinstance(step.result, Cancelled)]


def given_up(recording: Recording) -> list[tuple[int, str]]:
    """Steps nobody waited for to the end; the loop tells their tasks in an order of its own."""
    return sorted((step.turn, step.key) for step in recording.steps if isinstance(step.result, Cancelled))
