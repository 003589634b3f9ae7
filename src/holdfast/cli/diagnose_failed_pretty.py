"""Failures by kind on a terminal. Knows nothing of any other form."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from rich.text import Text

from holdfast.cli import words
from holdfast.cli.terminal import table
from holdfast.failures import Cluster, ClusterFix, Failures

if TYPE_CHECKING:
    from holdfast.cli.terminal import Terminal

_BAR = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"
_EXAMPLES = 3
"""Recordings of a cluster that are shown; --json has more."""


def show_failures(terminal: Terminal, found: Sequence[Failures]) -> None:
    """Each feature: how much failed, a row for each cluster, then each cluster with what it rests on and what mends
    it."""
    for at, failures in enumerate(found):
        if at:
            terminal.show("")
        terminal.show(Text(_head(failures), style="bold"), Text(_looked_at(failures), style="dim"), "")
        rows = [_row(number, each) for number, each in enumerate(failures.clusters, start=1)]
        terminal.show(table("", "failures", "share", "", "95 % interval", "what failed", rows=rows))
        for number, cluster in enumerate(failures.clusters, start=1):
            terminal.show("", *_cluster(number, cluster, failures))
        if failures.stopped is not None:
            terminal.show("", Text(f"stopped: {failures.stopped}", style="yellow"))
        spent = f"{words.counted(failures.calls, 'call')}, {words.usd(failures.spent_usd)}"
        terminal.show("", Text(f"failures {failures.id} · {spent} · side effects were not repeated", style="dim"))


def _head(failures: Failures) -> str:
    said = f"{failures.feature}: {words.counted(failures.of, 'failure')} since {words.moment(failures.since)}"
    parts = [(failures.live, "of requests"), (failures.evaluated, "of cases")]
    of = " and ".join(f"{count} {what}" for count, what in parts if count)
    return f"{said}, {of}" if all(count for count, _ in parts) else f"{said} ({parts[not failures.live][1]})"


def _looked_at(failures: Failures) -> str:
    distinct = f"{words.counted(failures.distinct, 'different one')}"
    if failures.looked_at == failures.of:
        return f"all of them were looked at, {distinct}; intervals are for failures such as these"
    return f"{failures.looked_at} of them, chosen by chance, were looked at, {distinct}; counts are of these"


def _row(number: int, each: Cluster) -> tuple[str | Text, ...]:
    share = each.share.estimate
    low, high = each.share.low or 0.0, 1.0 if each.share.high is None else each.share.high
    what = each.verdict.replace("_", " ") + ("" if each.verdict == "unknown" else f", {each.probability:.0%}")
    return (
        f"{number}.",
        str(each.count),
        f"{share:.0%}",
        Text(_bar(share), style="cyan"),
        f"{low:.0%} to {high:.0%}",
        Text(what, style=_style(each)),
    )


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _style(each: Cluster) -> str:
    return "bold yellow" if each.verdict in ("unknown", "intermittent") else "bold"


def _cluster(number: int, each: Cluster, failures: Failures) -> Iterator[Text]:
    yield Text(f"{number}. {each.said}", style=_style(each))
    distinct = "" if each.distinct == each.count else f"{words.counted(each.distinct, 'different request')}; "
    yield Text(f"   {distinct}{'; '.join(each.signs)}")
    if each.note is not None:
        yield Text(f"   no verdict: {each.note}", style="yellow")
    if (test := each.next_test) is not None:
        cost = f" ({words.counted(test.calls, 'call')}, {words.usd(test.cost_usd)})" if test.calls else ""
        yield Text(f"   would change this: {test.said}{cost}")
    for fix in each.fixes:
        yield Text(f"   with this it passes: {_fix(fix, len(each.diagnoses))}" if fix.fix.asked else
                   f"   to do: {fix.fix.advice}")  # fmt: skip
        for line in _commands(fix, failures.feature):
            yield Text(f"     {line}", style="dim")
    told = {one.recording: one for one in each.looked_into}
    for recording in each.examples[: max(_EXAMPLES, len(told))]:
        one = told.get(recording)
        if one is None:
            yield Text(f"   such as {recording}", style="dim")
        elif one.diagnosis is None:
            yield Text(f"   such as {recording}: {one.refused}", style="dim")
        else:
            verdict = (one.verdict or "unknown").replace("_", " ")
            sure = "" if verdict == "unknown" else f", {one.probability:.0%}"
            yield Text(f"   such as {recording}: {verdict}{sure} ({one.diagnosis})", style="dim")


def _fix(each: ClusterFix, of: int) -> str:
    fix, effects = each.fix, each.fix.side_effects
    said = f"{fix.advice}; {fix.passed} of {fix.asked} pass with it, in {each.suffices} of {of} looked into"
    if fix.changes:
        more = "what it costs is not known" if fix.cost_usd is None else f"{words.usd(fix.cost_usd)} more an answer"
        said += "; costs nothing more" if fix.cost_usd == 0 else f"; {more}"
    if effects is not None:
        said += f"; of {effects.asked} good answers {effects.broken} are worse with it"
    return said


def _commands(each: ClusterFix, feature: str) -> Iterator[str]:
    """What to type for a fix that is a setting."""
    if each.fix.changes:
        changes = [f"{name}={msgspec.json.encode(value).decode()}" for name, value in each.fix.changes.items()]
        settings = " ".join(f"--set {shlex.quote(change)}" for change in changes)
        yield f"holdfast eval {feature} --against live {settings}"
        yield f"holdfast release create --from-diagnosis {each.diagnosis} --fix {each.number}"
