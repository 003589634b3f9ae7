"""Sources read once, so that many claims can be weighed against them: words, numbers, denials, and where they stand.

Does not know what a text is for: which sentences are claims, and what follows from a score, is decided elsewhere.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from holdfast.support.sentences import Span, split_sentences
from holdfast.support.terms import Reader, Terms
from holdfast.support.vocabulary import LIGHT_STEMS, OPPOSITES

# Settled on public sets of human-labelled answers (RAGTruth, BEGIN, FaithBench, MTRAG); results are flat around them.
_LIKE = 0.75  # a word of the same beginning ("register", "registration")
_ELSEWHERE = 0.4  # how much a word counts that stands in the sources, but not in the window
_LIGHT = 0.35  # how much a word weighs that carries style rather than content
_NO_NAME = 0.7  # factor for each name in no source
_NO_NUMBER = 0.15  # factor for each number in no source
_NO_SMALL_NUMBER = 0.6  # the same for a bare number up to three, which is often a count of what is listed
_FAR_NUMBER = 0.8  # factor for each number that stands in the sources, but not in the window
_FLIPPED = 0.15  # factor where a sentence or a field says nearly the same, but denies it or says its opposite
_NEARLY_SAME = 0.8  # share of the claim's words that makes a sentence nearly the same
_MYSELF = 0.4  # factor where the text speaks of "I" and no source does
_LONGER = 0.02  # what each further sentence of a window costs
_ANCHORS = 4  # sentences around which windows are tried
_LONG_CHARS = 450  # longer sentences are cut
_PREFIX = 5  # letters that words alike have in common
_REMEMBERED_CHARS = 8000  # longer sources are read anew each time

_RECORD = re.compile(r"\s*[\[{].{0,40}[\"']\s*:")
_FIELD = re.compile(r",\s*(?=\"[^\"]{1,60}\":)")
_BREAK = re.compile(r"[,;}\]]\s|\s")
_YES_NO = re.compile(
    r".*?(?P<topic>[\w /-]{1,60})\"?\s*:\s*\"?(?:(?P<no>false|no|none)|true|yes)\b\"?[\s,}\].]*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Support:
    """How well one claim rests on the sources: `score` in 0..1, and the window of at most three neighbouring sentences
    of source number `source` (from 0) that carries it best. No source and no span where nothing matches."""

    score: float
    source: int | None = None
    span: Span | None = None


_Read: TypeAlias = tuple[Span, Terms, frozenset[str], frozenset[str], bool]
"""A unit but for its source: span, terms, stems, topic, denies."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence of a source, or a field of a record; a field that says yes or no has the stems of its `topic`."""

    source: int
    span: Span
    terms: Terms
    stems: frozenset[str]
    topic: frozenset[str] = frozenset()
    denies: bool = False


