"""A corpus's quality report in a terminal. Knows nothing of how anything in it is found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.cli.asked import Asked
    from holdfast.corpus.quality import Broken, CorpusFinding, QualityReport
    from holdfast.corpus.quality_kept import CorpusQuality, Refused

COLOURS: Mapping[str, str] = MappingProxyType({"broken": "red", "worth_a_look": "yellow", "note": "dim"})
_CODES_COMPARED = 5


def show_quality(asked: Asked, quality: CorpusQuality) -> None:
    """Everything that the report of a version finds, how that was before, and what was refused last."""
    from holdfast.cli import words

    report = quality.report
    shown = asked.terminal.show
    shown(f"{report.corpus} {report.version}: {words.counted(report.documents, 'document')}, {_age(report)}")
    if report.unexamined:
        again = f"holdfast sync {report.corpus} --full"
        shown(f"  {report.unexamined} were prepared before there was a report; to look at them too: {again}")
    for finding in report.findings:
        show_finding(asked, finding)
    if not report.findings:
        shown("  nothing was found")
    for broken in report.accepted:
        shown(f"  {accepted_limit(broken)}")
    if len(quality.history) > 1:
        _show_history(asked, quality)
    if quality.refused is not None:
        _show_refusal(asked, quality.refused)


def show_finding(asked: Asked, finding: CorpusFinding) -> None:
    """One finding, with its examples and what to do."""
    from rich.text import Text

    said = Text(f"  {finding.count} × {finding.code}", style=COLOURS[finding.severity])
    said.append(f" ({finding.share:.1%}, {finding.severity.replace('_', ' ')}): {finding.message}", style="default")
    asked.terminal.show(said)
    for example in finding.examples:
        named = f"{', '.join(example.documents)}: " if example.documents else ""
        asked.terminal.show(Text(f"      {named}{example.evidence}", style="dim"))
    if finding.limited is not None:
        asked.terminal.show(f"      not all was looked at: {finding.limited}")
    asked.terminal.show(f"      what to do: {finding.fix}")


def accepted_limit(broken: Broken) -> str:
    """What somebody let pass, in one line."""
    from holdfast.corpus.checks.limits import figures

    figure, limit = figures(broken)
    return f"let pass by {broken.by}: {broken.code} is {figure}, the limit {limit}"


def show_refused(asked: Asked, corpus: str, code: str) -> None:
    """After HF621: what broke the limits, with examples, from the report that was kept. Nothing for another code."""
    if code != "HF621":
        return
    from holdfast.corpus.opening import open_corpora

    refused = open_corpora(asked.config, None).refused(corpus)
    if refused is not None:
        limited = {broken.code for broken in refused.broken}
        for finding in refused.report.findings:
            if finding.code in limited:
                show_finding(asked, finding)


def _show_refusal(asked: Asked, refused: Refused) -> None:
    from holdfast.cli import words
    from holdfast.corpus.checks.limits import figures

    said = ", ".join("{} {} (limit {})".format(each.code, *figures(each)) for each in refused.broken)
    asked.terminal.show(f"refused {words.moment(refused.at)} ({words.age(refused.at)}): {said}")
    limited = {broken.code for broken in refused.broken}
    for finding in refused.report.findings:
        if finding.code in limited:
            show_finding(asked, finding)
    asked.terminal.show(f"  if that is right: holdfast sync {refused.report.corpus} --accept")


def _show_history(asked: Asked, quality: CorpusQuality) -> None:
    """The counts of the codes that are the most frequent now, over the kept versions."""
    from holdfast.cli.terminal import table

    codes = [finding.code for finding in quality.report.findings][:_CODES_COMPARED]
    rows = [
        (each.version, str(each.documents), *(str(each.counts.get(code, 0)) for code in codes))
        for each in quality.history
    ]
    asked.terminal.show(table("version", "documents", *codes, rows=rows))


def _age(report: QualityReport) -> str:
    days = report.median_age_days
    return "the source tells no times" if days is None else f"half of them not touched for {days} days or more"
