"""Texts of others inside Markdown: shown as they are, and never taken for a heading, a link or anything else.

Knows nothing of postmortems.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 300
"""Characters of a text that are quoted."""
_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]")
_LOOSE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_OPENING = re.compile(r"^([#+\-=:]|\d{1,9}(?=[.)]))")
_CODE = re.compile(r"`([^`]+)`")
_UNSEEN = ("Cc", "Cf", "Cs", "Co")


def plain(text: str) -> str:
    """A text on one line, without control characters and without those that change how others are read."""
    seen = (
        " " if each.isspace() else each for each in text if each.isspace() or unicodedata.category(each) not in _UNSEEN
    )
    return " ".join("".join(seen).split())


def prose(text: str) -> str:
    """A text as Markdown that reads as that text, on one line; what stands between two backticks is code."""
    parts = _CODE.split(plain(text))
    return "".join(code(part) if place % 2 else _prose(part, opens=place == 0) for place, part in enumerate(parts))


def _prose(text: str, *, opens: bool) -> str:
    said = _SPECIAL.sub(r"\\\g<0>", text)
    said = _LOOSE_UNDERSCORE.sub(r"\\_", said)
    said = said.replace("://", ":\\//").replace("www.", "www\\.")
    if not opens:
        return said
    return _OPENING.sub(lambda found: f"\\{found[1]}" if not found[1].isdigit() else f"{found[1]}\\", said)


def code(text: str) -> str:
    """A text as a span of code on one line, in which nothing is Markdown."""
    said = plain(text) or " "
    fence = "`"
    while fence in said:
        fence += "`"
    gap = " " if said.startswith("`") or said.endswith("`") else ""
    return f"{fence}{gap}{said}{gap}{fence}"


def quoted(text: str) -> str:
    """What somebody wrote, as a span of code, cut at `LONGEST` characters."""
    said = plain(text)
    return code(said if len(said) <= LONGEST else said[: LONGEST - 1] + "…")
