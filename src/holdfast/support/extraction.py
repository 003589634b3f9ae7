"""Answers a question with sentences of the passages themselves: the extractive rung's core, without any model.

Does not know how the passages were found, nor what is done where the answer is weak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from holdfast.support.evidence import Evidence
from holdfast.support.sentences import Span, split_sentences
from holdfast.support.terms import Terms

WEAK = 0.35
"""Below this confidence an extraction is weak. At it .06 of SQuAD 2's answered questions (BM25's five best paragraphs)
and .27 of MTRAG-UN's (last turn alone) are refused, and .16 and .07 are answered from passages about something else.
Questions that a passage almost answers (the unanswerable ones of SQuAD 2) are beyond it: words alone cannot tell."""

# Settled on SQuAD 2, Doc2Dial and MTRAG; results are flat around them.
_LIKE = 0.75  # a word of the same beginning
_HEADING = 0.6  # how much a word of the question counts that stands in the headings above the sentence
_NEIGHBOUR = 0.4  # the same for the sentences before and after
_ELSEWHERE = 0.2  # the same for the rest of the passage
_IN_ORDER = 0.15  # what words in the question's order add
_EXPECTED = 0.12  # what the kind of thing asked for adds: a number for "how many"
_MISSING = 0.6  # factor for each name or number of the question that no passage has
_RETRIEVAL = 0.3  # how much of a sentence's score hangs on the passage's own
_POINTER = 0.8  # factor for a lead-in, or a sentence of one word
_ENOUGH = 0.75  # share of the best score that earns a sentence its place
_MAX_STEPS = 12  # steps of one list that are kept together


@dataclass(frozen=True, slots=True)
class Extract:
    """One sentence of passage number `passage` (from 0): `span.text` verbatim, `text` tidied for reading."""

    passage: int
    span: Span
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Extraction:
    """The sentences that answer a question, in reading order; `confidence` in 0..1; `weak`: better not shown."""

    extracts: tuple[Extract, ...]
    confidence: float
    weak: bool

    @property
    def text(self) -> str:
        """The extracts as one text, each passage's part followed by its citation marker, [1] for passage 0."""
        parts: list[str] = []
        for position, extract in enumerate(self.extracts):
            following = self.extracts[position + 1 : position + 2]
            cite = "" if following and following[0].passage == extract.passage else f" [{extract.passage + 1}]"
            block = extract.span.kind in ("item", "row", "code")
            before = self.extracts[position - 1].span.kind if position else ""
            gap = "" if not position else "\n" if block or before in ("item", "row", "code") else " "
            parts.append(f"{gap}{extract.text}{cite}")
        return "".join(parts)


@dataclass(slots=True)
class _Place:
    """A sentence where it stands: passage, the stems of the headings above it, its list or table."""

    passage: int
    index: int
    span: Span
    terms: Terms
    stems: frozenset[str]
    above: frozenset[str]
    run: int  # sentences of one list or table have one number; -1 outside
    silent: bool  # evidence for others, never emitted by itself: headings, questions, rules, table headers
    header: tuple[str, ...] = ()
    score: float = field(default=0.0)


def extract(
    question: str,
    passages: Sequence[str],
    *,
    titles: Sequence[str] = (),
    scores: Sequence[float] | None = None,
    max_sentences: int = 4,
) -> Extraction:
    """The sentences of `passages` that best answer `question`, verbatim, in reading order, none twice.

    `titles` and `scores` (higher is better) belong to the passages in turn. A sentence that begins with "This" or "It"
    brings the one before it; a lead-in brings its list; when the question asks how to do something, the steps of a
    numbered list stay together. These companions may go beyond `max_sentences`. With no passages, or none that shares
    a word with the question, there are no extracts and confidence is 0. Deterministic.
    """
    evidence = Evidence([*passages, *titles])
    asked = evidence.reader.read(question)
    places = [place for n, text in enumerate(passages) for place in _places(n, text, titles[n : n + 1], evidence)]
    found = _Question(question, asked, evidence)
    confidence = found.rank(places, scores)
    chosen = _choose(places, found.how_to, max_sentences)
    seen: set[str] = set()
    extracts = []
    for place in sorted(chosen, key=lambda place: (place.passage, place.index)):
        text = _tidy(place)
        if text and (key := " ".join(text.lower().split())) not in seen:
            seen.add(key)
            extracts.append(Extract(place.passage, place.span, text, round(place.score, 4)))
    return Extraction(tuple(extracts), confidence if extracts else 0.0, not extracts or confidence < WEAK)


# --- reading a passage ----------------------------------------------------------------------------------------------

