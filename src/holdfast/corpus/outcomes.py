"""What became of every item of a source that is no document: kept whole, beside the report of the last sync.

Knows nothing of how a sync is done. What was kept stands in the version itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from holdfast.corpus.storage import CorpusFolder, write_durably
from holdfast.errors import StoreFailed
from holdfast.sources import Passed

_log = logging.getLogger(__name__)


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one id at the last finished sync, and why where it is no document.

    `unknown`: the source did not have it.
    """

    document: str
    outcome: Literal["kept", "skipped", "failed", "unknown"]
    reason: str | None = None
    version: str | None = None


class OutcomeGroup(Struct, frozen=True):
    """Everything that was passed over for one reason."""

    reason: str
    failed: bool
    ids: tuple[str, ...]


class Outcomes(Struct, frozen=True, kw_only=True):
    """Of the sync after which `version` was the newest. `source` is a hash of what the source was told.

    `mark` is the landing's when its documents were looked at; None where there is no landing.
    """

    version: int
    source: str
    mark: int | None
    groups: tuple[OutcomeGroup, ...]

    def passed(self) -> Iterator[Passed]:
        """Each item that was passed over."""
        for group in self.groups:
            for item_id in group.ids:
                yield Passed(id=item_id, reason=group.reason, failed=group.failed)

    def find(self, item_id: str) -> OutcomeGroup | None:
        """The group an id is in; None where it was not passed over."""
        return next((group for group in self.groups if item_id in group.ids), None)


def grouped_outcomes(passed: Iterable[Passed]) -> tuple[OutcomeGroup, ...]:
    """What was passed over, by reason."""
    ids: dict[tuple[str, bool], list[str]] = {}
    for one in passed:
        ids.setdefault((one.reason, one.failed), []).append(one.id)
    return tuple(OutcomeGroup(reason, failed, tuple(sorted(found))) for (reason, failed), found in sorted(ids.items()))


def keep_outcomes(folder: CorpusFolder, outcomes: Outcomes) -> None:
    """Put them in place of those before, in one rename; needs the corpus's lock.

    The version they speak of is published already, so what cannot be written is a warning in the log: without it the
    next sync looks at every document again.
    """
    if read_outcomes(folder) == outcomes:
        return
    try:
        write_durably(folder.outcomes, msgspec.json.encode(outcomes))
    except (StoreFailed, UnicodeEncodeError) as error:
        _log.warning("what corpus '%s' passed over was not kept: %s", folder.name, error)


def read_outcomes(folder: CorpusFolder) -> Outcomes | None:
    """What is kept; None before the first sync, and, with a warning in the log, where the file cannot be read."""
    try:
        return msgspec.json.decode(folder.outcomes.read_bytes(), type=Outcomes)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.warning("what corpus '%s' passed over cannot be read: %s", folder.name, error)
        return None
