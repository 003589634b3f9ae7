"""`holdfast diagnose --findings`: what there is to say of features. Knows nothing of how anything is found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import NothingToDo
from holdfast.errors import Misconfigured
from holdfast.finding import Stock

if TYPE_CHECKING:
    from holdfast.app import Project


class Stocks(Struct, frozen=True):
    """What a look at each feature found."""

    features: tuple[Stock, ...]


def findings(asked: Asked, feature: str | None, since: str) -> None:
    """Look at one feature, or at all that are declared, and show what was found.

    Raises NotFound (HF200), Misconfigured (HF100); NothingToDo where nothing was asked since then, nor found before.
    """
    from holdfast.cli.opening import in_project
    from holdfast.evals.findings.looking import begins

    now = datetime.now(UTC)
    try:
        begin = begins(since, now)
    except ValueError as error:
        raise Misconfigured("HF100", f"--since: {error}", "--since 7d looks at the last seven days") from error

    async def work(project: Project) -> Stocks:
        from holdfast.evals.findings.looking import take_stock

        names = list(project.features) if feature is None else [feature]
        with asked.terminal.progress("looking") as progress:
            found = []
            for number, name in enumerate(names):
                progress(name, number, len(names))
                found.append(await take_stock(project, name, begin, now=now))
        return Stocks(tuple(found))

    stocks = in_project(asked, work)
    if not any(each.recordings or each.findings for each in stocks.features):
        raise NothingToDo("HF203", f"nothing was asked in the last {since}", "look further back: --since 30d")
    asked.answer(stocks, lambda: _show(asked, stocks, since))


def _show(asked: Asked, stocks: Stocks, since: str) -> None:
    from holdfast.cli import words
    from holdfast.cli.findings_pretty import show_findings

    for stock in stocks.features:
        current = sum(not each.past for each in stock.findings)
        what = words.counted(current, "finding") if current else "nothing found"
        asked.terminal.note(
            f"{stock.feature}: {what} in {words.counted(stock.recordings, 'request')} of the last {since}"
        )
        show_findings(asked.terminal, stock.findings)
