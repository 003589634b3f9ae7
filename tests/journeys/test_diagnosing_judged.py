"""Who says whether an answer passes, in a diagnosis: scorers, a judge with a certificate, people with opinions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.journeys.test_diagnosing import CASE, CONFIG, FEATURES, Reader, World, opened, reopened
from tests.journeys.test_diagnosing_asked import keep_case, rated, said

from holdfast.contracts import Answer
from holdfast.evals.diagnose.asking import Plan, known_of
from holdfast.evals.evaluate import How, begin, go_on
from holdfast.evals.evaluate import Plan as EvaluationPlan
from holdfast.evals.judged import Judge, judge_hash
from holdfast.evaluation import Case
from holdfast.identity import new_id
from holdfast.judgement import Certificate, Interval
from holdfast.records import Generate, Usage
from holdfast.stores import RecordingQuery

JUDGED = FEATURES.replace("hf.App()", 'hf.App(scorers={"clear": Judge(slot="judge", labels="labels.jsonl")})').replace(
    "import holdfast as hf", "import holdfast as hf\nfrom holdfast.evals.judged import Judge"
)
RUBRIC = '\n[slots.judge]\nprompt = "judge.md"\nmodels = ["fake:judge"]\n'


class Judging(Reader):
    """A reader, and a judge that finds an answer good where it names seconds."""

    async def generate(self, model: str, request: Generate, hear: Any) -> Answer:
        if model != "judge":
            return await super().generate(model, request, hear)
        self.requests.append(request)
        good = "seconds" in request.messages[-1].text
        text = json.dumps({"quote": "", "reason": "it names it" if good else "it does not", "passes": good})
        return Answer(text=text, model=model, usage=Usage(input_tokens=100, output_tokens=10))


@asynccontextmanager
async def judged(folder: Path) -> AsyncIterator[World]:
    """A project whose judge has a rubric and people's labels, and no certificate yet."""
    async with opened(folder) as world:
        (folder / "features.py").write_text(JUDGED)
        (folder / "holdfast.toml").write_text(CONFIG + RUBRIC)
        (folder / "judge.md").write_text("Does it name how long?\n\n{{ text }}")
        world.reader = Judging()
        async with reopened(world) as strict:
            yield strict


async def certified(world: World) -> None:
    feature = world.project.feature("answer")
    now = datetime.now(UTC)
    certificate = Certificate(
        id=new_id("cert"), feature="answer", scorer="clear", code_hash=feature.code_hash, labels="", made_at=now,
        judge=judge_hash(Judge(slot="judge"), world.project.release(), ()), expires_at=now + timedelta(days=9),
        good_passed=27, good_failed=3, bad_passed=2, bad_failed=28, kappa=None,
        sensitivity=Interval(0.9, 0.8, 0.96), specificity=Interval(0.93, 0.8, 0.98), balanced=Interval(0.91, 0.8, 1.0),
    )  # fmt: skip
    await world.project.store.certificates.add(certificate)


async def test_a_judge_without_a_certificate_informs_only_and_is_not_asked(tmp_path: Path) -> None:
    async with judged(tmp_path) as world:
        keep_case(world)
        found = await world.project.diagnose(await world.asked(answer__models="fake:weak"))
        assert "Judge `clear` informs only and was not asked: it has no certificate" in said(found)
        assert not [each for each in world.reader.requests if each.slot == "judge"]
        assert (found.verifier.sensitivity, found.verifier.measured_on) == (0.95, 0)


async def test_a_certified_judge_judges_at_its_own_error_rates_and_is_paid_for_and_kept_nowhere(tmp_path: Path) -> None:
    async with judged(tmp_path) as world:
        await certified(world)
        failed = await world.asked(answer__models="fake:weak")
        before = len(world.reader.requests)
        found = await world.project.diagnose(failed, Plan(max_calls=20))
        verifier = found.verifier
        assert (verifier.sensitivity, verifier.specificity, verifier.measured_on) == (0.9, 0.93, 60)
        assert "judge `clear`" in verifier.name
        assert len(world.reader.requests) - before == found.calls <= 20
        assert [each for each in world.reader.requests if each.slot == "judge"]
        asked = await world.project.store.recordings.find(RecordingQuery(evaluation=found.id, limit=100))
        assert {each.feature for each in asked} == {"answer"}
        assert len(await world.project.store.recordings.find(RecordingQuery())) == 1


async def test_peoples_opinions_of_answers_to_cases_say_how_often_the_scorers_are_right(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        for number in range(6):
            failed = await world.asked(answer__models="fake:weak")
            await rated(world, failed, 1 if number < 4 else -1)
        known = await known_of(world.project, failed)
        assert known.verifier.measured_on == 6
        assert known.verifier.sensitivity == round((0 + 9.5) / (4 + 10), 4)
        assert known.verifier.specificity == round((2 + 9.5) / (2 + 10), 4)
        assert "People thought otherwise than the scorers of 4 of 6 answers" in " ".join(known.notes)


async def test_what_passed_the_case_in_an_evaluation_is_the_last_good_answer(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        project = world.project
        case = Case(id="held", input=CASE.input, facts=CASE.facts, calls={"send": (None,)})
        begun = await begin(project, project.feature("answer"), project.release(), EvaluationPlan((case,)))
        (result,) = (await go_on(project, begun, How())).results
        assert result.passed, result.wrong
        known = await known_of(project, await world.asked(answer__models="fake:weak"))
        assert f"The last good answer is {result.recording}: it passed the same case" in " ".join(known.notes)
        assert known.earlier.release is not None
        assert known.earlier.release.id == begun.release
        assert known.later is not None
        assert known.later.id == result.recording
