"""The stations of a walk that a search itself has: both lists, moving the query, fusion, collapsing, the cut.

Knows nothing of sources, of permissions, or of what becomes of passages.
"""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.corpus.search import ChunkExplained, SearchExplained, Stood
from holdfast.corpus.why import Fate, Missing, Standing, Station, station
from holdfast.records import Json, Search


def while_searching(
    standing: Standing, explained: SearchExplained, deep: SearchExplained | None, how: Search
) -> tuple[Station, ...]:
    """The stations from the lists to the cut; ends with the one where the document fell out, if it did.

    `deep` is the same search with a greater k, for a document that is not shown.
    """
    chunks = explained.chunks
    in_words = any(one.words is not None and one.words.rank is not None for one in chunks)
    in_vectors = any(one.vectors is not None and one.vectors.rank is not None for one in chunks)
    stations = [_lexical(standing, explained, in_words=in_words), _meaning(chunks, how, in_words, in_vectors)]
    if not (in_words or in_vectors):
        return tuple(stations)
    best = chunks[0]
    stations += [_expansion(best), _fusion(best, explained), _collapse(explained, deep)]
    if stations[-1].fate == "passed":
        stations.append(_cut(best, deep, how))
    return tuple(stations)


def with_closest(chunks: Station, explained: SearchExplained) -> Station:
    """The chunks' station with the chunk that came farthest."""
    best = explained.chunks[0]
    said = f"{chunks.said}, of which number {best.position + 1} came farthest"
    return station("chunks", "passed", said, **chunks.measured, closest=best.chunk, position=best.position)


def _lexical(standing: Standing, explained: SearchExplained, *, in_words: bool) -> Station:
    chunks = explained.chunks
    best = _best([one.words for one in chunks if one.words is not None])
    if best is None:
        return station("lexical", "not_asked", "the search goes by meaning only")
    matched = sorted({term for one in chunks for term in one.matched})
    measured: dict[str, Json] = {
        "rank": best.rank,
        "score": round(best.score, 4),
        "last": round(best.last, 4),
        "terms": list(explained.terms),
        "matched": list(matched),
        "missing": [{"word": one.word, "near": list(one.near)} for one in standing.missing],
    }
    said = _ranked(best, "BM25", f"{best.score:.2f}", f"{best.last:.2f}") if matched else "no word of the query"
    words = [term for term in explained.terms if "_" not in term]
    if not words:
        said = "the query has no words to look for"
    elif matched:
        said += f"; it has {len(set(words) & set(matched))} of {len(words)} words"
    if words and standing.missing:
        said += f"; it does not have {_shown(standing.missing)}"
    meaning = any(one.vectors is not None for one in chunks)
    fate: Fate = "passed" if in_words else "missed" if meaning else "fell_out"
    return station("lexical", fate, said, **measured)


def _meaning(chunks: Sequence[ChunkExplained], how: Search, in_words: bool, in_vectors: bool) -> Station:
    best = _best([one.vectors for one in chunks if one.vectors is not None])
    if best is None:
        why = "the search goes by words only" if how.mode == "lexical" else "without an encoder it goes by words only"
        return station("meaning", "not_asked", why)
    fate: Fate = "passed" if in_vectors else "missed" if in_words else "fell_out"
    said = _ranked(best, "cosine", f"{best.score:.3f}", f"{best.last:.3f}")
    return station(
        "meaning", fate, said, rank=best.rank, cosine=round(best.score, 4), last=round(best.last, 4), listed=best.listed
    )


def _expansion(best: ChunkExplained) -> Station:
    moved = best.expanded
    if moved is None:
        return station("expansion", "not_asked", "nothing to move without vectors")
    towards = [document for document, _ in moved.towards]
    said = f"the query was moved towards {', '.join(dict.fromkeys(towards))}: cosine {moved.before:.3f}"
    return station(
        "expansion",
        "passed",
        f"{said}, then {moved.after:.3f}",
        towards=list(towards),
        before=round(moved.before, 4),
        after=round(moved.after, 4),
    )


def _fusion(best: ChunkExplained, explained: SearchExplained) -> Station:
    words = 0.0 if best.words is None else best.words.part
    meaning = 0.0 if best.vectors is None else best.vectors.part
    last = explained.passages[-1].score if explained.passages else 0.0
    said = (
        f"place {best.fused_rank} of {explained.candidates}: {best.score:.3f} = {words:.3f} words"
        f" + {meaning:.3f} meaning + {best.document_part:.3f} document; the last one shown has {last:.3f}"
    )
    return station(
        "fusion", "passed", said, place=best.fused_rank, candidates=explained.candidates, score=round(best.score, 4),
        words=round(words, 4), meaning=round(meaning, 4), document=round(best.document_part, 4), last_shown=last,
    )  # fmt: skip


def _collapse(explained: SearchExplained, deep: SearchExplained | None) -> Station:
    """A document falls out here where every candidate of it says what another's chunk said before."""
    candidates = [one for one in (deep or explained).chunks if one.fused_rank is not None]
    twins = {one.same_as for one in candidates if one.left_out == "same_text"}
    shown = {one.chunk: one.document for one in (deep or explained).passages}
    documents = sorted({shown[chunk] for chunk in twins})
    full = sum(one.left_out == "document_is_full" for one in explained.chunks)
    measured: dict[str, Json] = {"same_text_as": list(documents), "more_of_the_document": full}
    if candidates and all(one.left_out == "same_text" for one in candidates):
        return station("collapse", "fell_out", f"the same text is shown already, of {', '.join(documents)}", **measured)
    said = "nothing before it says the same" if not twins else f"some of it is shown already, of {', '.join(documents)}"
    if full:
        said += f"; {full} more of its chunks are left out, for enough of it is shown"
    return station("collapse", "passed", said, **measured)


def _cut(best: ChunkExplained, deep: SearchExplained | None, how: Search) -> Station:
    if best.rank is not None:
        return station("cut", "passed", f"number {best.rank} of {how.k}", rank=best.rank, k=how.k)
    at = next((one.rank for one in deep.chunks if one.rank is not None), None) if deep is not None else None
    said = (
        f"number {at}, and {how.k} are taken" if at is not None else f"{how.k} are taken, and many more are before it"
    )
    return station("cut", "fell_out", said, rank=at, k=how.k)


def _best(stood: Sequence[Stood]) -> Stood | None:
    ranked = [one for one in stood if one.rank is not None]
    if ranked:
        return min(ranked, key=lambda one: one.rank or 0)
    return max(stood, key=lambda one: one.score, default=None)


def _ranked(stood: Stood, name: str, score: str, last: str) -> str:
    if stood.rank is not None:
        return f"number {stood.rank} with {name} {score}"
    return f"not among the {stood.listed} best: {name} {score}, the last of them has {last}"


def _shown(missing: Sequence[Missing]) -> str:
    return ", ".join(f"'{one.word}'" + (f" (it has {', '.join(one.near)})" if one.near else "") for one in missing)
