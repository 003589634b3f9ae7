"""What is wrong with a corpus, and what a sync has to say for itself.

Knows nothing of how documents are read or indexed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct

from holdfast.corpus.cleaned import MESSAGES as CLEANING_MESSAGES
from holdfast.corpus.ledger import Ledger
from holdfast.corpus.segment import Entry
from holdfast.sources import Passed

THIN_CHARACTERS = 80
MAX_EXAMPLES = 5
MIN_SHARE_OF_MIX = 0.02

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        **CLEANING_MESSAGES,
        "duplicate": "Documents say word for word the same as another one; a search shows one of them.",
        "thin": f"Documents have fewer than {THIN_CHARACTERS} characters of text.",
        "untitled": "Documents have no title, neither from their source nor in their text.",
        "mixed_languages": "The corpus is written in more than one language; its stemmer knows one.",
        "code_unknown": "Cleaning remarked something this version has no words for.",
    }
)


class CorpusFinding(Struct, frozen=True, kw_only=True):
    """Something about the data that makes answers worse. `count` is of documents, `documents` names a few of them."""

    code: str
    message: str
    count: int
    documents: tuple[str, ...] = ()


class PassedGroup(Struct, frozen=True, kw_only=True):
    """What was not taken for one reason; `examples` are a few of the ids. `failed`: it should have been taken."""

    reason: str
    count: int
    examples: tuple[str, ...] = ()
    failed: bool = False


class SyncReport(Struct, frozen=True, kw_only=True):
    """What a sync did. `read` = `kept` + everything passed; `kept` = `added` + `changed` + `unchanged`.

    `version` is the newest after the sync, `previous` the newest before it; they are equal when nothing had to be
    published. `embedded` texts went through the encoder, `reused` ones had their vector already. `seconds` by stage.
    `ledger` is None in reports from before there was one.
    """

    corpus: str
    version: str
    previous: str | None
    published: bool
    read: int
    kept: int
    passed: tuple[PassedGroup, ...]
    added: int
    changed: int
    removed: int
    unchanged: int
    chunks: int
    embedded: int
    reused: int
    findings: tuple[CorpusFinding, ...]
    seconds: dict[str, float]
    encoder: str | None
    lexical_only: str | None = None
    ledger: Ledger | None = None


def grouped(passed: Iterable[Passed]) -> tuple[PassedGroup, ...]:
    """What was passed over, by reason: what failed first, then the most frequent."""
    ids: dict[tuple[str, bool], list[str]] = {}
    for one in passed:
        ids.setdefault((one.reason, one.failed), []).append(one.id)
    groups = (
        PassedGroup(reason=reason, count=len(found), examples=tuple(found[:MAX_EXAMPLES]), failed=failed)
        for (reason, failed), found in ids.items()
    )
    return tuple(sorted(groups, key=lambda group: (not group.failed, -group.count, group.reason)))


def examine(entries: Iterable[Entry]) -> tuple[CorpusFinding, ...]:
    """Findings over all documents of a version, by code."""
    documents: dict[str, list[str]] = {}
    first_of: dict[str, str] = {}
    languages: Counter[str] = Counter()
    for entry in sorted(entries, key=lambda entry: entry.id):
        for code in entry.findings:
            documents.setdefault(code, []).append(entry.id)
        if entry.characters < THIN_CHARACTERS:
            documents.setdefault("thin", []).append(entry.id)
        if first_of.setdefault(entry.text_hash, entry.id) != entry.id:
            documents.setdefault("duplicate", []).append(entry.id)
        if entry.language:
            languages[entry.language] += 1
    found = [
        CorpusFinding(
            code=code,
            message=MESSAGES.get(code, MESSAGES["code_unknown"]),
            count=len(ids),
            documents=tuple(ids[:MAX_EXAMPLES]),
        )
        for code, ids in documents.items()
    ]
    return tuple(sorted([*found, *_mix(languages)], key=lambda finding: finding.code))


def _mix(languages: Counter[str]) -> Iterable[CorpusFinding]:
    total = languages.total()
    common = [(name, count) for name, count in languages.most_common() if count >= max(2, MIN_SHARE_OF_MIX * total)]
    if len(common) > 1:
        shares = ", ".join(f"{name} {count}" for name, count in common)
        others = sum(count for _, count in common[1:])
        yield CorpusFinding(
            code="mixed_languages", message=f"{MESSAGES['mixed_languages']} Documents: {shares}.", count=others
        )
