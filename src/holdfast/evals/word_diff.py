"""Two texts side by side: which words stayed, went and came. Knows nothing of where the texts are from."""

from __future__ import annotations

import difflib
import re

from holdfast.gate import Words

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
_MOST = 4_000
"""Pieces of both texts together beyond which they are not compared word by word."""


def word_diff(before: str, after: str) -> tuple[Words, ...]:
    """The pieces in order: joined without what was added they are `before`, without what was removed `after`."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    if len(old) + len(new) > _MOST:
        return _kept([Words(kind="removed", text=before), Words(kind="added", text=after)])
    found: list[Words] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Words(kind="same", text="".join(old[i:j])))
        else:
            found += [Words(kind="removed", text="".join(old[i:j])), Words(kind="added", text="".join(new[k:m]))]
    return _kept(found)


def _kept(words: list[Words]) -> tuple[Words, ...]:
    return tuple(each for each in words if each.text)
