"""Which language a text seems to be in.

Knows nothing of documents. A guess to notice a mixed corpus by, not to process one document by.
"""

from __future__ import annotations

import re
from collections import Counter
from types import MappingProxyType

_FREQUENT = MappingProxyType(
    {
        line.split()[0]: frozenset(line.split()[1:])
        for line in """
en the of and to in is that for you it with are this not your can
de der die und das ist nicht sie mit ein eine zu den auf für im von
fr le la les des et est une vous pour dans que qui pas du sur votre
es el los las que es una por con para del se su como más usted y
it il che di è per una con non sono della gli del nel più si alla
pt o que de e do da em um para é com não uma os no se
nl de het een en van is dat niet te op voor met zijn je aan uw
sv och att det som en på är av för med den inte till du ett kan
""".strip().splitlines()
    }
)
"""Words that every text of a language repeats; sixteen of each."""

_SCRIPTS = (
    ("zh", "\u4e00", "\u9fff"),
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7af"),
    ("ru", "\u0400", "\u04ff"),
    ("ar", "\u0600", "\u06ff"),
    ("he", "\u0590", "\u05ff"),
    ("el", "\u0370", "\u03ff"),
    ("hi", "\u0900", "\u097f"),
    ("th", "\u0e00", "\u0e7f"),
)
_WORD = re.compile(r"[^\W\d_]+")
_NOT_LATIN = re.compile("[\u0370-\U0010ffff]")
MIN_WORDS = 12
MAX_CHARACTERS = 4000


def language_of(text: str) -> str | None:
    """Its two-letter name: by its script, or by its most frequent words. None where that does not tell."""
    words = _WORD.findall(text[:MAX_CHARACTERS].lower())
    letters = "".join(words)
    others = _NOT_LATIN.findall(letters)
    for name, low, high in _SCRIPTS if others else ():
        if sum(low <= letter <= high for letter in others) * 3 > len(letters):
            return name
    if len(words) < MIN_WORDS:
        return None
    scores = Counter({name: sum(word in frequent for word in words) for name, frequent in _FREQUENT.items()})
    (best, most), (_, second) = scores.most_common(2)
    return best if most * 10 >= len(words) and most > 1.5 * second else None
