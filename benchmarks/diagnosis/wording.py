"""Words, sentences and the telling phrases of a text: all that the bench knows of language.

Knows nothing of passages, prompts or models.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]*)*[.!?]?")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`#|>]+")
_SHORTEST = 4  # letters of a word that says something
_COMMON = """
about after also been before being both come does each every from have here into just like made make many more most
much must only other over same should some such than that their them then there these they this those through under
very were what when where which while will with would your
"""
_PLAIN = frozenset(_COMMON.split())


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def plain(text: str) -> str:
    """The words alone, with a space before and after each."""
    return f" {' '.join(words(text))} "


def squashed(text: str) -> str:
    """The letters and digits alone: what a reader sees in a text whose words were torn apart."""
    return "".join(words(text))


@lru_cache(maxsize=20_000)
def telling(text: str) -> frozenset[str]:
    """The words that say what a text is about."""
    return frozenset(word for word in words(text) if len(word) >= _SHORTEST and word not in _PLAIN)


@lru_cache(maxsize=20_000)
def sentences(text: str) -> tuple[str, ...]:
    """Sentences of at least four words, without markup."""
    found = (part.strip() for part in _SENTENCE.findall(_MARKUP.sub(r"\1", text)))
    return tuple(part for part in found if len(part.split()) >= 4)


def says(text: str, fact: str) -> bool:
    """Whether the words of the fact stand in the text one after the other."""
    return plain(fact) in plain(text)


def frequencies(texts: Iterable[str]) -> Counter[str]:
    """In how many of the texts each word stands."""
    return Counter(word for text in texts for word in set(words(text)))


def phrase(sentence: str, known: str, common: Mapping[str, int]) -> str | None:
    """Two neighbouring words of a sentence that are rare and are not in `known`; None where there are none."""
    asked, row = set(words(known)), words(sentence)
    pairs = [
        (common.get(one, 1) + common.get(other, 1), f"{one} {other}")
        for one, other in pairwise(row)
        if min(len(one), len(other)) >= _SHORTEST and not {one, other} & (asked | _PLAIN)
    ]
    return min(pairs)[1] if pairs else None


def torn(text: str) -> str:
    """A text as a bad export leaves it: every longer word in two pieces."""
    return re.sub(r"[^\W_]{4,}", lambda word: f"{word[0][: len(word[0]) // 2]} {word[0][len(word[0]) // 2 :]}", text)


def overlap(one: frozenset[str], other: Sequence[str] | frozenset[str]) -> float:
    """The share of `one` that is in `other`."""
    return len(one.intersection(other)) / len(one) if one else 0.0
