"""How well a text rests on passages: words, names, numbers and negations, weighed sentence by sentence.

Does not know meaning: a paraphrase in other words scores low, and a false claim made of the passage's own words may
score high. It is free, fast and deterministic; a model's judgement can stand beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from holdfast.support.evidence import Evidence, Support
from holdfast.support.extraction import WEAK, WEAK_BY_WORDS, Extract, Extraction, Similar, extract
from holdfast.support.sentences import Span, split_sentences
from holdfast.support.terms import Terms
from holdfast.support.vocabulary import STOP_WORDS

__all__ = [
    "CITATION",
    "NOT_FOUND",
    "RESTS",
    "SUPPORTED",
    "WEAK",
    "WEAK_BY_WORDS",
    "Extract",
    "Extraction",
    "Grounding",
    "SentenceSupport",
    "Similar",
    "Span",
    "Support",
    "extract",
    "grounding",
    "split_sentences",
    "support",
]

NOT_FOUND = "I could not find this in the sources."
"""What a rung says when the passages do not answer."""

SUPPORTED = 0.45
"""From this score on, a sentence counts as supported. Of the sentences of RAGTruth's answers and summaries it keeps
about four in five of the good ones, and finds about three in four of those that people marked as invented."""

RESTS = 0.2
"""From this score on, a sentence rests on its sources at all. At it, of good answers .79 (RAGTruth QA), .88 (summaries)
and .78 (MTRAG) pass sentence by sentence, and of those with an invention .65, .48 and .82 do not. A number that no
source has (bare counts up to three apart) falls below it, however well the other words fit. `SUPPORTED` is stricter:
it also stops half of the good ones and more."""

CITATION = re.compile(r"\s?\[\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\](?!\()")
"""A citation marker in a text: [1], [2, 3]; with the one space before it. A link's text is none."""


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """One sentence of a text; `claim` is False where it asserts nothing that a source could bear out."""

    span: Span
    claim: bool
    support: Support


@dataclass(frozen=True, slots=True)
class Grounding:
    """A text weighed against sources.

    `share`: the part of its claims whose support reaches the threshold; `least`: the support of the weakest claim;
    `score`: halfway between the mean and the least support, so that one invented sentence in a long answer still shows.
    All are 1.0 for a text that claims nothing.
    """

    sentences: tuple[SentenceSupport, ...]
    share: float
    least: float
    score: float


def support(claim: str, sources: Sequence[str]) -> Support:
    """How well `claim`, taken as one statement, rests on the best window of one to three sentences of one source.

    The score is the weighted share of the claim's words found there (by stem; rare words weigh more; words found
    elsewhere in the sources count a little), multiplied down for each number, name or denial that the sources do not
    bear out. A number without support is near-fatal. A claim without content words scores 1.0.
    """
    evidence = _evidence(sources)
    return evidence.weigh(evidence.reader.read(_plain(claim)))


def grounding(text: str, sources: Sequence[str], *, threshold: float = SUPPORTED) -> Grounding:
    """Every sentence of `text` weighed against `sources`; citation markers are ignored.

    Headings, questions, greetings, offers of help, lead-ins ("Here are the steps:") and admissions that the sources do
    not say are no claims. Deterministic.
    """
    if len(text) + sum(map(len, sources)) <= _REMEMBERED_CHARS:
        return _remembered_grounding(text, tuple(sources), threshold)
    return _grounding(text, sources, threshold)


@lru_cache(maxsize=64)
def _remembered_grounding(text: str, sources: tuple[str, ...], threshold: float) -> Grounding:
    """Remembered for a moment: a guard and then a scorer weigh the same answer."""
    return _grounding(text, sources, threshold)


def _grounding(text: str, sources: Sequence[str], threshold: float) -> Grounding:
    evidence = _evidence(sources)
    found = []
    for span in split_sentences(text):
        plain = _plain(span.text)
        terms = evidence.reader.read(plain)
        claim = _is_claim(plain, span.kind == "heading", terms)
        found.append(SentenceSupport(span, claim, evidence.weigh(terms) if claim else Support(1.0)))
    scores = [sentence.support.score for sentence in found if sentence.claim]
    if not scores:
        return Grounding(tuple(found), 1.0, 1.0, 1.0)
    share = sum(score >= threshold for score in scores) / len(scores)
    return Grounding(tuple(found), share, min(scores), (sum(scores) / len(scores) + min(scores)) / 2)


_REMEMBERED_CHARS = 40_000


def _evidence(sources: Sequence[str]) -> Evidence:
    """The sources read. They are remembered for a moment, unless they are long: a guard and scorers weigh one answer
    after the other against the same ones."""
    return _remembered(tuple(sources)) if sum(map(len, sources)) <= _REMEMBERED_CHARS else Evidence(sources)


@lru_cache(maxsize=64)
def _remembered(sources: tuple[str, ...]) -> Evidence:
    return Evidence(sources)


