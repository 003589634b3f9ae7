"""What a sync has to say for itself, and what is wrong with a version's data, as values.

Knows nothing of how documents are read, of how anything is found in them, or of where reports are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from holdfast.corpus.ledger import Ledger
from holdfast.sources import Passed

MAX_EXAMPLES = 5

Severity = Literal["broken", "worth_a_look", "note"]
"""`broken`: somebody should act; `worth_a_look`: a person can tell; `note`: good to know."""
SEVERITIES: tuple[Severity, ...] = ("broken", "worth_a_look", "note")


class Example(Struct, frozen=True, kw_only=True):
    """One case of a finding: which documents, and a short text that shows what and where, free of secrets.

    Without documents it speaks of the whole corpus.
    """

    documents: tuple[str, ...] = ()
    evidence: str = ""


class CorpusFinding(Struct, frozen=True, kw_only=True):
    """Something about the data that makes answers worse. `count` is of documents, `documents` names a few of them.

    `share` is of the version's documents, or of what was read, or of what there was; `fix` says what to do; `limited`
    says what was not looked at, where looking at everything would have cost too much.
    """

    code: str
    message: str
    count: int
    documents: tuple[str, ...] = ()
    share: float = 0.0
    severity: Severity = "note"
    fix: str = ""
    examples: tuple[Example, ...] = ()
    limited: str | None = None


class PassedGroup(Struct, frozen=True, kw_only=True):
    """What was not taken for one reason; `examples` are a few of the ids. `failed`: it should have been taken."""

    reason: str
    count: int
    examples: tuple[str, ...] = ()
    failed: bool = False


class Broken(Struct, frozen=True, kw_only=True):
    """A limit of `[corpora.NAME.limits]` that a version breaks. `limit` and `figure` are counts, or shares in 0..1.

    `by` and `at` say who let it pass, where somebody did.
    """

    code: str
    limit: float
    figure: float
    is_share: bool
    by: str = ""
    at: datetime | None = None


class SyncReport(Struct, frozen=True, kw_only=True):
    """What a sync did. `read` = `kept` + everything passed; `kept` = `added` + `changed` + `unchanged`.

    `version` is the newest after the sync, `previous` the newest before it; they are equal when nothing had to be
    published. `embedded` texts went through the encoder, `reused` ones had their vector already. `seconds` by stage.
    `accepted` are the limits that the version breaks and that somebody let pass.
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
    accepted: tuple[Broken, ...] = ()
    ledger: Ledger | None = None


class Volume(Struct, frozen=True, array_like=True):
    """How much there is of something."""

    documents: int = 0
    characters: int = 0


class Profile(Struct, frozen=True, kw_only=True):
    """What a version is made of, for the next one to be compared with. `fields` counts documents by `name: type`."""

    total: Volume = Volume()
    sections: dict[str, Volume] = {}
    locales: dict[str, Volume] = {}
    media_types: dict[str, int] = {}
    fields: dict[str, int] = {}


class NearPair(Struct, frozen=True, kw_only=True):
    """Two documents whose vectors are near; `texts` are hashes of what they said: a pair is looked at once."""

    code: str
    documents: tuple[str, str]
    texts: tuple[str, str]
    evidence: str


class QualityReport(Struct, frozen=True, kw_only=True):
    """What is wrong with the data of one version, the worst first. `unexamined` documents were prepared before this
    report existed: `sync --full` looks at them too. `median_age_days` is None where the source tells no times.

    `accepted` are limits the version breaks and somebody let pass; `pairs` are kept for the next report.
    """

    corpus: str
    version: str
    previous: str | None
    made_at: datetime
    documents: int
    unexamined: int
    median_age_days: int | None
    findings: tuple[CorpusFinding, ...]
    profile: Profile
    accepted: tuple[Broken, ...] = ()
    pairs: tuple[NearPair, ...] = ()


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
