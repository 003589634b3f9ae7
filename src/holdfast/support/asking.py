"""A question taken apart: which of its sentences ask, what its words weigh, and how well a place answers by its words.

Does not know meaning beyond words, nor which sentences are chosen in the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from holdfast.support.evidence import Evidence
from holdfast.support.places import Place
from holdfast.support.sentences import split_sentences

# Settled on SQuAD 2, Doc2Dial and MTRAG; results are flat around them.
_LIKE = 0.75  # a word of the same beginning
_HEADING = 0.8  # how much a word of the question counts that stands in the headings above the sentence
_NEIGHBOUR = 0.4  # the same for the sentences before and after
_ELSEWHERE = 0.2  # the same for the rest of the passage
_IN_ORDER = 0.15  # what words in the question's order add
_MISSING = 0.6  # factor for each name or number of the question that no passage has
_POINTER = 0.8  # factor for a lead-in, a sentence of one word, or one that only points elsewhere
_DOUBT = 1.0  # weight without a match that every part is given, so that one common word is no proof
_SENTENCE_WORDS = 4  # from here on one word of content can make a sentence: "They cannot be returned."
_PARTS = 6  # parts of a question that are compared by meaning
_SUBJECT_WORDS = 12

_HOW_TO = re.compile(r"\bhow (?:do|can|could|should|would|to|does one)\b|\bsteps\b|\binstructions\b", re.IGNORECASE)
_NUMBER_ASKED = re.compile(
    r"\bhow (?:many|much|long|old|tall|far|often|big|large|high)\b"
    r"|\bwhat (?:year|date|time|percent\w*|number|price|age)\b|\bwhen\b|\bin (?:what|which) year\b",
    re.IGNORECASE,
)
_NAME_ASKED = re.compile(r"\b(?:who|whom|whose|where|which (?:country|city|person|company))\b", re.IGNORECASE)
_ASKS = re.compile(
    r"\?[\"'”’)\]*_]*$|^(?:and |but |so |or |also |please )*(?:how|what|when|where|which|who|whom|whose|why|can|could|"
    r"may|is|are|do|does|did|will|would|should|tell|explain|help|send|show)\b"
    r"|\b(?:i|we)(?:'d| would)? (?:want|need|like|wish|have) to\b"
    r"|\b(?:i|we) (?:can't|cannot|can not|could not|couldn't)\b"
    r"|\b(?:wondering|want to know|like to know|let me know|tell me|question is|any (?:idea|way|chance))\b",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"[\W_]*(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|to whom it may concern)"
    r"(?:[\W_]+\w+){0,3}|(?:many )?thanks?(?: you)?(?:[\W_]+\w+){0,5}|cheers(?:[\W_]+\w+){0,2}|"
    r"(?:best|kind|warm|many)?\s*(?:regards|wishes)(?:[\W_]+\w+){0,4}|best,.{0,30}|(?:sincerely|yours)\b.{0,30}|"
    r"sent from my .*)[\W_]*",
    re.IGNORECASE,
)
_POINTS_AWAY = re.compile(
    r"[\W_]*(?:for (?:more|further|additional|detailed) (?:information|details?|instructions|help)|to learn more|"
    r"learn more|read more|find (?:out )?more|(?:please )?(?:see|visit|refer to)\b|more (?:information|details))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The words of one part of a question: what each stem weighs, all of them, and which stand side by side.

    `certainty` is a factor below 1 where no source has a name or number of the part.
    """

    weights: dict[str, float]
    total: float
    pairs: list[tuple[str, str]]
    certainty: float


