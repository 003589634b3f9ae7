"""What a site asks of robots (RFC 9309): which pages not to read, how slowly, and where its sitemaps are.

Knows nothing of how the file was fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

MOST_BYTES = 512_000  # the standard asks for at least 500 KiB
MOST_DELAY_S = 60.0
_LINE = re.compile(r"\s*([A-Za-z-]+)\s*:\s*([^#]*)")

Rule = tuple[bool, str]
"""Whether it allows, and the pattern."""


@dataclass(frozen=True, slots=True)
class Robots:
    """What concerns one robot. `delay_s` None: nothing is asked."""

    rules: tuple[Rule, ...] = ()
    delay_s: float | None = None
    sitemaps: tuple[str, ...] = ()

    def allows(self, path: str) -> bool:
        """Whether a path, with its query, may be read: the longest rule decides, of two as long the one that allows."""
        path = unquote(path) or "/"
        matching = [(len(pattern), allow) for allow, pattern in self.rules if _matches(pattern, path)]
        return not matching or max(matching)[1]


def read_robots(text: str, robot: str) -> Robots:
    """The rules for `robot` by its own name, else those for everybody."""
    groups: dict[str, list[tuple[str, str]]] = {}
    sitemaps: list[str] = []
    names: list[str] = []
    listing = False  # whether the lines before named robots
    for line in text[:MOST_BYTES].splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        key, value = found[1].lower(), found[2].strip()
        if key == "sitemap":
            sitemaps.append(value)
        elif key == "user-agent":
            names = [*names, value.lower()] if listing else [value.lower()]
            for name in names:
                groups.setdefault(name, [])
            listing = True
        else:
            listing = False
            for name in names:
                groups[name].append((key, value))
    lines = groups.get(robot.lower(), groups.get("*", []))
    rules = tuple((key == "allow", value) for key, value in lines if key in ("allow", "disallow") and value)
    return Robots(rules, _delay([value for key, value in lines if key == "crawl-delay"]), tuple(sitemaps))


def _delay(values: Sequence[str]) -> float | None:
    try:
        return min(MOST_DELAY_S, max(0.0, float(values[0]))) if values else None
    except ValueError:
        return None


def _matches(pattern: str, path: str) -> bool:
    """Whether a path begins as the pattern says, `*` standing for anything, `$` for the end. In linear time."""
    whole = pattern.endswith("$")
    first, *rest = unquote(pattern.removesuffix("$")).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for index, piece in enumerate(rest):
        if whole and index == len(rest) - 1:
            return path.endswith(piece) and len(path) - len(piece) >= at
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not whole or at == len(path)


def forbids_index(values: Sequence[str], robot: str) -> Literal["", "noindex"]:
    """Whether directives (of a robots meta tag, or of X-Robots-Tag, which may name a robot first) ask not to index."""
    for value in values:
        named, colon, rest = value.partition(":")
        name = named.strip().lower()
        if colon and name.isidentifier() and name != "unavailable_after":
            if name != robot.lower():
                continue
            value = rest
        directives = {part.strip().lower() for part in value.split(",")}
        if directives & {"noindex", "none"}:
            return "noindex"
    return ""
