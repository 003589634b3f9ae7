"""Answers a question with sentences of the passages themselves: the extractive rung's core, without any model.

Does not know how the passages were found, how meaning is compared, nor what is done where the answer is weak.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias

from holdfast.support.asking import Question
from holdfast.support.choosing import Choice
from holdfast.support.evidence import Evidence
from holdfast.support.identifiers import factors
from holdfast.support.places import Place, read_places
from holdfast.support.sentences import Span, split_sentences

WEAK = 0.40
"""Below this confidence an extraction is weak, with `similar`. Chosen where hardly anything off the topic is answered
and few answers are lost; a little lower or higher trades one for the other. Shares, with all-MiniLM-L6-v2 and the six
best passages of a corpus (another encoder may need another value):

    set                                       answerable, refused     off the topic, answered
                                              meaning     words       meaning     words
    Doc2Dial, first turns                     .06         .13         .03         .16
    COVID-QA, paraphrased questions           .04         .06         .03         .24
    SQuAD 2, half of the dev set              .03         .02         .10         .30
    Arduino's help centre, titles             .00         .00         .01         .14
    AWS documentation, questions              .00         .02         .00         .02
    MTRAG-UN, last turn alone                 .15         .15

Questions that passages almost answer are beyond it: of SQuAD 2's unanswerable ones .96 are answered, and about .90 of
questions whose own article is missing among its neighbours."""

WEAK_BY_WORDS = 0.28
"""The same without `similar`, where confidence is the share of the question's words that the best sentence and what
stands around it carry; passages found by words too. A customer who words things differently is often refused."""

# Settled on the same sets; results are flat around them.
_WORDS = 0.25  # how much of a sentence's merit is its words, where meaning can be compared
_EXPECTED = 0.05  # what the kind of thing asked for adds: a number for "how many"
_RETRIEVAL = 0.4  # how much of a sentence's merit hangs on the score of its passage
_SUPPORTED = 0.3  # a sentence that loses more by being tidied, or that its neighbours seem to deny, is left out

_BLOCKS = ("item", "row", "code")
_ENDED = re.compile(r"[.!?…:;。！？][\"'”’)\]*_]*$")

Similar: TypeAlias = Callable[[Sequence[str], Sequence[str]], Sequence[float]]
"""Compares by meaning: for each of the second texts, how near it comes to the nearest of the first, in -1..1."""


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
        before: Extract | None = None
        for extract, following in zip_longest(self.extracts, self.extracts[1:]):
            gap = _gap(before, extract) if before is not None else ""
            mark = "- " if extract.span.kind == "row" and len(self.extracts) > 1 else ""
            cite = "" if following and following.passage == extract.passage else f"[{extract.passage + 1}]"
            after = "" if not cite else "\n" if extract.span.kind == "code" else " "  # a closing fence stands alone
            parts.append(f"{gap}{mark}{extract.text}{after}{cite}")
            before = extract
        return "".join(parts)


def _gap(before: Extract, extract: Extract) -> str:
    """What stands between two extracts. Lines of their own stay so: run together they would say something else."""
    if extract.span.kind in _BLOCKS:
        return "\n"
    return " " if before.span.kind == "prose" and _ENDED.search(before.text) else "\n\n"


def extract(
    question: str,
    passages: Sequence[str],
    *,
    titles: Sequence[str] = (),
    scores: Sequence[float] | None = None,
    similar: Similar | None = None,
    max_sentences: int = 5,
) -> Extraction:
    """The sentences of `passages` that best answer `question`, verbatim, in reading order, none twice.

    `titles` (with headings, as in "Title > Heading") and `scores` (higher is better) belong to the passages in turn.
    `similar` compares by meaning, where there is something that can; it is asked once. Together the sentences have
    about ninety words: the best one, those around it that fit, then others nearly as good. A sentence that begins with
    "This" or "It" brings the one before it, an item its lead-in, a lead-in its list; when the question asks how to do
    something, the steps of a numbered list stay together. These companions may go beyond `max_sentences`.

    Page furniture (tables of contents, bare links, footnotes) is never quoted, nor a sentence that, tidied, no longer
    rests on the passages as `holdfast.support.grounding` sees it. With no passages, or none that has anything of the
    question, there are no extracts and confidence is 0. Deterministic as far as `similar` is.
    """
    evidence = Evidence([*passages, *titles])
    padded = [*titles, *[""] * (len(passages) - len(titles))]
    places = [place for n, text in enumerate(passages) for place in read_places(n, text, padded[n], evidence.reader)]
    asked = Question(question, evidence)
    merits = asked.in_words(places) if similar is None else _by_meaning(asked, places, similar)
    named = factors(question, [place.text for place in places])
    merits = [merit * factor for merit, factor in zip(merits, named, strict=True)]
    confidence = min(1.0, max(merits, default=0.0))
    merits = _with_passages(asked, places, merits, scores)
    chosen = sorted(Choice(places, merits, asked.how_to, max_sentences).made())
    extracts = _emitted([(places[n], merits[n]) for n in chosen], passages)
    threshold = WEAK_BY_WORDS if similar is None else WEAK
    return Extraction(extracts, confidence if extracts else 0.0, not extracts or confidence < threshold)


def _by_meaning(asked: Question, places: Sequence[Place], similar: Similar) -> list[float]:
    """How well each place answers, 0 for one that is never emitted: mostly what it means where it stands."""
    merits = asked.in_words(places)
    speaking = [n for n, place in enumerate(places) if not place.silent and place.text]
    texts = [f"{places[n].path}: {places[n].text}" if places[n].path else places[n].text for n in speaking]
    near = similar(asked.parts, texts) if texts else ()
    for n, nearness in zip(speaking, near, strict=True):
        meant = nearness * asked.fitness(places[n])
        merits[n] = max(0.0, _WORDS * min(1.0, merits[n]) + (1 - _WORDS) * meant)
    return merits


def _with_passages(
    asked: Question, places: Sequence[Place], merits: Sequence[float], scores: Sequence[float] | None
) -> list[float]:
    """The merits with what the search says of each place's passage, and what kind of thing is asked for."""
    top = max(scores, default=0.0) if scores else 0.0
    weighed = []
    for place, merit in zip(places, merits, strict=True):
        expected = _EXPECTED if merit and asked.expects(place) else 0.0
        prior = max(0.0, scores[place.passage] / top) if scores and top > 0 else 1.0
        weighed.append((merit + expected) * (1 - _RETRIEVAL + _RETRIEVAL * prior))
    return weighed


def _emitted(chosen: Sequence[tuple[Place, float]], passages: Sequence[str]) -> tuple[Extract, ...]:
    """What of the chosen is shown: nothing twice, and nothing that a reader of the passages would not find there."""
    evidence = Evidence(passages)
    seen: set[str] = set()
    extracts = []
    for place, merit in chosen:
        key = " ".join(place.text.lower().split())
        if key not in seen and _supported(place.text, evidence):
            seen.add(key)
            extracts.append(Extract(place.passage, place.span, place.text, round(merit, 4)))
    return tuple(extracts)


def _supported(text: str, evidence: Evidence) -> bool:
    sentences = split_sentences(text)
    return all(evidence.weigh(evidence.reader.read(sentence.text)).score >= _SUPPORTED for sentence in sentences)
