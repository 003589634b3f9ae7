"""The scorers that every project has. Each looks at one answered case, and says nothing where it has no part in it.

Knows nothing of bars, nor of how many cases there are.
"""

from __future__ import annotations

from types import MappingProxyType

from msgspec import Struct

from holdfast.contracts import Answered, Probe, Scorer, Scorers
from holdfast.evals.facts import contains, missing
from holdfast.evaluation import Gold
from holdfast.records import Json, Retrieve
from holdfast.support import NOT_FOUND, RESTS, grounding


class Exact(Struct, frozen=True):
    """Whether the output is what is expected, where a case gives no facts: every field that `expected` names, or the
    output's text where `expected` is one. Whitespace at the ends does not count."""

    async def score(self, answered: Answered) -> bool | None:
        expected = answered.case.expected
        if expected is None or answered.case.facts:
            return None
        output = answered.recording.output
        if isinstance(expected, str) and not isinstance(output, str):
            output = answered.text
        return _equal(expected, output)


class Facts(Struct, frozen=True):
    """The share of a case's facts that the text says (see `evals.facts`)."""

    async def score(self, answered: Answered) -> float | None:
        facts = answered.case.facts
        return 1 - len(missing(answered.text, facts)) / len(facts) if facts else None


class CitationRecall(Struct, frozen=True):
    """The share of a case's gold that is cited: the document or one with the same text, and its span in what is cited
    of it."""

    async def score(self, answered: Answered) -> float | None:
        gold = answered.case.gold
        return sum(_is_cited(each, answered) for each in gold) / len(gold) if gold else None


class CitationPrecision(Struct, frozen=True):
    """The share of the citations that are gold. An answer without citations has none that are wrong, and no score; a
    request that failed has 0."""

    async def score(self, answered: Answered) -> float | None:
        gold = {gold.document for gold in answered.case.gold}
        if not gold or not answered.citations:
            return 0.0 if gold and answered.recording.failure is not None else None
        same = {cited for cited, of in answered.same_as if of in gold}
        return sum(each.document in gold | same for each in answered.citations) / len(answered.citations)


class Grounded(Struct, frozen=True):
    """The share of the text's claims that rest on the passages that were found, by the guard's own measure. A text that
    claims nothing has no score."""

    async def score(self, answered: Answered) -> float | None:
        if not answered.text or not _retrieves(answered):
            return 0.0 if _retrieves(answered) and answered.recording.failure is not None else None
        found = grounding(answered.text, [passage.text for passage in answered.passages], threshold=RESTS)
        return found.share if any(sentence.claim for sentence in found.sentences) else None


class Answers(Struct, frozen=True):
    """Whether a case that can be answered is answered, and one tagged `unanswerable` is not. Saying that nothing was
    found, and being stopped by a guard, is no answer. Of a feature that retrieves nothing, only cases so tagged."""

    async def score(self, answered: Answered) -> bool | None:
        case = answered.case
        known = bool(case.facts or case.gold or case.expected is not None)
        if not case.unanswerable and not (known and _retrieves(answered)):
            return None
        silent = answered.recording.blocked is not None or not answered.text.strip() or NOT_FOUND in answered.text
        return silent == case.unanswerable


BUILT_IN: Scorers = MappingProxyType(
    {
        "exact": Exact(),
        "facts": Facts(),
        "citation_recall": CitationRecall(),
        "citation_precision": CitationPrecision(),
        "grounded": Grounded(),
        "answered": Answers(),
    }
)


def scorers(own: Scorers, feature: str = "") -> Scorers:
    """The built-in scorers and a project's own; one of the same name takes the place of the built-in one.

    With a feature, without those that are `only` for others.
    """
    together = {**BUILT_IN, **own}
    return {name: each for name, each in together.items() if not feature or is_for(each, feature)}


def is_for(scorer: Scorer | Probe, feature: str) -> bool:
    """Whether a scorer has a part in a feature: always, unless it names others in `only`."""
    only = getattr(scorer, "only", ())
    return not only or feature in only


def _equal(expected: Json, output: Json) -> bool:
    if isinstance(expected, dict) and isinstance(output, dict):
        return all(name in output and _equal(value, output[name]) for name, value in expected.items())
    if isinstance(expected, str) and isinstance(output, str):
        return expected.strip() == output.strip()
    return bool(expected == output) and isinstance(expected, bool) == isinstance(output, bool)


def _retrieves(answered: Answered) -> bool:
    """Whether the feature answers from sources; one that failed too early to show it does where its cases have gold."""
    failed_early = answered.recording.failure is not None and bool(answered.case.gold)
    return failed_early or any(isinstance(step.effect, Retrieve) for step in answered.recording.steps)


def _is_cited(gold: Gold, answered: Answered) -> bool:
    documents = {gold.document} | {cited for cited, of in answered.same_as if of == gold.document}
    cited = [each for each in answered.citations if each.document in documents]
    if not cited or gold.span is None:
        return bool(cited)
    chunks = {(each.document, each.chunk) for each in cited}
    passages = [each.text for each in answered.passages if (each.document, each.chunk) in chunks]
    return any(contains(text, gold.span) for text in [*passages, *(each.quote for each in cited), "\n".join(passages)])
