"""BM25 as the literature tunes it, over whole documents: Porter's stems, Lucene's stop words, by numpy alone.

    python benchmarks/bm25.py        stems a few words; retrieval.py measures with it

Knows nothing of Holdfast: it is what Holdfast's ranking is held against.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LUCENE_STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not"),
        *("of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was"),
        *("will", "with"),
    )
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

_SECOND = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "bli": "ble", "alli": "al",
    "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate", "ator": "ate", "alism": "al",
    "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble", "logi": "log",
}  # fmt: skip
_THIRD = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_FOURTH = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion",
    "al", "er", "ic", "ou",
)  # fmt: skip


def _shape(stem: str) -> str:
    """A letter for each of the stem's: c for a consonant, v for a vowel."""
    shape = ""
    for letter in stem:
        vowel = letter in "aeiou" or (letter == "y" and shape[-1:] == "c")
        shape += "v" if vowel else "c"
    return shape


def _measure(stem: str) -> int:
    return len(re.findall("v+c+", _shape(stem)))


def _doubled(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _shape(word)[-1] == "c"


def _short_end(word: str) -> bool:
    """Consonant, vowel, consonant other than w, x, y."""
    return _shape(word)[-3:] == "cvc" and word[-1] not in "wxy"


@lru_cache(maxsize=200_000)
def porter(word: str) -> str:
    """The word's stem by Porter's algorithm of 1980, with the two changes he made to it later (bli, logi)."""
    if len(word) < 3:
        return word
    word = _first_step(word)
    if word.endswith("y") and "v" in _shape(word[:-1]):
        word = word[:-1] + "i"
    for endings in (_SECOND, _THIRD):
        for length in range(7, 2, -1):
            ending = word[-length:]
            if ending in endings:
                if _measure(word[:-length]) > 0:
                    word = word[:-length] + endings[ending]
                break
    return _last_steps(word)


def _first_step(word: str) -> str:
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        stem = word.removesuffix(ending)
        if stem != word and "v" in _shape(stem):
            if stem.endswith(("at", "bl", "iz")):
                return stem + "e"
            if _doubled(stem) and stem[-1] not in "lsz":
                return stem[:-1]
            return stem + "e" if _measure(stem) == 1 and _short_end(stem) else stem
        if stem != word:
            return word
    return word


def _last_steps(word: str) -> str:
    for ending in _FOURTH:
        if word.endswith(ending):
            stem = word[: -len(ending)]
            if _measure(stem) > 1 and (ending != "ion" or stem[-1:] in ("s", "t")):
                word = stem
            break
    if word.endswith("e"):
        measure = _measure(word[:-1])
        if measure > 1 or (measure == 1 and not _short_end(word[:-1])):
            word = word[:-1]
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word


def words(text: str) -> list[str]:
    """Lower case, possessives off, stop words out, stemmed."""
    found = (re.sub("['’]s$", "", word) for word in _WORD.findall(text.lower()))
    return [porter(word) for word in found if word not in LUCENE_STOP_WORDS]


class Bm25:
    """Scores of every text for a query, with Lucene's inverse document frequency."""

    def __init__(self, texts: Sequence[str]) -> None:
        counted = [Counter(words(text)) for text in texts]
        self._vocabulary = {word: at for at, word in enumerate(sorted(set().union(*counted)))}
        self._lengths = np.array([sum(counts.values()) for counts in counted], np.float64)
        postings: list[list[tuple[int, int]]] = [[] for _ in self._vocabulary]
        for row, counts in enumerate(counted):
            for word, times in counts.items():
                postings[self._vocabulary[word]].append((row, times))
        self._postings = [np.array(one, np.int64) for one in postings]

    def scores(self, query: str, k1: float, b: float) -> NDArray[np.float64]:
        total = np.zeros(len(self._lengths))
        norm = k1 * (1 - b + b * self._lengths / self._lengths.mean())
        for word in dict.fromkeys(words(query)):
            if (at := self._vocabulary.get(word)) is not None:
                rows, times = self._postings[at].T
                idf = np.log(1 + (len(total) - len(rows) + 0.5) / (len(rows) + 0.5))
                total[rows] += idf * times * (k1 + 1) / (times + norm[rows])
        return total


if __name__ == "__main__":
    print({word: porter(word) for word in ("resetting", "passwords", "relational", "hopping", "generalization")})
