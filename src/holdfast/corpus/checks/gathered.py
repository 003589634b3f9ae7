"""A version's documents as the checks over many of them see them, and how a check hands on what it found.

Knows nothing of any particular check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from holdfast.corpus.checks.catalogue import CATALOGUE, UNKNOWN
from holdfast.corpus.checks.facts import Facts
from holdfast.corpus.quality import MAX_EXAMPLES, SEVERITIES, CorpusFinding, Example, Profile
from holdfast.corpus.segment import Entry
from holdfast.documents import Document


@dataclass(frozen=True, slots=True)
class Gathered:
    """Every document by id, with what was kept of it; `read` gives its text, for the few that are shown or verified.

    `facts` of a document that was prepared before there were any are empty.
    """

    entries: Sequence[Entry]
    facts: Sequence[Facts]
    read: Callable[[str], Document | None]
    now: datetime
    stale_after_days: int = 730
    most_examples: int = MAX_EXAMPLES

    def text(self, document_id: str) -> str:
        """Empty for one that is not there."""
        found = self.read(document_id)
        return "" if found is None else found.text


@dataclass(frozen=True, slots=True)
class Before:
    """What a version is compared with: the one before, and the most that the last ones had."""

    profile: Profile
    most_documents: int
    most_characters: int


def finding(
    code: str,
    count: int,
    of: int,
    examples: Iterable[Example] = (),
    *,
    share: float | None = None,
    limited: str | None = None,
) -> CorpusFinding:
    """A finding with what the catalogue says of its code; `share` is `count` of `of` where it is not given."""
    kind = CATALOGUE.get(code, UNKNOWN)
    shown = tuple(examples)
    return CorpusFinding(
        code=code,
        message=kind.message,
        count=count,
        documents=_named(shown),
        share=round(count / of if share is None and of else share or 0.0, 4),
        severity=kind.severity,
        fix=kind.fix,
        examples=shown,
        limited=limited,
    )


def shortened(finding: CorpusFinding, most: int) -> CorpusFinding:
    """The finding with at most so many examples."""
    shown = finding.examples[:most]
    return replace(finding, examples=shown, documents=_named(shown))


def _named(examples: Iterable[Example]) -> tuple[str, ...]:
    """The first document of each example, each once."""
    return tuple(dict.fromkeys(document for example in examples for document in example.documents[:1]))


def by_severity(findings: Iterable[CorpusFinding]) -> tuple[CorpusFinding, ...]:
    """The worst first; within a severity those of the most documents first."""
    return tuple(sorted(findings, key=lambda each: (SEVERITIES.index(each.severity), -each.count, each.code)))


def examples_of(evidence: Mapping[str, str]) -> list[Example]:
    """An example for each document id and what it shows."""
    return [Example(documents=(document,), evidence=text) for document, text in evidence.items()]
