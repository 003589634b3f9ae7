"""Whether something else is asked than before: lengths, scripts and words of the questions of two ranges of time.

Knows nothing of how any of them was answered, but for which were told that nothing was found.

The distance is that of the mean questions, each as the words it has, its length and its scripts. How likely it is by
chance is seen by dealing the same questions out to two ranges again and again (a permutation test, so that it holds
whatever questions look like). Seeded: the same questions give the same figures.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from holdfast.fall import InputDrift
from holdfast.records import Json
from holdfast.support.vocabulary import STOP_WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA = 0.01
"""How often questions may be said to differ that do not."""
_DRAWS = 1_999
_BUCKETS = 512
_TOLD = 5
"""Words that are told, at most."""
_STANDING_OUT = 3.0
"""Standard errors by which a word's share must differ to be told: there are many words."""
_RARE = 0.02
_WORD = re.compile(r"[^\W_]{2,}")


def drift(a: Sequence[Json], b: Sequence[Json], unanswered: tuple[float, float]) -> InputDrift:
    """How the questions of two ranges differ. Neither may be empty."""
    texts = [[text_of(each) for each in side] for side in (a, b)]
    p = _p_of([*texts[0], *texts[1]], len(a))
    lengths = [fmean(len(text) for text in side) for side in texts]
    more, fewer = _words(*texts)
    return InputDrift(
        n=(len(a), len(b)),
        p=p,
        shown=p <= ALPHA,
        length=(round(lengths[0], 1), round(lengths[1], 1)),
        scripts=_scripts(*texts),
        unanswered=unanswered,
        more=more,
        fewer=fewer,
    )


def text_of(value: Json) -> str:
    """Every text in an input, one after the other."""
    return " ".join(_strings(value))


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)


def _p_of(texts: Sequence[str], first: int) -> float:
    """How often the first so many of shuffled texts are as far from the rest as these are."""
    import numpy as np

    table = _table(texts)
    random = np.random.default_rng(0)
    place = np.arange(len(texts))
    weights = np.empty((_DRAWS + 1, len(texts)))
    for row in range(_DRAWS + 1):
        chosen = place if row == 0 else random.permutation(place)
        weights[row, chosen[:first]] = 1 / first
        weights[row, chosen[first:]] = -1 / (len(texts) - first)
    apart = ((weights @ table) ** 2).sum(axis=1)
    return float((apart >= apart[0] - 1e-12).sum()) / (_DRAWS + 1)


def _table(texts: Sequence[str]) -> NDArray[Any]:
    """Each text as a row: its words, at a length of 1 together; how long it is; how much of it is in which script."""
    import numpy as np

    table = np.zeros((len(texts), _BUCKETS))
    for row, text in enumerate(texts):
        for word in set(_WORD.findall(text.lower())):
            table[row, zlib.crc32(word.encode()) % _BUCKETS] = 1.0
    table /= np.maximum(1.0, np.linalg.norm(table, axis=1, keepdims=True))
    lengths = np.log1p([len(text) for text in texts])
    spread = lengths.std() or 1.0
    shares = [_shares(text) for text in texts]
    names = sorted({name for each in shares for name in each})
    scripts = np.array([[each.get(name, 0.0) for name in names] for each in shares]).reshape(len(texts), len(names))
    rest = np.column_stack([(lengths - lengths.mean()) / spread / 2, scripts])
    return np.asarray(np.hstack([table, rest]))


def _shares(text: str) -> dict[str, float]:
    """The share of a text's letters in each script, by the first word of their names."""
    counts = Counter(unicodedata.name(letter, "?").split()[0].lower() for letter in text if letter.isalpha())
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}


def _scripts(a: Sequence[str], b: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The share of letters in each script that has one in fifty of either side's, the commonest first."""
    one, other = _shares(" ".join(a)), _shares(" ".join(b))
    told = {name: (one.get(name, 0.0), other.get(name, 0.0)) for name in {*one, *other}}
    kept = [name for name, shares in told.items() if max(shares) >= _RARE]
    return {
        name: (round(told[name][0], 3), round(told[name][1], 3)) for name in sorted(kept, key=lambda n: -max(told[n]))
    }


def _words(a: Sequence[str], b: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that stand in clearly more, and in clearly fewer, of the second side's texts."""
    counts = [Counter(word for text in side for word in set(_WORD.findall(text.lower()))) for side in (a, b)]
    scores = {}
    for word in counts[0].keys() | counts[1].keys():
        if word in STOP_WORDS:
            continue
        before, after = counts[0][word] / len(a), counts[1][word] / len(b)
        both = (counts[0][word] + counts[1][word] + 1) / (len(a) + len(b) + 2)
        scores[word] = (after - before) / math.sqrt(both * (1 - both) * (1 / len(a) + 1 / len(b)))
    ordered = sorted(scores, key=lambda word: (-scores[word], word))
    more = [word for word in ordered[:_TOLD] if scores[word] >= _STANDING_OUT]
    fewer = [word for word in ordered[::-1][:_TOLD] if scores[word] <= -_STANDING_OUT]
    return tuple(more), tuple(fewer)
