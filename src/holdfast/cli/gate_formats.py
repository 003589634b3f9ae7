"""A gate as a text for machines and for pages: JSON, JSONL, JUnit XML, Markdown, plain.

Knows nothing of terminals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from holdfast.cli import figures, gate_words, words
from holdfast.cli.eval_formats import cell, xml
from holdfast.evaluation import Case
from holdfast.gate import Gate, GateVerdict, Regression, Ruling

_WORST = 10
"""Regressions that a page shows."""
_SHOWN = 300
"""Characters of an output that a page shows."""


class GateReport(Struct, frozen=True):
    """A gate as JSON."""

    verdict: Ruling
    gate: Gate


def report(gate: Gate, cases: Sequence[Case], format: str) -> str:
    """The gate in one of the formats, with a newline at the end. JSONL is a regression a line, then the gate."""
    verdict = gate.verdict
    assert verdict is not None
    if format == "json":
        return msgspec.json.encode(GateReport(verdict.ruling, gate)).decode() + "\n"
    if format == "jsonl":
        short = GateReport(verdict.ruling, replace(gate, verdict=replace(verdict, regressions=())))
        return "".join(msgspec.json.encode(line).decode() + "\n" for line in (*verdict.regressions, short))
    if format == "junit":
        return "\n".join(_junit(gate, verdict, cases)) + "\n"
    return "\n".join(_markdown(gate, verdict) if format == "md" else _plain(gate, verdict)) + "\n"


def _plain(gate: Gate, verdict: GateVerdict) -> Iterator[str]:
    yield gate_words.RULINGS[verdict.ruling]
    yield from (f"  {reason}" for reason in verdict.reasons)
    if verdict.bar_missed:
        yield f"  the bar is missed: {', '.join(verdict.bar_missed)}"
    if verdict.settling is not None:
        yield f"  {gate_words.settling(verdict.settling)}"
    yield from (f"  note: {note}" for note in verdict.notes)
    for each in verdict.regressions:
        yield from ("", gate_words.regression(each), f"  {each.wrong}")
        yield from (
            f"  baseline:  {_inline(each, 'added', '[-', '-]')}",
            f"  candidate: {_inline(each, 'removed', '{+', '+}')}",
        )
        yield f"  holdfast replay {each.recording}"
    rows = _rows(verdict)
    if rows:
        yield ""
    for row in rows:
        yield "  ".join(
            part.ljust(width) for part, width in zip(row, (24, 6, 10, 10, 14, 30, 10), strict=True)
        ).rstrip()
    yield from ("", gate_words.spent(gate), gate_words.origin(gate))


def _markdown(gate: Gate, verdict: GateVerdict) -> Iterator[str]:
    """Verdict first; the mark in the first line is by which a comment is found again and replaced."""
    yield f"<!-- holdfast:gate:{gate.feature} -->"
    yield f"## {cell(gate.feature)}: {gate_words.RULINGS[verdict.ruling]}\n"
    yield from (f"- {cell(reason)}" for reason in verdict.reasons)
    if verdict.bar_missed:
        yield f"- the bar is missed: {cell(', '.join(verdict.bar_missed))}"
    if verdict.settling is not None:
        yield f"- {cell(gate_words.settling(verdict.settling))}"
    yield from (f"- note: {cell(note)}" for note in verdict.notes)
    for each in verdict.regressions[:_WORST]:
        yield f"\n<details><summary>{_html(gate_words.regression(each))}</summary>\n"
        yield f"{cell(words.one_line(each.wrong, 200))}\n"
        yield "| baseline | candidate |\n|---|---|"
        yield f"| {_struck(each, 'added', '~~')} | {_struck(each, 'removed', '**')} |\n"
        yield f"`holdfast replay {each.recording}`\n\n</details>"
    if (left := len(verdict.regressions) - _WORST) > 0:
        yield f"\nand {left} more"
    if rows := _rows(verdict):
        yield "\n| " + " | ".join(gate_words.MEASURES) + " |\n" + "|---" * len(gate_words.MEASURES) + "|"
        yield from ("| " + " | ".join(map(cell, row)) + " |" for row in rows)
    if said := gate_words.generalising(gate):
        yield f"\n{cell(said)}"
    yield f"\n{cell(gate_words.spent(gate))}\n\n{cell(gate_words.origin(gate))}"


def _rows(verdict: GateVerdict) -> list[tuple[str, ...]]:
    """Every measure, declared slice, ratio and limit of the bar, each in the order of `MEASURES`."""
    rows = [gate_words.measure(each) for each in gate_words.measures(verdict)]
    rows += [gate_words.slice_(each) for each in verdict.slices if each.declared]
    rows += [gate_words.ratio(each) for each in verdict.ratios]
    for standing in verdict.bar:
        if standing.limit is not None:
            name, cases, estimate, interval, limit, state = figures.row(standing)
            rows.append((f"bar: {name} {limit}", cases, "", estimate, "", interval, state))
    return rows


def _junit(gate: Gate, verdict: GateVerdict, cases: Sequence[Case]) -> Iterator[str]:
    """One testcase for each case, of which only a regression failed; one for each measure and limit that decides."""
    broken = {each.case: each for each in verdict.regressions}
    lines, failures, errors, skipped = [], 0, 0, 0
    for case in cases:
        inner = ""
        if (found := broken.get(case.id)) is not None:
            failures += 1
            text = "\n".join([found.wrong, f"baseline: {found.before}", f"candidate: {found.after}"])
            inner = f"<failure message={xml(gate_words.regression(found))}>{xml(text)[1:-1]}</failure>"
        lines.append(f"<testcase classname={xml(gate.feature)} name={xml(case.id)}>{inner}</testcase>")
    for name, state, message in _deciding(gate, verdict):
        kind = {"worse": "failure", "missed": "failure", "error": "error"}.get(state)
        kind = kind or ("skipped" if state in ("unclear", "unmeasured") else "")
        failures, errors = failures + (kind == "failure"), errors + (kind == "error")
        skipped += kind == "skipped"
        inner = f"<{kind} message={xml(message)}/>" if kind else ""
        lines.append(f"<testcase classname={xml(gate.feature + '.gate')} name={xml(name)}>{inner}</testcase>")
    counts = f'tests="{len(lines)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites><testsuite name={xml(gate.feature)} {counts}>"
    spent = "" if gate.spent_usd is None else f"{gate.spent_usd:g}"
    properties = {
        "gate": gate.id, "verdict": verdict.ruling, "candidate": gate.candidate, "baseline": gate.baseline,
        "answers": str(gate.calls), "spent_usd": spent,
    }  # fmt: skip
    given = "".join(f"<property name={xml(name)} value={xml(value)}/>" for name, value in properties.items())
    yield f"<properties>{given}</properties>"
    yield from lines
    yield "</testsuite></testsuites>"


def _deciding(gate: Gate, verdict: GateVerdict) -> Iterator[tuple[str, str, str]]:
    """What decides beside single cases: its name, how it stands, and that in words."""
    if verdict.ruling == "not_comparable" or verdict.primary is None:
        yield "verdict", "error" if verdict.ruling == "not_comparable" else "unclear", "; ".join(verdict.reasons)
    for measured in gate_words.measures(verdict):
        yield measured.name, measured.state, " ".join(gate_words.measure(measured))
    for part in verdict.slices:
        if part.declared:
            yield f"slice {part.tag}", "worse" if part.worse else "", " ".join(gate_words.slice_(part))
    for standing in verdict.bar:
        if standing.limit is not None:
            name, _, estimate, interval, limit, state = figures.row(standing)
            yield (
                f"bar {name} {limit}",
                state,
                f"{name} is {estimate} ({interval or 'no interval'}), the bar is {limit}",
            )
    for name in verdict.bar_missed:
        if name.startswith("must pass"):
            yield name, "missed", f"{gate.feature}: {name}"


def _inline(each: Regression, gone: str, opened: str, closed: str) -> str:
    parts = (part for part in each.diff if part.kind != gone)
    return words.one_line("".join(p.text if p.kind == "same" else f"{opened}{p.text}{closed}" for p in parts), 2_000)


def _struck(each: Regression, gone: str, mark: str) -> str:
    """One side as a cell, what the other has not between marks, which must touch no space."""
    made, left = [], _SHOWN
    for part in each.diff:
        if part.kind == gone or left <= 0:
            continue
        text = part.text if len(part.text) <= left else part.text[: left - 1] + "…"
        left -= len(part.text)
        marked = text.strip() if part.kind != "same" else ""
        if marked:
            before, after = text.partition(marked)[0], text.rpartition(marked)[2]
            made.append(_space(before) + mark + cell(marked) + mark + _space(after))
        else:
            made.append(_space(text) if not text.strip() else _edges(text))
    return "".join(made)


def _edges(text: str) -> str:
    return (" " if text[:1].isspace() else "") + cell(text) + (" " if text[-1:].isspace() else "")


def _space(text: str) -> str:
    return " " if text else ""


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
