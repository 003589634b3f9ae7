"""Judges in an evaluation: recorded, priced, some asked twice, and informing where nobody vouches for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.journeys.judged_project import (
    GOOD,
    UNLABELLED,
    Model,
    evaluated,
    fair,
    made,
    opened,
    opinion,
    score,
    standing,
)

from holdfast.errors import Misconfigured, NotFound
from holdfast.evals.verdict import verdict_of
from holdfast.judgement import Judged
from holdfast.records import Generate
from holdfast.stores import RecordingQuery


async def test_a_judgement_is_a_recording_on_the_bill_and_can_be_replayed(tmp_path: Path) -> None:
    model = Model(judge=fair)
    async with opened(made(tmp_path / "p", f"{{{UNLABELLED}}}"), model) as project:
        found = await evaluated(project)
        said = score(found, "case-0")
        assert (said.value, said.reason) == (True, "because")
        assert isinstance(said.detail, Judged)
        assert (said.detail.quote, said.detail.quoted) == ("Hold the red button", True)
        recording = await project.store.recordings.get(said.recordings[0])
        assert (recording.feature, recording.evaluation) == ("judge:judge", found.evaluation.id)
        assert said.spent_usd == pytest.approx(len(said.recordings) * 0.001)
        result = next(each for each in found.results if each.case == "case-0")
        assert result.cost_usd == pytest.approx(0.0001)
        assert result.spent_usd == pytest.approx(0.0001 + (said.spent_usd or 0))
        assert found.evaluation.spent_usd == pytest.approx(6 * 0.0001 + 7 * 0.001)
        (judging,) = found.evaluation.judging
        assert judging.spent_usd == pytest.approx(7 * 0.001)
        assert await project.store.recordings.find(RecordingQuery(feature="judge:judge")) == (), "lists stay quiet"
        before = len(model.judged)
        replay = await project.replay(recording)
        assert replay.recording.output == recording.output
        assert len(model.judged) == before


async def test_a_tenth_is_judged_twice_and_the_judge_s_own_variance_is_shown(tmp_path: Path) -> None:
    turns: dict[str, int] = {}

    def fickle(request: Generate) -> str:
        text = request.messages[-1].text
        turns[text] = turns.get(text, 0) + 1
        return opinion(turns[text] % 2 == 1)

    model = Model(say=lambda request: f"{GOOD} {request.messages[-1].text[-4:]}", judge=fickle)
    async with opened(made(tmp_path / "p", f"{{{UNLABELLED}}}", cases=20), model) as project:
        found = await evaluated(project)
    (judging,) = found.evaluation.judging
    assert (judging.twice, judging.differed) == (2, 2)
    assert len(model.judged) == 22
    again = [each.scores for each in found.results if any(len(score.recordings) == 2 for score in each.scores)]
    assert len(again) == 2


async def test_a_reply_that_cannot_be_read_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    def sullen(request: Generate) -> str:
        return "I would rather not." if "alarm 3?" in request.messages[0].text else fair(request)

    model = Model(judge=sullen)
    folder = made(tmp_path / "p", f"{{{UNLABELLED}}}", bar="tone=0.9", cases=20)
    (folder / "judge.md").write_text("{{ input.body }} {{ text }}")
    async with opened(folder, model) as project:
        found = await evaluated(project)
    said = score(found, "case-3")
    assert said.value is None
    assert said.error is not None
    assert "HF303" in said.error.message
    assert standing(found, "tone").n == 19
    assert all(result.passed for result in found.results)


async def test_a_judge_that_mostly_abstains_has_measured_nothing(tmp_path: Path) -> None:
    async with opened(made(tmp_path / "p", f"{{{UNLABELLED}}}", bar="tone=0.1"), Model(judge="no")) as project:
        found = await evaluated(project)
    assert standing(found, "tone").estimate is None


async def test_a_judge_without_labels_informs_and_never_gates(tmp_path: Path) -> None:
    folder = made(tmp_path / "p", f"{{{UNLABELLED}}}", bar="tone=0.9")
    async with opened(folder, Model(judge=opinion(False))) as project:
        found = await evaluated(project, strict=True)
    assert standing(found, "tone").verdict == "informs"
    assert standing(found, "tone").estimate == 0.0
    assert verdict_of(found.evaluation) == "met"
    assert all(result.passed for result in found.results)
    assert found.evaluation.judging[0].why == "no certificate: it has no labels by people"


async def test_a_second_verdict_that_cannot_be_read_takes_nothing_from_the_first(tmp_path: Path) -> None:
    seen: set[str] = set()

    def once(request: Generate) -> str:
        text = request.messages[0].text
        first = text not in seen
        seen.add(text)
        return opinion(True) if first else "Not again."

    folder = made(tmp_path / "p", f"{{{UNLABELLED}}}", cases=1)
    async with opened(folder, Model(judge=once)) as project:
        found = await evaluated(project)
    said = score(found, "case-0")
    assert (said.value, len(said.recordings)) == (True, 2)
    assert isinstance(said.detail, Judged)
    assert said.detail.again is None


async def test_a_judge_without_rubric_or_ladder_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    model = Model()
    folder = made(tmp_path / "p", f"{{{UNLABELLED}}}")
    config = folder / "holdfast.toml"
    config.write_text(config.read_text().replace('prompt = "judge.md"\n', ""))
    async with opened(folder, model) as project:
        with pytest.raises(Misconfigured, match="HF110"):
            await evaluated(project)
    other = made(tmp_path / "q", '{"tone": scorers.Judge(slot="jury")}')
    async with opened(other, model) as project:
        with pytest.raises(NotFound, match="HF201"):
            await evaluated(project)
    assert model.asked == []


async def test_with_the_cache_the_judge_is_not_asked_again_each_sample_being_its_own(tmp_path: Path) -> None:
    model = Model(judge=fair)
    async with opened(made(tmp_path / "p", f"{{{UNLABELLED}}}"), model) as project:
        await evaluated(project, repeat=2)
        asked, judged = len(model.asked), len(model.judged)
        found = await evaluated(project, repeat=2, cached=True)
        assert (len(model.asked), len(model.judged)) == (asked, judged)
        assert found.evaluation.spent_usd == 0.0
        assert score(found, "case-0").value is True


def first_place(request: Generate) -> str:
    return json.dumps({"quote": "", "reason": "it comes first", "better": "first"})


async def test_a_comparison_is_asked_in_both_orders_so_that_place_decides_nothing(tmp_path: Path) -> None:
    def honest(request: Generate) -> str:
        first = request.messages[-1].text.split("|")[0]
        return json.dumps({"quote": "", "reason": "", "better": "first" if GOOD[:-4] in first else "second"})

    for judge, value in ((first_place, 0.5), (honest, 1.0)):
        folder = made(tmp_path / str(value), '{"than": scorers.Preferred()}', bar="than=0.9", cases=0)
        (folder / "judge.md").write_text("{{ first }}|{{ second }}")
        line = {"id": "a", "input": {"body": "How do I reset it?"}, "expected": {"text": "No idea."}}
        (folder / "evals" / "answer.jsonl").write_text(json.dumps(line))
        async with opened(folder, Model(judge=judge)) as project:
            found = await evaluated(project)
        assert score(found, "a", "than").value == value
        assert len(score(found, "a", "than").recordings) == 4, "two orders, and one answer in ten twice"
        assert standing(found, "than").verdict == "informs"


async def test_a_judge_is_only_for_the_features_it_names(tmp_path: Path) -> None:
    model = Model()
    folder = made(tmp_path / "p", '{"tone": scorers.Judge(only=("another",))}')
    async with opened(folder, model) as project:
        found = await evaluated(project)
    assert model.judged == []
    assert found.evaluation.judging == ()
