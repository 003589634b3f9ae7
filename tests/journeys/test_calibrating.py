"""Faults are planted in a project's own cases: each takes, nothing of them is left, and later verdicts know them."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.journeys.calibrated_project import (
    BAD_PROMPT,
    CHANGED_CODE,
    GADGETS,
    SETTINGS,
    calibratable,
    calibration,
    case,
)
from tests.journeys.test_diagnosing import World, reopened

from holdfast.diagnosis import Diagnosis
from holdfast.errors import Refused
from holdfast.evals.cases import cases_of
from holdfast.evals.diagnose.asking import known_of
from holdfast.evals.diagnose.calibrate.calibrating import KINDS, OF_VERDICT
from holdfast.evals.diagnose.calibrate.fault import Ground, PlantedFault, both
from holdfast.evals.diagnose.calibrate.kept import Learned, keep
from holdfast.evals.diagnose.calibrate.planting import Field, Spent, with_other
from holdfast.evals.diagnose.tables import EFFECTS
from holdfast.records import Recording


async def field_of(world: World, **spent: Any) -> Field:
    project = world.project
    feature = project.feature("answer")
    cases = cases_of(project.config.folder, "answer", feature.parse)
    release = project.completed(feature, await project.rollout.choose())
    return Field(project, feature, release, cases, spent=Spent(**spent))


async def grounds_of(of: Field) -> list[Ground]:
    found = [ground for case in of.cases if (ground := await of.ground(case)) is not None]
    draw = random.Random(1)
    return [with_other(ground, found, "fake:weak", draw) for ground in found]


def everything(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but what was learned, and every file of the corpus and the project."""
    kept = sqlite3.connect(folder / ".holdfast" / "holdfast.db")
    names = [name for (name,) in kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {name: kept.execute(f'SELECT * FROM "{name}"').fetchall() for name in names if name != "learned"}
    kept.close()
    files = [each for each in sorted(folder.rglob("*")) if each.is_file() and ".db" not in each.name]
    rows["files"] = [(str(each), each.read_bytes()) for each in files if "__pycache__" not in each.parts]
    return rows


@pytest.mark.parametrize("kind", KINDS)
async def test_a_fault_of_every_kind_fails_a_case_that_passed_and_is_gone_afterwards(tmp_path: Path, kind: str) -> None:
    async with calibratable(tmp_path) as world:
        of = await field_of(world)
        grounds = await grounds_of(of)
        assert len(grounds) == len(GADGETS)
        taken = None
        for ground in grounds:
            for fault in KINDS[kind](ground, random.Random(3)):
                assert fault.name == kind
                if await of.failed(ground, fault) is not None:
                    taken = taken or (ground, fault)
        assert taken is not None
        ground, fault = taken
        sample = await of.sample(ground, [fault], random.Random(1))
        assert sample is not None
        assert (sample.fault, sample.planted) == (kind, fault.verdict)
        assert any(each.key == ("again",) and each.counts.asked > 0 for each in sample.tried)
        assert await of.ground(ground.case) is not None


def test_every_kind_belongs_to_one_verdict() -> None:
    assert sorted(name for names in OF_VERDICT.values() for name in names) == sorted(KINDS)


async def test_two_faults_at_once_are_both_there(tmp_path: Path) -> None:
    async with calibratable(tmp_path) as world:
        of = await field_of(world)
        ground = (await grounds_of(of))[0]
        draw = random.Random(3)
        one, other = (next(KINDS[name](ground, draw)) for name in ("deleted", "guard_objects"))
        pair = both(one, other)
        failed = await of.failed(ground, pair)
        assert failed is not None
        assert (pair.verdict, pair.name) == ("interaction", "deleted+guard_objects")
        assert failed.blocked is not None
        assert "gadget-3.md" not in str(failed.steps)
        assert await of.failed(ground, PlantedFault("nothing", frozenset())) is None


async def test_nothing_is_left_in_the_project_but_what_was_learned(tmp_path: Path) -> None:
    async with calibratable(tmp_path) as world:
        sent = list(world.project.feature("answer").fn.__globals__["SENT"])
        before = everything(tmp_path)
        learned = await calibration(world)
        assert learned.faults > 45
        assert everything(tmp_path) == before
        assert world.project.feature("answer").fn.__globals__["SENT"] == sent


async def test_what_is_said_of_planted_faults_is_mostly_right_and_what_it_learned_is_no_worse(tmp_path: Path) -> None:
    async with calibratable(tmp_path) as world:
        announced: list[Any] = []
        learned = await calibration(world, announce=announced.append)
        assert sum(each.count for each in learned.matrix) == learned.faults
        given = [each for each in learned.matrix if each.said != "unknown"]
        right = sum(each.count for each in given if each.said == each.planted)
        assert right >= 0.8 * sum(each.count for each in given)
        assert {each.planted for each in learned.matrix} >= {
            "provider", "guard", "data", "retrieval", "ranking", "context_noise", "prompt", "model", "task", "verifier",
            "intermittent",
        }  # fmt: skip
        (plan,) = announced
        assert plan.cases == len(GADGETS)
        assert plan.calls / 2 < learned.calls < plan.calls * 2
        assert 0.9 * learned.calls < len(world.reader.requests) <= learned.calls  # planted outages reach no model
        assert learned.spent_usd is not None
        assert await calibration(world) == msgspec.structs.replace(learned, at=(await newest(world)).at)


async def newest(world: World) -> Learned:
    feature = world.project.feature("answer")
    return msgspec.convert(await world.project.store.diagnoses.learned("answer", feature.code_hash), Learned)


async def failed(world: World) -> Recording:
    (world.folder / "answer.md").write_text(BAD_PROMPT)
    return await world.project.run("answer", case(7)["input"])


async def test_a_later_verdict_says_how_often_such_verdicts_were_right(tmp_path: Path) -> None:
    async with calibratable(tmp_path) as world:
        recording = await failed(world)
        before: Diagnosis = await world.project.diagnose(recording)
        assert before.planted == ()
        (world.folder / "answer.md").write_text(BAD_PROMPT.replace(" Never name a number.", ""))
        learned = await calibration(world)
        found = await world.project.diagnose(recording)
        assert found.planted == learned.matrix
        mine = [each for each in learned.matrix if each.said == found.verdict]
        right = sum(each.count for each in mine if each.planted == found.verdict)
        assert f"right {right} of {sum(each.count for each in mine)} times" in found.because[-1]
        assert any(f"{learned.faults} faults were planted" in note for note in found.known)
        known = await known_of(world.project, recording)
        assert known.beliefs is not None
        assert known.beliefs.effects.keys() == EFFECTS.keys()
        assert (known.beliefs.effects != EFFECTS) == learned.uses_counts


async def test_what_was_learned_is_not_used_for_other_code_other_models_or_when_it_is_old(tmp_path: Path) -> None:
    async with calibratable(tmp_path) as world:
        await calibration(world)
        learned = await newest(world)
        recording = await failed(world)
        store = world.project.store

        async def why() -> str:
            known = await known_of(world.project, recording)
            assert (known.beliefs, known.planted) == (None, ())
            return known.notes[-1]

        old = msgspec.structs.replace(learned, at=datetime.now(UTC) - timedelta(days=61))
        await keep(store, old)
        assert "older than 60 days (holdfast diagnose --calibrate --feature answer)" in await why()
        await keep(store, msgspec.structs.replace(learned, version=0))
        assert "another version of Holdfast" in await why()
        await keep(store, msgspec.structs.replace(learned, release="of other models"))
        assert "other models, searches or guards answer now" in await why()
        await keep(store, learned)
        assert (await known_of(world.project, recording)).planted == learned.matrix
        (world.folder / "features.py").write_text(CHANGED_CODE)
        async with reopened(world) as changed:
            world = changed
            assert "the feature's code has changed since" in await why()


async def test_a_failing_release_is_still_diagnosed_with_what_the_last_good_one_taught(tmp_path: Path) -> None:
    async with calibratable(tmp_path) as world:
        learned = await calibration(world)
        good = await world.project.run("answer", case(7)["input"])
        assert good.outcome == "ok"
        release = world.project.release({"answer.models": "fake:weak"})
        recording = await world.project.run("answer", case(7)["input"], release=release)
        assert (await known_of(world.project, recording)).planted == learned.matrix


async def test_it_ends_where_the_money_does_and_keeps_what_it_learned_until_then(tmp_path: Path) -> None:
    async with calibratable(tmp_path) as world:
        learned = await calibration(world, max_cost_usd=1.0)
        assert learned.stopped is not None
        assert learned.spent_usd is not None
        assert 1.0 <= learned.spent_usd < 2.5
        assert (await newest(world)).faults == learned.faults


async def test_without_enough_cases_that_pass_it_says_what_to_type(tmp_path: Path) -> None:
    async with calibratable(tmp_path, SETTINGS.replace('models = ["fake:good"]', 'models = ["fake:weak"]')) as world:
        with pytest.raises(Refused) as raised:
            await calibration(world)
        assert raised.value.code == "HF744"
        assert "of 5 cases of answer 0 pass" in raised.value.message
        assert "holdfast eval answer" in raised.value.fix
        assert len(world.reader.requests) == len(GADGETS)
        assert await world.project.store.diagnoses.learned("answer", world.project.feature("answer").code_hash) is None
