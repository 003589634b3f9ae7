"""Where two texts that say nearly the same differ in what counts: numbers, dates, amounts, negation, yes and no.

Knows nothing of documents, or of how the two texts were found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

MOST_SENTENCES = 80  # of a text that the other does not have
ALIKE = 0.6  # of all content words of two sentences are in both
ENOUGH_WORDS = 3
LONGEST_SENTENCE = 400


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Þ0-9\"'(*])|\n+|\s*<br>\s*")
_WORD = re.compile(r"[^\W_]+(?:[-.,:/'’][^\W_]+)*")
_NUMBER = re.compile(r"\d+(?:[,:/-]\d+)*(?:\.\d+)?|\d{1,2}\.\d{1,2}\.\d{2,4}")  # a version's 1.8.7 is a name
_LIST_MARK = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)]?(?=\s+[A-ZÀ-Þ]))\s+")
_FOOTNOTE = re.compile(r"\[\d{1,3}\]")
_LINK_TARGET = re.compile(r"\]\([^)\s]*\)|https?://\S+")
_NOT = _words(
    """
    not no never cannot can't don didn doesn isn aren don't doesn't didn't won't isn't aren't wasn't
    weren't shouldn't mustn't without neither nor none unable
    kein keine keinen nicht nie niemals ohne ne pas jamais sans nunca sin non mai
    senza não nunca sem niet geen nooit zonder
    """
)
_YES, _NO = frozenset(["yes", "ja", "oui", "sí", "sì", "sim"]), frozenset(["no", "nein", "non", "não", "nee"])
_TIMES = _words(
    """
    january february march april may june july august september october november december monday tuesday
    wednesday thursday friday saturday sunday second seconds minute minutes hour hours day days week weeks
    month months year years daily weekly monthly yearly annually
    """
)
_UNITS: Mapping[str, str] = MappingProxyType(
    {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "annually": "year"}
)
_ORDINARY = _words(
    """
    the a an of and to in is are was were be been for on with as at by or that this it its from you your we
    our can will may if any all has have do does
    """
)


class Difference(NamedTuple):
    """Two sentences that say almost the same, and in what they differ."""

    what: str
    one: str
    other: str


class _Sentence(NamedTuple):
    text: str
    words: frozenset[str]
    numbers: frozenset[str]
    times: frozenset[str]
    denied: bool


def difference(one: str, other: str) -> Difference | None:
    """The first such pair of sentences, in the order of `one`, among at most `MOST_SENTENCES`; or None."""
    firsts, seconds = _sentences(one), _sentences(other)
    mine = [sentence for text, sentence in firsts.items() if text not in seconds][:MOST_SENTENCES]
    theirs = [sentence for text, sentence in seconds.items() if text not in firsts][:MOST_SENTENCES]
    if (answer := _yes_or_no(one, other)) is not None and _alike(*answer):
        return Difference("yes or no", answer[0].text, answer[1].text)
    for sentence in mine:
        if not theirs:
            return None
        nearest = max(theirs, key=lambda each: _share(sentence, each))
        if _alike(sentence, nearest) and (what := _differing(sentence, nearest)) is not None:
            return Difference(what, sentence.text, nearest.text)
    return None


def _differing(one: _Sentence, other: _Sentence) -> str | None:
    if one.numbers and other.numbers and not (one.numbers <= other.numbers or other.numbers <= one.numbers):
        return "numbers"
    if one.numbers == other.numbers and one.times and other.times and one.times != other.times:
        return "dates or times"
    if one.denied != other.denied and one.numbers == other.numbers and len(one.words ^ other.words) <= 1:
        return "negation"
    return None


def _alike(one: _Sentence, other: _Sentence) -> bool:
    return len(one.words & other.words) >= ENOUGH_WORDS and _share(one, other) >= ALIKE


def _share(one: _Sentence, other: _Sentence) -> float:
    both = len(one.words & other.words)
    return both / max(1, len(one.words) + len(other.words) - both)


def _yes_or_no(one: str, other: str) -> tuple[_Sentence, _Sentence] | None:
    """The beginnings of two answers of which one says yes and the other no, without that word."""
    first, second = _WORD.match(one.lstrip("*_> \n")), _WORD.match(other.lstrip("*_> \n"))
    if first is None or second is None:
        return None
    said = {first[0].lower() in _YES, second[0].lower() in _YES}
    denied = {first[0].lower() in _NO, second[0].lower() in _NO}
    if said != {True, False} or denied != {True, False}:
        return None
    return _sentence(one[:LONGEST_SENTENCE]), _sentence(other[:LONGEST_SENTENCE])


def _sentences(text: str) -> dict[str, _Sentence]:
    """By their wording without what is only form; code and headings are sentences like others."""
    found: dict[str, _Sentence] = {}
    for piece in _SENTENCE.split(_LINK_TARGET.sub("]", text)):
        said = " ".join(_LIST_MARK.sub("", _FOOTNOTE.sub("", piece)).split())
        if 12 <= len(said) <= LONGEST_SENTENCE:
            found.setdefault(said.lower(), _sentence(said))
    return found


def _sentence(said: str) -> _Sentence:
    words = [word.replace("’", "'") for word in _WORD.findall(said.lower())]
    numbers = frozenset(word.replace(",", "") for word in words if _NUMBER.fullmatch(word))
    plain = frozenset(word for word in words if not _NUMBER.fullmatch(word))
    # "non" and "no" begin French and English names and answers too; what matters is that one has it and one has not.
    return _Sentence(
        text=" ".join(said.split()),
        words=plain - _NOT - _TIMES - _ORDINARY,
        numbers=numbers,
        times=frozenset(_UNITS.get(word, word.removesuffix("s")) for word in plain & _TIMES),
        denied=not plain.isdisjoint(_NOT),
    )
