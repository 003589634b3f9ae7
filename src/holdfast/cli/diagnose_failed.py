"""`holdfast diagnose --failed`: what failed of a feature lately, sorted into kinds, with how often and what mends it.

Knows nothing of how a failure is looked at or diagnosed.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import INCONCLUSIVE, NothingToDo
from holdfast.errors import HoldfastError, Misconfigured
from holdfast.failures import Failures
from holdfast.where import Is, parse

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.diagnose import Options

SINCE = "7d"


class FailuresFound(Struct, frozen=True, kw_only=True):
    """What failed of each feature, the one with most failures first."""

    failures: tuple[Failures, ...]


def diagnose_failed(asked: Asked, options: Options) -> None:
    """Look at all failures, diagnose a few of each kind, and say what failed and how often.

    Raises Misconfigured (HF100) for a moment that is none, NotFound (HF200), NothingToDo where nothing failed.
    """
    from holdfast.cli.diagnose_failed_pretty import show_failures
    from holdfast.cli.opening import in_project

    since = since_of(options.since or SINCE)

    async def work(project: Project) -> tuple[Failures, ...]:
        from holdfast.evals.diagnose.gathering import LIMIT
        from holdfast.evals.diagnose.sorting import MOST_CALLS_IN_ALL, Sorting, failures_of

        most = options.max_calls or MOST_CALLS_IN_ALL
        if not asked.as_json:
            cost = "" if options.max_cost is None else f", and no more once ${options.max_cost:g} are spent"
            asked.terminal.note(f"looking is free; diagnosing takes at most about {most} calls of models{cost}")
        with asked.terminal.progress("failures") as progress:
            sorting = Sorting(
                since=since,
                feature=options.feature,
                limit=options.limit or LIMIT,
                max_calls=most,
                max_cost_usd=options.max_cost,
                progress=progress,
            )
            return await failures_of(project, sorting)

    found = in_project(asked, work)
    if not found:
        of = "" if options.feature is None else f" of '{options.feature}'"
        message = f"nothing{of} failed since {options.since or SINCE}: no request, and no case when it was last asked"
        raise NothingToDo("HF203", message, "look further back: --since 30d")
    asked.answer(FailuresFound(failures=found), lambda: show_failures(asked.terminal, found))
    if options.strict and all(each.verdict == "unknown" for failures in found for each in failures.clusters):
        raise typer.Exit(INCONCLUSIVE)


def since_of(text: str) -> datetime:
    """The moment that is typed as a date, a moment, or how long ago, like 7d. Raises Misconfigured (HF100)."""
    fix = "--since 7d, or a date like 2026-01-31"
    try:
        said = parse(f"since={text}")
    except HoldfastError as error:
        raise Misconfigured("HF100", f"--since: {error.message}", fix) from error
    if not isinstance(said, Is) or not isinstance(said.value, datetime):
        raise Misconfigured("HF100", f"--since: '{text}' is no moment", fix)
    return said.value
