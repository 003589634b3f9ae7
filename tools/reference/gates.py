"""The page of gates, from the structs they are made of. Knows nothing of how a verdict is found."""

from __future__ import annotations

from holdfast import gate as nouns
from tools.reference.markdown import page, table
from tools.reference.records import struct


def gates() -> str:
    """The verdicts, the formats, and every value of a gate."""
    rulings = [
        ("`pass`", "no new failure was reproduced, and a fall by the margin is ruled out", "0"),
        ("`regressed`", "something is worse: reproduced, or shown over all cases, a declared slice or a measure", "1"),
        ("`inconclusive`", "neither is shown; `settling` says what would probably do", "0, with `--strict` 4"),
        ("`not_comparable`", "there is nothing to hold it against, or a fault prevented too many answers", "3"),
    ]
    formats = [
        ("`json`", '`{"verdict", "gate"}`; the gate is as `GET /v1/gates/{id}` gives it'),
        ("`jsonl`", 'a regression on each line, and last `{"verdict", "gate"}` without them'),
        (
            "`junit`",
            "JUnit XML: a testcase for each case, `failure` where it is a regression; one for each measure, declared "
            "slice, limit of the bar and case that must pass, `skipped` where nothing is shown",
        ),
        ("`md`", "Markdown for a pull request: the verdict first, then at most 10 regressions"),
        ("`pretty`", "text for a person"),
    ]
    parts = [
        "## Verdicts\n\n" + table(("ruling", "what it says", "exit code"), rulings),
        "A missed bar, or a case that must pass and does not, is exit code 1 where the two can be compared at all.",
        "## Formats\n\n" + table(("format", "what it is"), formats),
        "The Markdown begins with `<!-- holdfast:gate:FEATURE -->`, by which a comment is found again and replaced.",
        *(
            f"### {kind.__name__}\n\n{struct(kind)}"
            for kind in (
                nouns.Gate, nouns.GatePlan, nouns.GatePart, nouns.GateVerdict, nouns.Measured, nouns.Generalising,
                nouns.Regression, nouns.Words, nouns.Slice, nouns.Ratio, nouns.Settling,
            )
        ),
    ]  # fmt: skip
    intro = (
        "What `holdfast eval --against` writes, and what `GET /v1/gates` gives. Shares and differences are in 0 to 1, "
        "costs are US dollars; what is not known is null, never 0. Fields are added over time, never renamed."
    )
    return page("Gates", intro, parts)
