"""The ledger of a sync: what the source has, what became of it, and whether the numbers add up.

Knows nothing of how anything was fetched, cleaned or indexed; it is told the counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from holdfast.errors import StoreFailed

MAX_NAMED = 5


class SourceCount(Struct, frozen=True):
    """Of one kind of item: how many there are here, and how many the source says it has; None where it does not."""

    kind: str
    here: int
    said: int | None


class Ledger(Struct, frozen=True, kw_only=True):
    """Every item of the source, accounted for: `fetched` = `kept` + `skipped` + `failed`, and `kept` = `documents`.

    `chunks`, `indexed` and `vectors` are the version's: as the segments count them, as the lexical index does, as the
    vectors do (None without an encoder). Of the documents that were written, `written`, each was looked up by its id in
    all three, and `retrievable` were found; `searched` of their chunks were searched for with their own text and
    vector, and `found` came up. `unaccounted` are ids that were fetched and have no outcome, `damaged` those whose
    chunks or vectors are not where they should be, a few of each. `red` is what does not add up, in sentences; a sync
    with any publishes nothing.
    """

    source: tuple[SourceCount, ...] = ()
    fetched: int
    kept: int
    skipped: int
    failed: int
    documents: int
    chunks: int
    indexed: int
    vectors: int | None
    written: int = 0
    retrievable: int = 0
    searched: int = 0
    found: int = 0
    unaccounted: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    red: tuple[str, ...] = ()


def what_is_red(ledger: Ledger) -> tuple[str, ...]:
    """What does not add up, in sentences; empty: all of it does."""
    return tuple(_mismatches(ledger))


def _mismatches(ledger: Ledger) -> Iterator[str]:
    for count in ledger.source:
        if count.said is not None and count.said != count.here:
            yield f"the source says it has {count.said} of '{count.kind}', and {count.here} are here"
    outcomes = ledger.kept + ledger.skipped + ledger.failed
    if ledger.fetched != outcomes:
        yield (
            f"{ledger.fetched} were fetched, and {outcomes} have an outcome: {ledger.kept} kept, "
            f"{ledger.skipped} skipped, {ledger.failed} failed{_named(ledger.unaccounted)}"
        )
    if ledger.kept != ledger.documents:
        yield f"{ledger.kept} were kept, and the version has {ledger.documents} documents"
    if ledger.chunks != ledger.indexed:
        yield f"there are {ledger.chunks} chunks, and the lexical index has {ledger.indexed}"
    if ledger.vectors is not None and ledger.vectors != ledger.chunks:
        yield f"there are {ledger.chunks} chunks, and {ledger.vectors} vectors"
    if ledger.retrievable != ledger.written:
        yield (
            f"{ledger.written} documents were written, and {ledger.retrievable} of them can be found by their id with "
            f"every chunk and vector{_named(ledger.damaged)}"
        )
    if ledger.found != ledger.searched:
        yield (
            f"{ledger.searched} chunks were searched for by their own text and vector, and {ledger.found} were found"
            f"{_named(ledger.damaged)}"
        )


def check_reconciled(corpus: str, ledger: Ledger) -> None:
    """Raises StoreFailed (HF611) where the numbers do not add up."""
    if ledger.red:
        raise StoreFailed(
            "HF611",
            f"the ledger of corpus '{corpus}' does not add up, so nothing was published: {'; '.join(ledger.red)}",
            f"holdfast sync {corpus} again; if it stays like that: holdfast sync {corpus} --full",
        )


def _named(ids: Sequence[str]) -> str:
    if not ids:
        return ""
    return f" ({', '.join(ids[:MAX_NAMED])}{', ...' if len(ids) > MAX_NAMED else ''})"
