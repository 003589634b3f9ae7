"""A recording for reading: what happened, in order, with every attempt. Knows nothing of where it was kept."""

from __future__ import annotations

import msgspec
from rich.text import Text

from holdfast.cli import words
from holdfast.cli.terminal import Terminal
from holdfast.records import (
    Called,
    Cancelled,
    Checked,
    Drawn,
    Embedded,
    Failed,
    Generated,
    Recording,
    Reranked,
    Result,
    Retrieved,
    Step,
    Told,
)
from holdfast.runtime.tape import describe


def show_recording(terminal: Terminal, recording: Recording) -> None:
    """The request, its steps and what came of it."""
    head = Text(recording.id, style="bold")
    head.append(f"  {recording.feature}  {recording.outcome}")
    terminal.show(head)
    facts = [words.moment(recording.started_at), words.duration(recording.ms), words.usd(recording.cost_usd)]
    facts.append(f"release {recording.release}")
    facts += [] if recording.subject is None else [f"subject {recording.subject}"]
    facts += [] if recording.replay_of is None else [f"replay of {recording.replay_of}"]
    terminal.show(Text(" · ".join(facts), style="dim"), "", f"input   {words.one_line(recording.input, 400)}", "")
    turn = 0
    for step in recording.steps:
        if step.turn != turn:
            turn = step.turn
            terminal.show(Text(f"          pass {turn + 1}: a guard asked for another answer", style="yellow"))
        _show_step(terminal, recording, step)
    terminal.show("", *_ending(recording))


def _show_step(terminal: Terminal, recording: Recording, step: Step) -> None:
    offset = (step.started_at - recording.started_at).total_seconds() * 1000
    when = "remembered" if step.replayed else f"+{words.duration(max(0.0, offset))}"
    line = Text(f"{when:>10}  ", style="dim")
    line.append(describe(step.effect), style="bold")
    line.append(f"  {words.duration(step.ms)}", style="dim")
    terminal.show(line)
    for attempt in step.attempts:
        what = "answered" if attempt.error is None else attempt.error
        spent = "" if attempt.usage is None else f", {attempt.usage.input_tokens}+{attempt.usage.output_tokens} tokens"
        cost = "" if attempt.usage is None else f", {words.usd(attempt.cost_usd)}"
        said = f"            rung {attempt.rung + 1} {attempt.provider}:{attempt.model}: {what}"
        took = f" ({words.duration(attempt.ms)}{spent}{cost})"
        terminal.show(Text(said + took, style="dim" if attempt.error is None else "yellow"))
    terminal.show(
        Text(f"            → {_came_of(step.result)}", style="red" if isinstance(step.result, Failed) else "")
    )


def _came_of(result: Result) -> str:
    """A result in a line."""
    match result:
        case Retrieved(passages=passages, confidence=sure):
            titles = list(dict.fromkeys(passage.title for passage in passages))
            said = words.counted(len(passages), "passage") + ("" if sure is None else f", confidence {sure:.2f}")
            return said + (f": {words.one_line(', '.join(titles))}" if titles else "")
        case Generated(text=text, tool_calls=calls):
            asked = f"asks for {', '.join(call.name for call in calls)} " if calls else ""
            return asked + words.one_line(text, 200)
        case Checked(verdict=verdict):
            score = "" if verdict.score is None else f", score {verdict.score:.2f}"
            return (
                ("passed" if verdict.passed else "did not pass")
                + score
                + (f": {verdict.reason}" if verdict.reason else "")
            )
        case Embedded(vectors=vectors):
            return words.counted(len(vectors), "vector")
        case Reranked(scores=scores):
            return words.counted(len(scores), "score")
        case Called(value=value):
            return words.one_line(value, 200)
        case Told(at=at):
            return at.isoformat()
        case Drawn(seed=seed):
            return f"seed {seed}"
        case Failed(code=code, message=message):
            return f"{code}: {message}"
        case Cancelled():
            return "the feature stopped waiting for it"


def _ending(recording: Recording) -> list[str | Text]:
    """What became of the request."""
    lines: list[str | Text] = []
    if recording.output is not None:
        output = msgspec.json.format(msgspec.json.encode(recording.output), indent=2).decode()
        lines.append(f"output  {output}")
    if recording.degraded is not None:
        lines.append(Text(words.degraded(recording.degraded), style="yellow"))
    if recording.blocked is not None:
        said = words.blocked(recording.blocked, safe_answer=recording.output is not None)
        lines.append(Text(said, style="yellow"))
    if recording.failure is not None:
        lines.append(Text(f"failed: {recording.failure.code}: {recording.failure.message}", style="red"))
        lines.append(f"  fix: {recording.failure.fix}")
    if recording.outcome == "cancelled":
        lines.append(Text("cancelled: whoever asked stopped waiting", style="yellow"))
    return lines
