"""A search of one corpus version, as a line of small steps, and what each step did to one document.

Knows nothing of segments, of indexes, or of who may see what.

    words ----\\
               candidates -> fused -> collapsed -> passages
    vectors --/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from msgspec import Struct

from holdfast.corpus.access import View
from holdfast.corpus.confidence import confidence
from holdfast.corpus.fusion import Fused, Meaning, collapsed, fused, fused_words
from holdfast.records import Chunk, Passage, Retrieved, Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from holdfast.corpus.fusion import Ranked
    from holdfast.corpus.products import Compared

MIN_CANDIDATES = 200  # of each ranking; from 100 to 400 nothing changes but R@100, which gains .013


LeftOut: TypeAlias = Literal["", "no_candidate", "same_text", "document_is_full", "beyond_k"]


class Ground(Protocol):
    """What is searched: rows are chunks, and documents and texts have numbers."""

    def by_words(self, text: str, depth: int, view: View, *, document: str | None = None) -> Ranked: ...
    def compare(self, vector: NDArray[np.float32]) -> Compared: ...
    def by_meaning(self, compared: Compared, depth: int, view: View) -> Ranked: ...
    def meaning(self, compared: Compared, rows: NDArray[np.int64], view: View) -> Meaning: ...
    def rows_if_any(self, document_id: str) -> NDArray[np.int64]: ...
    def numbers(self, rows: NDArray[np.int64]) -> tuple[list[int], list[int]]: ...
    def chunk(self, row: int) -> Chunk: ...
    def terms(self, text: str) -> tuple[str, ...]: ...
    def rarities(self, text: str) -> tuple[float, ...]: ...
    def matched(self, terms: tuple[str, ...], document_id: str) -> Mapping[int, tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by whom, and how. Without a vector the search goes by words; `how.weight` must be set."""

    text: str
    vector: NDArray[np.float32] | None
    how: Search
    view: View

    @property
    def by_words(self) -> bool:
        return self.how.mode != "vector" or self.vector is None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: both lists, their fusion, and the places in the fusion that are shown."""

    words: Ranked | None
    vectors: Ranked | None
    compared: Compared | None
    fused: Fused
    shown: tuple[int, ...]


def found(ground: Ground, question: Question) -> Found:
    """The search itself. Looks deeper until k passages are left after collapsing, or nothing more is found."""
    import numpy as np

    how = question.how
    depth = max(MIN_CANDIDATES, 10 * how.k)
    compared = None
    if how.mode != "lexical" and question.vector is not None:
        compared = ground.compare(question.vector)
    while True:
        words = ground.by_words(question.text, depth, question.view) if question.by_words else None
        vectors = None if compared is None else ground.by_meaning(compared, depth, question.view)
        listed = [one[0] for one in (words, vectors) if one is not None]
        if compared is None:
            assert words is not None
            ranking = fused_words(words)
        else:
            ranking = _fused(ground, question, words, compared, np.unique(np.concatenate(listed)))
        documents, texts = ground.numbers(ranking.rows)
        ranked = zip(range(len(documents)), documents, texts, strict=True)
        shown = tuple(collapsed(ranked, how.k, how.max_per_document))
        if len(shown) >= how.k or all(len(rows) < depth for rows in listed):
            return Found(words, vectors, compared, ranking, shown)
        depth *= 4


def _fused(
    ground: Ground, question: Question, words: Ranked | None, compared: Compared, rows: NDArray[np.int64]
) -> Fused:
    weight = question.how.weight
    assert weight is not None
    return fused(words, ground.meaning(compared, rows, question.view), weight)


def retrieved(ground: Ground, question: Question) -> Retrieved:
    """What is shown, best first, and how likely it answers."""
    result = found(ground, question)
    sure = confidence(result, ground.rarities(question.text))
    return Retrieved(passages=passages(ground, result), confidence=sure)


def passages(ground: Ground, result: Found) -> tuple[Passage, ...]:
    """What is shown, best first."""
    return tuple(
        _passage(ground.chunk(int(result.fused.rows[at])), float(result.fused.scores[at])) for at in result.shown
    )


def _passage(chunk: Chunk, score: float) -> Passage:
    return Passage(
        document=chunk.document,
        chunk=chunk.id,
        title=chunk.title,
        text=chunk.text,
        headings=chunk.headings,
        url=chunk.url,
        score=round(score, 6),
    )


# ---------------------------------------------------------------- why


class Stood(Struct, frozen=True, kw_only=True):
    """Where a chunk stands in one list. `rank` starts at 1, None: not among the `listed` best, whose last one scored
    `last`. `score` is BM25 or the cosine, `part` what it adds to the fused score."""

    rank: int | None
    score: float
    part: float
    listed: int
    last: float


class Expanded(Struct, frozen=True, kw_only=True):
    """What moving the query did: towards which chunks (document, chunk), and the chunk's cosine before and after."""

    towards: tuple[tuple[str, str], ...]
    before: float
    after: float


class ChunkExplained(Struct, frozen=True, kw_only=True):
    """How far one chunk came. `rank` is its place in what is shown, `fused_rank` that in the fusion before collapsing;
    None: not there. `left_out` says why it is not shown: no list had it, its text is shown already (`same_as` names the
    chunk), enough of its document is shown, or k others are better."""

    chunk: str
    position: int
    matched: tuple[str, ...]
    words: Stood | None
    vectors: Stood | None
    expanded: Expanded | None
    document_part: float
    score: float
    fused_rank: int | None
    rank: int | None
    left_out: LeftOut
    same_as: str = ""


