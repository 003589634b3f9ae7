"""A drill for reading: what the caller saw, where the time went, what the vendors saw. Knows nothing of faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.text import Text

from holdfast.cli import words
from holdfast.cli.terminal import Terminal, table
from holdfast.records import Generate, Json, Recording

if TYPE_CHECKING:
    from holdfast.runtime.feature import Feature
    from holdfast.testing.drilling import Call, Drilled
    from holdfast.testing.fault import Fault

_STYLE: Mapping[str, str] = MappingProxyType({"ok": "green", "degraded": "yellow", "blocked": "yellow"})


def show_catalogue(terminal: Terminal, faults: Sequence[Fault]) -> None:
    """Every fault there is."""
    rows = [(fault.name, fault.says, f"needs {fault.needs}" if fault.needs else "") for fault in faults]
    terminal.show(table("fault", "what goes wrong", "", rows=rows))


def show_drilled(terminal: Terminal, drilled: Drilled, feature: Feature) -> None:
    """One drill from the caller's side and from the vendors'."""
    recording = drilled.recording
    head = Text(f"{drilled.fault}: ", style="bold")
    head.append(recording.outcome, style=_STYLE.get(recording.outcome, "red"))
    head.append(f" in {words.duration(recording.ms)}", style="dim")
    terminal.show(head)
    if not drilled.befell:
        terminal.show(
            Text("the fault met no request of this feature: nothing of what it needs was asked", style="yellow")
        )
    terminal.show("", Text("the caller saw", style="bold"), *(f"  {line}" for line in _seen_by_the_caller(drilled)))
    terminal.show("", Text("attempts", style="bold"))
    for line in _attempts(recording):
        terminal.show(line)
    terminal.show("", Text("the vendors saw", style="bold"))
    for saw in drilled.vendors:
        billed = f"{saw.billed.input_tokens}+{saw.billed.output_tokens} tokens billed"
        terminal.show(f"  {saw.provider}: {words.counted(len(saw.calls), 'request')}, {billed}")
        for call in saw.calls:
            terminal.show(Text(f"    {_call(call)}", style="dim"))
    limit = feature.bar.limits.get("p95_ms") if feature.bar is not None else None
    if limit is not None and recording.ms > limit:
        late = f"slower than the bar: {words.duration(recording.ms)}, p95_ms is {words.duration(limit)}"
        terminal.show("", Text(late, style="red"))


def _seen_by_the_caller(drilled: Drilled) -> list[str]:
    recording = drilled.recording
    lines: list[str] = []
    if recording.output is not None:
        lines.append(words.one_line(_text(recording), 300))
    if recording.degraded is not None:
        lines.append(words.degraded(recording.degraded))
    if recording.blocked is not None:
        lines.append(words.blocked(recording.blocked, safe_answer=recording.output is not None))
    if recording.failure is not None:
        lines.append(f"{recording.failure.code}: {recording.failure.message}")
        lines.append(f"fix: {recording.failure.fix}")
    if drilled.first_text_ms is not None:
        back = f", taken back {words.counted(drilled.resets, 'time')}" if drilled.resets else ""
        lines.append(f"streamed: first text after {words.duration(drilled.first_text_ms)}{back}")
    return lines


def _text(recording: Recording) -> Json:
    """The output's text, or the output itself where it has none."""
    output = recording.output
    return output["text"] if isinstance(output, dict) and isinstance(output.get("text"), str) else output


def _attempts(recording: Recording) -> list[Text]:
    """Each attempt of each generation, and where the time went."""
    lines: list[Text] = []
    for step in recording.steps:
        if not isinstance(step.effect, Generate) or step.replayed:
            continue
        lines.append(Text(f"  slot '{step.effect.slot}', {words.duration(step.ms)}"))
        for attempt in step.attempts:
            what = "answered" if attempt.error is None else attempt.error
            first = "" if attempt.first_token_ms is None else f", first token {words.duration(attempt.first_token_ms)}"
            part = "" if attempt.detail.part == "first" else f", {attempt.detail.part}"
            said = f"    rung {attempt.rung + 1} {attempt.provider}:{attempt.model}{part}: {what}"
            took = f" ({words.duration(attempt.ms)}{first})"
            lines.append(Text(said + took, style="green" if attempt.error is None else "yellow"))
    return lines or [Text("  none", style="dim")]


def _call(call: Call) -> str:
    end = "still open" if call.ended_ms is None else words.duration(call.ended_ms - call.at_ms)
    left = ", the caller hung up" if call.hung_up else ""
    status = f"HTTP {call.status}" if call.status else "no answer"
    return f"+{words.duration(call.at_ms)} {call.model}: {status}, {call.pieces} pieces, {end}{left}"


def show_report(terminal: Terminal, drilled: Sequence[Drilled], feature: Feature) -> None:
    """How the feature bears each fault, in a table."""
    from holdfast.cli.drill import held

    rows = []
    for one in drilled:
        recording = one.recording
        outcome = Text(recording.outcome, style=_STYLE.get(recording.outcome, "red"))
        if recording.failure is not None:
            outcome.append(f" {recording.failure.code}")
        by = "" if recording.degraded is None else f"rung {recording.degraded.rung + 1}: {recording.degraded.model}"
        calls = ", ".join(f"{saw.provider} {len(saw.calls)}" for saw in one.vendors if saw.calls)
        rows.append(
            (one.fault, outcome, words.duration(recording.ms), by, str(one.resets or ""), calls or "none"),
        )
    terminal.show(table("fault", "outcome", "time", "answered by", "resets", "requests", rows=rows))
    count = sum(held(one, feature) for one in drilled)
    terminal.show(Text(f"{count} of {len(drilled)} held: answered, and within the bar's time", style="bold"))
