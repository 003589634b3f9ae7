"""An evaluation from its cases to its standings: what is asked, what is kept, and what a kill leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys.eval_project import GOOD, Model, evaluated, made, opened, resumed

from holdfast.errors import Misconfigured, NotFound, ReplayDiverged
from holdfast.evals.evaluate import Evaluated, How
from holdfast.evals.verdict import verdict_of
from holdfast.evaluation import Standing
from holdfast.records import Generate, Retrieve
from holdfast.stores import EvaluationQuery, RecordingQuery
from holdfast.testing import project as aside

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "project")


def standing(of: Evaluated, name: str) -> Standing:
    return next(each for each in of.evaluation.standings if each.name == name)


async def test_every_case_is_asked_once_scored_and_kept(folder: Path) -> None:
    model = Model()
    async with opened(folder, model) as project:
        done = await evaluated(project)
        assert model.asked == 6
        assert [result.case for result in done.results] == [case.id for case in done.cases]
        assert all(result.passed and result.outcome == "ok" for result in done.results)
        names = ("facts", "short", "citation_recall", "grounded")
        assert [standing(done, name).estimate for name in names] == [1.0] * 4
        assert standing(done, "facts").verdict == "met"
        assert verdict_of(done.evaluation) == "met"
        assert done.evaluation.finished_at is not None
        assert await project.store.evaluations.get(done.evaluation.id) == done.evaluation
        assert sorted(await project.store.evaluations.results(done.evaluation.id), key=lambda r: r.case) == sorted(
            done.results, key=lambda r: r.case
        )


async def test_its_recordings_replay_and_are_not_in_the_list_of_live_ones(folder: Path) -> None:
    async with opened(folder, Model()) as project:
        live = await project.run("answer", {"body": "How do I reset it?"})
        done = await evaluated(project)
        assert [each.id for each in await project.store.recordings.find(RecordingQuery())] == [live.id]
        theirs = await project.store.recordings.find(RecordingQuery(evaluation=done.evaluation.id))
        assert {each.id for each in theirs} == {result.recording for result in done.results}
        replay = await project.replay(done.results[0].recording)
        assert (replay.redone, replay.diff.same) == (0, True)


async def test_a_price_that_is_not_known_is_null_and_stops_what_has_a_limit(folder: Path) -> None:
    async with opened(folder, Model()) as project:
        done = await evaluated(project)
        assert done.evaluation.spent_usd is None
        assert all(result.cost_usd is None for result in done.results)
        limited = await evaluated(project, how=How(max_cost_usd=5))
        assert (limited.evaluation.done, limited.evaluation.finished_at) == (1, None)
        assert "price is not known" in str(limited.evaluation.stopped)
        assert (await resumed(project)).evaluation.done == 6


async def test_a_side_effect_never_happens(folder: Path) -> None:
    async with opened(folder, Model()) as project:
        done = await evaluated(project, "notify")
        sent = project.feature("notify").fn.__globals__["SENT"]
        assert sent == []
        assert "HF307" in done.results[0].wrong[0]


async def test_an_answer_of_a_lower_rung_is_a_failure_of_the_model_under_test(folder: Path) -> None:
    from holdfast.errors import EffectFailed

    def fail(request: Generate) -> str:
        raise EffectFailed("HF304", "refused", "ask otherwise")

    async with opened(folder, Model(fail)) as project:
        done = await evaluated(project)
        assert {result.outcome for result in done.results} == {"degraded"}
        assert standing(done, "facts").estimate == 0.0
        assert verdict_of(done.evaluation) == "missed"
    (folder / "holdfast.toml").write_text((folder / "holdfast.toml").read_text().replace('["fake:one", ', "["))
    async with opened(folder, Model(fail)) as project:
        done = await evaluated(project)
        assert {result.outcome for result in done.results} == {"ok"}
        assert standing(done, "facts").estimate == 1.0


async def test_repeats_are_asked_afresh_and_cached_remembers_each_by_itself(folder: Path) -> None:
    lines = iter([GOOD, *["Press something."] * 100])
    model = Model(lambda request: next(lines))
    async with opened(folder, model) as project:
        first = await evaluated(project, repeat=2)
        assert model.asked == 12
        assert standing(first, "facts").n == 6
        again = await evaluated(project, repeat=2, cached=True)
        assert model.asked == 12
        assert [r.scores for r in again.results] == [r.scores for r in first.results]
        assert all(result.ms is None and result.spent_usd == 0 for result in again.results)
        recording = await project.store.recordings.get(again.results[0].recording)
        assert [step.replayed for step in recording.steps if isinstance(step.effect, Retrieve)] == [False]
        await evaluated(project, repeat=2)
        assert model.asked == 24


async def test_no_more_are_asked_at_once_than_wanted(folder: Path) -> None:
    model = Model(pause_s=0.005)
    async with opened(folder, model) as project:
        await evaluated(project, how=How(concurrency=3))
        assert model.most == 3
        await evaluated(project, how=How(concurrency=1))


async def test_an_evaluation_sees_one_version_of_a_corpus_and_goes_on_with_it(folder: Path) -> None:
    async with opened(folder, Model()) as project:
        stopped = await evaluated(project, how=How(max_cost_usd=1))
        assert stopped.evaluation.pins == {"help": "v1"}
        (folder / "articles" / "new.md").write_text("---\ntitle: New\n---\nHow do I reset alarm 3? Call us.")
        await project.sync()
        done = await resumed(project)
        for result in done.results:
            recording = await project.store.recordings.get(result.recording)
            corpora = [step.effect.corpus for step in recording.steps if isinstance(step.effect, Retrieve)]
            assert corpora == ["help@v1"]


async def test_changed_code_or_prompts_do_not_slip_into_an_evaluation_that_goes_on(folder: Path) -> None:
    model = Model()
    async with opened(folder, model) as project:
        begun = await evaluated(project, how=How(max_cost_usd=1))
        (folder / "answer.md").write_text("Something else: {{ ticket.body }}")
        done = await resumed(project)
        assert done.evaluation.id == begun.evaluation.id
        assert project.release().id != done.evaluation.release
        recording = await project.store.recordings.get(done.results[-1].recording)
        assert recording.release == done.evaluation.release
        with pytest.raises(NotFound, match="HF208"):
            await resumed(project)
        await evaluated(project, how=How(max_cost_usd=1))
    features = folder / "features.py"
    features.write_text(
        features.read_text().replace("return await ctx.generate", "return  await ctx.generate", 1) + "\n"
    )
    features.write_text(features.read_text().replace('"help", ticket.body', '"help", ticket.body.upper()'))
    async with opened(folder, model) as project:
        with pytest.raises(ReplayDiverged, match="HF501"):
            await resumed(project)


async def test_a_bar_that_names_no_scorer_is_refused_before_anything_is_asked(folder: Path) -> None:
    features = folder / "features.py"
    features.write_text(features.read_text().replace("hf.Bar(facts=", "hf.Bar(fcats="))
    model = Model()
    async with opened(folder, model) as project:
        with pytest.raises(Misconfigured, match="did you mean 'facts'"):
            await evaluated(project)
        assert await project.store.evaluations.find(EvaluationQuery()) == ()
    assert model.asked == 0


def kept_after(process: subprocess.Popen[bytes], results: int) -> int:
    """Let it keep so many results, kill it, and give how many it said it had kept."""
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(results)]
    process.kill()
    said += process.stdout.readlines()
    process.stdout.close()
    assert process.wait() == -9
    return len([line for line in said if line.endswith(b"\n")])


@pytest.fixture(params=[1, 9, 23])
def killed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    folder = made(tmp_path / "project", cases=40)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "tests.journeys.eval_project", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment)
    return folder, kept_after(process, request.param)


async def test_a_kill_loses_at_most_the_cases_in_flight(killed: tuple[Path, int]) -> None:
    folder, said = killed
    model = Model()
    async with opened(folder, model) as project:
        (evaluation,) = await project.store.evaluations.find(EvaluationQuery())
        before = await project.store.evaluations.results(evaluation.id)
        assert said <= len(before) <= said + 4
        done = await resumed(project)
        assert [result.case for result in done.results] == [case.id for case in done.cases]
        assert model.asked == 40 - len(before)
        assert set(before) <= set(done.results)
        assert done.evaluation.id == evaluation.id
        assert done.evaluation.finished_at is not None
        recordings = await project.store.recordings.find(RecordingQuery(evaluation=evaluation.id, limit=100))
        assert 40 <= len(recordings) <= 44


async def test_the_help_desk_is_evaluated_without_a_model_an_encoder_or_a_network() -> None:
    example = ROOT / "examples" / "helpdesk"
    async with aside(example, changes={"answer.models": "extractive"}, environ={}) as opened_aside:
        done = await evaluated(opened_aside, "answer_ticket")
        assert (done.evaluation.done, done.evaluation.cases, done.evaluation.spent_usd) == (60, 60, 0.0)
        assert done.evaluation.finished_at is not None
        assert standing(done, "answered").n == 60
        assert standing(done, "facts").n == standing(done, "citation_recall").n == 52
        assert standing(done, "grounded").estimate == 1.0, "the sentences are the sources' own"
        assert not any(score.error for result in done.results for score in result.scores)
