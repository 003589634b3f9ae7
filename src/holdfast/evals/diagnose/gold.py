"""Which passages answer a question, and how that is known: labels, a person's correction, facts found by a wide search.

Knows nothing of why they were not used.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from holdfast.diagnosis import Grade
from holdfast.errors import NotFound, ReplayDiverged
from holdfast.evals.answered import citations_of, text_in
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.reading import searches
from holdfast.evals.facts import contains, missing, tokens
from holdfast.evaluation import Case, Gold
from holdfast.records import Document, Passage, Recording, Retrieve
from holdfast.support import SUPPORTED, support

WIDE = 200
"""How many passages a wide search looks at."""
MOST = 3
"""Passages that are taken for the answer: more would be context again, not gold."""
LONGEST, LONGEST_TITLE = 1200, 200
LEAST_WORDS = 4
"""Characters of a passage that is cut from a document."""
EXPECTED = "(expected)"
"""The document of a passage that no corpus has: what was expected, as if a document said it."""


class Located(Struct, frozen=True, kw_only=True):
    """`in_corpus` None: it cannot be told. A passage that no corpus has is what was expected, word for word."""

    passages: tuple[Passage, ...] = ()
    grade: Grade = "none"
    in_corpus: bool | None = None


async def locate(host: Host, recording: Recording, case: Case, later: Recording | None = None) -> Located:
    """The passages that answer, by the best evidence there is. `later` is a good answer to the same input."""
    used = [step.effect for step in searches(recording) if isinstance(step.effect, Retrieve)]
    if not used:
        return Located()
    if case.gold:
        return await _labelled(host, used, case)
    wanted = _wanted(case)
    if case.facts or _tells(wanted):
        grade: Grade = "corrected" if case.expected is not None else "searched"
        passages = await _resting(host, used, wanted, case)
        return Located(
            passages=passages or (_as_expected(case, wanted, used[0].query),), grade=grade, in_corpus=bool(passages)
        )
    if later is not None and (cited := await _cited(host, used, later)):
        return Located(passages=cited, grade="later_answer", in_corpus=True)
    return Located()


def name_of(effect: Retrieve) -> str:
    """The corpus without its version."""
    return effect.corpus.partition("@")[0]


async def _labelled(host: Host, used: Sequence[Retrieve], case: Case) -> Located:
    passages: list[Passage] = []
    silent: list[Passage] = []
    for gold in case.gold:
        for name in dict.fromkeys(map(name_of, used)):
            document = await _document(host, name, host.corpora.current(name), gold.document)
            if document is not None:
                (passages if _says(document, gold, case) else silent).append(_cut(document, gold, case.facts))
    if not passages and (before := await _before(host, used, case)):
        return Located(passages=before, grade="labelled", in_corpus=False)
    if not passages and not any(gold.span for gold in case.gold):
        passages = silent  # it never said so, as far as is known: the label is in doubt, and not the document
    if passages:
        return Located(passages=tuple(passages[:MOST]), grade="labelled", in_corpus=len(passages) == len(case.gold))
    wanted = [gold.span for gold in case.gold if gold.span] or _wanted(case)
    said = (_as_expected(case, wanted, used[0].query),) if wanted else ()
    return Located(passages=said, grade="labelled", in_corpus=False)


def _says(document: Document, gold: Gold, case: Case) -> bool:
    """Whether a document that is labelled as answering still does: its span, or where there is none a fact."""
    if gold.span is not None:
        return contains(document.text, gold.span)
    return not case.facts or len(missing(document.text, case.facts)) < len(case.facts)


async def _before(host: Host, used: Sequence[Retrieve], case: Case) -> tuple[Passage, ...]:
    """What labelled documents said in an earlier version, where they are still there and do not say it any more."""
    for name in dict.fromkeys(map(name_of, used)):
        for version in host.corpora.versions(name):
            found = []
            for gold in case.gold:
                document = await _document(host, name, version.name, gold.document)
                if document is not None and _says(document, gold, case):
                    found.append(_cut(document, gold, case.facts))
            if found:
                return tuple(found[:MOST])
    return ()


async def _resting(host: Host, used: Sequence[Retrieve], wanted: Sequence[str], case: Case) -> tuple[Passage, ...]:
    """What a wide search finds that says what was expected: the fewest passages that together say all of it."""
    seen: dict[tuple[str, str], Passage] = {}
    for effect in used:
        for query in (f"{effect.query} {' '.join(wanted)}", effect.query):
            for passage in await wide(host, effect, query):
                seen.setdefault((passage.document, passage.chunk), passage)
    chosen: list[Passage] = []
    left = list(wanted)
    while left and len(chosen) < MOST:
        best = max(seen.values(), key=lambda each: len(left) - len(_unsaid(each, left, case)), default=None)
        if best is None or len(rest := _unsaid(best, left, case)) == len(left):
            break
        chosen.append(best)
        left = rest
    return () if left else tuple(chosen)


async def wide(host: Host, effect: Retrieve, query: str | None = None) -> tuple[Passage, ...]:
    """What WIDE passages a search finds, as whoever asked may see them now."""
    search = replace(effect.search, k=WIDE, max_per_document=WIDE)
    return await host.corpora.search(replace(effect, query=query or effect.query, search=search))


async def _cited(host: Host, used: Sequence[Retrieve], later: Recording) -> tuple[Passage, ...]:
    by_place = {(citation.document, citation.chunk) for citation in citations_of(later.output)}
    found: dict[tuple[str, str], Passage] = {}
    for effect in used:
        for passage in await wide(host, effect, text_in(later.output) or None):
            if (passage.document, passage.chunk) in by_place:
                found.setdefault((passage.document, passage.chunk), passage)
    return tuple(found.values())[:MOST]


async def _document(host: Host, name: str, version: str, document_id: str) -> Document | None:
    try:
        return await host.corpora.document(name, version, document_id)
    except (NotFound, ReplayDiverged):
        return None


def _wanted(case: Case) -> list[str]:
    """What a good answer says: its facts, else the text that was expected."""
    expected = text_in(case.expected) if case.expected is not None else ""
    return list(case.facts) or ([expected] if expected.strip() else [])


def _tells(wanted: Sequence[str]) -> bool:
    """Whether what was expected says enough for a document to be known by: a label or a single word stands anywhere."""
    return sum(len(tokens(text)) for text in wanted) >= LEAST_WORDS


def _unsaid(passage: Passage, wanted: Sequence[str], case: Case) -> list[str]:
    if case.facts:
        return list(missing(passage.text, wanted))
    return [text for text in wanted if support(text, [passage.text]).score < SUPPORTED]


def _cut(document: Document, gold: Gold, facts: Sequence[str]) -> Passage:
    """The part of a document that says it: the paragraphs around the span or the first fact, else its beginning."""
    looked_for = [text for text in (gold.span, *facts) if text]
    text, at = document.text, 0
    for paragraph_at, paragraph in _paragraphs(text):
        if any(contains(paragraph, wanted) for wanted in looked_for):
            at = max(0, paragraph_at - LONGEST // 4)
            break
    return Passage(
        document=document.id, chunk="", title=document.title, text=text[at : at + LONGEST].strip(), url=document.url
    )


def _paragraphs(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for paragraph in text.split("\n\n"):
        found.append((at, paragraph))
        at += len(paragraph) + 2
    return found


def _as_expected(case: Case, wanted: Sequence[str], question: str) -> Passage:
    """What was expected, as a document would say it that answers the question."""
    expected = text_in(case.expected) if case.expected is not None else ""
    title = " ".join(question.split())[:LONGEST_TITLE]
    return Passage(document=EXPECTED, chunk="", title=title, text=expected or "\n".join(wanted))
