"""The page of evaluations, from the structs they are made of. Knows nothing of how a case is asked or scored."""

from __future__ import annotations

import inspect

from holdfast import evaluation as nouns
from holdfast.contracts import Answered
from holdfast.evals.verdict import verdict_of
from tools.reference.markdown import page, table
from tools.reference.records import struct


def evaluations() -> str:
    """The file of cases, the scorers, the formats, and every value in them."""
    parts = [
        "## The file of cases\n\nOne JSON object a line in `evals/FEATURE.jsonl`, UTF-8; empty lines are passed over, "
        "and a field that is not here is refused with file and line (HF111). A case with the tag "
        f"`{nouns.UNANSWERABLE}` has neither `expected` nor `facts` nor `gold`.",
        *(f"### {kind.__name__}\n\n{struct(kind)}" for kind in (nouns.Case, nouns.Gold)),
        "## Scorers\n\nAll of them, with their settings, are on [a page of their own](scorers.md). "
        "Latency and cost are measured without a scorer, as `p50_ms`, `p95_ms`, `p99_ms` and `cost_usd`. A request "
        "that failed, or that a lower rung answered, scores lowest wherever a scorer has a part in it.",
        f"### {Answered.__name__}\n\n{struct(Answered)}",
        "## Formats\n\n"
        + table(
            ("format", "what it is"),
            [
                ("`json`", '`{"verdict", "evaluation", "results"}`, as in `GET /v1/evaluations/{id}`'),
                ("`jsonl`", 'a result on each line, and last `{"verdict", "evaluation"}`'),
                (
                    "`junit`",
                    "JUnit XML: a testcase for each answer and for each limit of the bar; `failure` did not pass or "
                    "was missed, `error` failed, `skipped` was not asked, could not be measured, or only informs; the "
                    "recording's id is a property",
                ),
                ("`md`", "Markdown: a table of the measures, and one of the cases that did not pass"),
                ("`pretty`", "text for a person"),
            ],
        ),
        "`verdict` is `met`, `missed` or `inconclusive`: " + " ".join((inspect.getdoc(verdict_of) or "").split()),
        *(
            f"### {kind.__name__}\n\n{struct(kind)}"
            for kind in (nouns.Evaluation, nouns.Standing, nouns.CaseResult, nouns.Score)
        ),
    ]
    intro = (
        "What `holdfast eval` reads and writes, and what `GET /v1/evaluations` gives. Durations are milliseconds, "
        "costs are US dollars; what is not known is null, never 0. Fields are added over time, never renamed."
    )
    return page("Evaluations", intro, parts)
