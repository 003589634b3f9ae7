"""Which names are asked for, by patterns. Knows nothing of files."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|[^*?\[]+|\[")


class Globs:
    """`include`, everything where it is empty, without `exclude`.

    `*` and `?` stand for letters within a name, `**` for any folders, `[a-z]` for one letter of these. A pattern
    without a slash is held against a file's own name; one that ends in a slash means all below.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = [_compiled(pattern) for pattern in include]
        self._exclude = [_compiled(pattern) for pattern in exclude]

    def match(self, name: str) -> bool:
        """Whether a name, a path with slashes, is asked for."""
        wanted = not self._include or any(pattern.fullmatch(name) for pattern in self._include)
        return wanted and not any(pattern.fullmatch(name) for pattern in self._exclude)


def _compiled(pattern: str) -> re.Pattern[str]:
    rooted = pattern.removeprefix("./").lstrip("/")
    if rooted.endswith("/"):
        rooted += "**"
    if "/" not in pattern.removeprefix("./"):
        rooted = f"**/{rooted}"
    return re.compile("".join(_part(part) for part in _PARTS.findall(rooted)), re.DOTALL)


def _part(part: str) -> str:
    match part:
        case "**/":
            return "(?:.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
    if part.startswith("[") and part.endswith("]") and len(part) > 2:
        inner = part[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
    return re.escape(part)
