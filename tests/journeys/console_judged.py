"""What was found out about a site's answers, kept to be looked at: evaluations, a gate, a certificate.

Knows nothing of a browser.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from holdfast.app import Project
from holdfast.evaluation import Case, CaseResult, Confusion, Evaluation, Score, Standing
from holdfast.gate import (
    Flaky,
    Gate,
    GatePart,
    GatePlan,
    GateVerdict,
    Generalising,
    Measured,
    Ratio,
    Settling,
    Slice,
)  # fmt: skip
from holdfast.judgement import Certificate, Disagreement, Interval, Judging

AT = datetime(2026, 3, 1, tzinfo=UTC)
FEATURE = "answer_ticket"
TAGS = {"a": ("polite",), "b": ("polite", "night"), "c": ("night",), "d": ()}


def cases_written(folder: Path, count: int = 12) -> None:
    """Cases of the feature in its file, a third of them polite."""
    (folder / "evals").mkdir()
    lines = [
        {
            "id": f"case-{n}",
            "input": {"body": f"How do I reset alarm {n}{', please' if n % 3 == 0 else ''}?"},
            "facts": ["five seconds"],
            "tags": ["polite" if n % 3 == 0 else "blunt"],
        }
        for n in range(count)
    ]
    (folder / "evals" / f"{FEATURE}.jsonl").write_text("\n".join(map(json.dumps, lines)))


async def evaluated(project: Project, number: int, passed: dict[str, bool], **fields: Any) -> Evaluation:
    """An evaluation that is kept, with a result of each case named in `passed`."""
    recordings = {name: await project.run(FEATURE, {"body": f"Reset the {name} {number}?"}) for name in passed}
    evaluation = Evaluation(
        id=f"ev_{number}",
        feature=FEATURE,
        release=next(iter(recordings.values())).release,
        code_hash=f"code of {number}",
        started_at=AT + timedelta(hours=number),
        finished_at=AT + timedelta(hours=number + 1),
        cases=len(passed),
        done=len(passed),
        failed=sum(not each for each in passed.values()),
        **fields,
    )
    cases = [
        Case(id=name, input={"body": f"Reset the {name}?"}, tags=TAGS[name], must_pass=name == "a") for name in passed
    ]
    await project.store.evaluations.add(evaluation, cases)
    for name, good in passed.items():
        recording = recordings[name]
        result = CaseResult(
            case=name,
            repeat=0,
            recording=recording.id,
            outcome=recording.outcome,
            ms=recording.ms,
            cost_usd=None,
            spent_usd=None,
            scores=(Score(scorer="facts", value=float(good)),),
            wrong=() if good else (f"facts 0 of {name} is below 1",),
        )
        await project.store.evaluations.add_result(evaluation.id, result)
    return evaluation


def standings(estimate: float) -> tuple[Standing, ...]:
    return (
        Standing(name="facts", measure="mean", n=4, estimate=estimate, low=0.2, high=0.9, limit=0.8, verdict="missed"),
        Standing(name="kind_macro_f1", measure="whole", n=4, estimate=0.6, low=0.3, high=0.8),
        Standing(name="p95_ms", measure="quantile", n=4, estimate=12.5, limit=2500, at_most=True, verdict="met"),
    )


CONFUSIONS = (
    Confusion("kind", "refund", "refund", 5),
    Confusion("kind", "refund", "alarm", 2),
    Confusion("kind", "alarm", "alarm", 4),
)
CERTIFICATE = Certificate(
    id="cert_1", feature=FEATURE, scorer="tone", judge="j", code_hash="c", labels="l", made_at=AT,
    expires_at=datetime.now(UTC) + timedelta(days=30), good_passed=28, good_failed=2, bad_passed=1, bad_failed=29,
    kappa=Interval(0.9, 0.78, 1.0), sensitivity=Interval(0.933, 0.8, 0.98), specificity=Interval(0.967, 0.85, 0.99),
    balanced=Interval(0.95, 0.87, 0.98), people=Interval(0.7, 0.4, 0.9), overlap=12, stale=1,
    disagreements=(
        Disagreement(item="given_00ff", people=True, judge=False, reason="it names no time"),
        Disagreement(item="given_00fe", people=False, judge=True, reason="it is friendly"),
    ),
    spent_usd=0.04,
)  # fmt: skip
JUDGING = (
    Judging(scorer="tone", judge="j", gates=True, certificate=CERTIFICATE, twice=4, differed=1, spent_usd=0.01),
    Judging(scorer="brief", judge="k", gates=False, why="it has no labels"),
)


async def gated(project: Project) -> Gate:
    """An inconclusive gate that is kept, with everything that can be said of one but a break."""
    part = await evaluated(project, 9, {"a": True, "b": False}, gate="gate_1")
    measured: dict[str, Any] = {
        "cases": 40,
        "baseline": 0.95,
        "candidate": 0.925,
        "difference": -0.025,
        "low": -0.09,
        "high": 0.04,
    }
    verdict = GateVerdict(
        ruling="inconclusive",
        reasons=("'passed' fell by 2.5 points, 95.0% to 92.5%: a fall of 5 points cannot be ruled out",),
        margin=0.05,
        primary=Measured(name="passed", p_worse=0.3, state="unclear", **measured),
        generalising=Generalising(low=-0.1, high=0.05, method="BCa", clusters=40),
        flaky=(
            Flaky(case="b", baseline_passed=3, baseline=5, candidate_passed=1, candidate=3, tags=("polite",),
                  must_pass=True, recording=(await project.store.evaluations.results(part.id))[1].recording),
        ),
        slices=(
            Slice(tag="polite", shrunk=-0.03, declared=True, p_worse=0.2, **measured),
            Slice(tag="night", shrunk=-0.01, declared=False, **measured | {"low": None, "high": None}),
        ),
        measures=(Measured(name="facts", p_worse=0.6, state="not worse", **measured | {"low": -0.04}),),
        ratios=(Ratio(name="ms", cases=40, ratio=1.2, low=0.9, high=1.6),),
        bar=standings(0.7),
        bar_missed=("facts",),
        settling=Settling(batches=2, calls=480, cases=75, minutes=3.6, cost_usd=0.42),
        notes=("both sides are the same release and code: what differs is chance",),
    )  # fmt: skip
    gate = Gate(
        id="gate_1", feature=FEATURE, against="before", baseline="r_1", candidate=part.release, baseline_code="c",
        code_hash="c", started_at=AT, finished_at=AT, margin=0.05, slices=("polite",), verdict=verdict, calls=320,
        spent_usd=0.21, pins={"manual": "v1"},
        parts=(GatePart(role="candidate", side="candidate", evaluation=part.id, cases=2, repeat=1),),
        plan=GatePlan(cases=40, answers=3, bank=5, stored=12, detectable=0.06, calls=320, calls_each=8),
    )  # fmt: skip
    await project.store.gates.add(gate, ())
    return gate
