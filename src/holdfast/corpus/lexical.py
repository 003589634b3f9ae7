"""The lexical index of a corpus version: BM25 over weighted fields, by tantivy.

Knows nothing of vectors, of fusion, or of what the text of a chunk is.

Words that stand together in the query count for more where they do in the text: "reset the password" is worth more than
both apart. tantivy's BM25 has k1 = 1.2 and b = .75 in every field, and takes no others.

tantivy never writes into a file it has finished: a new version is the old one's files by hard link, plus what the
writer adds. Only `meta.json` and `.managed.json` are replaced, so those are copied.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from holdfast.corpus.storage import disk_errors
from holdfast.errors import EffectFailed, Misconfigured, StoreFailed, nearest
from holdfast.records import Chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIELD_WEIGHTS = (("title", 1.0), ("text", 1.0))  # the text of the index begins with title and headings
PAIR_FIELD = "text"
PAIR_WEIGHT, PAIR_SLOP, MAX_PAIRS = 0.35, 2, 64
"""Two neighbours in the query, stop words left out, with at most two words between them in the text. Worth .009 of
lexical nDCG@10 and .005 of the fusion's, much the same with other weights and gaps (docs/decisions/0019-ranking)."""
WRITER_BYTES = 32_000_000
MAX_TERM_LENGTH = 60
MAX_QUERY_TERMS = 256  # a ticket's worth; beyond it a query costs more and finds no better
PUBLIC = "public"  # every other mark starts with a colon
LANGUAGES = (
    "danish", "dutch", "english", "finnish", "french", "german", "hungarian", "italian", "norwegian", "portuguese",
    "russian", "spanish", "swedish",
)  # fmt: skip
"""What tantivy has both a stemmer and stop words for."""
LANGUAGE_OF: Mapping[str, str] = MappingProxyType(
    dict(zip(("da", "nl", "en", "fi", "fr", "de", "hu", "it", "no", "pt", "ru", "es", "sv"), LANGUAGES, strict=True))
)
"""The same by the two letters of a language."""

QUERY_STOP_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "english": (
            *("how", "what", "when", "where", "who", "which", "why", "do", "does", "did", "can", "could", "should"),
            *("would", "may", "might", "must", "am", "been", "being", "were", "have", "has", "had", "i", "me", "my"),
            *("we", "us", "our", "you", "your", "he", "she", "him", "her", "his", "its", "them", "from", "about", "so"),
            *("if", "any", "some", "than"),
        )
    }
)
"""What people wrap a question in: words to ask with, pronouns, auxiliaries. Left out of queries only, and only while
something else is left. Worth .005 of lexical nDCG@10, .002 of the fusion's (docs/decisions/0004-corpus-search)."""


