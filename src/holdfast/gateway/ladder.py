"""The gateway: a ladder of models behind one call, tried in order under one deadline.

Does not know features, prompts or recordings; it is given an effect and gives back an answer with every attempt.
"""

from __future__ import annotations

import asyncio

from holdfast.contracts import Hear
from holdfast.gateway.call import Call, Shared
from holdfast.gateway.climb import Climb
from holdfast.gateway.embeddings import Encoders
from holdfast.gateway.health_report import HealthReport
from holdfast.records import Done, Embed, Generate
from holdfast.release import ModelSlot


class Gateway(Shared):
    """Asks ladders of models.

    `providers` by name; `models` are objects that stand in for a provider of that name. `pace` sets the pauses between
    tries, `facts` what is known of a model by `provider:model`. With an `embedder` the extractive rung goes by meaning
    as well as by words. One gateway serves any number of concurrent calls, on any number of event loops; what it learns
    of its routes (`health`) it keeps for as long as it is open.
    """

    async def generate(self, effect: Generate, slot: ModelSlot, hear: Hear) -> Done:
        """Answer with the first rung that can.

        Rungs are tried in order, each again where its fault allows it (`fault.POLICY`, at most `slot.retries` times,
        all calls together within a budget), all under `slot.deadline_ms`. A rung that cannot do what is asked, or that
        rests after too many faults, is passed over. `hear` gets a Delta for each piece of visible text. An attempt that
        fails after text was heard is gone on with by another (`slot.rescue`), or there is a Reset and the answer starts
        again; either way the deltas since the last Reset add up to the answer. The extractive rung waits for nobody, so
        it answers even after the deadline.

        Raises EffectFailed when no rung is left (HF301; with `retry_after_s` when all that is needed is to wait), when
        the deadline passed (HF302) or when a provider's content filter refused what was asked (HF304); Misconfigured
        when nothing in the ladder is set up. An EffectFailed carries the attempts, and so does the CancelledError of a
        call that is cancelled (`errors.attempts_of`); such a call is stopped at the vendor too.
        """
        call = Call(self, effect, slot, hear)
        try:
            return await Climb(call).run()
        except asyncio.CancelledError as stopped:
            stopped.attempts = tuple(call.attempts)  # type: ignore[attr-defined]  # attempts_of reads it
            raise

    def health(self) -> HealthReport:
        """How every route stands that was asked so far."""
        return self.standing.report(self.retries.left, self.hedges.left)

    async def embed(self, effect: Embed, slot: ModelSlot) -> Done:
        """The vectors of the texts from the encoder named as `provider:model`, and from no other; see
        `Encoders.embed`."""
        encoders = Encoders(self.providers, self.transport, self.prices, self.pace, self.chance)
        return await encoders.embed(effect, slot)

    async def warm(self) -> None:
        """Load in a thread what the first call to a provider would otherwise wait for, half a second. Optional."""
        await self.get_ready()

    async def close(self) -> None:
        """Close the connections of the running loop. A second time does nothing; a later call opens new ones."""
        await self.transport.close()
