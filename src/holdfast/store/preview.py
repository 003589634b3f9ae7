"""What was asked, short enough for a list, and whether words occur in it.

Knows nothing of recordings or of any database.

Case: a word is found as it is typed, in lower case, in upper case and capitalised, and its ASCII letters in any mix of
the two. So `ÖLE` finds Öle and öle, and `parcel` finds pARcel, but `öle` does not find öLÉ, nor `strasse` Straße. That
much every database can be made to do alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from string import ascii_lowercase, ascii_uppercase
from types import MappingProxyType

from holdfast.records import Json

PREVIEW_CHARACTERS = 160
ANSWER_CHARACTERS = 400

_WORD = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]+")  # a control character has no place in a list, nor in every database
_LOWER = MappingProxyType(str.maketrans(ascii_uppercase, ascii_lowercase))


def preview(value: Json, most: int = PREVIEW_CHARACTERS) -> str | None:
    """The strings of a JSON value in order, names left out, their words one space apart; None when there is no word.

    At most `most` characters, the last of them `…` where something was cut off. Reads no further than it needs to.
    """
    words, length = list[str](), -1
    for text in _strings(value):
        for word in _WORD.finditer(text):
            words.append(word[0])
            length += 1 + len(word[0])
            if length > most:
                return " ".join(words)[: most - 1] + "…"
    return " ".join(words) or None


def answer_preview(output: Json) -> str | None:
    """The beginning of what was answered: of the output's field `text` where it is a text, else of all its strings."""
    text = output.get("text") if isinstance(output, dict) else None
    return preview(text if isinstance(text, str) else output, ANSWER_CHARACTERS)


def forms(text: str) -> tuple[tuple[str, ...], ...]:
    """For each different word of a text the forms it may occur in, their ASCII letters in lower case.

    The longest word comes first: it is the rarest, and where it is missing nobody looks for the others.
    """
    found = (
        tuple(dict.fromkeys(each.translate(_LOWER) for each in (word, word.lower(), word.upper(), word.capitalize())))
        for word in _WORD.findall(text)
    )
    return tuple(sorted(dict.fromkeys(found), key=lambda word: -len(word[0])))


def says(asked: str | None, text: str) -> bool:
    """Whether every word of a text occurs in a preview, also inside a word; where there is no preview, none does."""
    return says_in((asked,), text)


def says_in(previews: Sequence[str | None], text: str) -> bool:
    """Whether every word of a text occurs in one of the previews, in whichever."""
    seen = [preview.translate(_LOWER) for preview in previews if preview is not None]
    return all(any(form in each for each in seen for form in word) for word in forms(text))


def _strings(value: Json) -> Iterator[str]:
    left = [value]
    while left:  # no recursion: JSON may be deeper than Python's stack
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            left.extend(reversed(item.values()))
        elif isinstance(item, (list, tuple)):
            left.extend(reversed(item))
