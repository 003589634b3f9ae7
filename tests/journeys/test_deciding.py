"""A question that a diagnosis asks is answered: a case says what is right, and judges are given the rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace as replaced
from tests.contract.test_store_diagnoses import diagnosis
from tests.journeys.test_diagnosing import CASE, World, opened
from tests.journeys.test_diagnosing_asked import keep_case
from tests.journeys.test_diagnosing_judged import Judging, certified, judged

from holdfast.diagnosis import Decision, Diagnosis, Reading
from holdfast.errors import Refused
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.diagnose.asking import known_of
from holdfast.evals.diagnose.deciding import LONGEST_RULE, Outcome, decide
from holdfast.evals.diagnose.telling import UNSAID, expected_of
from holdfast.evals.evaluate import How, Plan, begin, go_on
from holdfast.evals.judged import Judge, judge_hash
from holdfast.evals.keeping import Where
from holdfast.evals.rules import rules_file, rules_of
from holdfast.evaluation import UNANSWERABLE, Case
from holdfast.records import Recording
from holdfast.stores import RecordingQuery

RULE = "Name the time of the newest button, in seconds."


def where(world: World) -> Where:
    return Where(world.project.store, world.project.config.folder, world.project.feature)


def cases(world: World) -> list[Case]:
    return list(read_cases(cases_file(world.folder, "answer"), world.project.feature("answer").parse))


async def asking(world: World, recording: Recording, expected: str) -> Diagnosis:
    """A diagnosis of the recording that asks which of the two is right, kept."""
    answered = recording.output["text"] if isinstance(recording.output, dict) else ""
    readings = (Reading(text=expected), Reading(text=str(answered)))
    one = replaced(diagnosis(recording.id), verdict="task", readings=readings, question="Which of the two is right?")
    await world.project.store.diagnoses.add(one)
    return one


async def decided(world: World, one: Diagnosis, right: str, rule: str = RULE, **fields: object) -> Outcome:
    decision = Decision(right=right, rule=rule, by="ada", **fields)  # type: ignore[arg-type]  # as a caller types it
    return await decide(where(world), await world.project.store.diagnoses.get(one.id), decision)


async def test_a_real_task_verdict_is_answered_and_asks_no_more(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world, facts=["99 seconds"], gold=[{"document": "gadget-7.md"}], tags=["live"], must_pass=True)
        found = await world.project.diagnose(await world.asked())
        assert found.verdict == "task", found
        outcome = await decided(world, found, "answered")
        (case,) = cases(world)
        assert (case.id, case.expected, case.facts, case.rule) == ("held", "Hold it for 21 seconds.", (), RULE)
        assert (case.tags, case.must_pass, case.recording) == (("live",), True, found.recording)
        assert rules_of(world.folder, "answer") == (RULE,)
        kept = await world.project.store.diagnoses.get(found.id)
        assert kept == outcome.diagnosis
        assert kept.decided is not None
        assert (kept.decided.case, kept.decided.file) == ("held", "evals/answer.jsonl")
        assert kept.decided.rules_file == "evals/answer.rules.md"
        with pytest.raises(Refused, match="passes"):
            await world.project.diagnose(found.recording)


async def test_decided_twice_is_decided_once_and_another_decision_takes_its_place(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        one = await asking(world, await world.asked(), "99 seconds")
        first = await decided(world, one, "answered")
        files = [path.read_bytes() for path in sorted((world.folder / "evals").iterdir())]
        again = await decided(world, one, "answered", rule=f"  {RULE}\n")
        assert [path.read_bytes() for path in sorted((world.folder / "evals").iterdir())] == files
        assert again.decided == first.decided
        other = await decided(world, one, "expected", rule="Count in minutes.")
        (case,) = cases(world)
        assert (case.id, case.expected, case.rule) == (one.recording, "99 seconds", "Count in minutes.")
        assert rules_of(world.folder, "answer") == ("Count in minutes.",)
        assert other.diagnosis.decided is not None
        assert other.diagnosis.decided.decision.right == "expected"


async def test_what_was_expected_stays_as_it_is_where_it_is_right(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world, gold=[{"document": "gadget-7.md"}])
        before = cases(world)[0]
        one = await asking(world, await world.asked(), CASE.facts[0])
        await decided(world, one, "expected")
        (case,) = cases(world)
        assert case == replaced(before, recording=one.recording, rule=RULE)


async def test_where_neither_is_right_somebody_says_what_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world, facts=[], tags=[UNANSWERABLE, "live"])
        one = await asking(world, await world.asked(), "nothing")
        with pytest.raises(Refused, match="nothing says what is"):
            await decided(world, one, "neither")
        assert not rules_file(world.folder, "answer").exists()
        right = "The button must be held on gadget 7 for 21 seconds, and no longer."
        await decided(world, one, "neither", expected=right)
        (case,) = cases(world)
        assert (case.expected, case.tags) == (right, ("live",))
        assert "21 seconds" in case.facts
        assert [gold.document for gold in case.gold] == ["gadget-7.md"]


async def test_a_case_that_no_words_describe_stays_as_it_is_and_is_never_given_words_of_its_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world, facts=[], gold=[{"document": "gadget-7.md"}])
        before = cases(world)[0]
        one = await asking(world, await world.asked(), UNSAID)
        await decided(world, one, "expected")
        assert cases(world) == [replaced(before, recording=one.recording, rule=RULE)]
        await decided(world, one, "answered")
        changed = cases(world)
        with pytest.raises(Refused, match="no words say what was expected"):
            await decided(world, one, "expected")
        assert cases(world) == changed


async def test_an_expected_value_that_is_no_text_is_read_as_json_and_stays_a_value(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world, facts=[], expected={"team": "power", "urgent": True})
        reading = expected_of(cases(world)[0])
        assert reading == '{"team":"power","urgent":true}'
        one = await asking(world, await world.asked(), reading)
        await decided(world, one, "expected")
        assert cases(world)[0].expected == {"team": "power", "urgent": True}
        await decided(world, one, "answered")
        await decided(world, one, "expected")
        assert cases(world)[0].expected == {"team": "power", "urgent": True}


@pytest.mark.parametrize("blank", ["", " \n"])
async def test_where_neither_is_right_a_blank_says_nothing(tmp_path: Path, blank: str) -> None:
    async with opened(tmp_path) as world:
        one = await asking(world, await world.asked(), "99 seconds")
        with pytest.raises(Refused, match="nothing says what is"):
            await decided(world, one, "neither", expected=blank)
        assert not (world.folder / "evals").exists()


@pytest.mark.parametrize("rule", ["", " \n ", "x" * (LONGEST_RULE + 1), "Say <!-- dg_1 -->", "a\x00b"])
async def test_a_rule_that_is_none_is_refused_and_nothing_is_written(tmp_path: Path, rule: str) -> None:
    async with opened(tmp_path) as world:
        one = await asking(world, await world.asked(), "99 seconds")
        with pytest.raises(Refused) as raised:
            await decided(world, one, "answered", rule=rule)
        assert raised.value.code == "HF750"
        assert not (world.folder / "evals").exists()


async def test_what_asks_nothing_cannot_be_answered_and_no_answer_cannot_be_right(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        recording = await world.asked()
        plain = diagnosis(recording.id, id="dg_plain")
        await world.project.store.diagnoses.add(plain)
        with pytest.raises(Refused, match="dg_plain asks nothing") as raised:
            await decided(world, plain, "answered")
        assert raised.value.fix.endswith(f"holdfast cases from-recording {recording.id}")
        world.reader.down_for = 1
        silent = await asking(world, await world.asked(), "99 seconds")
        with pytest.raises(Refused, match="no answer that could be right"):
            await decided(world, silent, "answered")


async def test_a_judge_is_given_the_rule_and_the_certificate_from_before_it_counts_no_more(tmp_path: Path) -> None:
    async with judged(tmp_path) as world:
        assert isinstance(world.reader, Judging)
        await certified(world)
        failed = await world.asked(answer__models="fake:weak")
        assert (await known_of(world.project, failed)).verifier.measured_on == 60
        before = judge_hash(Judge(slot="judge"), world.project.release(), ())
        await decided(world, await asking(world, failed, "21 seconds"), "expected")
        rules = rules_of(world.folder, "answer")
        assert judge_hash(Judge(slot="judge"), world.project.release(), rules) != before
        known = await known_of(world.project, failed)
        assert known.verifier.measured_on == 0
        assert "Judge `clear` informs only" in " ".join(known.notes)

        (world.folder / "labels.jsonl").touch()
        feature, case = world.project.feature("answer"), replaced(CASE, calls={"send": (None,)})
        begun = await begin(world.project, feature, world.project.release(), Plan((case,)))
        await go_on(world.project, begun, How())
        (asked,) = [each for each in world.reader.requests if each.slot == "judge"][:1]
        assert [message.role for message in asked.messages] == ["user", "user"]
        assert asked.messages[-1].text.endswith(f"decides:\n- {RULE}")
        query = RecordingQuery(evaluation=begun.id, feature="judge:judge", limit=1)
        (summary,) = await world.project.store.recordings.find(query)
        said = await world.project.store.recordings.get(summary.id)
        assert isinstance(said.input, dict)
        assert said.input["rules"] == [RULE]


async def test_without_rules_a_judge_is_asked_as_before_there_were_any(tmp_path: Path) -> None:
    async with judged(tmp_path) as world:
        (world.folder / "labels.jsonl").touch()
        feature, case = world.project.feature("answer"), replaced(CASE, calls={"send": (None,)})
        begun = await begin(world.project, feature, world.project.release(), Plan((case,)))
        await go_on(world.project, begun, How())
        asked = [each for each in world.reader.requests if each.slot == "judge"]
        assert asked
        assert all(len(each.messages) == 1 for each in asked)
