"""Which passages answer a question, and how that is known: labels, a person's correction, facts found by a wide search.

Knows nothing of why they were not used.
"""

from __future__ import annotations

import re
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
TELLING, LONG_WORD, ON_IT = 6, 4, 0.5
"""From so many words on what was expected is known by itself; less is only where half of the question's words of so
many letters stand as well."""
"""Characters of a passage that is cut from a document."""
LEAST_LETTERS = 8
"""Letters that a text must have in a row, spaces aside, to be taken for one that says it: fewer stand anywhere."""
_MARKUP = re.compile(r"<[^<>]*>?")
_LETTERS = re.compile(r"[\W_]+")
_PIECE = re.compile(r"[^\n.!?]+(?:[.!?](?!\s)[^\n.!?]*)*[.!?]*")
EXPECTED = "(expected)"
"""The document of a passage that no corpus has: what was expected, as if a document said it."""


class Located(Struct, frozen=True, kw_only=True):
    """`in_corpus` None: it cannot be told. A passage that no corpus has is what was expected, word for word.

    `withheld`: a document says it that whoever asked may not see; what was expected of it stands in for its text.
    """

    passages: tuple[Passage, ...] = ()
    grade: Grade = "none"
    in_corpus: bool | None = None
    withheld: bool = False


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
            passages=passages or (_as_expected(_expected(case) or wanted, used[0].query),),
            grade=grade,
            in_corpus=bool(passages),
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
    withheld = 0
    allowed = {principal for effect in used for principal in effect.principals}
    for gold in case.gold:
        for name in dict.fromkeys(map(name_of, used)):
            document = await _document(host, name, host.corpora.current(name), gold.document)
            if document is not None and document.principals and not allowed & set(document.principals):
                withheld += _says(document, gold, case)
            elif document is not None:
                (passages if _says(document, gold, case) else silent).append(_cut(document, gold, case.facts))
    spans = [_bare(gold.span) for gold in case.gold if gold.span]
    wanted = spans or _expected(case) or _wanted(case)
    said = (_as_expected(wanted, used[0].query),) if wanted else ()
    if withheld and not passages:
        return Located(passages=said, grade="labelled", in_corpus=True, withheld=True)
    if not passages and (before := await _before(host, used, case)):
        return Located(passages=before, grade="labelled", in_corpus=False)
    if not passages and not any(gold.span for gold in case.gold):
        passages = silent  # it never said so, as far as is known: the label is in doubt, and not the document
    if passages:
        return Located(passages=tuple(passages[:MOST]), grade="labelled", in_corpus=len(passages) == len(case.gold))
    return Located(passages=said, grade="labelled", in_corpus=False)


def _says(document: Document, gold: Gold, case: Case) -> bool:
    """Whether a document that is labelled as answering still does: its span, or where there is none a fact."""
    text = document.text
    if gold.span is not None:
        span = _bare(gold.span)
        return contains(text, gold.span) or contains(text, span) or _torn_apart(text, span)
    return not case.facts or len(unsaid_by(text, case.facts)) < len(case.facts)


def _bare(span: str) -> str:
    """A span without the markup that it was copied with."""
    return " ".join(_MARKUP.sub(" ", span).split()) or span


def unsaid_by(text: str, facts: Sequence[str]) -> tuple[str, ...]:
    """The facts that a text does not say, not even with its words torn apart."""
    return tuple(fact for fact in missing(text, facts) if not _torn_apart(text, fact))


def _torn_apart(text: str, part: str) -> bool:
    """Whether a text has all letters of a part in order, with its words broken up, as a bad export leaves them."""
    wanted = _LETTERS.sub("", part).casefold()
    return len(wanted) >= LEAST_LETTERS and wanted in _LETTERS.sub("", text).casefold()


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
    short = all(len(tokens(text)) < TELLING for text in wanted)
    for effect in used:
        for query in (f"{effect.query} {' '.join(wanted)}", effect.query):
            for passage in await wide(host, effect, query, everywhere=True):
                if not short or _is_on(passage, effect.query):
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


def _is_on(passage: Passage, question: str) -> bool:
    """Whether a passage speaks of what was asked: a date or a name alone stands in many that do not."""
    asked = {token for token in tokens(question) if isinstance(token, str) and len(token) >= LONG_WORD}
    there = {*tokens(f"{passage.title or ''} {passage.text}")}
    return not asked or len(asked & there) >= ON_IT * len(asked)


async def wide(
    host: Host, effect: Retrieve, query: str | None = None, *, everywhere: bool = False
) -> tuple[Passage, ...]:
    """What WIDE passages a search finds, as whoever asked may see them now; `everywhere`: also outside of what it is
    narrowed to."""
    search = replace(effect.search, k=WIDE, max_per_document=WIDE)
    if everywhere:
        search = replace(search, where={})
    asked = replace(effect, query=query or effect.query, search=search)
    try:
        return await host.corpora.search(asked)
    except ReplayDiverged:  # the version that was searched is not kept any more
        name = name_of(effect)
        return await host.corpora.search(replace(asked, corpus=f"{name}@{host.corpora.current(name)}"))


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
    return list(case.facts) or _expected(case)


def _expected(case: Case) -> list[str]:
    expected = text_in(case.expected) if case.expected is not None else ""
    return [expected] if expected.strip() else []


def _tells(wanted: Sequence[str]) -> bool:
    """Whether what was expected says enough for a document to be known by: a label or a single word stands anywhere."""
    return sum(len(tokens(text)) for text in wanted) >= LEAST_WORDS


def _unsaid(passage: Passage, wanted: Sequence[str], case: Case) -> list[str]:
    if case.facts:
        return list(missing(passage.text, wanted))
    return [text for text in wanted if support(text, [passage.text]).score < SUPPORTED]


def _cut(document: Document, gold: Gold, facts: Sequence[str]) -> Passage:
    """The part of a document that says it: what stands around the span or the first fact, else its beginning."""
    looked_for = [text for text in (gold.span, *facts) if text]
    text = document.text
    pieces = list(_PIECE.finditer(text))
    at = next((piece.start() for wanted in looked_for for piece in pieces if contains(piece.group(), wanted)), None)
    if at is None:  # it runs over the end of a sentence, or is torn apart
        at = next((start for wanted in looked_for if (start := _spread(text, wanted)) is not None), 0)
    start = max(0, at - LONGEST // 4)
    return Passage(
        document=document.id,
        chunk="",
        title=document.title,
        text=text[start : start + LONGEST].strip(),
        url=document.url,
    )


def _spread(text: str, wanted: str) -> int | None:
    """Where the letters of a part begin in a text, whatever stands between them."""
    letters = [(at, one) for at, one in enumerate(text.casefold()) if one.isalnum()]
    found = "".join(one for _, one in letters).find(_LETTERS.sub("", wanted).casefold())
    return letters[found][0] if 0 <= found < len(letters) else None


def _as_expected(wanted: Sequence[str], question: str) -> Passage:
    """What was expected, as a document would say it that answers the question."""
    title = " ".join(question.split())[:LONGEST_TITLE]
    return Passage(document=EXPECTED, chunk="", title=title, text="\n".join(wanted))
