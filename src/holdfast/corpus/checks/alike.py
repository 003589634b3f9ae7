"""Documents that share most of their wording, found by their signatures and verified on their texts.

Knows nothing of vectors. Linear in the documents; what is verified is capped, and the cap is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.corpus.checks import shingles
from holdfast.corpus.checks.differing import difference
from holdfast.corpus.checks.gathered import Gathered, finding
from holdfast.corpus.checks.personal import masked
from holdfast.corpus.quality import MAX_EXAMPLES, CorpusFinding, Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = 0.8  # of their shingles
DOUBTFUL = 0.12  # the estimate's distance from `NEAR` within which a pair is verified: over three standard errors
MOST_VERIFIED = 2000
MOST_COMPARED = 500  # pairs whose sentences are compared
SENTENCE_SHOWN = 150


def duplicates(gathered: Gathered) -> Iterator[CorpusFinding]:
    """Documents whose text another one has too, word for word."""
    first: dict[str, str] = {}
    examples, count = [], 0
    for entry in gathered.entries:
        known = first.setdefault(entry.text_hash, entry.id)
        if known != entry.id:
            count += 1
            examples.append(Example(documents=(entry.id, known), evidence=f"the same text: {entry.title[:100]}"))
    if count:
        yield finding("duplicate", count, len(gathered.entries), examples)


def near_duplicates(gathered: Gathered) -> tuple[list[CorpusFinding], list[tuple[str, str]]]:
    """The finding, where there is one, and the pairs. A cluster of n counts as n - 1: one of them may stay."""
    import numpy as np

    hashes: dict[str, None] = {}
    chosen = []
    for at, (entry, facts) in enumerate(zip(gathered.entries, gathered.facts, strict=True)):
        if facts.signature and entry.text_hash not in hashes:  # exact duplicates are told apart
            hashes[entry.text_hash] = None
            chosen.append(at)
    if len(chosen) < 2:
        return [], []
    rows = shingles.stacked([gathered.facts[at].signature for at in chosen])
    pairs = shingles.meeting(rows)
    likely = shingles.estimated(rows, pairs)
    pairs, likely = pairs[likely >= NEAR - DOUBTFUL], likely[likely >= NEAR - DOUBTFUL]
    order = np.argsort(-likely, kind="stable")
    ids = [gathered.entries[at].id for at in chosen]
    found: list[tuple[str, str, float]] = []
    unverified = 0
    exact = _Exact(gathered)
    for at in order.tolist():
        one, other = ids[pairs[at, 0]], ids[pairs[at, 1]]
        share = float(likely[at])
        if abs(share - NEAR) < DOUBTFUL or len(found) < MAX_EXAMPLES:
            if exact.asked < MOST_VERIFIED:
                share = exact.share(one, other)
            else:
                unverified += 1
        if share >= NEAR:
            found.append((one, other, share))
    if not found:
        return [], []
    count = _joined((one, other) for one, other, _ in found)
    examples = [
        Example(documents=(other, one), evidence=f"{share:.0%} of the wording is the same")
        for one, other, share in found
    ]
    said = f"{unverified} doubtful pairs were told by their signatures alone" if unverified else None
    told = finding("near_duplicate", count, len(gathered.entries), examples, limited=said)
    return [told], [(one, other) for one, other, _ in found]


class _Exact:
    """The share of shingles two documents have in common, read from their texts; each text once."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._made: dict[str, NDArray[np.uint64]] = {}
        self.asked = 0

    def share(self, one: str, other: str) -> float:
        self.asked += 1
        return shingles.jaccard(self._shingles(one), self._shingles(other))

    def _shingles(self, document_id: str) -> NDArray[np.uint64]:
        made = self._made.get(document_id)
        if made is None:
            text = self._gathered.text(document_id)
            made = self._made[document_id] = shingles.shingles(shingles.word_hashes(text))
        return made


def _joined(pairs: Iterator[tuple[str, str]]) -> int:
    """How many documents could go if one of each cluster stayed."""
    parents: dict[str, str] = {}
    count = 0

    def root(name: str) -> str:
        while (above := parents.setdefault(name, name)) != name:
            parents[name] = name = parents[above]
        return name

    for one, other in pairs:
        first, second = root(one), root(other)
        if first != second:
            parents[second] = first
            count += 1
    return count


def contradictions_among(gathered: Gathered, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Of pairs of documents that share their wording, those which differ in what counts; with both sentences."""
    found: dict[tuple[str, str], str] = {}
    for one, other in pairs[:MOST_COMPARED]:
        told = side_by_side(gathered.text(one), gathered.text(other))
        if told is not None:
            found[one, other] = told
    return found


def side_by_side(one: str, other: str) -> str | None:
    """The two sentences, in what they differ, without personal data; None where nothing that counts differs."""
    found = difference(one, other)
    if found is None:
        return None
    first, second = _cut(found.one), _cut(found.other)
    return f"{found.what}: “{first}” against “{second}”"


def _cut(sentence: str) -> str:
    said = masked(sentence)
    return said if len(said) <= SENTENCE_SHOWN else f"{said[: SENTENCE_SHOWN - 1]}…"
