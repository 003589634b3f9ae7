"""What execute needs of the outside, as values and functions handed in. Knows nothing of who provides them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from holdfast.contracts import Hear, Perform, deaf
from holdfast.identity import new_id
from holdfast.records import Retrieve
from holdfast.runtime.tape import StillVisible, all_of_them


def _now() -> datetime:
    return datetime.now(UTC)


def _seed() -> int:
    return random.SystemRandom().getrandbits(53)


@dataclass(frozen=True, slots=True)
class World:
    """`perform` does an effect; `pin` says which version `latest` or a named version of a corpus is, as `name@v12`.

    `still_visible` is asked of every passage that is remembered instead of found.
    """

    perform: Perform
    pin: Callable[[str, str], str]
    hear: Hear = deaf
    still_visible: StillVisible = all_of_them
    encoder: str = ""
    reranker: str = ""
    now: Callable[[], datetime] = _now
    seed: Callable[[], int] = _seed
    new_recording_id: Callable[[], str] = lambda: new_id("rec")

    def showing(self, made_up: Collection[str]) -> World:
        """This world, in which passages of these documents, which no corpus has, may be seen by whoever asked."""
        known, own = self.still_visible, frozenset(made_up)

        def still_visible(effect: Retrieve, documents: Collection[str]) -> frozenset[str]:
            return known(effect, frozenset(documents) - own) | (frozenset(documents) & own)

        return replace(self, still_visible=still_visible)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a piece of somebody else's code ended: with a value or with an error, whatever the error is."""

    value: Any = None
    error: BaseException | None = None


async def ended(work: Awaitable[Any]) -> Ended:
    """Run somebody else's code to its end and say how it ended.

    It runs as a task of its own, so that whatever it raises is a value here. Cancelling this cancels it, waits until it
    has stopped, and raises CancelledError.
    """
    task = asyncio.ensure_future(work)
    over: asyncio.Future[None] = task.get_loop().create_future()  # costs a third of what asyncio.wait does
    task.add_done_callback(lambda _: None if over.done() else over.set_result(None))
    try:
        await over
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen: the cancellation is what counts
        raise
    if task.cancelled():
        return Ended(error=asyncio.CancelledError())
    error = task.exception()
    return Ended(error=error) if error is not None else Ended(value=task.result())
