"""One pass of a feature's function: every effect it asks for, in the order in which it came to an end.

Knows nothing of what a feature means by its effects.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from msgspec.structs import replace

from holdfast.contracts import Hear, StepDone
from holdfast.errors import EffectFailed, HoldfastError, from_failed
from holdfast.identity import content_of, key_of
from holdfast.records import (
    Call,
    Called,
    Cancelled,
    Chance,
    Clock,
    Done,
    Drawn,
    Effect,
    Failed,
    Generate,
    Result,
    Step,
    Told,
)
from holdfast.runtime.gate import Gate
from holdfast.runtime.tape import Tape, describe
from holdfast.runtime.world import World

_LIVE = 1_000_000_000
"""Places of live results at the gate start here: what is remembered goes first."""
_PATIENCE_S = 1.0
"""How much longer than recorded a replay waits for a feature to give up on an effect, as it did then."""
By = Callable[[], Awaitable[Done]]


class PassEnded(BaseException):
    """A guard wants the function run again with one generation changed. Not an error; not for a feature to catch."""


class Pass:
    """The effects of one pass.

    `changed` holds, by the key of what the function asks for, the generations to ask for instead.
    """

    def __init__(self, turn: int, tape: Tape, world: World, *, alone: bool, changed: Mapping[str, Generate]) -> None:
        self.turn = turn
        self.steps: list[Step] = []
        self.wanted: dict[str, Generate] = {}
        """What the next pass is to ask for instead, like `changed`; empty: there is no next pass."""
        self.stopped: HoldfastError | None = None
        """An end that the feature's own code cannot undo: a block, or a strict replay that missed."""
        self._tape = tape
        self._world = world
        self._gate = Gate(alone=alone)
        self._changed = changed
        self._original: dict[str, str] = {}
        self._asked: Counter[str] = Counter()
        self._called: Counter[str] = Counter()
        self._arrivals = count(_LIVE)
        self._left: list[tuple[int, asyncio.Task[Step]]] = []
        self._waiting: set[asyncio.Task[Any]] = set()
        self._returned = False
        self._closed = False

    async def do(self, effect: Effect, hear: Hear, by: By | None = None) -> tuple[str, Result]:
        """The key and the result of an effect: remembered, or done by `by` or else by the world.

        Raises the effect's failure, the same one when it is remembered.
        """
        self._check_open(effect)
        key, effect = self._keyed(effect)
        found = self._find(key, effect)
        self._gate.stir()
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        begun = Step(key=key, effect=effect, result=Cancelled(), ms=0.0, started_at=self._world.now(), turn=self.turn)
        work = functools.partial(self._done, begun, time.perf_counter(), hear, self._answered(effect) or by)
        try:
            result = await self._result(begun, found, work)
        finally:
            self._waiting.discard(task)
        self._check_open(effect)
        if isinstance(result, Failed):
            raise from_failed(result)
        return key, result

    def at_once(self, effect: Clock | Chance) -> Result:
        """The result of an effect that takes no time."""
        self._check_open(effect)
        key, _ = self._keyed(effect)
        found = self._find(key, effect)
        now = self._world.now()
        if found is not None:
            return self._keep(self._again(found[1], now)).result
        result = Told(at=now) if isinstance(effect, Clock) else Drawn(seed=self._world.seed())
        return self._keep(Step(key=key, effect=effect, result=result, ms=0.0, started_at=now, turn=self.turn)).result

    def again(self, key: str, generation: Generate) -> PassEnded:
        """End this pass; in the next one `generation` is asked for instead of the one with this key."""
        self.wanted = {**self._changed, self._original.get(key, key): generation}
        return PassEnded()

    def stop(self, error: HoldfastError) -> HoldfastError:
        """End the request with this error, whatever the feature does about it."""
        self.stopped = self.stopped or error
        return error

    async def close(self) -> None:
        """The function has returned: effects that nobody waits for any more are cancelled, and stand as such."""
        self._returned = True
        left = {task for task in self._waiting if not task.done()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=_PATIENCE_S)
        if self._left:
            await asyncio.wait([task for _, task in self._left], timeout=_PATIENCE_S)
            self._add_attempts()
        self._closed = True

    def _add_attempts(self) -> None:
        """Give the cancelled steps the attempts that were made before they were given up."""
        for at, task in self._left:
            if task.done() and not task.cancelled() and task.exception() is None:
                self.steps[at] = replace(self.steps[at], attempts=task.result().attempts)

    def _check_open(self, effect: Effect) -> None:
        if self.wanted:
            raise PassEnded
        if self.stopped is not None:
            raise self.stopped.with_traceback(None)
        if self._returned:
            message = f"{describe(effect)} was asked for after the feature had returned"
            raise EffectFailed("HF300", message, "await every task before the feature returns")

    def _keyed(self, effect: Effect) -> tuple[str, Effect]:
        key = self._count(effect)
        if isinstance(effect, Generate) and key in self._changed:
            original, effect = key, self._changed[key]
            key = self._count(effect)
            self._original[key] = original
        return key, effect

    def _count(self, effect: Effect) -> str:
        content = content_of(effect)
        nth = self._asked[content]
        self._asked[content] += 1
        return key_of(content, nth)

    def _find(self, key: str, effect: Effect) -> tuple[int, Step] | None:
        try:
            found = self._tape.find(self.turn, key, effect)
            return None if found is None else self._tape.shown(found, self._world.still_visible)
        except HoldfastError as error:
            raise self.stop(error) from None

    async def _result(self, begun: Step, found: tuple[int, Step] | None, work: Callable[[], Awaitable[Step]]) -> Result:
        """Wait for the result and keep the step. A wait that is given up is kept as a cancelled step.

        What is done, is done by a task of its own, so that the feature's own tasks wait, wake and are cancelled in the
        same way whether a result is remembered or not.
        """
        if self._gate.alone and found is None:
            return self._keep(await work()).result
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task: asyncio.Task[Step] | None = None
        if found is not None and not isinstance(found[1].result, Cancelled):
            self._gate.offer(found[0], future)
        else:
            task = asyncio.ensure_future(_late(work, found))
            task.add_done_callback(lambda _: self._gate.offer(next(self._arrivals), future))
        started = time.perf_counter()
        try:
            await future
        except asyncio.CancelledError:
            if task is not None:
                task.cancel()
                self._left.append((len(self.steps), task))
            self._keep(replace(begun, ms=_ms_since(started), replayed=found is not None))
            raise
        step = task.result() if task is not None else self._again(found[1] if found else begun, begun.started_at)
        return self._keep(step).result

    def _answered(self, effect: Effect) -> By | None:
        """How a call is answered that the tape has answers for; None for every other effect."""
        if not isinstance(effect, Call) or not self._tape.answers(effect):
            return None
        nth = self._called[effect.name]
        self._called[effect.name] += 1

        async def by() -> Done:
            return Done(Called(value=self._tape.answer(effect, nth)))

        return by

    async def _done(self, begun: Step, started: float, hear: Hear, by: By | None) -> Step:
        """The step, with what came of doing its effect."""
        effect = begun.effect
        try:
            allowed = self._tape.live or self._tape.answers(effect)
            if isinstance(effect, Call) and not (effect.safe or allowed):
                raise EffectFailed(
                    "HF307",
                    f"'{effect.name}' has side effects and is not on the tape",
                    "replay what was recorded live, give the case an answer under calls, mark it safe=True, or add "
                    "--fresh call to do it again",
                )
            done = await (by() if by is not None else self._world.perform(effect, hear))
        except HoldfastError as error:
            done = Done(_failed(error), getattr(error, "attempts", ()))
        except asyncio.CancelledError as error:
            if not self._gate.alone:
                return replace(begun, attempts=getattr(error, "attempts", ()))
            self._keep(replace(begun, attempts=getattr(error, "attempts", ()), ms=_ms_since(started)))
            raise
        return replace(begun, result=done.result, attempts=done.attempts, ms=_ms_since(started))

    def _again(self, step: Step, started_at: datetime) -> Step:
        return replace(step, started_at=started_at, replayed=True, turn=self.turn)

    def _keep(self, step: Step) -> Step:
        if not self._closed:
            self.steps.append(step)
            self._world.hear(StepDone(step))
        return step


async def _late(work: Callable[[], Awaitable[Step]], found: tuple[int, Step] | None) -> Step:
    """Do the work; but where the recording says that it was given up, give the feature the time to do so again."""
    if found is not None:
        await asyncio.sleep(found[1].ms / 1000 + _PATIENCE_S)
    return await work()


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


def _failed(error: HoldfastError) -> Failed:
    if not isinstance(error, EffectFailed):
        return Failed(code=error.code, message=error.message, fix=error.fix)
    return Failed(
        code=error.code,
        message=error.message,
        fix=error.fix,
        origin=error.origin,
        retry_after_s=error.retry_after_s,
    )