class SearchExplained(Struct, frozen=True, kw_only=True):
    """What one search did to one document. `passages` is what the search gives.

    `standing` says whether the document is in the version and may be seen by who asks, within the filter; where not,
    there are no chunks. `terms` are looked for by words, pairs as in `reset_password`; `chunks` of the document come
    best first.
    """

    document: str
    standing: Literal["visible", "hidden", "absent"]
    terms: tuple[str, ...]
    candidates: int
    chunks: tuple[ChunkExplained, ...]
    passages: tuple[Passage, ...]


def explained(ground: Ground, question: Question, document_id: str) -> SearchExplained:
    """One search, and how far each chunk of one document came in it. Costs that search and a few within the document.

    A chunk that no list had has the score that it would have, had the list of the vectors been long enough.
    """
    result = found(ground, question)
    rows = ground.rows_if_any(document_id)
    seen = rows[question.view.rows[rows]]
    terms = ground.terms(question.text) if question.by_words else ()
    about = _About(ground, question, result, seen, document_id)
    matched = ground.matched(terms, document_id)
    every = [_chunk(about, matched.get(row, ()), row) for row in seen.tolist()]
    last = len(result.fused.rows) + 1
    return SearchExplained(
        document=document_id,
        standing="visible" if len(seen) else "hidden" if len(rows) else "absent",
        terms=terms,
        candidates=len(result.fused.rows),
        chunks=tuple(sorted(every, key=lambda one: (one.rank or last, one.fused_rank or last, -one.score))),
        passages=passages(ground, result),
    )


class _About:
    """A search, and what it takes to say how far the chunks of one document came in it."""

    def __init__(
        self, ground: Ground, question: Question, result: Found, seen: NDArray[np.int64], document_id: str
    ) -> None:
        import numpy as np

        self.ground = ground
        self.result = result
        self.places = {row: at for at, row in enumerate(result.fused.rows.tolist())}
        self.wider = result.fused
        if result.compared is not None and any(row not in self.places for row in seen.tolist()):
            rows = np.union1d(result.fused.rows, seen)
            self.wider = _fused(ground, question, result.words, result.compared, rows)
        self.wider_places = {row: at for at, row in enumerate(self.wider.rows.tolist())}
        self.word_scores: dict[int, float] = {}
        if result.words is not None and len(seen):
            own = ground.by_words(question.text, len(seen), question.view, document=document_id)
            self.word_scores = dict(zip(own[0].tolist(), own[1].tolist(), strict=True))
        self.k = question.how.k

    def left_out(self, at: int | None) -> tuple[LeftOut, str]:
        """Why the place `at` of the fusion is not shown, and the chunk shown in its place, if one says the same."""
        shown = self.result.shown
        if at is None:
            return "no_candidate", ""
        if at in shown:
            return "", ""
        if len(shown) >= self.k and at > shown[-1]:
            return "beyond_k", ""
        rows = self.result.fused.rows
        before = [place for place in shown if place < at]
        _, (text, *texts) = self.ground.numbers(rows[[at, *before]])
        if text in texts:
            return "same_text", self.ground.chunk(int(rows[before[texts.index(text)]])).id
        return "document_is_full", ""


def _chunk(about: _About, matched: tuple[str, ...], row: int) -> ChunkExplained:
    chunk = about.ground.chunk(row)
    at = about.places.get(row)
    ranking, place = (about.result.fused, at) if at is not None else (about.wider, about.wider_places.get(row))
    left_out, same_as = about.left_out(at)
    words = vectors = expanded = None
    if about.result.words is not None:
        part = 0.0 if place is None else float(ranking.of_words[place])
        words = _stood(about.result.words, row, about.word_scores.get(row, 0.0), part)
    if about.result.vectors is not None and ranking.cosines is not None and ranking.moved is not None:
        assert place is not None  # the wider fusion has every chunk of the document
        cosine = float(ranking.cosines[place])
        vectors = _stood(about.result.vectors, row, cosine, float(ranking.of_meaning[place]))
        towards = [about.ground.chunk(one) for one in ranking.feedback]
        expanded = Expanded(
            towards=tuple((one.document, one.id) for one in towards), before=cosine, after=float(ranking.moved[place])
        )
    return ChunkExplained(
        chunk=chunk.id,
        position=chunk.position,
        matched=matched,
        words=words,
        vectors=vectors,
        expanded=expanded,
        document_part=0.0 if place is None else float(ranking.of_document[place]),
        score=0.0 if place is None else float(ranking.scores[place]),
        fused_rank=None if at is None else at + 1,
        rank=about.result.shown.index(at) + 1 if at in about.result.shown else None,
        left_out=left_out,
        same_as=same_as,
    )


def _stood(ranked: Ranked, row: int, score: float, part: float) -> Stood:
    rows, scores = ranked
    places = (rows == row).nonzero()[0]
    return Stood(
        rank=int(places[0]) + 1 if len(places) else None,
        score=score,
        part=part,
        listed=len(rows),
        last=float(scores[-1]) if len(scores) else 0.0,
    )