# --- what is no claim -----------------------------------------------------------------------------------------------

_LIST_MARK = re.compile(r"^\s*(?:[-*+•–]|\(?\d{1,3}[.)])\s+")
_ABOUT_SOURCES = re.compile(
    r"\(?\b(?:passages?|sources?|documents?|contexts?|articles?|references?|excerpts?|steps?)"
    r"\s*#?\d{1,3}(?:(?:,|\s?and|\s?&|\s?-)\s?\d{1,3})*\b\)?",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|thanks?(?: you)?|you'?re welcome|welcome|(?:good)?bye|sorry|apologies|lol|haha|"
    r"(?:you|me) too|(?:best|kind) regards|sincerely)\b[\s,!.]*",
    re.IGNORECASE,
)
_ASSENT = re.compile(
    r"(?:sure|great|good|nice|certainly|absolutely|of course|yes|no|yeah|yep|nope|oh|ok(?:ay)?|well|right|true|"
    r"i (?:totally |completely |fully )?(?:agree|see|understand|think so|don't (?:know|think so)))\b[\s,!.]*",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"\b(?:let (?:me|us) know|feel free|(?:i|we) hope (?:this|that|it)|(?:happy|glad) to help|"
    r"please (?:clarify|rephrase)|(?:i|we)(?:'d| would) be happy|"
    r"have a (?:great|good|nice|lovely|wonderful) (?:day|time|evening|weekend)|"
    r"please (?:share|give me|tell me|provide (?:more|further|additional)))",
    re.IGNORECASE,
)
_SOURCE = r"(?:passages?|contexts?|documents?|sources?|texts?|articles?|materials?|knowledge base|provided \w+)"
_NOT_SAYING = (
    r"\b(?:not|n't|no|nothing|without|lacks?)\b.{0,40}\b(?:mention|contain|provid|specif|includ|inform|stat(?:e|ing)|"
    r"address|discuss|cover|indicat|answer|available|say)"
)
_ADMISSION = re.compile(
    r"\b(?:i|we) (?:could not|couldn't|cannot|can't|can not|do not|don't|did not|didn't|have no|"
    r"(?:was|am|'m|were) (?:not able|unable))\b.{0,40}"
    r"\b(?:find|found|answer|determine|have|know|see|provide|information|idea)"
    rf"|\b{_SOURCE}\b.{{0,60}}{_NOT_SAYING}"
    r"|\b(?:is|are|was|were) not\b.{0,20}\b(?:mentioned|specified|stated|discussed)\b"
    r"|\bno (?:\w+ )?(?:information|answer|mention)\b.{0,60}"
    r"\b(?:about|on|regarding|of|provided|given|available|found|in)\b"
    r"|\b(?:unable|impossible|not possible|not able) to (?:provide|answer|determine|give|say|tell)\b"
    rf"|\bable to answer\b.{{0,60}}\b{_SOURCE}\b",
    re.IGNORECASE,
)
_YET = re.compile(r"\b(?:but|however|although|though|nevertheless)\b", re.IGNORECASE)
_LEAD_IN_WORDS = 18
_HERE = re.compile(r"\b(?:here(?:'s| is| are)|below|the following|as follows)\b", re.IGNORECASE)
_COUNT = 12  # a bare number up to this may count what is listed; any other number is a claim


def _is_claim(text: str, heading: bool, terms: Terms) -> bool:
    """Whether a sentence asserts something about the world that a source could bear out."""
    plain = text.replace("’", "'").strip()
    if not (terms.stems or terms.quantities):
        return False
    if plain.rstrip("\"'”)]* ").endswith("?"):
        return False
    if _ADMISSION.search(plain):
        return bool(_YET.search(plain))
    lead_in = plain.rstrip("*_ ").endswith(":") and len(plain.split()) <= _LEAD_IN_WORDS
    if lead_in and _HERE.search(plain):
        return False
    if any(quantity.unit or quantity.value > _COUNT for quantity in terms.quantities):
        return True
    if heading or lead_in or _OFFER.search(plain):
        return False
    return not _is_courtesy(plain)


def _is_courtesy(plain: str) -> bool:
    """Whether nothing but greeting and assent is said: "Hello Jane", "Yes, I agree"."""
    rest, greeting = plain, False
    while courtesy := _GREETING.match(rest) or _ASSENT.match(rest):
        greeting = greeting or courtesy.re is _GREETING
        rest = rest[courtesy.end() :]
    content = [word for word in re.findall(r"[\w']+", rest.lower()) if word not in STOP_WORDS]
    return len(rest) < len(plain) and len(content) <= (2 if greeting else 0)


def _plain(text: str) -> str:
    """The claim without what only points at sources: citation markers, list marks, "Passage 2"."""
    return _ABOUT_SOURCES.sub(" ", _LIST_MARK.sub("", CITATION.sub("", text)))