_RULE = re.compile(r"[\s|:=*_-]+")
_NUMBERED = re.compile(r"\s*\(?\d{1,3}[.)]\s")
_ENDED = re.compile(r"[.!?…:;。！？][\"'”’)\]*_]*(?:\s?\[\d+\])*$")
_TITLE_WORDS = 9


def _places(passage: int, text: str, titles: Sequence[str], evidence: Evidence) -> Iterator[_Place]:
    """The sentences of one passage with what stands above each."""
    title = frozenset(evidence.reader.read(" ".join(titles)).stems)
    heading, lead_in = frozenset[str](), frozenset[str]()
    spans = split_sentences(text)
    run, header = -1, tuple[str, ...]()
    for index, span in enumerate(spans):
        terms = evidence.reader.read(span.text)
        stems = terms.measures.union(terms.stems)
        following = spans[index + 1] if index + 1 < len(spans) else None
        listed = span.kind in ("item", "row")
        ruled = listed and span.kind == "row" and following is not None and _is_rule(following)
        if not listed:
            run, header = -1, ()
        elif run < 0 or spans[run].kind != span.kind or ruled:
            run, header = index, tuple(_cells(span.text)) if ruled else ()
        heads = span.kind == "heading" or (not terms.quantities and _is_title(text, span, following))
        asks = span.text.endswith("?")
        silent = heads or asks or ruled or bool(_RULE.fullmatch(span.text))
        above = title | heading | (lead_in if listed else frozenset())
        if header and not ruled:
            above |= frozenset(evidence.reader.read(" ".join(header)).stems)
        yield _Place(passage, index, span, terms, stems, above, run, silent, header)
        if heads or asks:
            heading = stems
        if not listed:
            lead_in = stems if span.text.rstrip("* ").endswith(":") else frozenset()


def _is_rule(span: Span) -> bool:
    return span.kind == "row" and bool(_RULE.fullmatch(span.text))


def _is_title(text: str, span: Span, following: Span | None) -> bool:
    """Whether a sentence is a short line by itself that ends without a full stop and has text below it."""
    if span.kind != "prose" or following is None:
        return False
    before = text[: span.start].rstrip(" ")
    alone = (not before or before.endswith("\n")) and "\n" in text[span.end : following.start]
    return alone and len(span.text.split()) <= _TITLE_WORDS and not _ENDED.search(span.text)


def _cells(row: str) -> list[str]:
    return [_inline(cell.strip()) for cell in row.strip().strip("|").split("|")]


# --- scoring --------------------------------------------------------------------------------------------------------

_HOW_TO = re.compile(r"\bhow (?:do|can|could|should|would|to|does one)\b|\bsteps\b|\binstructions\b", re.IGNORECASE)
_NUMBER_ASKED = re.compile(
    r"\bhow (?:many|much|long|old|tall|far|often|big|large|high)\b"
    r"|\bwhat (?:year|date|time|percent\w*|number|price|age)\b|\bwhen\b|\bin (?:what|which) year\b",
    re.IGNORECASE,
)
_NAME_ASKED = re.compile(r"\b(?:who|whom|whose|where|which (?:country|city|person|company))\b", re.IGNORECASE)


