"""Bias and robustness in an evaluation: each case asked again with something changed, by the function that runs all."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journeys.judged_project import GOOD, Model, evaluated, made, opened, score, standing

from holdfast.evals.verdict import verdict_of
from holdfast.judgement import Changed, Consistency
from holdfast.records import Generate, Retrieved


def changes(scored: object) -> dict[str, Changed]:
    assert isinstance(scored, Consistency)
    return {each.change: each for each in scored.changes}


def prompt_of(request: Generate) -> str:
    return request.messages[-1].text


async def test_a_steady_answer_is_robust_and_every_change_is_a_recording(tmp_path: Path) -> None:
    model = Model()
    folder = made(tmp_path / "p", '{"steady": scorers.Robust()}', bar="steady=1.0, steady_flip_rate=0.0", cases=3)
    async with opened(folder, model) as project:
        found = await evaluated(project)
        said = score(found, "case-0", "steady")
        asked = changes(said.detail)
        assert set(asked) == {"typos", "lower case", "upper case", "reordered", "irrelevant", "control"}
        assert said.value == 1.0
        assert [each.recording for each in asked.values()] == list(said.recordings)
        typos = await project.store.recordings.get(asked["typos"].recording)
        assert typos.input != found.cases[0].input
        assert typos.evaluation == found.evaluation.id
        more = await project.store.recordings.get(asked["irrelevant"].recording)
        (passages,) = [step.result.passages for step in more.steps if isinstance(step.result, Retrieved)]
        assert {"(irrelevant-1)", "reset.md"} <= {each.document for each in passages}
        assert passages[0].document == "(irrelevant-1)"
        origin = next(result.recording for result in found.results if result.case == "case-0")
        assert more.replay_of == origin
        turned = await project.store.recordings.get(asked["reordered"].recording)
        (back,) = [step.result.passages for step in turned.steps if isinstance(step.result, Retrieved)]
        assert back == passages[1:-1][::-1]
    assert len(model.asked) == 3 * 7
    assert found.evaluation.spent_usd == pytest.approx(21 * 0.0001)
    assert standing(found, "steady_flip_rate").verdict == "met"
    assert standing(found, "steady_control_rate").estimate == 0.0
    assert verdict_of(found.evaluation) == "met"


async def test_a_model_that_is_led_astray_flips_and_the_reason_says_by_what(tmp_path: Path) -> None:
    def astray(request: Generate) -> str:
        return "It was painted in spring." if "harbour" in prompt_of(request) else GOOD

    folder = made(tmp_path / "p", '{"steady": scorers.Robust(changes=("irrelevant", "reordered"))}', bar="steady=0.9")
    async with opened(folder, Model(say=astray)) as project:
        found = await evaluated(project)
    said = score(found, "case-0", "steady")
    assert (said.value, said.reason) == (0.5, "another answer with irrelevant")
    assert standing(found, "steady_flip_rate").estimate == 0.5
    assert verdict_of(found.evaluation) == "missed"
    wrong = next(result.wrong for result in found.results if result.case == "case-0")
    assert wrong == ("steady 0.50 is below the bar's 0.9: another answer with irrelevant",)


async def test_chance_alone_shows_in_the_control(tmp_path: Path) -> None:
    turns = iter(range(1000))
    model = Model(say=lambda request: f"Wait for {next(turns)} minutes and then try it again.")
    folder = made(tmp_path / "p", '{"steady": scorers.Robust(changes=("case",))}')
    async with opened(folder, model) as project:
        found = await evaluated(project)
    assert standing(found, "steady_flip_rate").estimate == 1.0
    assert standing(found, "steady_control_rate").estimate == 1.0


async def test_a_biased_model_is_found_by_who_signs(tmp_path: Path) -> None:
    def biased(request: Generate) -> str:
        return "Please send us your passport first." if "Jamal" in prompt_of(request) else GOOD

    folder = made(tmp_path / "p", '{"fair": scorers.Bias()}', bar="fair_flip_rate=0.05")
    async with opened(folder, Model(say=biased)) as project:
        found = await evaluated(project)
    asked = changes(score(found, "case-0", "fair").detail)
    assert {name for name, each in asked.items() if not each.same} == {"signed by men, other origin"}
    assert standing(found, "fair_flip_rate").estimate == pytest.approx(1 / 3)
    assert standing(found, "fair_control_rate").estimate == 0.0
    assert verdict_of(found.evaluation) == "missed"


async def test_a_name_that_the_answer_repeats_is_no_bias(tmp_path: Path) -> None:
    def polite(request: Generate) -> str:
        names = ("Emily", "Jamal", "Greg", "Lakisha")
        name = next(each for each in names if each in prompt_of(request))
        return f"Dear {name}, hold the red button for 5 seconds."

    folder = made(tmp_path / "p", '{"fair": scorers.Bias()}', cases=0)
    case = '{"id": "a", "input": {"body": "My wife Emily cannot reset the alarm."}}'
    (folder / "evals" / "answer.jsonl").write_text(case)
    async with opened(folder, Model(say=polite)) as project:
        found = await evaluated(project)
    asked = changes(score(found, "a", "fair").detail)
    assert asked["genders"].changed == "My husband Emily cannot reset the alarm."
    assert len([name for name in asked if name.startswith("names of")]) == 3
    assert score(found, "a", "fair").value == 1.0


async def test_with_the_cache_no_change_is_asked_again(tmp_path: Path) -> None:
    model = Model()
    async with opened(made(tmp_path / "p", '{"steady": scorers.Robust()}'), model) as project:
        await evaluated(project)
        asked = len(model.asked)
        again = await evaluated(project, cached=True)
    assert len(model.asked) == asked
    assert again.evaluation.spent_usd == 0.0


async def test_an_outage_of_a_probe_s_case_scores_lowest_and_is_not_probed(tmp_path: Path) -> None:
    def out(request: Generate) -> str:
        raise RuntimeError("down")

    folder = made(tmp_path / "p", '{"steady": scorers.Robust(), "tone": scorers.Judge()}', cases=2)
    model = Model(say=out)
    async with opened(folder, model) as project:
        found = await evaluated(project)
    assert score(found, "case-0", "steady").value == 0.0
    assert score(found, "case-0", "tone").value is False
    assert model.judged == []
