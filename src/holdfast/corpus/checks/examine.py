"""The quality report of a version: every check, over what was kept of each document.

Knows nothing of where a report is kept, or of who decides whether the version is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.corpus.checks.alike import contradictions_among, duplicates, near_duplicates
from holdfast.corpus.checks.drift import drift, profile_of
from holdfast.corpus.checks.facts import Facts, unpacked
from holdfast.corpus.checks.gathered import Before, Gathered, by_severity, examples_of, finding, shortened
from holdfast.corpus.checks.many import faulty_links, median_age_days, mixed_languages, noted, repeated_blocks, stale
from holdfast.corpus.checks.meaning import compare
from holdfast.corpus.quality import MAX_EXAMPLES, CorpusFinding, Example, NearPair, QualityReport
from holdfast.corpus.version import Version

EMPTY = "no text is left after cleaning"
"""The reason for which cleaning passes over what it leaves nothing of."""


@dataclass(frozen=True, slots=True)
class Passing:
    """What a sync read and did not take: (id, reason), and the ids of what failed."""

    read: int = 0
    passed: Sequence[tuple[str, str]] = ()
    failed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """The version before and the reports of the last ones that are kept, the newest first."""

    version: Version | None = None
    reports: Sequence[QualityReport] = ()


@dataclass(frozen=True, slots=True)
class Examining:
    """When a document is stale, when now is (None: by the clock), and how many examples a finding shows."""

    stale_after_days: int = 730
    now: datetime | None = None
    most_examples: int = MAX_EXAMPLES


def examine(
    corpus: str,
    version: Version,
    earlier: Earlier = Earlier(),
    passing: Passing = Passing(),
    how: Examining = Examining(),
) -> QualityReport:
    """Everything that is found in a version. Linear in its documents; compares pairs only where `meaning` says.

    The same version with the same `earlier` and `how.now` gives the same report. Reads texts only to verify and show.
    """
    entries = sorted(version.entries(), key=lambda entry: entry.id)
    kept = [unpacked(entry.facts) for entry in entries]
    gathered = Gathered(
        entries=entries,
        facts=[facts or Facts() for facts in kept],
        read=version.document,
        now=how.now or datetime.now(UTC),
        stale_after_days=how.stale_after_days,
        most_examples=how.most_examples,
    )
    last = earlier.reports[0] if earlier.reports else None
    found = [*_alone(gathered), *_passed(passing), *faulty_links(gathered, (name for name, _ in passing.passed))]
    alike, pairs = near_duplicates(gathered)
    compared = compare(version, _changed(version, earlier.version), () if last is None else last.pairs, pairs)
    differing = contradictions_among(gathered, pairs)
    found += [*alike, *_pairs(gathered, differing, compared.pairs, compared.limited)]
    profile = profile_of(gathered)
    if last is not None:
        totals = [report.profile.total for report in earlier.reports]
        most = Before(last.profile, max(t.documents for t in totals), max(t.characters for t in totals))
        found += drift(profile, most)
    return QualityReport(
        corpus=corpus,
        version=f"v{version.manifest.number}",
        previous=None if earlier.version is None else f"v{earlier.version.manifest.number}",
        made_at=gathered.now,
        documents=len(entries),
        unexamined=kept.count(None),
        median_age_days=median_age_days(gathered),
        findings=by_severity(shortened(each, how.most_examples) for each in found),
        profile=profile,
        pairs=compared.pairs,
    )


def _alone(gathered: Gathered) -> Iterator[CorpusFinding]:
    for check in (noted, duplicates, mixed_languages, stale, repeated_blocks):
        yield from check(gathered)


def _passed(passing: Passing) -> Iterator[CorpusFinding]:
    """What was read and could not be taken; shares are of what was read."""
    empty = [name for name, reason in passing.passed if reason == EMPTY]
    reasons = dict(passing.passed)
    for code, ids in (("empty", empty), ("failed", list(passing.failed))):
        if ids:
            shown = {name: reasons.get(name, "") for name in ids}
            yield finding(code, len(ids), passing.read, examples_of(shown))


def _pairs(
    gathered: Gathered, alike: dict[tuple[str, str], str], near: Iterable[NearPair], limited: str | None
) -> Iterator[CorpusFinding]:
    """Contradictions among documents of the same wording and of near vectors, and paraphrases, as findings."""
    told = [Example(documents=pair, evidence=said) for pair, said in alike.items()]
    by_code = {"contradiction": told, "paraphrase": list[Example]()}
    for pair in near:
        by_code[pair.code].append(Example(documents=pair.documents, evidence=pair.evidence))
    for code, examples in by_code.items():
        count = len({name for example in examples for name in example.documents})
        if count:
            yield finding(code, count, len(gathered.entries), _varied(examples), limited=limited)


def _varied(examples: Iterable[Example]) -> list[Example]:
    """The same, those first that show what none before them shows: a family of documents differs in one sentence."""
    seen: set[tuple[str, ...]] = set()
    first, again = list[Example](), list[Example]()
    for example in examples:
        words = tuple(sorted(example.evidence.split()))
        (again if words in seen else first).append(example)
        seen.add(words)
    return [*first, *again]


def _changed(version: Version, before: Version | None) -> set[str]:
    """The documents whose vectors are to be compared: all, where the version before was made in another way."""
    same = before is not None and before.manifest.recipe == version.manifest.recipe
    if not same or before is None:
        return {entry.id for entry in version.entries()}
    texts = {entry.id: (entry.text_hash, entry.title) for entry in before.entries()}
    return {entry.id for entry in version.entries() if texts.get(entry.id) != (entry.text_hash, entry.title)}