class _Question:
    """A question, weighed; ranks sentences by how well they answer it."""

    def __init__(self, question: str, asked: Terms, evidence: Evidence) -> None:
        self.evidence = evidence
        self.weights = evidence.weights(dict.fromkeys(asked.stems))
        self.matches = {stem: evidence.matches(stem) for stem in self.weights}
        self.total = sum(self.weights.values())
        self.pairs = list(pairwise(asked.stems))
        missing = sum(not self.matches[name] for name in asked.names)
        missing += sum(not any(q.agrees(other) for other in evidence.quantities) for q in asked.quantities)
        self.certainty = _MISSING ** min(2, missing)
        self.quantities = asked.quantities
        self.how_to = bool(_HOW_TO.search(question))
        self.number_asked = bool(_NUMBER_ASKED.search(question))
        self.name_asked = bool(_NAME_ASKED.search(question))

    def rank(self, places: list[_Place], scores: Sequence[float] | None) -> float:
        """Give every place its score; returns the confidence of the best."""
        whole: dict[int, frozenset[str]] = {}
        for place in places:
            whole[place.passage] = whole.get(place.passage, frozenset()) | place.stems
        top = max(scores, default=0.0) if scores else 0.0
        confidence = 0.0
        for position, place in enumerate(places):
            if place.silent or not self.total:
                continue
            near = frozenset[str]()
            for other in places[max(0, position - 1) : position] + places[position + 1 : position + 2]:
                near |= other.stems if other.passage == place.passage else frozenset()
            score = self._score(place, near, whole[place.passage])
            confidence = max(confidence, min(1.0, score * self.certainty))
            score += _EXPECTED if score and self._expected(place) else 0.0
            prior = max(0.0, scores[place.passage] / top) if scores and top > 0 else 1.0
            place.score = score * (1 - _RETRIEVAL + _RETRIEVAL * prior)
        return confidence

    def _score(self, place: _Place, near: frozenset[str], whole: frozenset[str]) -> float:
        carried = own = 0.0
        for stem, weight in self.weights.items():
            like = self.matches[stem]
            part = 1.0 if stem in self.evidence.places else _LIKE
            if any(match in place.stems for match in like):
                own += weight * part
                carried += weight * part
            elif any(match in place.above for match in like):
                carried += weight * part * _HEADING
            elif any(match in near for match in like):
                carried += weight * part * _NEIGHBOUR
            elif any(match in whole for match in like):
                carried += weight * part * _ELSEWHERE
        if not carried:
            return 0.0
        stems = place.terms.stems
        in_order = set(pairwise(stems))
        order = sum(pair in in_order for pair in self.pairs) / len(self.pairs) if self.pairs else 0.0
        score = carried / self.total + _IN_ORDER * order
        if place.span.text.endswith(":") or len(stems) + len(place.terms.quantities) < 2:
            score *= _POINTER
        return score

    def _expected(self, place: _Place) -> bool:
        """Whether the sentence adds a number where one is asked for, or a name."""
        if self.number_asked and any(quantity not in self.quantities for quantity in place.terms.quantities):
            return True
        return self.name_asked and not place.terms.names <= self.weights.keys()


# --- choosing -------------------------------------------------------------------------------------------------------

_REFERS_BACK = re.compile(
    r"(?:this|it|its|they|these|those|that|such|he|she|his|her|their|then|however|therefore|otherwise|also)\b",
    re.IGNORECASE,
)


def _choose(places: list[_Place], how_to: bool, most: int) -> list[_Place]:
    """The best places, with the companions they need."""
    ranked = sorted((place for place in places if place.score > 0), key=lambda p: (-p.score, p.passage, p.index))
    chosen: list[_Place] = []
    at = {(place.passage, place.index): place for place in places}
    taken = 0
    for place in ranked:
        if taken >= most or place.score < _ENOUGH * ranked[0].score:
            break
        if place in chosen:
            continue
        taken += 1
        chosen += [other for other in [place, *_companions(place, at, how_to)] if other not in chosen]
    return chosen


def _companions(place: _Place, at: dict[tuple[int, int], _Place], how_to: bool) -> list[_Place]:
    def beside(step: int) -> _Place | None:
        return at.get((place.passage, place.index + step))

    before, after = beside(-1), beside(1)
    prose = place.span.kind == "prose"
    if prose and before and before.span.kind == "prose" and not before.silent and _REFERS_BACK.match(place.span.text):
        return [before]
    if prose and place.span.text.rstrip("* ").endswith(":") and after and after.run >= 0:
        return _run(after, at)
    if place.span.kind == "item" and how_to and _NUMBERED.match(place.span.text):
        steps = _run(place, at)
        lead_in = at.get((place.passage, place.run - 1))
        return [lead_in, *steps] if lead_in and lead_in.span.text.endswith(":") else steps
    return []


def _run(place: _Place, at: dict[tuple[int, int], _Place]) -> list[_Place]:
    """The list or table that a place is in, from its first line."""
    run: list[_Place] = []
    index = place.run
    while (other := at.get((place.passage, index))) and other.run == place.run and len(run) < _MAX_STEPS:
        if not other.silent:
            run.append(other)
        index += 1
    return run


# --- tidying --------------------------------------------------------------------------------------------------------

_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\((?:[^()\s]|\([^)]*\))*(?:\s\"[^\"]*\")?\)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*\*|__|\*)(?=\S)(.+?)(?<=\S)\1(?![\w*])")


def _inline(text: str) -> str:
    return _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", _IMAGE.sub(r"\1", text)))


def _tidy(place: _Place) -> str:
    """A sentence for reading: links and emphasis undone, lines joined, a table row with the names of its columns."""
    if place.span.kind == "code":
        return place.span.text
    if place.span.kind == "row":
        cells = _cells(place.span.text)
        if len(place.header) == len(cells):
            return "; ".join(
                f"{name}: {cell}" if name else cell for name, cell in zip(place.header, cells, strict=True) if cell
            )
        return "; ".join(cell for cell in cells if cell)
    return _inline(" ".join(place.span.text.split()))
