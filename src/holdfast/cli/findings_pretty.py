"""Findings on a terminal. Knows nothing of how anything is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from holdfast.cli import words

if TYPE_CHECKING:
    from holdfast.cli.terminal import Terminal
    from holdfast.finding import Finding


def show_findings(terminal: Terminal, findings: Sequence[Finding]) -> None:
    """Each finding with what to do and where to look; of those that are past a line."""
    for finding in (each for each in findings if not each.past):
        terminal.show(Text.assemble((finding.code, "bold"), f" {_about(finding)}: {finding.said}"))
        terminal.show(Text(f"  do: {finding.fix}"))
        if finding.examples:
            terminal.show(Text(f"  see: {', '.join(finding.examples)}", style="dim"))
        seen = f"first {words.moment(finding.first_seen_at)}, last {words.moment(finding.last_seen_at)}"
        terminal.show(Text(f"  {_share(finding)}{seen}", style="dim"))
    for finding in (each for each in findings if each.past):
        last = words.age(finding.last_seen_at)
        terminal.show(Text(f"past: {finding.code} {_about(finding)}, last seen {last}: {finding.said}", style="dim"))


def _about(finding: Finding) -> str:
    return f"{finding.about} ({finding.slot})" if finding.slot else finding.about


def _share(finding: Finding) -> str:
    """The share with its interval, before what else is said on the line; empty where there is none."""
    share = finding.share
    if share is None:
        return ""
    between = "" if share.low is None or share.high is None else f" (95 % interval {share.low:.1%} to {share.high:.1%})"
    return f"{share.estimate:.1%}{between}, "
