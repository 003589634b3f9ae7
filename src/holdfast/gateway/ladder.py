"""The gateway: a ladder of models behind one call, tried in order under one deadline.

Does not know features, prompts or recordings; it is given an effect and gives back an answer with every attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from holdfast.contracts import Hear
from holdfast.gateway.call import Call, Shared
from holdfast.gateway.climb import Climb
from holdfast.gateway.embeddings import Encoding
from holdfast.gateway.health_report import HealthReport
from holdfast.gateway.reranking import Reranking
from holdfast.gateway.rung import HandedIn, Hosted, resolve
from holdfast.records import Done, Embed, Generate, Rerank, Usage
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

        An `exact` answer that violates its schema is asked for once more with what is wrong.

        Raises EffectFailed when no rung is left (HF301; HF311 when each has had too many requests, HF312 when it is too
        long for each; `retry_after_s` when all that is needed is to wait), when every answer violates its schema
        (HF303), when the deadline passed (HF302) or when a provider's content filter stopped what was asked or its
        answer (HF304); Misconfigured when nothing in the ladder is set up. An EffectFailed carries the attempts, and so
        does the CancelledError of a call that is cancelled (`errors.attempts_of`); such a call is stopped at the vendor
        too.
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
        """The vectors of the texts from the encoder named as `provider:model`, and from no other, in order and all of
        one length; as many requests as the vendor's limits ask for, one after the other, under `slot.deadline_ms`
        together.

        A request is tried again on the same route as `fault.POLICY` allows, at most `slot.retries` times and within the
        budget of all calls, and with the provider's other keys; a route that rests is not asked, but waited for where
        there is time. Raises EffectFailed when it still fails (HF301, HF311) or the deadline passed (HF302), with the
        attempts; Misconfigured when the encoder is not set up (HF100, HF104). A CancelledError carries the attempts.
        """
        call = Encoding(self, effect, slot)
        try:
            return await call.run()
        except asyncio.CancelledError as stopped:
            stopped.attempts = tuple(call.asked.attempts)  # type: ignore[attr-defined]  # attempts_of reads it
            raise

    async def rerank(self, effect: Rerank, limit_ms: int) -> Done:
        """A score for each text from the reranker named as `provider:model`, in order, higher is better.

        Tried again and failing as `embed` does, within `limit_ms`.
        """
        call = Reranking(self, effect, ModelSlot(models=(effect.reranker,), deadline_ms=limit_ms))
        try:
            return await call.run()
        except asyncio.CancelledError as stopped:
            stopped.attempts = tuple(call.asked.attempts)  # type: ignore[attr-defined]  # attempts_of reads it
            raise

    async def price_usd(self, model: str) -> float | None:
        """What a million tokens in and a million out cost together with a rung; None where that is not known."""
        usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
        match resolve(model, self.providers, self.models):
            case Hosted(provider, name):
                await self.prices.learn(provider.name, name, provider.base_url)
                return self.prices.cost_usd(provider.name, name, usage)
            case HandedIn(provider_name, name):
                return self.prices.cost_usd(provider_name, name, usage)
            case _:
                return None

    async def warm(self, models: Iterable[str] | None = None) -> None:
        """Load in threads what the first call to a provider would otherwise wait for, or be held up by in the middle of
        its answer: half a second. Does nothing where none of these `models` is a provider's (None: as if one were).
        Optional."""
        rungs = () if models is None else (resolve(entry, self.providers, self.models) for entry in models)
        if models is None or any(isinstance(rung, Hosted) for rung in rungs):
            await self.get_ready()
            await self.prices.warm()

    async def close(self) -> None:
        """Close the connections of the running loop. A second time does nothing; a later call opens new ones."""
        await self.transport.close()
