"""A release held against another in a project: what is asked, kept and used again, and what a stop leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.journeys.eval_project import GOOD, Model, evaluated, made, opened

from holdfast.app import Project
from holdfast.errors import EffectFailed, Misconfigured, NotFound, Refused, ReplayDiverged
from holdfast.evals.against import Held, extend, go_on, newest
from holdfast.evals.evaluate import How, unfinished
from holdfast.gate import Gate, GatePlan
from holdfast.jobs.asking import GateAsked
from holdfast.jobs.gating import begun
from holdfast.records import Generate
from holdfast.stores import EvaluationQuery

CASES = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "project", CASES)


def edited(folder: Path, text: str) -> None:
    (folder / "answer.md").write_text(text + "\n{{ passages | sources }}\n\n{{ ticket.body }}")


@asynccontextmanager
async def promoted(folder: Path, model: Model) -> AsyncIterator[Project]:
    """The project with its working tree promoted as `v1`."""
    async with opened(folder, model) as project:
        await project.rollout.create("v1", by="test")
        await project.rollout.promote("v1", by="test")
        yield project


async def gated(project: Project, how: How | None = None, **asked: object) -> Held:
    wanted = GateAsked("answer", **{"against": "live", **asked})  # type: ignore[arg-type]
    return await go_on(project, await begun(project, wanted, project.release()), how or How(), lambda plan: None)


def ruling(held: Held) -> str:
    assert held.gate.verdict is not None
    return held.gate.verdict.ruling


def narrow(request: Generate) -> str:
    """Breaks one case where the prompt says so."""
    text = request.messages[-1].text
    return "Press nothing." if "Be brief" in text and "alarm 3?" in text else GOOD


async def test_an_edit_that_changes_nothing_passes_and_one_that_breaks_a_case_names_it(folder: Path) -> None:
    model = Model(narrow)
    async with promoted(folder, model) as project:
        edited(folder, "Be kind.")
        first = await gated(project)
        assert ruling(first) == "pass"
        assert model.asked == first.gate.calls == CASES * (5 + 3)
        edited(folder, "Be brief.")
        second = await gated(project)
        verdict = second.gate.verdict
        assert verdict is not None
        assert verdict.ruling == "regressed"
        (broken,) = verdict.regressions
        assert broken.case == "case-3"
        assert (broken.before, broken.after) == (GOOD, "Press nothing.")
        assert {words.text for words in broken.diff if words.kind == "added"} >= {"Press"}
        assert second.gate.calls == CASES * (1 + 3) + 5 + broken.baseline - 6
        roles = [part.role for part in second.gate.parts]
        assert roles == ["control", "candidate", "confirm", "recheck"]
        assert await project.store.gates.get(second.gate.id) == second.gate
        assert len(await project.store.evaluations.find(EvaluationQuery())) == 2 + 4


async def test_stored_answers_of_the_same_release_code_and_scoring_are_used_and_no_others(folder: Path) -> None:
    async with promoted(folder, Model()) as project:
        release = (await project.store.releases.get("v1")).id
        changes = {"help.version": "v1"}
        assert project.release(changes).id == release
        from holdfast.evals.cases import cases_of
        from holdfast.evals.evaluate import Plan, begin
        from holdfast.evals.evaluate import go_on as answer

        feature = project.feature("answer")
        cases = cases_of(folder, "answer", feature.parse)
        for plan in (Plan(cases, repeat=4), Plan(cases, repeat=4, cached=True), Plan(cases[:2], repeat=1)):
            await answer(project, await begin(project, feature, project.release(changes), plan), How())
        await evaluated(project)  # of the working tree, which is another release
        first = await gated(project)
        assert first.gate.plan is not None
        assert first.gate.plan.stored == CASES * 4 + 2
        lines = (folder / "evals" / "answer.jsonl").read_text().replace("alarm 5?", "alarm 55?")
        (folder / "evals" / "answer.jsonl").write_text(lines)
        second = await gated(project)
        assert second.gate.plan is not None
        assert (
            second.gate.plan.stored == 2 * 6 + (CASES - 3) * 5
        )  # with the first gate's control, without the other case
        parts = {part.role: part for part in second.gate.parts}
        assert (parts["bank"].cases, parts["bank"].repeat) == (1, 5)
    scorer = folder / "features.py"
    scorer.write_text(scorer.read_text().replace("< 80", "< 90"))
    async with opened(folder, Model()) as project:
        third = await gated(project)
        assert third.gate.plan is not None
        assert third.gate.plan.stored == 0


async def test_a_gate_that_was_stopped_goes_on_and_asks_nothing_twice(folder: Path) -> None:
    model = Model(narrow)
    async with promoted(folder, model) as project:
        edited(folder, "Be brief.")
        held = await gated(project, How(max_cost_usd=5))  # a fake model has no price, which ends it at once
        assert held.gate.finished_at is None
        assert "price is not known" in str(held.gate.stopped)
        assert ruling(held) == "inconclusive"
        asked = model.asked
        again = await newest(project, "answer", lambda gate: gate.finished_at is None)
        plans: list[GatePlan] = []
        done = await go_on(project, again, How(), plans.append)
        assert ruling(done) == "regressed"
        assert done.gate.calls == model.asked
        assert model.asked > asked
        with pytest.raises(NotFound, match="HF208"):
            await unfinished(project, "answer")
        assert (await go_on(project, done.gate, How(), plans.append)).gate == done.gate
        assert len(plans) == 1
        with pytest.raises(Refused, match="HF711"):
            await extend(project, done.gate)


async def test_an_inconclusive_gate_is_asked_for_more_until_it_is_clear(folder: Path) -> None:
    turns = iter(range(10_000))
    model = Model(lambda request: f"{GOOD} {turn}" if (turn := next(turns)) % 4 else f"Press something. {turn}")
    async with promoted(folder, model) as project:
        gate = (await gated(project, How(concurrency=1))).gate
        assert gate.verdict is not None
        assert gate.verdict.ruling == "inconclusive"
        more = await go_on(project, await extend(project, gate), How(concurrency=1), lambda plan: None)
        assert more.gate.batches == 1
        assert [part.role for part in more.gate.parts[-2:]] == ["more_baseline", "more"]
        assert more.gate.verdict is not None
        assert more.gate.verdict.e_not_worse != 1.0


async def test_an_outage_of_the_model_is_not_held_against_the_release(folder: Path) -> None:
    from holdfast.evals.wear import wear_of

    def fail(request: Generate) -> str:
        raise EffectFailed("HF304", "refused", "ask otherwise")

    async with promoted(folder, Model(fail)) as project:
        held = await gated(project)
        assert ruling(held) == "not_comparable"
        assert held.gate.verdict is not None
        assert "degraded" in held.gate.verdict.reasons[0]
        assert (await wear_of(project.store, "answer", held.cases)).most == 0, "nothing was decided"


async def test_changed_code_is_held_against_what_is_stored_of_the_old_or_cannot_be_compared(folder: Path) -> None:
    async with promoted(folder, Model()) as project:
        assert ruling(await gated(project)) == "pass"
    features = folder / "features.py"
    features.write_text(features.read_text().replace('"help", ticket.body', '"help", ticket.body.upper()'))
    model = Model("Press nothing.")
    async with opened(folder, model) as project:
        held = await gated(project)
        assert ruling(held) == "regressed"
        assert {part.side for part in held.gate.parts} == {"candidate"}
        assert held.gate.verdict is not None
        assert "code is not here any more" in held.gate.verdict.notes[0]
    features.write_text(features.read_text().replace("len(answered.text) < 80", "len(answered.text) < 81"))
    async with opened(folder, model) as project:
        held = await gated(project)
        assert ruling(held) == "not_comparable"


async def test_a_gate_goes_on_with_the_corpus_and_the_prompt_that_it_began_with_and_not_with_other_code(
    folder: Path,
) -> None:
    async with promoted(folder, Model()) as project:
        edited(folder, "Be kind.")
        held = await gated(project, How(max_cost_usd=5))
        (folder / "articles" / "new.md").write_text("---\ntitle: New\n---\nHow do I reset alarm 3? Call us.")
        await project.sync()
        edited(folder, "Be brief.")
        done = await go_on(project, held.gate, How(), lambda plan: None)
        candidate = next(part for part in done.gate.parts if part.role == "candidate")
        evaluation = await project.store.evaluations.get(candidate.evaluation)
        assert (evaluation.pins, evaluation.gate) == ({"help": "v1"}, done.gate.id)
        assert evaluation.release == done.gate.candidate != project.release().id
        stopped: Gate = (await gated(project, How(max_cost_usd=5))).gate
    features = folder / "features.py"
    features.write_text(features.read_text().replace('"help", ticket.body', '"help", ticket.body.upper()'))
    async with opened(folder, Model()) as project:
        with pytest.raises(ReplayDiverged, match="HF501"):
            await go_on(project, stopped, How(), lambda plan: None)


async def test_what_cannot_be_held_against_anything_is_said_before_anything_is_asked(folder: Path) -> None:
    model = Model()
    async with opened(folder, model) as project:
        for asked, code in (
            ({"against": "live"}, "HF204"),
            ({"against": "nothing"}, "HF204"),
            ({"against": "working", "primary": "fact"}, "HF110"),
            ({"against": "working", "slices": ("nowhere",)}, "HF110"),
            ({"against": "working", "margin": 0.0}, "HF100"),
        ):
            with pytest.raises((NotFound, Misconfigured), match=code):
                await gated(project, **asked)
        assert model.asked == 0
        assert await project.store.gates.find(EvaluationQuery()) == ()
        same = await gated(project, against="working")
        assert ruling(same) == "pass"
        assert same.gate.verdict is not None
        assert "what differs is chance" in same.gate.verdict.notes[0]


async def test_a_gate_counts_once_in_the_wear_of_its_cases(folder: Path) -> None:
    from holdfast.evals.wear import wear_of

    async with promoted(folder, Model()) as project:
        held = await gated(project)
        assert (await wear_of(project.store, "answer", held.cases)).most == 1
        await go_on(project, held.gate, How(), lambda plan: None)
        assert (await wear_of(project.store, "answer", held.cases)).most == 1
