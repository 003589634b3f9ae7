"""A slot's ladder is evaluated like any feature, under its own name."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.journeys.eval_project import Model, evaluated, made, opened

from holdfast.evals.cases import cases_file


@pytest.mark.parametrize("name", ["slot:answer", "fake:one"])
async def test_a_slot_and_a_model_are_asked_their_cases(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path / "project")
    case = {"id": "one", "input": {"messages": [{"role": "user", "text": "How long is a refund?"}]}}
    await asyncio.to_thread(cases_file(folder, name).write_text, json.dumps(case) + "\n")
    model = Model()
    async with opened(folder, model) as project:
        done = await evaluated(project, name)
        assert model.asked == 1
        (result,) = done.results
        assert result.outcome == "ok"
