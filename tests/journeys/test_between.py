"""Why a metric fell between two releases or two weeks: the change it goes with is named, or what no release holds."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.journeys.between_project import GADGETS, keep_cases, opened, question, week

from holdfast.errors import NotFound
from holdfast.evals.between.explaining import Plan, Planned, explain
from holdfast.evals.between.sides import Named
from holdfast.evals.cases import cases_of
from holdfast.evals.evaluate import How, begin, go_on
from holdfast.evals.evaluate import Plan as Evaluate
from holdfast.fall import Delta, Fall
from holdfast.identity import new_id
from holdfast.judgement import Interval
from holdfast.records import Feedback
from holdfast.stores import EvaluationQuery, RecordingQuery

FORBIDS = "Answer from the passages. Never name a number."
SAME_AGAIN = [question(1 + place % GADGETS) for place in range(3 * GADGETS)]


def by_part(fall: Fall) -> dict[str, Delta]:
    return {each.part: each for each in fall.deltas}


def at(interval: Interval | None) -> float:
    assert interval is not None
    return round(interval.estimate, 6)


async def test_a_prompt_that_alone_does_it_is_named_both_ways_with_what_takes_it_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        world.write(FORBIDS)
        await world.freeze("v2", help__k=6, answer__deadline_ms=20_000)
        found = await world.between("v1", "v2")
        assert (found.verdict, found.parts) == ("prompt", ("prompt",))
        assert found.metric is not None
        assert (found.metric.a, found.metric.b, found.metric.n, found.metric.repeat) == (1.0, 0.0, GADGETS, 3)
        assert found.metric.shown
        told = by_part(found)
        assert (at(told["prompt"].forward), at(told["prompt"].backward)) == (-1.0, -1.0)
        assert told["prompt"].changes == {"answer.prompt": "answer.md@1"}
        assert told["prompt"].taken_back == 1.0
        assert told["prompt"].shapley is None
        assert (at(told["retrieval"].interval), at(told["provider"].interval)) == (0.0, 0.0)
        assert found.said == "Prompt: with `answer.prompt` taken back it passes as often as before (100 %)"
        assert found.unexplained == 0.0
        assert any(each.startswith("holdfast release create --set") for each in found.next)


async def test_what_it_says_to_take_back_mends_the_release(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        world.write(FORBIDS)
        await world.freeze("v2")
        found = await world.between("v1", "v2")
        await world.freeze("v3", **{name.replace(".", "__"): each for name, each in found.deltas[0].changes.items()})
        assert (await world.between("v1", "v3")).verdict == "no_difference"
        broken = found.next[-1].rpartition(" ")[2]
        assert (await world.project.store.recordings.get(broken)).output == {"text": "Ask a person."}


async def test_two_changes_that_do_it_only_together_share_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        world.write("Be brief.")
        await world.freeze("v2", answer__models=["fake:terse"])
        found = await world.between("v1", "v2")
        assert found.verdict == "interaction"
        assert set(found.parts) == {"prompt", "model"}
        for delta in found.deltas:
            assert (at(delta.forward), at(delta.backward), at(delta.shapley)) == (0.0, -1.0, -0.5)
        assert sum(at(delta.shapley) for delta in found.deltas) == at(found.metric.difference if found.metric else None)
        assert any("taking back any of" in sentence for sentence in found.because)


async def test_what_this_feature_never_asks_costs_nothing_and_is_told_as_idle(tmp_path: Path) -> None:
    async with opened(tmp_path, '[slots.other]\nmodels = ["fake:good"]') as world:
        await world.freeze("v1")
        world.write(FORBIDS)
        await world.freeze("v2", other__models=["fake:terse"], shape__max_chars=500)
        before = len(world.reader.requests)
        found = await world.between("v1", "v2")
        assert found.verdict == "prompt"
        assert len(world.reader.requests) - before == 2 * 3 * GADGETS == found.calls
        idle = next(each for each in found.because if each.startswith("What else differs changes nothing"))
        assert "`other.models`" in idle


async def test_a_release_that_is_no_worse_is_not_explained_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        world.write("Answer from the passages, politely.")
        await world.freeze("v2", help__k=6)
        planned: list[Planned] = []
        found = await world.between("v1", "v2", Plan(planned=planned.append))
        assert found.verdict == "no_difference"
        assert all(each.forward is None for each in found.deltas)
        assert found.calls == planned[0].calls == 2 * 3 * GADGETS
        assert planned[0].each == planned[0].calls
        assert any("is found 4 times of 5" in sentence for sentence in found.because)


async def test_a_release_that_is_better_is_told_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.write(FORBIDS)
        await world.freeze("v1")
        world.write()
        await world.freeze("v2")
        found = await world.between("v1", "v2")
        assert found.verdict == "no_difference"
        assert "B does not pass less often than A" in found.said


async def test_where_nothing_changed_and_the_vendor_did_it_is_provider_drift(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        release = await world.freeze("v1")
        await world.freeze("v2", answer__deadline_ms=29_000)
        world.reader.build = "good-2026-01"
        feature = world.project.feature("answer")
        cases = cases_of(tmp_path, "answer", feature.parse)
        evaluation = await begin(world.project, feature, release, Evaluate(cases, repeat=3))
        await go_on(world.project, evaluation, How())
        world.reader.tired, world.reader.build = True, "good-2026-09"
        found = await world.between("v1", "v2")
        assert found.verdict == "provider_drift"
        drift = found.outside.provider_drift
        assert drift is not None
        assert (drift.then, drift.today, drift.n) == (1.0, 0.5, GADGETS)
        assert [(each.model, each.before, each.now) for each in drift.served] == [
            ("fake:good", ("fake:good-2026-01",), ("fake:good-2026-09",))
        ]
        world.reader.tired = False
        found = await world.between("v1", "v2")
        assert found.verdict == "no_difference"
        assert found.outside.provider_drift is not None
        assert not found.outside.provider_drift.shown


async def test_code_that_is_not_here_any_more_is_told_as_what_is_left(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        release = await world.freeze("v1")
        feature = world.project.feature("answer")
        cases = cases_of(tmp_path, "answer", feature.parse)
        evaluation = await begin(world.project, feature, release, Evaluate(cases, repeat=3))
        results = (await go_on(world.project, evaluation, How())).results
        old = msgspec.structs.replace(evaluation, id=new_id("ev"), code_hash="other")
        await world.project.store.evaluations.add(old, cases)
        for each in results:
            await world.project.store.evaluations.add_result(old.id, each)
        world.reader.tired = True
        sides = (Named("v1", release, "other"), Named("working", world.project.release(), feature.code_hash))
        found = await explain(world.project, "answer", sides, Plan())
        code = by_part(found)["code"]
        assert at(code.interval) == -0.5
        assert "with its own it passed 100 %" in code.said
        assert found.verdict == "provider_drift"  # the same code answered better once, too


async def test_between_two_weeks_a_promotion_that_broke_it_is_found(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        before = await world.freeze("v1")
        await world.asked(SAME_AGAIN, week(40), before)
        world.write(FORBIDS)
        after = await world.freeze("v2")
        await world.asked(SAME_AGAIN, week(41), after)
        sent = list(world.project.feature("answer").fn.__globals__["SENT"])
        found = await world.between("2026-W40", "2026-W41")
        assert found.verdict == "prompt"
        assert (found.a.release, found.b.release) == ("v1", "v2")
        assert (found.a.requests, found.b.requests) == (36, 36)
        assert found.a.passed is not None
        assert found.b.passed is not None
        assert (found.a.passed.estimate, found.b.passed.estimate) == (1.0, 0.0)
        assert found.unexplained == 0.0
        assert world.project.feature("answer").fn.__globals__["SENT"] == sent
        lab = await world.project.store.recordings.find(RecordingQuery(evaluation=found.id, limit=1000))
        assert lab
        live = await world.project.store.recordings.find(RecordingQuery(limit=1000))
        assert not {each.id for each in lab} & {each.id for each in live}
        assert await world.project.store.evaluations.find(EvaluationQuery(feature="answer")) == ()


async def test_a_corpus_that_moved_on_between_two_weeks_under_one_release_is_data(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        working = world.project.release()
        await world.asked(SAME_AGAIN, week(40), working)
        for number in range(1, GADGETS + 1):
            (tmp_path / "articles" / f"gadget-{number}.md").write_text(f"Gadget {number} has a button to be held.")
        await world.project.sync()
        await world.asked(SAME_AGAIN, week(41), working)
        found = await world.between("2026-W40", "2026-W41")
        assert found.verdict == "data", found
        assert by_part(found)["data"].what == ("help.version: v1 -> v2",)
        assert by_part(found)["data"].changes == {"help.version": "v1"}


async def test_between_two_weeks_a_vendor_that_answers_otherwise_is_provider_drift(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        release = await world.freeze("v1")
        await world.asked(SAME_AGAIN, week(40), release)
        world.reader.tired = True
        await world.asked(SAME_AGAIN, week(41), release)
        found = await world.between("2026-W40", "2026-W41")
        assert found.verdict == "provider_drift"
        assert found.outside.input_drift is not None
        assert not found.outside.input_drift.shown


async def test_between_two_weeks_other_questions_are_input_drift(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        release = await world.freeze("v1")
        await world.asked(SAME_AGAIN, week(40), release)
        other = [
            body if place % 3 == 0 else f"Warum bekomme ich für mein altes Abonnement {place} keine Rechnung mehr?"
            for place, body in enumerate(SAME_AGAIN)
        ]
        await world.asked(other, week(41), release)
        found = await world.between("2026-W40", "2026-W41")
        assert found.verdict == "input_drift"
        moved = found.outside.input_drift
        assert moved is not None
        assert moved.accounts
        assert moved.unanswered == (0.0, 0.667)
        assert "abonnement" in moved.more
        assert found.outside.provider_drift is not None
        assert not found.outside.provider_drift.shown


async def test_two_weeks_that_were_answered_alike_are_not_asked_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        release = await world.freeze("v1")
        for number in (40, 41):
            await world.asked(SAME_AGAIN, week(number), release)
        before = len(world.reader.requests)
        found = await world.between("2026-W40", "2026-W41")
        assert (found.verdict, found.calls) == ("no_difference", 0)
        assert len(world.reader.requests) == before
        with pytest.raises(NotFound, match="no request to 'answer' started in 2026-W30") as raised:
            await world.between("2026-W30", "2026-W41")
        assert raised.value.code == "HF203"


async def test_what_people_corrected_is_asked_beside_the_cases(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        release = await world.freeze("v1")
        (tmp_path / "evals" / "answer.jsonl").unlink()
        with pytest.raises(NotFound, match="nobody corrected an answer"):
            await world.between("v1", "v1")
        for recording in await world.asked([question(number) for number in range(1, 9)], week(40), release):
            said = f"The button has to be held for {int(recording.input['body'].split()[7]) * 3} seconds."
            await world.project.rate(
                Feedback(id=new_id("fb"), recording_id=recording.id, at=recording.started_at, score=-1, correction=said)
            )
        keep_cases(tmp_path, [9, 10])
        world.write(FORBIDS)
        await world.freeze("v2")
        found = await world.between("v1", "v2")
        assert found.verdict == "prompt"
        assert found.metric is not None
        assert found.metric.n == 10
        assert any("8 of the questions are of recordings that somebody corrected" in note for note in found.notes)


async def test_money_ends_it_before_it_is_overspent_and_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        world.write(FORBIDS)
        await world.freeze("v2")
        each = 110 * 10 / 1_000_000
        found = await world.between("v1", "v2", Plan(max_cost_usd=each * 50.5))
        assert found.verdict == "undecided"
        assert found.stopped is not None
        assert found.calls == 50
        assert found.spent_usd == pytest.approx(each * 50)
        assert (await world.between("v1", "v2")).spent_usd == pytest.approx(each * 2 * 3 * GADGETS)


async def test_a_corpus_version_that_is_gone_and_a_slot_of_one_side_are_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        a = world.project.release({"help.version": "v99"})
        b = world.project.release()
        b = msgspec.structs.replace(b, slots={**b.slots, "extra": b.slots["help"]})
        found = await explain(world.project, "answer", (Named("a", a), Named("b", b)), Plan())
        assert found.verdict == "no_difference"
        said = " ".join(found.because)
        assert "help v99 is not kept any more: both sides are asked with v1." in said
        assert "Only b has the slot `extra`: both sides are asked with it." in said


async def test_what_guards_of_a_and_b_each_stop_is_not_kept_from_the_ways_between(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1", shape__must_not_match="Ask a person", shape__on_fail="block")
        world.write(FORBIDS)
        await world.freeze("v2", shape__must_not_match="seconds", shape__on_fail="block")
        found = await world.between("v1", "v2")
        assert found.verdict == "interaction"
        assert any("so take back all of them" in sentence for sentence in found.because)
        store = world.project.store.recordings
        kept = await store.whole([each.id for each in await store.find(RecordingQuery(evaluation=found.id, limit=500))])
        a, b = [(await world.project.store.releases.get(name)).slots for name in ("v1", "v2")]
        for recording in kept:
            assert (await world.project.store.releases.get(recording.release)).slots in (a, b)
        assert len(kept) == 2 * 3 * GADGETS


MANY = """
from pydantic import BaseModel
import holdfast as hf

