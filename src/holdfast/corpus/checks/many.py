"""What many documents say together: links that lead nowhere, repeated paragraphs, stale articles, a mix of tongues.

Knows nothing of wording or vectors; those have files of their own.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from holdfast.corpus.checks import links
from holdfast.corpus.checks.catalogue import REPEATED_AT_LEAST
from holdfast.corpus.checks.facts import blocks_of
from holdfast.corpus.checks.gathered import Gathered, examples_of, finding
from holdfast.corpus.checks.personal import excerpt
from holdfast.corpus.quality import CorpusFinding, Example

REPEATED_SHARE = 0.02  # of the documents hold a paragraph, before it is told
MIN_SHARE_OF_MIX = 0.02
DAY_S = 86_400


def noted(gathered: Gathered) -> Iterator[CorpusFinding]:
    """What each document said of itself, by code."""
    counts: Counter[str] = Counter()
    evidence: dict[str, dict[str, str]] = {}
    for entry, facts in zip(gathered.entries, gathered.facts, strict=True):
        for code in entry.findings:
            counts[code] += 1
            shown = evidence.setdefault(code, {})
            if len(shown) < gathered.most_examples:
                shown[entry.id] = facts.evidence.get(code, entry.title[:100])
    for code, count in counts.items():
        yield finding(code, count, len(gathered.entries), examples_of(evidence[code]))


def mixed_languages(gathered: Gathered) -> Iterator[CorpusFinding]:
    """Every language that more than a few documents are written in, where there are several."""
    languages = Counter(entry.language for entry in gathered.entries if entry.language)
    total = languages.total()
    common = [(name, count) for name, count in languages.most_common() if count >= max(2, MIN_SHARE_OF_MIX * total)]
    if len(common) > 1:
        shares = ", ".join(f"{name} {count}" for name, count in common)
        others = sum(count for _, count in common[1:])
        mixed = finding("mixed_languages", others, total)
        yield replace(mixed, message=f"{mixed.message} Documents: {shares}.")


def median_age_days(gathered: Gathered) -> int | None:
    """Half of the documents were touched longer ago. None where the source tells no times."""
    now = gathered.now.timestamp()
    ages = [now - facts.updated_at for facts in gathered.facts if facts.updated_at is not None]
    return round(statistics.median(ages) / DAY_S) if ages else None


def stale(gathered: Gathered) -> Iterator[CorpusFinding]:
    """Not touched for longer than the setting says, and naming a year past as the last, or what is to come."""
    oldest_first = []
    for entry, facts in zip(gathered.entries, gathered.facts, strict=True):
        if facts.updated_at is None:
            continue
        age_days = (gathered.now.timestamp() - facts.updated_at) / DAY_S
        past = 0 < facts.year < gathered.now.year
        if age_days > gathered.stale_after_days and (past or facts.to_come):
            says = f"the last year it names is {facts.year}" if past else "speaks of what is to come"
            touched = datetime.fromtimestamp(facts.updated_at, UTC).date()
            oldest_first.append((facts.updated_at, entry.id, f"last touched {touched}; {says}"))
    if oldest_first:
        shown = {document: text for _, document, text in sorted(oldest_first)[: gathered.most_examples]}
        yield finding("stale", len(oldest_first), len(gathered.entries), examples_of(shown))


def repeated_blocks(gathered: Gathered) -> Iterator[CorpusFinding]:
    """`count` is of documents that hold a paragraph which many others hold."""
    import numpy as np

    sizes = [len(facts.blocks) // 4 for facts in gathered.facts]
    numbers = np.frombuffer(b"".join(facts.blocks for facts in gathered.facts), np.uint32)
    if not len(numbers):
        return
    owners = np.repeat(np.arange(len(sizes)), sizes)
    distinct, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    many = counts >= max(REPEATED_AT_LEAST, REPEATED_SHARE * len(sizes))
    if not many.any():
        return
    holders = np.unique(owners[many[places]])
    examples = []
    for at in np.flatnonzero(many)[np.argsort(-counts[many], kind="stable")][: gathered.most_examples].tolist():
        held = [gathered.entries[owner].id for owner in owners[places == at][:3].tolist()]
        block = dict(blocks_of(gathered.text(held[0]))).get(int(distinct[at]), "")
        said = f"in {int(counts[at])} documents: {excerpt(block, 0, 120, 0)}"
        examples.append(Example(documents=tuple(held), evidence=said))
    yield finding("repeated_block", len(holders), len(gathered.entries), examples)


def faulty_links(gathered: Gathered, unpublished: Iterable[str]) -> Iterator[CorpusFinding]:
    """`count` is of documents with such a link. `unpublished` are ids that the source has and that were not taken."""
    documents = [links.Linked(facts.own, facts.links, facts.anchors) for facts in gathered.facts]
    if not all(each.own for each in documents):  # a document whose address is not known would seem to be missing
        return
    hidden: Mapping[int, str] = {links.number_of_id(name): name for name in unpublished}
    found: dict[links.Fault, dict[str, list[int]]] = {}
    for at, faults in links.judge(documents, hidden).items():
        for fault, targets in faults.items():
            found.setdefault(fault, {})[gathered.entries[at].id] = targets
    for fault, holders in found.items():
        examples = []
        for document_id, targets in list(holders.items())[: gathered.most_examples]:
            link = _link(gathered, document_id, targets[0], with_place=fault == "broken_anchor")
            more = f", and {len(targets) - 1} more" if len(targets) > 1 else ""
            examples.append(Example(documents=(document_id,), evidence=f"{excerpt(link, 0, 120, 0)}{more}"))
        yield finding(fault, len(holders), len(documents), examples)


def _link(gathered: Gathered, document_id: str, target: int, *, with_place: bool) -> str:
    document = gathered.read(document_id)
    if document is None:
        return ""
    return links.shown(document.text, document.url or document.id, target, with_place=with_place)
