"""Guards: each judges a text, with the sources it should rest on, and gives a verdict.

Does not know what follows from a failed verdict; the slot says that, and the runtime does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from holdfast.contracts import Guard
from holdfast.errors import Misconfigured, nearest
from holdfast.guards import grounded, shape
from holdfast.records import Json

__all__ = ["FAMILIES", "build_guard"]

Build: TypeAlias = Callable[[str, Mapping[str, Json]], Guard]

FAMILIES: Mapping[str, Build] = MappingProxyType({"grounded": grounded.build, "shape": shape.build})
"""The families of guards that are built in, by name."""


def build_guard(kind: str, settings: Mapping[str, Json], *, name: str | None = None) -> Guard:
    """The guard of family `kind` with these settings; its verdicts carry `name`, or the family's.

    Raises Misconfigured (HF100) for a family or a setting that does not exist, naming the nearest, and for a setting
    of the wrong type or that cannot work.
    """
    build = FAMILIES.get(kind)
    if build is None:
        raise Misconfigured("HF100", f"there is no guard of the family '{kind}'", nearest(kind, FAMILIES))
    return build(name or kind, settings)
