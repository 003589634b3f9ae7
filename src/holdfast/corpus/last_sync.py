"""The report of a corpus's last sync, kept beside its versions in `last_sync.json`.

Knows nothing of how a sync is done, or of who may see the documents that a report names.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from holdfast.corpus.quality import SyncReport
from holdfast.corpus.storage import CorpusFolder, write_durably
from holdfast.errors import StoreFailed

_log = logging.getLogger(__name__)


class LastSync(Struct, frozen=True, kw_only=True):
    """What the last finished sync reported, and when; one that failed leaves the one before in place."""

    at: datetime
    report: SyncReport


def keep_last_sync(folder: CorpusFolder, report: SyncReport) -> None:
    """Put the report in place of the one before, in one rename; needs the corpus's lock.

    The version it speaks of is published already, so a report that cannot be written is a warning in the log.
    """
    try:
        write_durably(folder.last_sync, msgspec.json.encode(LastSync(at=datetime.now(UTC), report=report)))
    except (StoreFailed, UnicodeEncodeError) as error:
        _log.warning("the report of the last sync of corpus '%s' was not kept: %s", folder.name, error)


def read_last_sync(folder: CorpusFolder) -> LastSync | None:
    """What is kept; None before the first sync, and, with a warning in the log, where the file cannot be read."""
    try:
        return msgspec.json.decode(folder.last_sync.read_bytes(), type=LastSync)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.warning("the report of the last sync of corpus '%s' cannot be read: %s", folder.name, error)
        return None
