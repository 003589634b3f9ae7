"""A small project with a judge, labels by people, and a model that answers and judges as it is told.

Knows nothing of what is tested with it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from holdfast.app import Project, open_configured
from holdfast.config import load_config
from holdfast.contracts import Answer
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.evaluate import Evaluated, How, Plan, begin, go_on
from holdfast.evaluation import Score, Standing
from holdfast.judgement import Certificate
from holdfast.records import Generate, Usage
from holdfast.stores import CertificateQuery

FEATURES = """
from pydantic import BaseModel
import holdfast as hf
from holdfast import scorers

app = hf.App(scorers={SCORERS})

class Ticket(BaseModel):
    body: str

class Reply(BaseModel):
    text: str
    citations: list[hf.Citation] = []

@app.feature(bar=hf.Bar(BAR))
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("help", ticket.body)
    return await ctx.generate("answer", Reply, ticket=ticket, passages=passages)
"""
CONFIG = """
[corpora.help]
source = "folder"
path = "articles"

[slots.answer]
prompt = "answer.md"
models = ["fake:one"]

[slots.judge]
prompt = "judge.md"
models = ["fake:judge"]

[prices."fake:one"]
input_usd_per_mtok = 1
output_usd_per_mtok = 1

[prices."fake:judge"]
input_usd_per_mtok = 10
output_usd_per_mtok = 10
"""
RUBRIC = "The answer names a time.\n\n{{ text }}\n\n{{ passages | sources }}"
JUDGE = '"tone": scorers.Judge(labels="evals/labels.jsonl")'
UNLABELLED = '"tone": scorers.Judge()'
GOOD = "Hold the red button for 5 seconds. [1]"
BAD = "Please wait."
Say = Callable[[Generate], str]


def opinion(passes: bool, quote: str = "", reason: str = "because") -> str:
    return json.dumps({"quote": quote, "reason": reason, "passes": passes})


def made(
    folder: Path, scorers: str, *, bar: str = "", cases: int = 6, labels: list[dict[str, Any]] | None = None
) -> Path:
    """A project with these scorers (as Python), bar and cases, and labels in evals/labels.jsonl."""
    for name in ("articles", "evals"):
        (folder / name).mkdir(parents=True)
    (folder / "features.py").write_text(FEATURES.replace("{SCORERS}", scorers).replace("BAR", bar))
    (folder / "holdfast.toml").write_text(CONFIG)
    (folder / "answer.md").write_text("{{ passages | sources }}\n\n{{ ticket.body }}")
    (folder / "judge.md").write_text(RUBRIC)
    (folder / "articles" / "reset.md").write_text("# Reset\n\nHold the red button for five seconds to reset the alarm.")
    (folder / "articles" / "battery.md").write_text("# Battery\n\nThe battery of the alarm lasts two years.")
    lines = [{"id": f"case-{n}", "input": {"body": f"How do I reset the alarm {n}?"}} for n in range(cases)]
    (folder / "evals" / "answer.jsonl").write_text("\n".join(map(json.dumps, lines)))
    if labels is not None:
        (folder / "evals" / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)))
    return folder


class Model:
    """Answers by `say`, judges by `judge`; 100 tokens a call. `judged` counts the latter."""

    def __init__(self, say: Say | str = GOOD, judge: Say | str | None = None) -> None:
        self.say = say
        self.judge = opinion(True) if judge is None else judge
        self.judged: list[Generate] = []
        self.asked: list[Generate] = []

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        line = self.judge if model == "judge" else self.say
        (self.judged if model == "judge" else self.asked).append(request)
        text = line if isinstance(line, str) else line(request)
        return Answer(text=text, model=model, usage=Usage(input_tokens=90, output_tokens=10))


@asynccontextmanager
async def opened(folder: Path, model: Model) -> AsyncIterator[Project]:
    """The project, synced without an encoder."""
    project = await open_configured(load_config(folder, {}), models={"fake": model}, encoder=False)
    try:
        await project.sync()
        yield project
    finally:
        await project.close()


async def evaluated(project: Project, how: How | None = None, **plan: Any) -> Evaluated:
    """A new evaluation, as far as it goes."""
    feature = project.feature("answer")
    cases = read_cases(cases_file(project.config.folder, "answer"), feature.parse)
    evaluation = await begin(project, feature, project.release(), Plan(cases, **plan))
    return await go_on(project, evaluation, how or How())


def labels(good: int = 20, bad: int = 20, **fields: Any) -> list[dict[str, Any]]:
    said = [{"input": {"body": f"q{n}"}, "output": {"text": f"{GOOD} {n}"}, "label": True} for n in range(good)]
    said += [{"input": {"body": f"q{n}"}, "output": {"text": f"{BAD} {n}"}, "label": False} for n in range(bad)]
    return [each | {"by": "ada"} | fields for each in said]


def fair(request: Generate) -> str:
    """A judge that is right: it passes what names the button."""
    text = request.messages[-1].text
    return opinion("Hold the red button for 5" in text, quote="Hold the red button")


def standing(found: Evaluated, name: str) -> Standing:
    return next(each for each in found.evaluation.standings if each.name == name)


def score(found: Evaluated, case: str, name: str = "tone") -> Score:
    result = next(each for each in found.results if each.case == case)
    return next(each for each in result.scores if each.scorer == name)


async def only_certificate(project: Project) -> Certificate:
    (found,) = await project.store.certificates.find(CertificateQuery())
    return found
