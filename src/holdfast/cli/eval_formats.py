"""An evaluation as a text for machines and for pages: JSON, JSONL, JUnit XML, Markdown, plain.

Knows nothing of terminals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

import msgspec
from msgspec import Struct

from holdfast.cli import figures
from holdfast.cli.eval_judges import judging_lines
from holdfast.evals.verdict import Verdict, verdict_of
from holdfast.evaluation import CaseResult, Evaluation

if TYPE_CHECKING:
    from holdfast.evals.evaluate import Evaluated

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CELL = re.compile(r"[|\\`*_<>\[\]#]")


class Report(Struct, frozen=True):
    """An evaluation as JSON; `results` are in the order of the cases, one for each repeat."""

    verdict: Verdict
    evaluation: Evaluation
    results: tuple[CaseResult, ...]


class Summary(Struct, frozen=True):
    """The last line of JSONL; the lines before it are results."""

    verdict: Verdict
    evaluation: Evaluation


def report(evaluated: Evaluated, format: str) -> str:
    """The evaluation in one of the formats, with a newline at the end."""
    evaluation, results = evaluated.evaluation, evaluated.results
    verdict = verdict_of(evaluation)
    if format == "json":
        return msgspec.json.encode(Report(verdict, evaluation, results)).decode() + "\n"
    if format == "jsonl":
        lines = [*results, Summary(verdict, evaluation)]
        return "".join(msgspec.json.encode(line).decode() + "\n" for line in lines)
    lines_of = {"junit": _junit, "md": _markdown, "pretty": _plain}[format]
    return "\n".join(lines_of(evaluated)) + "\n"


def _plain(evaluated: Evaluated) -> Iterator[str]:
    for row in [figures.HEADINGS, *map(figures.row, evaluated.evaluation.standings)]:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, (24, 6, 12, 22, 12, 10), strict=True)).rstrip()
    yield from judging_lines(evaluated.evaluation)
    for result in evaluated.results:
        if not result.passed:
            yield f"{figures.name_of(result)}: {'; '.join(result.wrong)}\n  {figures.replay_of(result)}"
    yield from ("", figures.headline(evaluated.evaluation), figures.conclusion(evaluated.evaluation))
    yield figures.origin(evaluated.evaluation)


def _markdown(evaluated: Evaluated) -> Iterator[str]:
    evaluation = evaluated.evaluation
    yield f"## {cell(evaluation.feature)}: {figures.conclusion(evaluation)}\n"
    yield "| " + " | ".join(figures.HEADINGS) + " |"
    yield "|---" * len(figures.HEADINGS) + "|"
    for standing in evaluation.standings:
        yield "| " + " | ".join(map(cell, figures.row(standing))) + " |"
    yield f"\n{cell(figures.headline(evaluation))}\n"
    if judges := list(judging_lines(evaluation)):
        yield "\n".join(f"- {cell(line)}" for line in judges) + "\n"
    failed = [result for result in evaluated.results if not result.passed]
    if failed:
        yield "| did not pass | what was wrong | to look into it |"
        yield "|---|---|---|"
    for result in failed:
        cells = (cell(figures.name_of(result)), cell("; ".join(result.wrong)), f"`{figures.replay_of(result)}`")
        yield "| " + " | ".join(cells) + " |"
    yield ("\n" if failed else "") + cell(figures.origin(evaluation))


def _junit(evaluated: Evaluated) -> Iterator[str]:
    """One testcase for each answer, one for each limit of the bar; what was not asked is skipped."""
    evaluation = evaluated.evaluation
    cases = [line for result in evaluated.results for line in _testcase(evaluation.feature, result)]
    asked = {(result.case, result.repeat) for result in evaluated.results}
    left = [case.id for n in range(evaluation.repeat) for case in evaluated.cases if (case.id, n) not in asked]
    limits = [standing for standing in evaluation.standings if standing.limit is not None]
    errors = sum(result.outcome == "failed" for result in evaluated.results)
    missed = sum(standing.verdict == "missed" for standing in limits)
    tests = len(evaluated.results) + len(left) + len(limits)
    failures = evaluation.failed - errors + missed
    unmeasured = sum(standing.verdict in ("unmeasured", "informs") for standing in limits)
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{len(left) + unmeasured}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites><testsuite name={xml(evaluation.feature)} {counts}>"
    properties = {
        "evaluation": evaluation.id,
        "release": evaluation.release,
        "verdict": verdict_of(evaluation),
        "spent_usd": "" if evaluation.spent_usd is None else f"{evaluation.spent_usd:g}",
    }
    given = "".join(f"<property name={xml(name)} value={xml(value)}/>" for name, value in properties.items())
    yield f"<properties>{given}</properties>"
    yield from cases
    for case in left:
        message = evaluation.stopped or "the evaluation is not finished"
        yield f"{_opening(evaluation.feature, case)}><skipped message={xml(message)}/></testcase>"
    for standing in limits:
        name, _, estimate, interval, limit, verdict = figures.row(standing)
        said = xml(f"{name} is {estimate} ({interval or 'no interval'}), the bar is {limit}")
        skipped = f"<skipped message={said}/>"
        inner = {"missed": f"<failure message={said}/>", "unmeasured": skipped, "informs": skipped}.get(verdict, "")
        yield f"{_opening(evaluation.feature + '.bar', f'{name} {limit}')}>{inner}</testcase>"
    yield "</testsuite></testsuites>"


def _testcase(feature: str, result: CaseResult) -> Iterator[str]:
    seconds = "" if result.ms is None else f' time="{result.ms / 1000:.3f}"'
    inner = ""
    if not result.passed:
        kind = "error" if result.outcome == "failed" else "failure"
        text = escape(_NO_XML.sub("�", "\n".join([*result.wrong, figures.replay_of(result)])))
        inner = f"<{kind} message={xml('; '.join(result.wrong))}>{text}</{kind}>"
    name = figures.name_of(result)
    recording = f'<properties><property name="recording" value={xml(result.recording)}/></properties>'
    yield f"{_opening(feature, name)}{seconds}>{recording}{inner}</testcase>"


def _opening(classname: str, name: str) -> str:
    return f"<testcase classname={xml(classname)} name={xml(name)}"


def xml(text: str) -> str:
    """A text as the value of an attribute, in quotes."""
    return quoteattr(_NO_XML.sub("�", text))


def cell(text: str) -> str:
    """A text that means nothing to Markdown, on one line."""
    return _NO_CELL.sub(lambda mark: "\\" + mark.group(), " ".join(text.split()))