class Question:
    """A question, weighed against the sources of one call.

    `parts` is what may be compared by meaning: the whole, and each sentence that asks, by itself and after the subject
    line.
    """

    def __init__(self, question: str, evidence: Evidence) -> None:
        self.evidence = evidence
        sentences = [span.text for span in split_sentences(question) if not _is_courtesy(span.text)] or [question]
        asking = [sentence for sentence in sentences if _ASKS.search(sentence)] or sentences
        self.parts = _parts(question, sentences, asking)
        self.readings = [reading for part in self.parts if (reading := self._read(part)).total]
        self.matches = {stem: evidence.matches(stem) for reading in self.readings for stem in reading.weights}
        self.quantities = [q for sentence in asking for q in evidence.reader.read(sentence).quantities]
        plain = " ".join(asking)
        self.how_to = bool(_HOW_TO.search(plain))
        self.number_asked = bool(_NUMBER_ASKED.search(plain))
        self.name_asked = bool(_NAME_ASKED.search(plain))

    def _read(self, part: str) -> _Reading:
        terms = self.evidence.reader.read(part)
        weights = self.evidence.weights(dict.fromkeys(terms.stems))
        missing = sum(not self.evidence.matches(name) for name in terms.names)
        missing += sum(not any(q.agrees(other) for other in self.evidence.quantities) for q in terms.quantities)
        return _Reading(weights, sum(weights.values()), list(pairwise(terms.stems)), _MISSING ** min(2, missing))

    def in_words(self, places: Sequence[Place]) -> list[float]:
        """How much of the question's weight each place carries, from 0 to a little over 1; silent places 0.

        Of the question's parts the one counts that the place answers best.
        """
        whole: dict[int, frozenset[str]] = {}
        for place in places:
            whole[place.passage] = whole.get(place.passage, frozenset()) | place.stems
        scores = []
        for position, place in enumerate(places):
            if place.silent:
                scores.append(0.0)
                continue
            near = frozenset[str]()
            for other in (*places[max(0, position - 1) : position], *places[position + 1 : position + 2]):
                near |= other.stems if other.passage == place.passage else frozenset()
            shares = self._shares(place, near, whole[place.passage])
            in_order = set(pairwise(place.terms.stems))
            best = max((self._carried(reading, shares, in_order) for reading in self.readings), default=0.0)
            scores.append(best * self.fitness(place))
        return scores

    def _shares(self, place: Place, near: frozenset[str], whole: frozenset[str]) -> dict[str, float]:
        """How much of each stem of the question the place carries, itself or through what stands around it."""
        shares = {}
        for stem, like in self.matches.items():
            part = 1.0 if stem in self.evidence.places else _LIKE
            for among, share in ((place.stems, 1.0), (place.above, _HEADING), (near, _NEIGHBOUR), (whole, _ELSEWHERE)):
                if any(match in among for match in like):
                    shares[stem] = part * share
                    break
        return shares

    def _carried(self, reading: _Reading, shares: dict[str, float], in_order: set[tuple[str, str]]) -> float:
        carried = sum(weight * shares.get(stem, 0.0) for stem, weight in reading.weights.items())
        if not carried:
            return 0.0
        order = sum(pair in in_order for pair in reading.pairs) / len(reading.pairs) if reading.pairs else 0.0
        return (carried / (reading.total + _DOUBT) + _IN_ORDER * order) * reading.certainty

    def fitness(self, place: Place) -> float:
        """A factor below 1 for what hardly answers anything: a lead-in, one word, a pointer to another page."""
        alone = len(place.terms.stems) + len(place.terms.quantities) < 2 and len(place.text.split()) < _SENTENCE_WORDS
        return _POINTER if alone or place.text.endswith(":") or _POINTS_AWAY.match(place.text) else 1.0

    def expects(self, place: Place) -> bool:
        """Whether the place adds a number where one is asked for, or a name."""
        if self.number_asked and any(quantity not in self.quantities for quantity in place.terms.quantities):
            return True
        return self.name_asked and not place.terms.names <= self.matches.keys()


def _is_courtesy(sentence: str) -> bool:
    return bool(_COURTESY.fullmatch(sentence)) and not _ASKS.search(sentence)


def _parts(question: str, sentences: list[str], asking: list[str]) -> tuple[str, ...]:
    first, _, rest = question.strip().partition("\n")
    subject = first.strip() if rest.strip() and len(first.split()) <= _SUBJECT_WORDS else ""
    parts = ["\n".join(sentences)]
    for sentence in asking:
        if sentence != subject:
            parts += [f"{subject}: {sentence}", sentence] if subject in sentences else [sentence]
    return tuple(dict.fromkeys(parts))[:_PARTS]