app = hf.App()

class Ticket(BaseModel):
    body: str

class Reply(BaseModel):
    text: str

@app.feature()
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    said = [await ctx.generate(f"part{place}", ticket=ticket) for place in range(7)]
    bad = sum(each.text == "bad" for each in said)
    return Reply(text="Ask a person." if bad >= 3 else f"Hold it for {ticket.body.split()[7]} seconds.")
"""


async def test_more_changes_than_all_sets_can_be_asked_of_share_by_sampled_orders(tmp_path: Path) -> None:
    slots = "\n".join(f'[slots.part{place}]\nmodels = ["echo:good"]' for place in range(7))
    async with opened(tmp_path, slots, MANY) as world:
        (tmp_path / "evals" / "answer.jsonl").write_text(
            '{"id": "a", "input": {"body": "How long must the button of gadget 9 be held?"}, "facts": ["9 seconds"]}\n'
            '{"id": "b", "input": {"body": "How long must the button of gadget 8 be held?"}, "facts": ["8 seconds"]}\n'
        )
        await world.freeze("v1")
        await world.freeze("v2", **{f"part{place}__models": ["echo:bad"] for place in range(7)})
        found = await world.between("v1", "v2", Plan(repeat=3))
        assert found.metric is not None
        assert found.metric.shown
        assert found.verdict == "interaction"
        assert len(found.deltas) == 7
        assert sum(at(each.shapley) for each in found.deltas) == pytest.approx(-1.0)
        for delta in found.deltas:
            assert (at(delta.forward), at(delta.backward)) == (0.0, 0.0)
            assert delta.sampling_error is not None
            assert abs(at(delta.shapley) + 1 / 7) <= 4 * delta.sampling_error + 0.01
        assert found.calls == 2 * 7 * 2 * 3  # what was asked once is remembered in every other set


async def test_a_corpus_that_changed_where_nothing_was_looked_for_is_idle(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        (tmp_path / "articles" / "other.md").write_text("Something else entirely, about invoices.")
        await world.project.sync()
        world.write(FORBIDS)
        await world.freeze("v2")
        found = await world.between("v1", "v2")
        assert found.verdict == "prompt"
        assert found.calls == 2 * 3 * GADGETS
        assert any("changes nothing of what this feature asks: `help.version`" in each for each in found.because)


async def test_a_model_that_is_down_is_a_fall_where_the_models_are_what_changed(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        await world.freeze("v2", answer__models=["fake:down"], help__k=6)
        found = await world.between("v1", "v2")
        assert (found.verdict, found.parts) == ("model", ("model",))
        assert "36 answers of B could not be had (HF301)." in found.notes


async def test_a_vendor_that_is_down_for_a_moment_is_no_fall_and_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        await world.freeze("v2", help__k=6)
        world.reader.down = 7
        found = await world.between("v1", "v2")
        assert found.verdict == "no_difference"
        assert found.metric is not None
        assert (found.metric.a, found.metric.b) == (1.0, 1.0)
        assert "7 answers of A could not be had (HF301)." in found.notes


async def test_cases_that_come_to_an_unknown_side_effect_say_nothing_and_are_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.freeze("v1")
        world.write(FORBIDS)
        await world.freeze("v2")
        cases = (tmp_path / "evals" / "answer.jsonl").read_text()
        (tmp_path / "evals" / "answer.jsonl").write_text(cases.replace('"calls": {"send": [null]}', '"calls": {}'))
        found = await world.between("v1", "v2")
        assert (found.verdict, found.metric) == ("undecided", None)
        assert found.said == "Undecided: neither A nor B could be asked"
        assert any("under `calls` of the case, as of `gadget-1`" in note for note in found.notes)
