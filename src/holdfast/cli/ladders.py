"""Which rungs of the project's ladders would be asked, and which are passed over. Does not ask any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from holdfast.config import Config


class Standing(Struct, frozen=True):
    """A rung. Where it is not `ready`, `why` it is passed over and the `fix`."""

    model: str
    ready: bool
    why: str = ""
    fix: str = ""


class Ladder(Struct, frozen=True):
    """A slot's models in the order in which they are tried."""

    slot: str
    rungs: tuple[Standing, ...]


def ladders(config: Config) -> tuple[Ladder, ...]:
    """Every slot of models, in the order of the file. Raises Misconfigured (HF100)."""
    from holdfast.gateway.opening import providers_of
    from holdfast.gateway.rung import Unusable, resolve

    providers = providers_of(config)

    def standing(model: str) -> Standing:
        rung = resolve(model, providers, {})
        if isinstance(rung, Unusable):
            return Standing(model, ready=False, why=rung.fault.message, fix=rung.fault.fix or "")
        return Standing(model, ready=True)

    found = []
    for name, slot in config.slots.items():
        if slot.models is not None:
            models = (slot.models,) if isinstance(slot.models, str) else slot.models
            found.append(Ladder(name, tuple(map(standing, models))))
    return tuple(found)
