"""The fault wall of embeddings: right vectors of the model that was named, or a defined error, in time."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.gateway.wall.cells import KEY, SLACK_MS

from holdfast.errors import EffectFailed
from holdfast.gateway import Gateway, Pace, Prices
from holdfast.gateway.provider import Dialect, speaker
from holdfast.records import Embed, Embedded
from holdfast.release import ModelSlot
from holdfast.testing import Act, Vendor
from holdfast.testing.faults import FAULTS, When, under
from holdfast.testing.places import place_of
from holdfast.testing.rules import always
from holdfast.testing.speech.embeddings import vector

TEXTS = ("one", "two", "three")
DEADLINE_MS = 2_500
HARMLESS = frozenset(
    {
        "server_error_once",
        "flapping",
        "reset_once",
        "stale_keep_alive",
        "unsupported_parameter",  # none is sent
        "no_usage",
        "zero_usage",
        "overlapping_usage",
        "swapped_model",
    }
)
"""Faults that a call gets over, or that do not matter to it."""
OF_TEXT = frozenset({"blank", "null_choices", "reasoning_only", "length", "filtered_finish", "refusal"})
"""Faults of an answer's text: a vector has none."""


def befalls(fault: str) -> bool:
    kind = FAULTS[fault]
    return kind.whole and not kind.midway and kind.needs in ("", "embeddings") and fault not in OF_TEXT


async def outcome(fault: str, dialect: Dialect) -> tuple[Embedded | EffectFailed, int]:
    """What comes of the texts, and how many requests the vendor saw. Raises TimeoutError past the deadline."""
    kind = FAULTS[fault]
    mismatch = fault == "embedding_mismatch"  # between the requests of one call
    when = When("once" if kind.once or mismatch else "always")
    async with Vendor(under(always(Act()), kind, when)) as vendor:
        with place_of(kind, vendor.url) as root:
            base = root if dialect in ("azure", "gemini") else f"{root}/v1"
            main = speaker("main", base, dialect, api_key=KEY, embed_inputs=2 if mismatch else 100)
            pace = Pace(backoff_ms=1, backoff_cap_ms=2, retry_after_cap_ms=100)
            gateway = Gateway({"main": main}, prices=Prices({}), pace=pace)
            slot = ModelSlot(models=(), deadline_ms=DEADLINE_MS, connect_ms=600, first_token_ms=900, idle_ms=700)
            try:
                async with asyncio.timeout((DEADLINE_MS + SLACK_MS) / 1000):
                    done = await gateway.embed(Embed(encoder="main:m", texts=TEXTS), slot)
            except EffectFailed as failed:
                return failed, vendor.calls
            finally:
                await gateway.close()
        assert isinstance(done.result, Embedded)
        return done.result, vendor.calls


def wrong(fault: str, came: Embedded | EffectFailed, calls: int) -> list[str]:
    """What is not as it must be."""
    said = [] if calls <= 3 else [f"the vendor is asked {calls} times"]
    if isinstance(came, EffectFailed):
        if fault in HARMLESS or came.code not in ("HF301", "HF302", "HF304", "HF311", "HF312"):
            said.append(str(came))
        if KEY in str(came) or not came.fix or not came.attempts:
            said.append("the error does not say what it must")
        return said
    if fault not in HARMLESS:
        said.append("it passes for sound")
    right = [pytest.approx(vector(text, 8), abs=1e-6) for text in TEXTS]
    return said if list(came.vectors) == right else [*said, "the vectors are wrong"]


@pytest.mark.parametrize("dialect", ["openai", "azure", "gemini"])
async def test_a_fault_leads_to_right_vectors_or_a_defined_error(dialect: Dialect, met_again: list[str]) -> None:
    faults = [name for name, kind in FAULTS.items() if befalls(name) and dialect in kind.dialects]
    gate = asyncio.Semaphore(12)
    await outcome("zero_usage", dialect)  # what a process loads at its first call is no part of any cell

    async def meet(name: str) -> list[str]:
        return wrong(name, *await outcome(name, dialect))

    async def among_others(name: str) -> list[str]:
        async with gate:
            return await meet(name)

    found = dict(zip(faults, await asyncio.gather(*map(among_others, faults)), strict=True))
    # Limits of less than a second can pass for want of a processor: by itself it counts.
    again = {name: await meet(name) for name, said in found.items() if said}
    met_again += [f"{name} · {dialect} · vectors: {'; '.join(found[name])}" for name in again]
    assert not {name: said for name, said in again.items() if said}
