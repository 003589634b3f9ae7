"""One fault of the catalogue, as a value.

Does not know which faults there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from holdfast.testing.act import Act
from holdfast.testing.asked import Asked, DialectName

Does: TypeAlias = Callable[[Act, Asked, int], Act]
"""From an answer that goes well, what is asked, and how many pieces come before the fault, to what happens instead."""

EVERY: frozenset[DialectName] = frozenset({"openai", "openai-responses", "azure", "anthropic", "gemini"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`says` is what goes wrong, in one line. `place` is where the provider's address points to: the vendor itself, or
    somewhere that no request gets through to (`testing/places.py`). `streaming` and `whole` tell which answers it can
    befall, `dialects` in which dialects it exists, `needs` what must have been asked for. `midway` faults come after a
    number of pieces, by default half of them; `once` ones befall the first request only, unless told otherwise.
    """

    name: str
    says: str
    does: Does
    place: Literal["vendor", "refused", "blackhole", "dns", "tls"] = "vendor"
    streaming: bool = True
    whole: bool = True
    dialects: frozenset[DialectName] = EVERY
    needs: Literal["", "tools", "schema", "embeddings"] = ""
    midway: bool = False
    once: bool = False

    def fits(self, asked: Asked) -> bool:
        """Whether it can befall this request."""
        if asked.dialect not in self.dialects or asked.purpose not in ("generate", "embed"):
            return False
        match self.needs:
            case "tools":
                return bool(asked.tools)
            case "schema":
                return asked.schema is not None or bool(asked.must_call)
            case "embeddings":
                return asked.purpose == "embed"
        if asked.purpose == "embed":
            return self.whole and not self.midway
        return self.streaming if asked.streaming else self.whole


def act_with(**changes: Any) -> Does:
    """The answer with these fields of its act changed."""
    return lambda act, _asked, _after: replace(act, **changes)
