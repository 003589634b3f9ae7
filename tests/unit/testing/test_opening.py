"""A project opened for a test: it works, and what it writes outlives nothing."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from holdfast.errors import NotFound
from holdfast.testing import FakeModel, project

ASKED = {"body": "How many days until I get my refund?"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "no-encoder"))
    copy = tmp_path / "desk"
    shutil.copytree(str(files("holdfast.cli") / "scaffold"), copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def everything(folder: Path) -> set[str]:
    return {str(file) for file in folder.rglob("*") if "__pycache__" not in file.parts}


async def test_a_project_runs_and_nothing_of_it_is_left(folder: Path) -> None:
    before = everything(folder)
    async with project(folder, changes={"answer.models": "extractive", "help_center.k": 2}, environ={}) as opened:
        recording = await opened.run("answer_ticket", ASKED)
        assert recording.outcome == "ok"
        assert (await opened.store.recordings.get(recording.id)).output == recording.output
        assert everything(Path(opened.config.storage))
    assert not everything(Path(opened.config.storage))
    assert everything(folder) == before


async def test_a_model_may_be_handed_in_and_sees_the_rendered_prompt(folder: Path) -> None:
    model = FakeModel("We refund the price of the lamp within 5 working days. [1]")
    async with project(folder, changes={"answer.models": "fake:any"}, models={"fake": model}, environ={}) as opened:
        recording = await opened.run("answer_ticket", ASKED)
    assert recording.output["citations"][0]["document"] == "refunds.md"
    assert "Larch & Lumen" in model.requests[0].messages[0].text


async def test_without_a_sync_there_is_nothing_to_find(folder: Path) -> None:
    async with project(folder, synced=False, environ={}) as opened:
        assert opened.corpora.versions("help_center") == ()


async def test_a_change_that_names_nothing_is_an_error(folder: Path) -> None:
    with pytest.raises(NotFound, match="HF201"):
        async with project(folder, changes={"anser.models": "extractive"}, environ={}):
            pass
