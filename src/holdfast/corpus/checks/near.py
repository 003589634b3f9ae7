"""Looking for a pattern only where a literal says that it may be: what keeps the checks cheap.

Knows nothing of what is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MOST_SPOTS = 500  # of one literal in one text; what comes after them is not looked at


def near(
    text: str, literals: Iterable[str], pattern: re.Pattern[str], before: int, after: int
) -> Iterator[re.Match[str]]:
    """Matches that begin at most `before` characters ahead of a literal and end at most `after` behind its start.

    Each match once. Linear in the text: a literal is found by the string search, the pattern sees its window only.
    """
    last = -1
    for at in sorted(spot for literal in literals for spot in _spots(text, literal)):
        if at < last:
            continue
        match = pattern.search(text, max(0, at - before, last), min(len(text), at + after))
        if match is not None:
            last = match.end()
            yield match


def _spots(text: str, literal: str) -> Iterator[int]:
    at = text.find(literal)
    for _ in range(MOST_SPOTS):
        if at < 0:
            return
        yield at
        at = text.find(literal, at + len(literal))
