"""Whether a version that has been made may be published: it is examined, and held against the corpus's limits.

Knows nothing of how a version is made, or of what a sync reports besides.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from holdfast.corpus.checks.examine import Earlier, Examining, Passing, examine
from holdfast.corpus.checks.limits import accepted, limits_of, refusal, refused
from holdfast.corpus.quality import Broken, QualityReport
from holdfast.corpus.quality_kept import (
    Refused,
    earlier_reports,
    forget_refused,
    keep_refused,
    keep_report,
    read_report,
)
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.storage import CorpusFolder
from holdfast.corpus.version import Version

_log = logging.getLogger(__name__)


class Admission:
    """The last step before a version is published. For the holder of the corpus's lock only.

    `accept` says who lets limits be broken; None: nobody does.
    """

    def __init__(self, settings: CorpusSettings, folder: CorpusFolder, accept: str | None) -> None:
        self._settings = settings
        self._folder = folder
        self._accept = accept

    def admit(self, version: Version, base: Version | None, passing: Passing) -> QualityReport:
        """Examine a version that is still staged, and put its report into its folder.

        Raises StoreFailed: HF621 when it breaks a limit that nobody accepts, the report being kept as the corpus's
        refused one; HF601. Raises Misconfigured (HF100) for a limit on what no report finds.
        """
        limits = limits_of(self._settings.name, self._settings.limits)
        reports = [] if base is None else earlier_reports(self._folder, base.manifest.number)
        report = self._examined(version, Earlier(base, reports), passing)
        previous = reports[0] if reports else None
        breaking, standing = refused(report, previous, limits)
        if breaking and self._accept is None:
            keep_refused(self._folder, Refused(at=report.made_at, broken=breaking, report=report))
            raise refusal(report, breaking)
        report = replace(report, accepted=(*standing, *self._let_pass(breaking, report.made_at)))
        keep_report(version.folder, report)
        forget_refused(self._folder)
        return report

    def standing(self, version: Version) -> QualityReport:
        """The report of a version that is published already; it is made where there is none. Nothing is refused now."""
        forget_refused(self._folder)
        return read_report(version.folder) or self._examined(version, Earlier(), Passing())

    def _examined(self, version: Version, earlier: Earlier, passing: Passing) -> QualityReport:
        how = Examining(self._settings.stale_after_days)
        return examine(self._settings.name, version, earlier, passing, how)

    def _let_pass(self, breaking: Sequence[Broken], at: datetime) -> tuple[Broken, ...]:
        if self._accept is None:
            return ()
        for each in breaking:
            _log.warning("corpus '%s': %s let pass the limit on %s", self._settings.name, self._accept, each.code)
        return accepted(breaking, self._accept, at)
