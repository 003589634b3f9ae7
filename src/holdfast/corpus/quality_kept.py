"""Quality reports on disk: one in each version's folder, and that of the last version that was refused.

Knows nothing of how a report is made, or of who may see the documents that it names.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from holdfast.corpus.quality import Broken, QualityReport
from holdfast.corpus.storage import CorpusFolder, disk_errors, write_durably

QUALITY_FILE, REFUSED_FILE = "quality.json", "refused.json"
REPORTS_READ = 5  # of the last versions, to compare a new one with

_log = logging.getLogger(__name__)
T = TypeVar("T", bound=Struct)


class Refused(Struct, frozen=True, kw_only=True):
    """A version that was made and not published, what it breaks, and its report."""

    at: datetime
    broken: tuple[Broken, ...]
    report: QualityReport


class QualityCounts(Struct, frozen=True, kw_only=True):
    """What a version's report counted, by code; for a line over the kept versions."""

    version: str
    made_at: datetime
    documents: int
    characters: int
    counts: dict[str, int]


class CorpusQuality(Struct, frozen=True, kw_only=True):
    """The report of one version, the counts of all that are kept, the newest first, and the last refusal.

    `refused` is None where the newest sync was published, or changed nothing.
    """

    report: QualityReport
    history: tuple[QualityCounts, ...]
    refused: Refused | None


def keep_report(version_folder: Path, report: QualityReport) -> None:
    """Put the report into a version that is not yet published. Raises StoreFailed (HF601)."""
    write_durably(version_folder / QUALITY_FILE, _encoded(report))


def read_report(version_folder: Path) -> QualityReport | None:
    """None for a version from before there were reports, and, with a warning in the log, for one that is damaged."""
    return _read(version_folder / QUALITY_FILE, QualityReport)


def earlier_reports(folder: CorpusFolder, newest: int) -> list[QualityReport]:
    """Those of the last published versions that have one, the newest first."""
    numbers = [number for number in reversed(folder.numbers()) if number <= newest][:REPORTS_READ]
    return [report for number in numbers if (report := read_report(folder.version(number))) is not None]


def keep_refused(folder: CorpusFolder, refused: Refused) -> None:
    """Put it in place of the one before, in one rename; needs the corpus's lock. Raises StoreFailed (HF601)."""
    write_durably(folder.path / REFUSED_FILE, _encoded(refused))


def forget_refused(folder: CorpusFolder) -> None:
    """There is none any more. A second time does nothing."""
    with disk_errors(folder.path):
        (folder.path / REFUSED_FILE).unlink(missing_ok=True)


def read_refused(folder: CorpusFolder) -> Refused | None:
    """What is kept of the last refusal."""
    return _read(folder.path / REFUSED_FILE, Refused)


def history(reports: Iterable[QualityReport]) -> tuple[QualityCounts, ...]:
    """The counts of each report, in its order."""
    return tuple(
        QualityCounts(
            version=report.version,
            made_at=report.made_at,
            documents=report.documents,
            characters=report.profile.total.characters,
            counts={finding.code: finding.count for finding in report.findings},
        )
        for report in reports
    )


def _encoded(value: Struct) -> bytes:
    """JSON; half of a surrogate pair, which a source's id may hold, becomes `?`."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_plain(msgspec.to_builtins(value)))


def _plain(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {_plain(name): _plain(each) for name, each in value.items()}
    return value


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.warning("the quality report %s cannot be read: %s", path, error)
        return None