class Evidence:
    """The sources of one call, read once: sentences, where each stem stands, and which numbers there are."""

    def __init__(self, sources: Sequence[str]) -> None:
        self.sources = sources
        self.reader = Reader()
        self.units = [
            Unit(number, *unit)
            for number, text in enumerate(sources)
            for unit in (_remembered(text) if len(text) <= _REMEMBERED_CHARS else _read(text))
        ]
        self.fields = [unit for unit in self.units if unit.topic]
        self.places: dict[str, list[int]] = defaultdict(list)
        for place, unit in enumerate(self.units):
            for stem in unit.stems:
                self.places[stem].append(place)
        self.alike: dict[str, list[str]] = defaultdict(list)
        for stem in sorted(self.places):
            if len(stem) >= _PREFIX:
                self.alike[stem[:_PREFIX]].append(stem)
        self.quantities = {quantity for unit in self.units for quantity in unit.terms.quantities}
        self.verbatim = {unit.terms: (unit.source, unit.span) for unit in reversed(self.units)}
        self.first_person = any(unit.terms.first_person for unit in self.units)

    def weigh(self, terms: Terms) -> Support:
        """The support of one claim."""
        if not self.units:
            return Support(0.0)
        if (terms.stems or terms.quantities) and (said := self.verbatim.get(terms)):
            return Support(1.0, *said)  # whatever its neighbours say
        weights = self.weights(terms.stems)
        matches = {stem: self.matches(stem) for stem in weights}
        total = sum(weights.values())
        window, carried = self._best_window(weights, matches)
        anywhere = sum(weight for stem, weight in weights.items() if matches[stem])
        score = (carried + _ELSEWHERE * max(0.0, anywhere - carried)) / total if total else 1.0
        score = min(1.0, score * self._penalty(terms, window, matches))
        if not window:
            return Support(score)
        source, start, end = window[0].source, window[0].span.start, window[-1].span.end
        return Support(score, source, Span(start, end, self.sources[source][start:end]))

    def weights(self, stems: Iterable[str]) -> dict[str, float]:
        """How much each stem says: more the fewer sentences have it."""
        count = len(self.units) + 1
        weights = {}
        for stem in stems:
            weight = math.log(1 + count / (len(self.places.get(stem, ())) + 0.5))
            weights[stem] = weight * _LIGHT if stem in LIGHT_STEMS else weight
        return weights

    def matches(self, stem: str) -> tuple[str, ...]:
        """Stems of the sources that may stand for this one."""
        if stem in self.places:
            return (stem,)
        return tuple(self.alike.get(stem[:_PREFIX], ())) if len(stem) >= _PREFIX else ()

    def _best_window(self, weights: dict[str, float], matches: dict[str, tuple[str, ...]]) -> tuple[list[Unit], float]:
        """The one to three neighbouring sentences that carry most of the weight, and how much; the first of equals."""
        scores: dict[int, float] = defaultdict(float)
        for stem, weight in weights.items():
            for match in matches[stem]:
                for place in self.places[match]:
                    scores[place] += weight
        best: tuple[float, list[Unit]] = (0.0, [])
        tried = set()
        for anchor in sorted(scores, key=lambda place: (-scores[place], place))[:_ANCHORS]:
            for begin in range(max(0, anchor - 2), anchor + 1):
                for end in range(anchor + 1, min(len(self.units), begin + 3) + 1):
                    if (begin, end) in tried or self.units[begin].source != self.units[end - 1].source:
                        continue
                    tried.add((begin, end))
                    window = self.units[begin:end]
                    carried = _carried(weights, matches, window) * (1 - _LONGER * (end - begin - 1))
                    if carried > best[0] + 1e-9:
                        best = (carried, window)
        return best[1], best[0]

    def _penalty(self, terms: Terms, window: list[Unit], matches: dict[str, tuple[str, ...]]) -> float:
        """What is left of the score after names, numbers and denials that the sources do not bear out."""
        factor = _NO_NAME ** min(2, sum(not matches[name] for name in terms.names))
        near = [quantity for unit in window for quantity in unit.terms.quantities]
        for quantity in terms.quantities:
            if any(quantity.agrees(other) for other in near):
                continue
            if any(quantity.agrees(other) for other in self.quantities):
                factor *= _FAR_NUMBER
            else:
                factor *= _NO_SMALL_NUMBER if quantity.value <= 3 and not quantity.unit else _NO_NUMBER
        said = frozenset(terms.stems)
        if any(_flipped(said, terms, unit, matches) for unit in window):
            factor *= _FLIPPED
        factor *= _FLIPPED ** min(2, self._contrary(said, terms.negated))
        return factor * (_MYSELF if terms.first_person and not self.first_person else 1.0)

    def _contrary(self, said: frozenset[str], negated: frozenset[str]) -> int:
        """How many things the claim speaks of that fields of records say the contrary of, and none says the same."""
        agreed: dict[frozenset[str], bool] = {}
        for unit in self.fields:
            if unit.topic <= said:
                agreed[unit.topic] = agreed.get(unit.topic, False) or unit.denies == (unit.topic <= negated)
        return sum(not agrees for agrees in agreed.values())


def _read(text: str) -> tuple[_Read, ...]:
    """Every unit of a source but the source's number: the same for the same text."""
    reader, found = Reader(), list[_Read]()
    for span in _short(split_sentences(text)):
        terms = reader.read(span.text)
        stems = terms.measures.union(terms.stems)
        field = _YES_NO.fullmatch(span.text) if ":" in span.text else None
        topic = frozenset(reader.read(field["topic"]).stems) if field is not None else frozenset[str]()
        found.append((span, terms, stems, topic, field is not None and bool(field["no"])))
    return tuple(found)


@lru_cache(maxsize=512)
def _remembered(text: str) -> tuple[_Read, ...]:
    """The same, remembered: passages of a corpus are weighed against again and again."""
    return _read(text)


def _flipped(said: frozenset[str], terms: Terms, unit: Unit, matches: dict[str, tuple[str, ...]]) -> bool:
    """Whether a sentence says nearly the same words, but one of the two denies them or has an opposite instead."""
    shared = {stem for stem in said if any(match in unit.stems for match in matches[stem])}
    opposed = {stem for stem in said - shared if OPPOSITES.get(stem, frozenset()) & unit.stems}
    if len(shared) < 2 or len(shared) + len(opposed) < _NEARLY_SAME * len(said):
        return False
    here, there = terms.negated & shared, unit.terms.negated & said
    return bool(opposed) or (bool(here) != bool(there) and not (terms.negated and unit.terms.negated))


def _carried(weights: dict[str, float], matches: dict[str, tuple[str, ...]], window: list[Unit]) -> float:
    stems = window[0].stems.union(*(unit.stems for unit in window[1:]))
    carried = 0.0
    for stem, weight in weights.items():
        if stem in stems:
            carried += weight
        elif any(match in stems for match in matches[stem]):
            carried += weight * _LIKE
    return carried


def _short(spans: Iterable[Span]) -> Iterator[Span]:
    """The same spans; records are cut into their fields, and long sentences, so that a window stays a neighbourhood."""
    for span in spans:
        begin = 0
        for cut in _FIELD.finditer(span.text) if _RECORD.match(span.text) else _commas(span.text):
            yield _part(span, begin, cut.start() + 1)
            begin = cut.end()
        yield _part(span, begin, len(span.text))


def _commas(text: str) -> Iterator[re.Match[str]]:
    begin = 0
    while len(text) - begin > _LONG_CHARS and (cut := _BREAK.search(text, begin + _LONG_CHARS * 2 // 3)):
        yield cut
        begin = cut.end()


def _part(span: Span, begin: int, end: int) -> Span:
    text = span.text[begin:end]
    return Span(span.start + begin, span.start + begin + len(text), text, span.kind)
