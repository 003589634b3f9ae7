"""Cases, end to end: side effects answered from them, made of recordings, made as small as they can be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.eval_project import GOOD, Model, evaluated, made, opened

from holdfast.app import Project
from holdfast.errors import Refused
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.from_recording import MadeCase, Wanted
from holdfast.evals.keeping import Where, case_of, keep, keep_corrected
from holdfast.evals.shrinking import TIMES, Search, Shrunk, shrunk
from holdfast.identity import new_id
from holdfast.records import Feedback, Generate, Recording
from holdfast.stores import EvaluationQuery, RecordingQuery

BAD = "Take the CR2032 battery out. [1]"
LONG = "Dear team, I hope you are well. How do I reset the red alarm? It woke my cat. Many thanks, Jan"
CORRECTION = GOOD


def where(project: Project) -> Where:
    return Where(project.store, project.config.folder, project.feature)


async def correct(project: Project, recording: Recording, correction: Any = CORRECTION) -> None:
    await project.rate(
        Feedback(id=new_id("fb"), recording_id=recording.id, at=datetime.now(UTC), score=-1, correction=correction)
    )


async def failing(project: Project, body: str = LONG) -> tuple[Recording, MadeCase]:
    recording = await project.run("answer", {"body": body})
    await correct(project, recording)
    return recording, await case_of(where(project), recording.id, Wanted(id="least"))


async def test_a_side_effect_is_answered_from_the_case_and_never_happens(tmp_path: Path) -> None:
    async with opened(made(tmp_path / "desk"), Model()) as project:
        sent = project.feature("notify").fn.__globals__["SENT"]
        cases = cases_file(project.config.folder, "notify")
        cases.write_text('{"id": "a", "input": {"body": "x"}, "calls": {"send": [7]}, "expected": "7"}')
        (result,) = (await evaluated(project, "notify")).results
        assert result.passed
        assert sent == []


async def test_a_recording_becomes_a_case_that_an_evaluation_asks(tmp_path: Path) -> None:
    async with opened(made(tmp_path / "desk"), Model()) as project:
        recording = await project.run("notify", {"body": "x"})
        case = await case_of(where(project), recording.id, Wanted(tags=("live",)))
        assert case.case.calls == {"send": (1,)}
        await keep(where(project), [case])
        results = (await evaluated(project, "notify")).results
        assert [result.outcome for result in results] == ["failed", "ok"]
        with pytest.raises(Refused, match="HF720"):
            await keep(where(project), [case])


async def test_every_corrected_recording_becomes_a_case_once(tmp_path: Path) -> None:
    async with opened(made(tmp_path / "desk"), Model()) as project:
        file = cases_file(project.config.folder, "answer")
        before = file.read_bytes()
        recordings = [await project.run("answer", {"body": f"How do I reset alarm {n}?"}) for n in range(3)]
        for recording in recordings[:2]:
            await correct(project, recording)

        async def ids() -> Any:
            for recording in recordings:
                yield recording.id

        kept = await keep_corrected(where(project), ids(), Wanted(tags=("live",)))
        assert [each.case.id for each in kept.made] == [each.id for each in recordings[:2]]
        assert [(each.recording, each.why) for each in kept.skipped] == [(recordings[2].id, "no feedback corrects it")]
        added = file.read_bytes().removeprefix(before).decode().split("\n")
        assert [json.loads(line)["expected"] for line in added if line] == [CORRECTION, CORRECTION]
        again = await keep_corrected(where(project), ids(), Wanted())
        assert again.made == ()
        assert [each.why for each in again.skipped[:2]] == ["it is a case already"] * 2


async def test_a_recording_of_an_evaluation_takes_over_what_the_case_knows(tmp_path: Path) -> None:
    async with opened(made(tmp_path / "desk", cases=1), Model(BAD)) as project:
        (result,) = (await evaluated(project)).results
        case = (await case_of(where(project), result.recording, Wanted(id="new"))).case
        assert (case.id, case.facts) == ("new", ("5 seconds",))


def to_a_reset(request: Generate) -> str:
    """Wrong, but only where both words stand in the question."""
    asked = request.messages[-1].text.rpartition("\n\n")[2]
    return BAD if "reset" in asked and "cat" in asked else GOOD


async def least(project: Project, recording: Recording, case: MadeCase, **search: Any) -> Shrunk:
    return await shrunk(project, recording, case.case, Search(**search))


async def test_a_failing_case_is_made_the_least_that_fails_in_the_same_way(tmp_path: Path) -> None:
    async with opened(made(tmp_path / "desk"), Model(to_a_reset)) as project:
        recording, case = await failing(project)
        found = await least(project, recording, case)
        assert found.case.input == {"body": "reset cat."}
        assert found.minimal
        assert found.reasons == ("facts",)
        assert found.after < found.before
        asked = await project.store.recordings.find(RecordingQuery(evaluation=found.evaluation, limit=500))
        assert len(asked) == found.probes
        assert [each.id for each in await project.store.recordings.find(RecordingQuery())] == [recording.id]
        assert await project.store.evaluations.find(EvaluationQuery()) == ()


async def test_what_fails_only_at_times_fools_nobody(tmp_path: Path) -> None:
    asked = 0

    def at_times(request: Generate) -> str:
        nonlocal asked
        asked += 1
        question = request.messages[-1].text.rpartition("\n\n")[2]
        return BAD if "reset" in question and ("cat" in question or asked % 2) else GOOD

    async with opened(made(tmp_path / "desk"), Model(at_times)) as project:
        recording, case = await failing(project)
        found = await least(project, recording, case)
        assert found.case.input == {"body": "reset cat."}


async def test_a_case_that_fails_only_at_times_is_refused(tmp_path: Path) -> None:
    answers = iter([BAD, BAD, GOOD, BAD])

    def say(request: Generate) -> str:
        return next(answers)

    async with opened(made(tmp_path / "desk"), Model(say)) as project:
        recording, case = await failing(project)
        with pytest.raises(Refused, match="HF722") as caught:
            await least(project, recording, case)
        assert f"2 of {TIMES} times" in caught.value.message


async def test_a_case_that_does_not_fail_is_refused(tmp_path: Path) -> None:
    async with opened(made(tmp_path / "desk"), Model()) as project:
        recording = await project.run("answer", {"body": LONG})
        case = await case_of(where(project), recording.id, Wanted())
        with pytest.raises(Refused, match="does not fail"):
            await least(project, recording, case)


async def test_a_budget_is_kept_and_what_was_found_by_then_still_fails(tmp_path: Path) -> None:
    model = Model(to_a_reset)
    async with opened(made(tmp_path / "desk"), model) as project:
        recording, case = await failing(project)
        found = await least(project, recording, case, most_probes=20)
        assert not found.minimal
        assert found.probes <= 20 + TIMES * 3
        body = found.case.input["body"]
        assert "reset" in body
        assert "cat" in body
        assert len(body) < len(LONG)


async def test_the_small_case_is_kept_and_asked(tmp_path: Path) -> None:
    async with opened(made(tmp_path / "desk", cases=1), Model(to_a_reset)) as project:
        recording, case = await failing(project)
        found = await least(project, recording, case)
        await keep(where(project), [MadeCase(feature="answer", case=found.case)])
        results = {result.case: result for result in (await evaluated(project)).results}
        assert not results["least"].passed
        parse = project.feature("answer").parse
        assert read_cases(cases_file(project.config.folder, "answer"), parse)[-1] == found.case
