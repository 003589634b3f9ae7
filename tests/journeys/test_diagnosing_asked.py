"""A project is asked why an answer is not good: what it takes for good, who says so, and what it keeps of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_diagnosing import CASE, CONFIG, PROMPT, QUESTION, World, opened, reopened, tried

from holdfast.diagnosis import Diagnosis
from holdfast.errors import NotFound, Refused
from holdfast.evals.diagnose.asking import Plan
from holdfast.evals.diagnose.went_wrong import last_wrong
from holdfast.identity import new_id, to_json
from holdfast.records import Feedback, Recording
from holdfast.stores import DiagnosisQuery, RecordingQuery


def keep_case(world: World, **fields: Any) -> None:
    folder = world.folder / "evals"
    folder.mkdir(exist_ok=True)
    case = {"id": "held", "input": CASE.input, "facts": list(CASE.facts), **fields}
    (folder / "answer.jsonl").write_bytes(json.dumps(case).encode())


async def rated(world: World, recording: Recording, score: float, correction: Any = None) -> None:
    await world.project.rate(
        Feedback(
            id=new_id("fb"), recording_id=recording.id, at=recording.started_at, score=score, correction=correction
        )
    )


def said(diagnosis: Diagnosis) -> str:
    return " ".join(diagnosis.known)


async def test_the_case_of_the_file_says_what_is_good_and_the_diagnosis_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        failed = await world.asked(answer__models="fake:weak")
        found = await world.project.diagnose(failed.id)
        assert (found.recording, found.feature) == (failed.id, "answer")
        assert tried(found)["again"][0] == 0
        assert "case `held` of evals/answer.jsonl" in said(found)
        assert found.verifier.measured_on == 0
        assert "nothing measured it" in found.because[-1]
        assert await world.project.store.diagnoses.get(found.id) == found
        assert await world.project.store.diagnoses.find(DiagnosisQuery(recording=failed.id)) == (found,)


async def test_without_anything_that_says_what_is_good_it_says_what_to_type(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        with pytest.raises(Refused) as raised:
            await world.project.diagnose(await world.asked(answer__models="fake:weak"))
        assert raised.value.code == "HF742"
        assert "holdfast cases add answer" in raised.value.fix
        with pytest.raises(NotFound, match="no case 'nowhere'"):
            await world.project.diagnose(await world.asked(), Plan(case="nowhere"))


async def test_a_correction_says_what_is_good_and_the_last_liked_answer_what_to_go_back_to(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        good = await world.asked()
        await rated(world, good, 1)
        (world.folder / "answer.md").write_text(PROMPT.replace("passages.", "passages. Never name a number."))
        failed = await world.asked()
        await rated(world, failed, -1, "Hold it for 21 seconds.")
        found = await world.project.diagnose(failed)
        assert "somebody's correction" in said(found)
        assert f"The last good answer is {good.id}: somebody found it good" in said(found)
        assert tried(found)["previous_prompt"][0] > 0
        assert found.verdict == "prompt", found
        assert found.verifier.sensitivity == 0.8


async def test_an_outcome_that_is_bad_needs_nobody_to_say_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.project.run("answer", {"body": "How long must the button of gadget 9 be held?"})
        world.reader.down_for = 1
        failed = await world.asked()
        found = await world.project.diagnose(failed)
        assert found.verdict == "provider", found
        assert "this one is failed" in said(found)


async def test_a_side_effect_of_which_nobody_knows_what_it_gives_is_not_taken_for_a_bad_answer(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.reader.down_for = 1
        with pytest.raises(Refused, match="cannot be asked again") as raised:
            await world.project.diagnose(await world.asked())
        assert raised.value.code == "HF740"


async def test_the_stronger_model_is_the_one_configured_else_the_dearest_of_the_ladders(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        failed = await world.asked(answer__models="fake:weak")
        found = await world.project.diagnose(failed)
        assert "No stronger model is known" in said(found)
        config = CONFIG + '\n[prices."fake:weak"]\ninput_usd_per_mtok = 1\noutput_usd_per_mtok = 1\n'
        config += '[prices."fake:good"]\ninput_usd_per_mtok = 5\noutput_usd_per_mtok = 5\n'
        (world.folder / "holdfast.toml").write_text(config)
        async with reopened(world) as priced:
            found = await priced.project.diagnose(failed)
            assert "fake:good, the dearest that the project names" in said(found)
            assert found.verdict == "model", found
            assert found.fixes[0].changes == {"answer.models": ["fake:good"]}
        (world.folder / "holdfast.toml").write_text(config + '[diagnosis]\nstronger_model = "fake:good"\n')
        async with reopened(world) as told:
            assert "fake:good, as configured" in said(await told.project.diagnose(failed))


async def test_what_a_guard_stopped_is_neither_kept_nor_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        secret = "Hold it for 21 seconds."
        config = CONFIG + '\n[guards.shape]\nmax_chars = 3\non_fail = "block"\n'
        (world.folder / "holdfast.toml").write_text(config)
        async with reopened(world) as strict:
            blocked = await strict.asked()
            found = await strict.project.diagnose(blocked)
            assert found.verdict == "guard", found
            assert secret.encode() not in to_json(found)
            store = strict.project.store
            asked = await store.recordings.find(RecordingQuery(evaluation=found.id, limit=100))
            for recording in await store.recordings.whole([each.id for each in asked]):
                assert recording.outcome == "blocked"
                assert secret not in str(recording.output)


async def test_it_stops_at_the_call_that_spends_the_last_of_what_it_may(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        config = CONFIG + '\n[prices."fake:weak"]\ninput_usd_per_mtok = 100\noutput_usd_per_mtok = 100\n'
        (world.folder / "holdfast.toml").write_text(config)
        async with reopened(world) as priced:
            failed = await priced.asked(answer__models="fake:weak")
            each = failed.cost_usd
            assert each
            before = len(world.reader.requests)
            found = await priced.project.diagnose(failed, Plan(max_cost_usd=each * 2.5))
            assert found.stopped is not None
            assert len(world.reader.requests) - before == 3 == found.calls
            found = await priced.project.diagnose(failed, Plan(max_calls=2))
            assert found.calls == 2


async def test_killed_halfway_it_leaves_no_diagnosis_and_is_asked_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        failed = await world.asked(answer__models="fake:weak")

        class Killed(BaseException):
            pass

        def die(stage: str, done: int, total: int | None) -> None:
            raise Killed

        with pytest.raises(Killed):
            await world.project.diagnose(failed, Plan(progress=die, diagnosis_id="dg_1"))
        assert await world.project.store.diagnoses.find(DiagnosisQuery()) == ()
        found = await world.project.diagnose(failed, Plan(diagnosis_id="dg_1"))
        assert found.id == "dg_1"
        assert len(await world.project.store.diagnoses.find(DiagnosisQuery())) == 1
        assert len(await world.project.store.recordings.find(RecordingQuery())) == 1


async def test_the_last_that_went_wrong_is_the_newest_bad_outcome_or_opinion(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        store = world.project.store
        assert await last_wrong(store) is None
        fine = await world.asked()
        assert await last_wrong(store) is None
        world.reader.down_for = 1
        down = await world.asked()
        wrong = await last_wrong(store)
        assert wrong is not None
        assert (wrong.recording, wrong.why) == (down.id, "its outcome is failed")
        await rated(world, fine, -1)
        disliked = await world.asked()
        await rated(world, disliked, -1)
        wrong = await last_wrong(store)
        assert wrong is not None
        assert (wrong.recording, wrong.why) == (disliked.id, "somebody found it bad")


async def test_whose_question_it_is_stays_within_its_tenant(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        failed = await world.asked(answer__models="fake:weak")
        found = await world.project.diagnose(failed)
        with pytest.raises(NotFound):
            await world.project.diagnose(failed.id, tenant="another")
        with pytest.raises(NotFound):
            await world.project.store.diagnoses.get(found.id, "another")
        assert QUESTION not in said(found)


async def test_what_side_effects_cost_is_counted_and_stops_where_the_money_ends(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        for number in range(1, 6):
            asked = {"body": f"How long must the button of gadget {number} be held?"}
            await rated(world, await world.project.run("answer", asked), 1)
        (world.folder / "answer.md").write_text(PROMPT.replace("passages.", "passages. Never name a number."))
        failed = await world.asked()
        before = len(world.reader.requests)
        found = await world.project.diagnose(failed)
        assert found.fixes[0].side_effects is not None
        assert (found.fixes[0].side_effects.asked, found.fixes[0].side_effects.broken) == (5, 0)
        assert len(world.reader.requests) - before == found.calls
        assert len(found.fixes[0].side_effects.recordings) == 5
