"""The kind of job that evaluates: one evaluation for each job, whatever stops it in between."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.journeys.eval_project import Model, made, opened

from holdfast.errors import NotFound
from holdfast.jobs.asking import new_job
from holdfast.jobs.kinds import KINDS
from holdfast.runtime.who import Who
from holdfast.stores import EvaluationQuery

evaluation = KINDS["evaluation"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "project", cases=12)


async def test_begun_again_it_goes_on_with_its_own_evaluation_and_asks_no_kept_case(folder: Path) -> None:
    job = new_job("evaluation", {"feature": "answer"}, who=Who(tenant="t"), key="k")
    stopped = asyncio.Event()
    told: list[tuple[str, int, int | None]] = []

    def stop(stage: str, done: int, total: int | None) -> None:
        told.append((stage, done, total))
        if done == 5:
            stopped.set()

    model = Model(pause_s=0.005)
    async with opened(folder, model) as project:
        evaluations = project.store.evaluations
        task = asyncio.ensure_future(evaluation(project, job, stop))
        await stopped.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (begun,) = await evaluations.find(EvaluationQuery(tenant="t"))
        kept = await evaluations.results(begun.id, "t")
        assert begun.finished_at is None
        assert 5 <= len(kept) < 12
        model.asked = 0
        came = await evaluation(project, job, lambda *heard: told.append(heard))
        assert model.asked == 12 - len(kept)
        assert told[-1] == ("cases", 12, 12)
        (whole,) = await evaluations.find(EvaluationQuery(tenant="t"))
        assert (whole.id, whole.done) == (begun.id, 12)
        assert (await evaluations.results(whole.id, "t"))[: len(kept)] == kept
        assert came.failure is None
        assert came.result["evaluation_id"] == whole.id
        assert (came.result["verdict"], came.result["passed"], came.result["done"]) == ("met", True, 12)
        assert await evaluations.find(EvaluationQuery()) == (), "it is its tenant's"


async def test_each_job_has_an_evaluation_and_its_changes_are_made_to_the_release(folder: Path) -> None:
    model = Model()
    asked = {"feature": "answer", "set": {"answer.models": "extractive"}, "repeat": 2}
    async with opened(folder, model) as project:
        first = await evaluation(project, new_job("evaluation", asked), lambda *_: None)
        assert (model.asked, first.result["done"]) == (0, 24)
        second = await evaluation(project, new_job("evaluation", {"feature": "answer"}), lambda *_: None)
        assert model.asked == 12
        found = await project.store.evaluations.find(EvaluationQuery())
        assert {each.id for each in found} == {first.result["evaluation_id"], second.result["evaluation_id"]}
        releases = {each.id: each.release for each in found}
        assert releases[first.result["evaluation_id"]] != releases[second.result["evaluation_id"]]


async def test_one_that_its_budget_stops_has_not_passed_and_says_why(folder: Path) -> None:
    job = new_job("evaluation", {"feature": "answer", "max_cost_usd": 5})
    async with opened(folder, Model()) as project:
        came = await evaluation(project, job, lambda *_: None)
    assert (came.result["done"], came.result["passed"]) == (1, False)
    assert "price is not known" in came.result["stopped"]


async def test_without_cases_nothing_is_begun(folder: Path) -> None:
    (folder / "evals" / "answer.jsonl").unlink()
    async with opened(folder, Model()) as project:
        with pytest.raises(NotFound, match="HF207"):
            await evaluation(project, new_job("evaluation", {"feature": "answer"}), lambda *_: None)
        assert await project.store.evaluations.find(EvaluationQuery()) == ()
