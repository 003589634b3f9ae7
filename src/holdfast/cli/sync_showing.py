"""A sync's report and a forecast in words: what changed, whether it adds up, what was passed over, what was found.

Knows nothing of how a sync is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.cli.data_quality import COLOURS, accepted_limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from holdfast.cli.terminal import Terminal
    from holdfast.corpus.forecast import Forecast
    from holdfast.corpus.ledger import Ledger
    from holdfast.corpus.quality import PassedGroup, SyncReport

TOP = 8
"""Findings that a sync shows, the worst; all of them are in the report."""
_SIZES = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000))


def changes(report: SyncReport) -> str:
    """What one sync changed, after the name of its version: ` (was v1): 6 documents, ...`."""
    from holdfast.cli import words

    kept = words.counted(report.kept, "document")
    if not report.published:
        return f": nothing has changed; {kept}"
    was = "" if report.previous is None else f" (was {report.previous})"
    counts = f"{report.added} added, {report.changed} changed, {report.removed} removed"
    return f"{was}: {kept}, {counts}; {words.counted(report.chunks, 'chunk')}"


def passed_over(groups: Iterable[PassedGroup]) -> list[str]:
    """A line for each reason for which something did not become a document."""
    said = []
    for group in groups:
        more = "" if group.count <= len(group.examples) else ", ..."
        named = f" ({', '.join(group.examples)}{more})" if group.examples else ""
        what = "failed" if group.failed else "passed over"
        said.append(f"{what} {group.count}: {group.reason}{named}")
    return said


def ledger_line(ledger: Ledger) -> str:
    """The ledger in a line: from what was fetched to what can be retrieved."""
    failed = f" + {ledger.failed:,} failed" if ledger.failed else ""
    said = f"{ledger.fetched:,} fetched = {ledger.kept:,} kept + {ledger.skipped:,} skipped{failed}"
    vectors = "" if ledger.vectors is None else f" = {ledger.vectors:,} vectors"
    said += f"; {ledger.chunks:,} chunks = {ledger.indexed:,} indexed{vectors}"
    if ledger.written:
        said += f"; {ledger.retrievable:,} of {ledger.written:,} written are retrievable"
        said += f", {ledger.found:,} of {ledger.searched:,} searched for were found"
    return said


def show_report(terminal: Terminal, report: SyncReport) -> None:
    """What one sync changed, that it adds up, what it passed over, and what it found."""
    from rich.text import Text

    said = Text(f"{report.corpus} {report.version}", style="bold")
    said.append(changes(report), style="not bold")
    said.append(f"  {report.seconds.get('total', 0.0):.1f} s", style="dim")
    lines = [] if report.ledger is None else [Text(f"  {ledger_line(report.ledger)}", style="dim")]
    terminal.show(said, *lines, *(f"  {line}" for line in passed_over(report.passed)))
    for finding in report.findings[:TOP]:
        named = f" ({', '.join(finding.documents)})" if finding.documents else ""
        said = Text(f"  {finding.count} × {finding.code}: ", style=COLOURS[finding.severity])
        terminal.show(said.append(f"{finding.message}{named}", style="default"))
    if len(report.findings) > TOP:
        terminal.show(f"  {len(report.findings) - TOP} more: holdfast corpus show {report.corpus} --quality")
    for broken in report.accepted:
        terminal.show(Text(f"  {accepted_limit(broken)}", style="red"))
    if report.lexical_only is not None:
        terminal.show(Text(f"  searched by words only: {report.lexical_only}", style="yellow"))


def forecast_line(forecast: Forecast) -> str:
    """What a sync would do: `12 added, ...; re-embeds 3,112 of 48,200 chunks, about 40 s; 12.0 MB`."""
    changed = f"{forecast.added:,} added, {forecast.changed:,} changed, {forecast.removed:,} removed"
    if not (forecast.added or forecast.changed or forecast.removed or forecast.embeds):
        return f"nothing would change; {forecast.unchanged:,} documents"
    takes = "" if forecast.seconds is None else f", about {_duration(forecast.seconds)}"
    return f"{changed}; re-embeds {forecast.embeds:,} of {forecast.chunks:,} chunks{takes}; writes {_size(forecast)}"


def show_forecast(terminal: Terminal, forecast: Forecast) -> None:
    """What the next sync would do, and whether it would be refused."""
    from rich.text import Text

    said = Text(f"{forecast.corpus} {forecast.current or '(never synced)'}", style="bold")
    terminal.show(said.append(f": {forecast_line(forecast)}", style="not bold"))
    terminal.show(*(f"  {line}" for line in passed_over(forecast.passed)))
    if forecast.brakes:
        refused = (
            f"  it would be refused: too much is removed; if that is right: holdfast sync {forecast.corpus} --full"
        )
        terminal.show(Text(refused, style="yellow"))


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "1 s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _size(forecast: Forecast) -> str:
    size = forecast.writes_bytes
    return next((f"{size / unit:.1f} {name}" for name, unit in _SIZES if size >= unit), f"{size} bytes")
