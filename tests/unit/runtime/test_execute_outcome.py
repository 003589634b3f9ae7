"""What a recording says of why: the rungs above the one that answered, and whose fault a failure was."""

from __future__ import annotations

from tests.unit.runtime.test_execute import ANSWER, TICKET, live, loaded
from tests.unit.runtime.worlds import Outside, release

from holdfast.contracts import Hear
from holdfast.errors import EffectFailed
from holdfast.records import Attempt, Done, Effect, Failed, Failure, Generate, Generated
from holdfast.runtime.execute import execute
from holdfast.runtime.tape import Tape


async def test_every_rung_that_was_passed_over_is_said_in_a_few_words() -> None:
    generated = Generated(text="Press the button. [1]", model="extractive", rung=2)
    attempts = (
        Attempt(provider="a", model="one", rung=0, ms=1.0, error="server_error: HTTP 500: long words"),
        Attempt(provider="a", model="one", rung=0, ms=1.0, error="stalled: nothing came for 900 ms"),
        Attempt(provider="b", model="two", rung=1, ms=0.0, error="resting: open, asked again in 4.0 s"),
        Attempt(provider="holdfast", model="extractive", rung=2, ms=1.0),
    )

    class Lower(Outside):
        async def perform(self, effect: Effect, hear: Hear) -> Done:
            done = await super().perform(effect, hear)
            return Done(generated, attempts) if isinstance(effect, Generate) else done

    recording = await live(Lower())
    assert recording.degraded is not None
    assert recording.degraded.reason == "a:one: stalled; b:two: resting"


async def test_a_failed_effect_keeps_its_attempts_and_says_whose_fault_it_was_also_when_replayed() -> None:
    attempts = (Attempt(provider="a", model="one", rung=0, ms=1.0, error="resting: parked"),)

    class Resting(Outside):
        async def perform(self, effect: Effect, hear: Hear) -> Done:
            if isinstance(effect, Generate):
                raise EffectFailed("HF301", "all rest", "wait", attempts, origin="gateway", retry_after_s=7.0)
            return await super().perform(effect, hear)

    recording = await live(Resting())
    assert recording.failure == Failure(
        code="HF301", message="all rest", fix="wait", origin="gateway", retry_after_s=7.0
    )
    assert next(step for step in recording.steps if isinstance(step.result, Failed)).attempts == attempts
    replayed = await execute(
        ANSWER, TICKET, release=release(), world=Outside().world(), tape=Tape.of(loaded(recording))
    )
    assert replayed.failure == recording.failure
