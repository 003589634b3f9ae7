"""Syncs corpora again and again while a project is served. Knows nothing of serving."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from holdfast.errors import HoldfastError
from holdfast.runtime.world import ended

if TYPE_CHECKING:
    from holdfast.app import Project

_log = logging.getLogger("holdfast.sync")


@asynccontextmanager
async def kept_fresh(project: Project) -> AsyncIterator[None]:
    """Inside, each corpus with `every` is synced at that interval, one run at a time. Leaving stops at once.

    Whatever goes wrong is logged; the version before serves on, and the next interval tries again.
    """
    intervals = {name: part.every_s for name, part in project.config.corpora.items()}
    keepers = [asyncio.create_task(_keep(project, name, s)) for name, s in intervals.items() if s is not None]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep(project: Project, name: str, every_s: int) -> None:
    while True:
        await asyncio.sleep(every_s)
        await sync_once(project, name)


async def sync_once(project: Project, name: str) -> None:
    """One sync whose failure is a line in the log."""
    outcome = await ended(project.sync([name]))
    if isinstance(outcome.error, HoldfastError):
        error = outcome.error
        _log.error("corpus '%s' was not synced: %s: %s (fix: %s)", name, error.code, error.message, error.fix)
    elif outcome.error is not None:
        _log.error("corpus '%s' was not synced", name, exc_info=outcome.error)
    else:
        for report in outcome.value:
            if report.published:
                changes = (report.added, report.changed, report.removed)
                _log.info("%s %s: %d added, %d changed, %d removed", name, report.version, *changes)
