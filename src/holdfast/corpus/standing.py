"""What is known of a document in a version before anything is searched: who may see it, which words it has.

Knows nothing of how a search goes.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from holdfast.corpus.access import may_see
from holdfast.corpus.outcomes import Outcome
from holdfast.corpus.version import Version
from holdfast.corpus.why import Missing, Standing
from holdfast.records import Document

MAX_IDS = 20_000  # ids among which those like another are looked for
_WORD = re.compile(r"[^\W_]+")


def standing_of(
    opened: Version,
    now: Version,
    outcome: Outcome,
    *,
    query: str,
    principals: Sequence[str],
    where: Mapping[str, Sequence[str]],
) -> Standing:
    """Of the id in `outcome`. `now` is the newest version, which says what there is and who may see it."""
    document, entry, current = (
        opened.document(outcome.document),
        opened.entry(outcome.document),
        now.entry(outcome.document),
    )
    version = f"v{opened.number}"
    if document is None or entry is None:
        return Standing(version=version, outcome=outcome, nearest=_nearest(outcome, opened))
    if current is None:
        return Standing(version=version, outcome=outcome, held=True, title=document.title)
    return Standing(
        version=version,
        outcome=outcome,
        held=True,
        current=True,
        title=document.title,
        section=document.section,
        locale=document.locale or "",
        language=entry.language or "",
        corpus_language=opened.manifest.language,
        words=len(document.text.split()),
        removed=_removed(document),
        findings=entry.findings,
        chunks=len(opened.rows_of(document.id)),
        principals=current.principals,
        allowed=may_see(current.principals, frozenset(principals)),
        wanted=_wanted(entry.facets, where),
        missing=_missing(opened, document, query),
    )


def words_of(opened: Version, document_id: str) -> frozenset[str]:
    """Every word of a document that the lexical index knows, as it is indexed."""
    chunks = [opened.chunk(row) for row in opened.rows_of(document_id)]
    return frozenset(word for chunk in chunks for word in opened.words(f"{chunk.title}\n{chunk.index_text}"))


def _nearest(outcome: Outcome, opened: Version) -> tuple[str, ...]:
    if outcome.outcome != "unknown":
        return ()
    return tuple(difflib.get_close_matches(outcome.document, islice(opened.places, MAX_IDS), n=3, cutoff=0.5))


def _removed(document: Document) -> dict[str, int]:
    found: Counter[str] = Counter()
    for part in document.removed:
        found[part.kind] += len(part.text.split())
    return dict(found)


def _wanted(facets: Sequence[str], where: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The names that the document does not pass, with what it has of each."""
    return {
        name: tuple(mark.partition("=")[2] for mark in facets if mark.partition("=")[0] == name)
        for name, values in where.items()
        if not {f"{name}={value}" for value in values} & set(facets)
    }


def _missing(opened: Version, document: Document, query: str) -> tuple[Missing, ...]:
    has = words_of(opened, document.id)
    removed = frozenset(word for part in document.removed for word in opened.words(part.text))
    looked_for = {term for term in opened.terms(query) if "_" not in term}
    found: dict[str, Missing] = {}
    for word in _WORD.findall(query):
        for stem in opened.words(word):
            if stem in looked_for and stem not in has:
                near = difflib.get_close_matches(stem, has, n=2, cutoff=0.75)
                found.setdefault(stem, Missing(word=word, stem=stem, near=tuple(near), removed=stem in removed))
    return tuple(found.values())
