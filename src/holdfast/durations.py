"""How long something lasts, as people write it: `90s`, `15m`, `1h30m`, `2d`. Knows nothing of what lasts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_PART = re.compile(r"(\d+)\s*([smhd])")
_SECONDS: Mapping[str, int] = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 86_400})


def seconds_in(duration: str) -> int:
    """The seconds in a duration such as `90s`, `15m`, `1h30m` or `2d`. Raises ValueError for anything else."""
    text = duration.strip().lower()
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise ValueError(f"'{duration}' is not a duration; write it like 90s, 15m, 1h30m or 2d")
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)
