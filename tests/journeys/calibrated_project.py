"""A project whose cases pass and in which every kind of fault can take: a guard, a weaker model, a careful reader."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.journeys.test_diagnosing import CONFIG, FEATURES, PROMPT, Reader, World, opened

from holdfast.app import open_configured
from holdfast.config import load_config
from holdfast.contracts import Answer
from holdfast.evals.diagnose.calibrate.calibrating import Calibration, calibrated
from holdfast.evals.diagnose.calibrate.kept import Learned
from holdfast.records import Generate

GADGETS = (3, 5, 7, 9, 11)
FLOODED = 5
"""The gadget whose document comes after others."""
SETTINGS = (
    CONFIG
    + """
[guards.shape]
max_chars = 3000
on_fail = "block"

[diagnosis]
weaker_model = "fake:weak"
stronger_model = "fake:good"

[prices."fake:good"]
input_usd_per_mtok = 100
output_usd_per_mtok = 100

[prices."fake:weak"]
input_usd_per_mtok = 1
output_usd_per_mtok = 1
"""
)


class Careful(Reader):
    """A reader that needs to be told to answer from the passages."""

    def __init__(self) -> None:
        super().__init__()
        self.crowded = 24

    async def generate(self, model: str, request: Generate, hear: Any) -> Answer:
        answer = await super().generate(model, request, hear)
        prompt = "\n".join(message.text for message in request.messages)
        told = (
            "Answer from the passages." in prompt
            or "only states the task" in prompt
            or "only from the passages" in prompt
        )
        if told:
            return answer
        text = "I do not know."
        return Answer(text=json.dumps({"text": text}) if request.schema else text, model=model, usage=answer.usage)


def case(gadget: int) -> dict[str, Any]:
    seconds = gadget * 3
    return {
        "id": f"gadget-{gadget}",
        "input": {"body": f"How long must the button of gadget {gadget} be held?"},
        "expected": f"Held on gadget {gadget} for {seconds} seconds.",
        "facts": [f"{seconds} seconds"],
        "gold": [{"document": f"gadget-{gadget}.md"}],
        "calls": {"send": [None]},
    }


@asynccontextmanager
async def calibratable(folder: Path, settings: str = SETTINGS) -> AsyncIterator[World]:
    """The project, open and synced; what it is asked stands in `world.reader.requests`."""
    async with opened(folder) as world:
        asked = f"How long must the button of gadget {FLOODED} be held?"
        for number in range(2):
            said = f"---\ntitle: Button of gadget {FLOODED}, question {number}\n---\n{asked} {asked} Ask us."
            (folder / "articles" / f"flood-{number}.md").write_text(said)
        (folder / "evals").mkdir()
        (folder / "evals" / "answer.jsonl").write_text("\n".join(json.dumps(case(each)) for each in GADGETS))
        (folder / "holdfast.toml").write_text(settings)
        await world.project.sync()
    async with again(folder) as world:
        yield world


@asynccontextmanager
async def again(folder: Path) -> AsyncIterator[World]:
    """The same project, opened anew as its files are now."""
    reader = Careful()
    project = await open_configured(load_config(folder, {}), models={"fake": reader})
    try:
        yield World(folder, project, reader)
    finally:
        await project.close()


async def calibration(world: World, **fields: Any) -> Learned:
    release = await world.project.rollout.choose()
    return await calibrated(world.project, release, Calibration(feature="answer", **fields))


CHANGED_CODE = FEATURES.replace('"send"', '"told"')
BAD_PROMPT = PROMPT.replace("passages.", "passages. Never name a number.")
