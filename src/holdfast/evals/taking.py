"""Many things asked so many at a time, while the budget lasts.

Knows nothing of what they are.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from holdfast.evals.budget import Budget

T = TypeVar("T")


async def at_once(
    left: Sequence[T], ask: Callable[[T], Awaitable[float | None]], budget: Budget, concurrency: int
) -> None:
    """Ask what is left, in order; `ask` gives what it cost. What the first one raises ends all."""
    waiting = deque(left)
    changed = asyncio.Condition()

    async def work() -> None:
        while True:
            async with changed:
                await changed.wait_for(budget.decides)
                if not waiting or budget.stopped is not None:
                    return
                item = waiting.popleft()
                budget.begin()
            spent_usd = await ask(item)
            async with changed:
                budget.end(spent_usd)
                changed.notify_all()

    workers = [asyncio.ensure_future(work()) for _ in range(min(concurrency, len(left)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)
