"""A small project with cases and a model handed in, for journeys of evaluation.

    python -m tests.journeys.eval_project FOLDER

evaluates it in a process of its own, one case after the other four at a time, and prints how many results are kept.
Knows nothing of who kills it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from holdfast.app import Project, open_configured
from holdfast.config import load_config
from holdfast.contracts import Answer
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.evaluate import Evaluated, How, Plan, begin, go_on, unfinished
from holdfast.records import Generate, Usage

FEATURES = """
from pydantic import BaseModel
import holdfast as hf

class Short:
    async def score(self, answered):
        return len(answered.text) < 80

app = hf.App(scorers={"short": Short()})
SENT = []

class Ticket(BaseModel):
    body: str

class Reply(BaseModel):
    text: str
    citations: list[hf.Citation] = []

@app.feature(bar=hf.Bar(facts=0.9, short=0.5))
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("help", ticket.body)
    return await ctx.generate("answer", Reply, ticket=ticket, passages=passages)

@app.feature()
async def notify(ctx: hf.Context, ticket: Ticket) -> str:
    return str(await ctx.call("send", lambda body: SENT.append(body) or len(SENT), ticket.body))
"""
CONFIG = """
[corpora.help]
source = "folder"
path = "articles"

[slots.answer]
prompt = "answer.md"
models = ["fake:one", "extractive"]
"""
ARTICLES = {
    "reset.md": "---\ntitle: Reset the alarm\n---\nHold the red button for five seconds to reset the alarm.",
    "battery.md": "---\ntitle: Change the battery\n---\nThe battery lasts two years. Use a CR2032 battery.",
}
GOOD = "Hold the red button for 5 seconds. [1]"


def made(folder: Path, cases: int = 6) -> Path:
    """A project with so many cases of the feature `answer`, and one of `notify`."""
    (folder / "articles").mkdir(parents=True)
    (folder / "evals").mkdir()
    (folder / "features.py").write_text(FEATURES)
    (folder / "holdfast.toml").write_text(CONFIG)
    (folder / "answer.md").write_text("{{ passages | sources }}\n\n{{ ticket.body }}")
    for name, text in ARTICLES.items():
        (folder / "articles" / name).write_text(text)
    lines = [
        {
            "id": f"case-{number}",
            "input": {"body": f"How do I reset alarm {number}?"},
            "facts": ["5 seconds"],
            "gold": [{"document": "reset.md"}],
        }
        for number in range(cases)
    ]
    (folder / "evals" / "answer.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "evals" / "notify.jsonl").write_text('{"id": "a", "input": {"body": "x"}}')
    return folder


class Model:
    """Answers as it is told, at a price, after letting others have a turn; counts what it was asked."""

    def __init__(self, say: Callable[[Generate], str] | str = GOOD, *, pause_s: float = 0.0) -> None:
        self.say = say
        self.asked = 0
        self.together = self.most = 0
        self.pause_s = pause_s

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        self.asked += 1
        self.together += 1
        self.most = max(self.most, self.together)
        await asyncio.sleep(self.pause_s)
        self.together -= 1
        text = self.say if isinstance(self.say, str) else self.say(request)
        return Answer(text=text, model=model, usage=Usage(input_tokens=100, output_tokens=10))


@asynccontextmanager
async def opened(folder: Path, model: Model) -> AsyncIterator[Project]:
    """The project, synced without an encoder, with the model under the name `fake`."""
    project = await open_configured(load_config(folder, {}), models={"fake": model}, encoder=False)
    try:
        await project.sync()
        yield project
    finally:
        await project.close()


async def evaluated(project: Project, feature: str = "answer", how: How | None = None, **plan: bool | int) -> Evaluated:
    """A new evaluation, as far as it goes."""
    declared = project.feature(feature)
    cases = read_cases(cases_file(project.config.folder, feature), declared.parse)
    evaluation = await begin(project, declared, project.release(), Plan(cases, **plan))  # type: ignore[arg-type]
    return await go_on(project, evaluation, how or How())


async def resumed(project: Project, how: How | None = None) -> Evaluated:
    """The newest evaluation that is not finished, to its end."""
    return await go_on(project, await unfinished(project, "answer"), how or How())


async def main(folder: Path) -> None:
    def say(stage: str, done: int, total: int | None) -> None:
        os.write(1, b"%d\n" % done)

    async with opened(folder, Model(pause_s=0.02)) as project:
        await evaluated(project, how=How(progress=say))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
