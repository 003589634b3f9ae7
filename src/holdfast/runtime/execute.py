"""Execute: the one function that runs everything.

Knows effects, releases and tapes; knows nothing of stores, servers or vendors.

    recording = await execute(feature, input, release=..., tape=..., world=...)

A live request, a replay, an evaluation, a canary, a diagnosis and a test are this call with another release and tape.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from holdfast.errors import GuardBlocked, HoldfastError
from holdfast.records import (
    Blocked,
    Checked,
    Degraded,
    Failed,
    Failure,
    Generate,
    Generated,
    Json,
    Outcome,
    Recording,
    Rerank,
    Step,
    total_cost_usd,
)
from holdfast.release import Release
from holdfast.runtime.context import Context, Request
from holdfast.runtime.feature import Feature, problems
from holdfast.runtime.passing import Pass
from holdfast.runtime.stream import Stream
from holdfast.runtime.tape import BLANK, Tape
from holdfast.runtime.who import ANYONE, Who
from holdfast.runtime.world import Ended, World, ended

_log = logging.getLogger("holdfast.feature")


def recording_of(cancelled: asyncio.CancelledError) -> Recording | None:
    """The recording that a cancelled `execute` leaves in its CancelledError: what happened until then."""
    return next((part for part in cancelled.args if isinstance(part, Recording)), None)


async def execute(
    feature: Feature, input: Json, *, release: Release, world: World, tape: Tape = BLANK, who: Who = ANYONE
) -> Recording:
    """Run a feature on an input, under a release, with a tape; whatever happens becomes a recording.

    The function is run once, and again for each guard that wants another generation, each time with what was done so
    far on the tape. The same input, release and tape give the same output. Raises Refused (HF701) for an input that is
    not the feature's, and ReplayDiverged (HF500) when a strict tape misses; everything else is an outcome. Cancelled,
    it leaves a recording in the CancelledError (`recording_of`).
    """
    value = feature.parse(input)
    request = Request(feature, release, tape, world, who, Stream(world.hear))
    execution = _Execution(request, input, value)
    try:
        return await execution.run()
    except asyncio.CancelledError as cancelled:
        # Not an error class of its own: asyncio.timeout knows a cancellation by its exact type.
        cancelled.args = (execution.recording("cancelled"),)
        raise


async def _own_ended(work: Awaitable[Any]) -> Ended:
    """How a feature of Holdfast's own ended, without the task of its own that a user's code is given."""
    try:
        return Ended(value=await work)
    except HoldfastError as error:
        return Ended(error=error)


class _Execution:
    """One request on its way to a recording."""

    def __init__(self, request: Request, input: Json, value: Any) -> None:
        self._request = request
        self._input = input
        self._value = value
        self._id = request.world.new_recording_id()
        self._started_at = request.world.now()
        self._started = time.perf_counter()
        self._done: list[Step] = []
        self._pass: Pass | None = None

    async def run(self) -> Recording:
        """Pass after pass, until one ends by itself."""
        while True:
            ending, context = await self._one_pass()
            assert self._pass is not None
            if self._pass.wanted:
                continue
            stopped = self._pass.stopped
            if isinstance(stopped, GuardBlocked):
                return self._blocked(stopped)
            if stopped is not None:
                raise stopped
            if ending.error is not None:
                return self._failed(ending.error)
            return self._answered(ending.value, context)

    async def _one_pass(self) -> tuple[Ended, Context]:
        request, before = self._request, self._pass
        turn = 0 if before is None else before.turn + 1
        if before is not None:
            self._done.extend(before.steps)
        pass_ = self._pass = Pass(
            turn,
            request.tape.with_own(self._done) if self._done else request.tape,
            request.world,
            alone=request.feature.facts.alone,
            changed={} if before is None else before.wanted,
        )
        context = Context(request, pass_)
        value = self._value if before is None else request.feature.parse(self._input)
        asked = request.feature.fn(context, value)
        ending = await (_own_ended(asked) if request.feature.facts.own else ended(asked))
        await pass_.close()
        return ending, context

    def _answered(self, value: Any, context: Context) -> Recording:
        feature = self._request.feature
        try:
            output = feature.dump(value)
        except ValidationError as error:
            message = f"the feature returned something that is not its output: {problems(error)}"
            fix = f"return what '{feature.name}' declares after ->"
            return self.recording("failed", failure=Failure(code="HF303", message=message, fix=fix))
        if context.redacted:
            output = _redacted(output, context.redacted)
        self._request.stream.end(_text_of(output))
        degraded = self._degraded()
        return self.recording("ok" if degraded is None else "degraded", output=output, degraded=degraded)

    def _blocked(self, block: GuardBlocked) -> Recording:
        output = None
        if block.safe_answer is not None:
            output = self._request.feature.blank_output(block.safe_answer)
        if output is not None:
            self._request.stream.end(_text_of(output))
        else:
            self._request.stream.reset(block.message)
        return self.recording("blocked", output=output, blocked=Blocked(guard=block.guard, reason=block.reason))

    def _failed(self, error: BaseException) -> Recording:
        feature = self._request.feature
        if isinstance(error, HoldfastError):
            failure = Failure(
                code=error.code,
                message=error.message,
                fix=error.fix,
                origin=getattr(error, "origin", None),
                retry_after_s=getattr(error, "retry_after_s", None),
            )
        else:
            _log.error("feature '%s' raised", feature.name, exc_info=error)
            message = f"feature '{feature.name}' raised {type(error).__name__}: {error}{_where(error, feature)}"
            failure = Failure(code="HF309", message=message, fix="mend the feature; the log has the traceback")
        self._request.stream.reset(failure.message)
        return self.recording("failed", failure=failure)

    def _degraded(self) -> Degraded | None:
        """The first step of the last pass that is less than was asked for: a generation that a lower rung answered, and
        why the rungs above it did not, or passages that were not reranked."""
        assert self._pass is not None
        for step in self._pass.steps:
            if isinstance(step.effect, Rerank) and step.effect.slot and isinstance(step.result, Failed):
                why = f"{step.effect.reranker}: {step.result.message}"
                return Degraded(slot=step.effect.slot, rung=1, model="none", reason=why)
            if isinstance(step.effect, Generate) and isinstance(step.result, Generated) and step.result.rung > 0:
                why = _why(step, self._done, self._pass.steps)
                return Degraded(slot=step.effect.slot, rung=step.result.rung, model=step.result.model, reason=why)
        return None

    def recording(self, outcome: Outcome, **rest: Any) -> Recording:
        """What happened so far, as a recording with this outcome."""
        request = self._request
        steps = tuple(self._done) + tuple(self._pass.steps if self._pass is not None else ())
        return Recording(
            id=self._id,
            feature=request.feature.name,
            release=request.release.id,
            input=self._input,
            outcome=outcome,
            steps=steps,
            cost_usd=total_cost_usd(steps),
            ms=round((time.perf_counter() - self._started) * 1000, 3),
            started_at=self._started_at,
            subject=request.who.subject,
            tenant=request.who.tenant,
            code_hash=request.feature.code_hash,
            replay_of=request.tape.replay_of,
            **rest,
        )


def _why(step: Step, before: Sequence[Step], beside: Sequence[Step]) -> str:
    """Why a lower rung answered: what became of each rung above it, a reply that could not be read, or the guard that
    asked for another rung. `before` are the steps of earlier passes, `beside` those of the same."""
    assert isinstance(step.effect, Generate)
    assert isinstance(step.result, Generated)
    above = {a.rung: a for a in step.attempts if a.error is not None and a.rung < step.result.rung}
    if above:
        return "; ".join(f"{a.provider}:{a.model}: {_short(a.error or '')}" for _, a in sorted(above.items()))
    asked_above = [
        s.result.model
        for s in beside
        if isinstance(s.effect, Generate) and isinstance(s.result, Generated) and s.effect.slot == step.effect.slot
        if s.result.rung < step.effect.first_rung
    ]
    if asked_above:
        return "; ".join(f"{model}: its reply did not match the output" for model in dict.fromkeys(asked_above))
    verdicts = [s.result.verdict for s in before if isinstance(s.result, Checked) and not s.result.verdict.passed]
    return f"guard '{verdicts[-1].guard}': {verdicts[-1].reason}" if verdicts else "the rungs above were left out"


def _short(error: str) -> str:
    """The kind of a fault, without what the vendor said."""
    return error.partition(":")[0] or error


def _where(error: BaseException, feature: Feature) -> str:
    """The innermost line of the feature's own file in an error's traceback."""
    home = feature.fn.__code__.co_filename
    lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == home]
    return f" ({Path(home).name}, line {lines[-1].lineno})" if lines else ""


def _text_of(output: Json) -> str:
    """The text a reader of the output would be shown while it grows."""
    text = output.get("text") if isinstance(output, dict) else output
    return text if isinstance(text, str) else ""


def _redacted(output: Json, redacted: Mapping[str, str]) -> Json:
    """The output with every text that a guard redacted replaced."""
    if isinstance(output, str):
        return redacted.get(output, output)
    if isinstance(output, list):
        return [_redacted(part, redacted) for part in output]
    if isinstance(output, dict):
        return {name: _redacted(part, redacted) for name, part in output.items()}
    return output
