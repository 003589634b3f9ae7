"""Plain mail text put back as it was typed: soft line breaks joined, the armour of PGP taken off.

Knows nothing of what the text says.
"""

from __future__ import annotations

import re

_PREFIX = re.compile(r">*")
_ENCRYPTED = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"


def unflowed(text: str, *, joined: bool = False) -> str:
    """`format=flowed` (RFC 3676) with the lines of each paragraph joined; `joined`: without the space between."""
    done: list[str] = []
    open_depth = -1
    pieces: list[str] = []
    for line in text.splitlines():
        prefix = _PREFIX.match(line)
        depth = prefix.end() if prefix else 0
        content = line[depth:].removeprefix(" ")
        if depth != open_depth or content == "-- ":
            if pieces:
                done.append("".join(pieces))
            pieces = [">" * depth + " " if depth else ""]
        flows = content.endswith(" ") and content != "-- "
        pieces.append(content[:-1] if flows and joined else content)
        open_depth = depth if flows else -1
    if pieces:
        done.append("".join(pieces))
    return "\n".join(done)


def without_armour(text: str) -> tuple[str, int]:
    """The text without PGP's signatures and encrypted blocks, and how many blocks were encrypted."""
    if "-----BEGIN PGP " not in text:
        return text, 0
    text, encrypted = _without(text, *_ENCRYPTED)
    text, _ = _without(text, *_SIGNATURE)
    start = text.find(_SIGNED)
    if start >= 0:
        blank = text.find("\n\n", start)
        text = text[:start] + (text[blank + 2 :] if blank >= 0 else "")
    return text, encrypted


def _without(text: str, begin: str, end: str) -> tuple[str, int]:
    kept: list[str] = []
    count = at = 0
    while (start := text.find(begin, at)) >= 0:
        kept.append(text[at:start])
        stop = text.find(end, start)
        count += 1
        at = len(text) if stop < 0 else stop + len(end)
    return "".join([*kept, text[at:]]), count