class Visible(Struct, frozen=True):
    """Who asks. None for `principals`: no chunk of this index is restricted. `hidden` documents are never seen,
    `shown` ones always, whatever the index itself says of them. `where`: of each tuple a document must have a mark."""

    principals: tuple[str, ...] | None = None
    hidden: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    where: tuple[tuple[str, ...], ...] = ()


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("chunk", fast=True)
    for name in ("document", "principal", "facet"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name, _ in FIELD_WEIGHTS:
        builder.add_text_field(name, tokenizer_name="words", index_option="position" if name == PAIR_FIELD else "freq")
    return builder.build()


def analyzer(language: str, also_stopped: Sequence[str] = ()) -> Any:
    """Splits on anything but letters and digits; lower case, no accents, no stop words, stems.

    Raises Misconfigured (HF100) for a language that is not known.
    """
    import tantivy

    if language not in (*LANGUAGES, "none"):
        raise Misconfigured(
            "HF100", f"there is no stemmer for the language '{language}'", nearest(language, (*LANGUAGES, "none"))
        )
    kinds = tantivy.Filter
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(kinds.remove_long(MAX_TERM_LENGTH)).filter(kinds.lowercase())
    if language == "none":
        return builder.filter(kinds.ascii_fold()).build()
    stopped = builder.filter(kinds.stopword(language))  # before folding: the list is written with its accents
    if also_stopped:
        stopped = stopped.filter(kinds.custom_stopword(list(also_stopped)))
    return stopped.filter(kinds.stemmer(language)).filter(kinds.ascii_fold()).build()


class LexicalWriter:
    """Builds the index of one version in `folder`, on top of the index in `base` when there is one.

    Nothing is visible before `commit`; stopped halfway, `folder` is to be thrown away and `base` is untouched.
    """

    def __init__(self, folder: Path, *, language: str, base: Path | None = None) -> None:
        import tantivy

        with disk_errors(folder):
            folder.mkdir(parents=True)
            if base is not None:
                _link(base, folder)
        self._folder = folder
        self._document = tantivy.Document
        with index_errors(folder):
            self._index = tantivy.Index(_schema(), path=str(folder), reuse=True)
            self._index.register_tokenizer("words", analyzer(language))
            self._writer: Any = self._index.writer(WRITER_BYTES, 1)

    def add(self, chunk: Chunk, key: int, facets: Sequence[str] = ()) -> None:
        with index_errors(self._folder):
            self._writer.add_document(
                self._document(
                    chunk=key,
                    document=chunk.document,
                    principal=[_mark(principal) for principal in chunk.principals] or [PUBLIC],
                    title=chunk.title,
                    facet=list(facets),
                    text=chunk.index_text,
                )
            )

    def delete(self, document_id: str) -> None:
        """Forget every chunk of a document that an earlier version had."""
        with index_errors(self._folder):
            self._writer.delete_documents_by_term("document", document_id)

    def commit(self) -> None:
        """Write it all, fsynced. Raises StoreFailed (HF601)."""
        with index_errors(self._folder):
            self._writer.commit()
            self._writer.wait_merging_threads()
        self._writer = None
        for lock in self._folder.glob("*.lock"):
            lock.unlink()

    def abandon(self) -> None:
        """Stop without committing; after `commit`, does nothing."""
        self._writer = None


class LexicalIndex:
    """A committed index, read only. Safe from several threads."""

    def __init__(self, folder: Path, *, language: str) -> None:
        import tantivy

        with index_errors(folder):
            index = tantivy.Index.open(str(folder))
            self._schema, self._searcher = index.schema, index.searcher()
        self._query = tantivy.Query
        self._occur = tantivy.Occur
        self._has_positions = self._can_pair()
        self._analyzer = analyzer(language)
        self._query_analyzer = analyzer(language, QUERY_STOP_WORDS.get(language, ()))

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def count(self, document_id: str) -> int:
        """How many chunks of a document can be found."""
        query = self._query.term_query(self._schema, "document", document_id, "basic")
        result: Any = self._searcher.search(query, 1)  # its stub leaves `count` out
        return int(result.count)

    def holds(self, document_id: str, text: str) -> bool:
        """Whether a search for that text finds the document, were it alone; True for a text without words."""
        terms = list(dict.fromkeys(self._analyzer.analyze(text)))[:MAX_QUERY_TERMS]
        if not terms:
            return True
        return bool(self._searcher.search(self._within(self._any_of(terms), document_id), 1).hits)

    def terms(self, text: str) -> tuple[str, ...]:
        """What is looked for: each word once, as it is indexed, then each pair of neighbours as in `reset_password`."""
        words = self._query_analyzer.analyze(text) or self._analyzer.analyze(text)
        pairs = [f"{first}_{second}" for first, second in pairwise(words)] if self._has_positions else []
        return (*list(dict.fromkeys(words))[:MAX_QUERY_TERMS], *list(dict.fromkeys(pairs))[:MAX_PAIRS])

    def rarities(self, text: str) -> tuple[float, ...]:
        """The idf, as BM25 has it, of each word that is looked for in the text of chunks."""
        words = [term for term in self.terms(text) if "_" not in term]
        counts = [(len(self), int(self._searcher.doc_freq("text", word))) for word in words]
        return tuple(math.log(1 + (among - having + 0.5) / (having + 0.5)) for among, having in counts)

    def words(self, text: str) -> list[str]:
        """The words of a text as they are indexed, one after the other."""
        return list(self._analyzer.analyze(text))

    def matched(self, terms: Sequence[str], document: str, limit: int) -> Mapping[int, tuple[str, ...]]:
        """Which of the terms each chunk of one document has, by the chunk's key, of at most `limit` chunks."""
        found: dict[int, list[str]] = {}
        for term in terms:
            if "_" in term and not any(set(term.split("_")) <= set(has) for has in found.values()):
                continue  # a pair is dear to look for, and is nowhere without its words
            for key in self._found(self._within(self._any_of([term]), document), limit)[0].tolist():
                found.setdefault(key, []).append(term)
        return {key: tuple(has) for key, has in found.items()}

    def search(
        self, text: str, limit: int, visible: Visible, *, document: str | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Keys (int64) and BM25 scores (float32) of at most `limit` chunks, best first; with `document`, of that one
        only, each with the score it has among all. Any text is a valid query."""
        import numpy as np

        terms = self.terms(text)
        if not terms:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        query = self._restrict(self._any_of(terms), visible)
        return self._found(query if document is None else self._within(query, document), limit)

    def _found(self, query: Any, limit: int) -> tuple[NDArray[Any], NDArray[Any]]:
        import numpy as np

        try:
            hits = self._searcher.search(query, limit, count=False).hits
            keys = self._searcher.fast_field_values("chunk", [address for _, address in hits])
        except ValueError as error:
            raise EffectFailed("HF308", f"the lexical index failed: {error}", "holdfast sync CORPUS --full") from error
        return np.array(keys, np.int64), np.array([score for score, _ in hits], np.float32)

    def _can_pair(self) -> bool:
        """Whether the index knows where words stand: not one that was made before it was asked to."""
        try:
            self._searcher.search(self._pair("a_b"), 1)
        except ValueError:
            return False
        return True

    def _any_of(self, terms: Iterable[str]) -> Any:
        """A pair is told by its underscore; an analyzed word has none."""
        clauses = [clause for term in terms for clause in ([self._pair(term)] if "_" in term else self._word(term))]
        return self._query.boolean_query([(self._occur.Should, clause) for clause in clauses])

    def _word(self, term: str) -> list[Any]:
        return [
            self._query.boost_query(self._query.term_query(self._schema, name, term, "freq"), weight)
            for name, weight in FIELD_WEIGHTS
        ]

    def _pair(self, pair: str) -> Any:
        near = self._query.phrase_query(self._schema, PAIR_FIELD, list(pair.split("_")), PAIR_SLOP)
        return self._query.boost_query(near, PAIR_WEIGHT)

    def _within(self, query: Any, document: str) -> Any:
        """The query, for chunks of one document, with the scores they have among all."""
        only = self._query.const_score_query(self._among("document", [document]), 0.0)
        return self._query.boolean_query([(self._occur.Must, query), (self._occur.Must, only)])

    def _restrict(self, query: Any, visible: Visible) -> Any:
        """The query, with who may see what as part of it: never a cut afterwards."""
        clauses = [(self._occur.Must, query)]
        if visible.principals is not None:
            may = self._among("principal", (PUBLIC, *map(_mark, visible.principals)))
            if visible.shown:
                either = [(self._occur.Should, may), (self._occur.Should, self._among("document", visible.shown))]
                may = self._query.boolean_query(either)
            clauses.append((self._occur.Must, self._query.const_score_query(may, 0.0)))
        if visible.hidden:
            clauses.append((self._occur.MustNot, self._among("document", visible.hidden)))
        having = [self._query.const_score_query(self._among("facet", marks), 0.0) for marks in visible.where]
        clauses += [(self._occur.Must, one) for one in having]
        return query if len(clauses) == 1 else self._query.boolean_query(clauses)

    def _among(self, field: str, values: Collection[str]) -> Any:
        return self._query.term_set_query(self._schema, field, sorted(values))


@contextmanager
def index_errors(folder: Path) -> Iterator[None]:
    """Turn what tantivy raises while writing or opening into StoreFailed (HF601)."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise StoreFailed(
            "HF601",
            f"the lexical index in {folder} could not be written or read: {error}",
            "free some space, then run holdfast sync CORPUS --full; the version before still serves",
        ) from error


def _mark(principal: str) -> str:
    return ":" + principal


def _link(base: Path, folder: Path) -> None:
    for entry in base.iterdir():
        if entry.name.endswith(".json"):
            shutil.copyfile(entry, folder / entry.name)
        elif not entry.name.endswith(".lock"):
            os.link(entry, folder / entry.name)
