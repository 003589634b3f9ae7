"""A change tried on recordings: what is better, worse and the same, what it may cost, and what holds if it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from holdfast.app import Project
from holdfast.contracts import Answer
from holdfast.errors import HoldfastError, Misconfigured, NotFound, Refused, ReplayDiverged
from holdfast.evals.choosing import choose
from holdfast.evals.tally import Tally
from holdfast.evals.trying import How, Plan, all_pairs, begin, forecast, go_on
from holdfast.records import Generate, Recording, Usage
from holdfast.stores import RecordingQuery
from holdfast.support import NOT_FOUND
from holdfast.testing import FakeModel, project
from holdfast.trial import Pair, PairVerdict, Trial
from holdfast.where import parse

FEATURES = """
from pathlib import Path

from pydantic import BaseModel

import holdfast as hf


class Polite:
    async def score(self, answered: hf.Answered) -> bool | None:
        if "broken scorer" in answered.text:
            raise ValueError("broken")
        return "please" in answered.text if answered.text else None


class Elsewhere:
    only = ("another",)

    async def score(self, answered: hf.Answered) -> bool:
        return "please" not in answered.text


app = hf.App(scorers={"polite": Polite(), "elsewhere": Elsewhere()})


class Ticket(BaseModel):
    body: str


class Reply(BaseModel):
    text: str


def send(text: str) -> None:
    with (Path(__file__).parent / "sent.txt").open("a") as file:
        file.write(text + "\\n")


@app.feature()
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    reply = await ctx.generate("answer", Reply, ticket=ticket)
    await ctx.guard("shape", reply.text)
    await ctx.call("send", send, ticket.body)
    return reply
"""
CONFIG = """
[app]

[slots.answer]
prompt = "old.md"
models = "fake:one"
retries = 0

[guards.shape]
must_not_match = ["forbidden"]
"""
THEN = {"polite": "please wait", "rude": "wait", "bad": "forbidden", "good": "fine"}
"""What the new prompt makes of a ticket; the old one says `wait`, `please wait` to what is rude, and so on."""
OLD = {"polite": "wait", "rude": "please wait", "bad": "fine", "good": "forbidden"}


def said(request: Generate) -> str:
    _, _, ticket = request.messages[-1].text.partition(": ")
    new = request.messages[-1].text.startswith("New")
    kind = ticket.split()[0]
    return (THEN if new else OLD).get(kind, "always the same")


PRICELESS = Answer(text="x", model="one", usage=Usage(input_tokens=5))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Project]:
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "holdfast.toml").write_text(CONFIG)
    (tmp_path / "old.md").write_text("Old: {{ ticket.body }}")
    (tmp_path / "new.md").write_text("New: {{ ticket.body }}")
    async with project(
        tmp_path, environ={}, models={"fake": FakeModel(said), "priceless": FakeModel(PRICELESS)}
    ) as opened:
        yield opened


async def ask(desk: Project, *bodies: str, **who: Any) -> list[Recording]:
    return [await desk.run("answer", {"body": body}, **who) for body in bodies]


NEW: dict[str, Any] = {"answer.prompt": "new.md"}


async def tried(desk: Project, plan: Plan, how: How = How()) -> tuple[Trial, dict[str, Pair]]:  # noqa: B008  # frozen
    trial = await go_on(desk, await begin(desk, plan), how)
    return trial, {pair.recording: pair async for pair in all_pairs(desk.store, trial)}


async def replays(desk: Project) -> list[str | None]:
    found = await desk.store.recordings.find(RecordingQuery(where=parse("replay_of!=none"), limit=1000))
    return [each.replay_of for each in found]


async def test_each_recording_is_better_worse_or_the_same_and_says_why(desk: Project) -> None:
    many = await ask(desk, "polite", "rude", "bad", "good", "else")
    trial, pairs = await tried(desk, Plan("since=1h", NEW))
    found = [(pairs[each.id].verdict, pairs[each.id].why) for each in many]
    assert found[0] == ("better", ("polite: no, then yes",))
    assert found[1] == ("worse", ("polite: yes, then no",))
    assert found[2][0] == "worse"
    assert found[2][1][0].startswith("guard shape: passed, then failed (")
    assert found[3] == ("better", ("guard shape: failed, then passed",))
    assert found[4] == ("same", ())
    assert (trial.better, trial.worse, trial.same, trial.changed, trial.done) == (2, 2, 1, 4, 5)
    assert (trial.matching, trial.chosen) == (5, 5)
    assert trial.finished_at is not None
    assert trial.evidence is not None
    assert trial.evidence.says == "undecided"
    assert pairs[many[0].id].asked == "polite"


async def test_a_pair_is_worse_where_one_thing_is_whatever_else_is_better(desk: Project, tmp_path: Path) -> None:
    (tmp_path / "new.md").write_text("New: mixed")
    (mixed,) = await ask(desk, "rude")
    THEN["mixed"] = "forbidden"
    _, pairs = await tried(desk, Plan("since=1h", NEW))
    assert pairs[mixed.id].verdict == "worse"
    assert len(pairs[mixed.id].why) == 2


async def test_an_answer_that_finds_nothing_any_more_is_worse_and_one_that_does_again_is_better(desk: Project) -> None:
    OLD["quiet"], THEN["quiet"] = "please wait", NOT_FOUND + " please"
    OLD["loud"], THEN["loud"] = THEN["quiet"], OLD["quiet"]
    quiet, loud = await ask(desk, "quiet", "loud")
    _, pairs = await tried(desk, Plan("since=1h", NEW))
    assert pairs[quiet.id].why == ("answered: yes, then no",)
    assert (pairs[loud.id].verdict, pairs[loud.id].why) == ("better", ("answered: no, then yes",))


async def test_a_scorer_that_raises_is_no_score_and_keeps_nobody_from_being_compared(desk: Project) -> None:
    THEN["raise"], OLD["raise"] = "broken scorer", "please"
    (one,) = await ask(desk, "raise")
    _, pairs = await tried(desk, Plan("since=1h", NEW))
    assert (pairs[one.id].verdict, pairs[one.id].changed) == ("same", True)


async def test_side_effects_are_never_repeated_and_what_did_not_change_is_remembered(
    desk: Project, tmp_path: Path
) -> None:
    await ask(desk, "polite", "else")
    trial, _ = await tried(desk, Plan("since=1h", NEW))
    assert (tmp_path / "sent.txt").read_text() == "polite\nelse\n"
    assert (trial.remembered, trial.redone) == (3, 3)  # both calls; the verdict on the same text
    assert trial.not_compared == 0


async def test_what_a_trial_spent_is_what_its_replays_cost(desk: Project) -> None:
    await ask(desk, "polite", "else")
    trial = await begin(desk, Plan("since=1h", NEW))
    tally = Tally(trial)
    verdicts: tuple[PairVerdict, ...] = ("same", "not_compared")
    for verdict in verdicts:
        tally.count(Pair(recording="rec_1", verdict=verdict, outcome_before="ok", spent_usd=0.25))
    assert tally.trial().spent_usd == 0.5


async def test_a_prompt_is_named_by_the_number_of_its_text(desk: Project, tmp_path: Path) -> None:
    await ask(desk, "polite")
    (tmp_path / "old.md").write_text("New: {{ ticket.body }}")
    await ask(desk, "else")
    for number, better in ((2, 1), (1, 0)):
        trial, _ = await tried(desk, Plan("asked~polite", {"answer.prompt": f"old.md@{number}"}))
        assert trial.better == better
    with pytest.raises(NotFound, match=r"no prompt 'old\.md@3'"):
        await begin(desk, Plan("since=1h", {"answer.prompt": "old.md@3"}))
    again = await desk.replay((await ask(desk, "rude"))[0], changes={"answer.prompt": "old.md@1"})
    assert again.recording.output == {"text": "please wait"}


async def test_replays_are_kept_as_recordings_and_are_not_replayed_in_turn(desk: Project) -> None:
    many = await ask(desk, "polite", "rude")
    _, pairs = await tried(desk, Plan("since=1h", NEW))
    assert sorted(map(str, await replays(desk))) == sorted(each.id for each in many)
    for each in many:
        after = await desk.store.recordings.get(str(pairs[each.id].replay))
        assert after.replay_of == each.id
    assert (await forecast(desk, Plan("since=1h", NEW))).matching == 2
    assert (await forecast(desk, Plan("replay_of!=none", NEW))).matching == 2


async def test_the_same_expression_gives_the_same_sample_whose_beginning_is_a_smaller_one(desk: Project) -> None:
    await ask(desk, *(f"ticket {n}" for n in range(30)))
    now = datetime.now(UTC)
    found = [await choose(desk.store, parse("since=1h"), now, limit) for limit in (30, 7, 7, 3)]
    assert found[1] == found[2]
    assert found[0].ids[:7] == found[1].ids
    assert found[1].ids[:3] == found[3].ids
    assert [each.matching for each in found] == [30] * 4
    newest_first = [each.id for each in await desk.store.recordings.find(RecordingQuery(limit=30))]
    assert list(found[0].ids) not in (newest_first, newest_first[::-1])


async def test_what_has_no_price_ends_a_trial_with_a_limit_and_it_says_so(desk: Project) -> None:
    await ask(desk, *(f"ticket {n}" for n in range(5)))
    plan = Plan("since=1h", {"answer.models": "priceless:one"})
    trial, _ = await tried(desk, plan, How(max_cost_usd=1))
    assert (trial.done, trial.spent_usd) == (1, None)
    assert trial.finished_at is None
    assert trial.stopped is not None
    assert "a price is not known" in trial.stopped
    assert (await tried(desk, plan))[0].done == 5


class Stops(Exception):
    """What a test stops a trial with."""


async def test_a_trial_that_was_stopped_goes_on_and_replays_nothing_twice(desk: Project) -> None:
    many = await ask(desk, *(f"ticket {n}" for n in range(40)))
    trial = await begin(desk, Plan("since=1h", NEW))
    going: asyncio.Task[Trial] | None = None

    def heard(stage: str, done: int, total: int | None) -> None:
        if done >= 5 and going is not None:
            going.cancel()

    going = asyncio.create_task(go_on(desk, trial, How(concurrency=2, progress=heard)))
    with pytest.raises(asyncio.CancelledError):
        await going
    stopped = await desk.store.trials.get(trial.id)
    assert (stopped.finished_at, stopped.stopped) == (None, "it was stopped before its end")
    assert 5 <= stopped.done <= 40
    await ask(desk, "ticket that came later")
    ended = await go_on(desk, trial, How())
    assert (ended.done, ended.same, ended.chosen) == (40, 40, 40)
    assert ended.finished_at is not None
    assert sorted(map(str, await replays(desk))) == sorted(each.id for each in many)
    assert await desk.store.trials.get(trial.id) == ended


async def test_a_replay_that_was_kept_without_its_pair_is_not_done_again(desk: Project) -> None:
    await ask(desk, "ticket 1", "ticket 2", "ticket 3")
    trial = await begin(desk, Plan("since=1h", NEW))
    kept = desk.store.trials.add_pairs

    async def fails(trial_id: str, pairs: Sequence[Pair], tenant: str = "") -> None:
        await kept(trial_id, pairs[:1], tenant)
        raise Stops

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.store.trials, "add_pairs", fails)
        with pytest.raises(ExceptionGroup):
            await go_on(desk, trial, How(concurrency=1))
    before = len(await replays(desk))
    assert before >= 1
    ended = await go_on(desk, trial, How())
    assert ended.done == 3
    assert len(await replays(desk)) == 3


async def test_a_recording_that_cannot_be_replayed_is_not_compared_and_says_why(desk: Project) -> None:
    many = await ask(desk, "polite", "else")
    _, pairs = await tried(desk, Plan("since=1h", NEW, strict=True))
    assert {pair.verdict for pair in pairs.values()} == {"not_compared"}
    found = pairs[many[0].id].error
    assert found is not None
    assert found.code == "HF500"
    trial, _ = await tried(desk, Plan("since=1h", NEW, strict=True))
    assert trial.evidence is None


async def test_a_replay_that_a_missing_key_or_a_side_effect_stopped_says_nothing_of_the_change(
    desk: Project, tmp_path: Path
) -> None:
    (one,) = await ask(desk, "polite")
    _, pairs = await tried(desk, Plan("since=1h", {"answer.models": "openai:any"}))
    found = pairs[one.id]
    assert (found.verdict, found.error and found.error.code, found.outcome_after) == ("not_compared", "HF104", "failed")
    await desk.store.recordings.add(replace(one, id="rec_uncalled", steps=one.steps[:-1]))
    trial, pairs = await tried(desk, Plan("since=1h", NEW))
    found = pairs["rec_uncalled"]
    assert (found.verdict, found.error and found.error.code) == ("not_compared", "HF307")
    assert (trial.better, trial.not_compared, trial.diverged, trial.done) == (1, 1, 1, 2)
    assert trial.evidence is not None
    assert trial.evidence.low < -0.9
    assert (tmp_path / "sent.txt").read_text() == "polite\n"


@pytest.mark.parametrize(
    ("plan", "error", "code"),
    [
        (Plan("outcom=ok", NEW), Refused, "HF713"),
        (Plan("outcome=failed", NEW), NotFound, "HF203"),
        (Plan("since=1h", {"answer.temprature": 1}), NotFound, "HF201"),
        (Plan("since=1h", {"nobody.models": "x"}), NotFound, "HF201"),
        (Plan("since=1h", {"answer.prompt": "nowhere.md"}), Misconfigured, "HF103"),
        (Plan("since=1h", NEW, fresh=("generation",)), Misconfigured, "HF100"),
    ],
)
async def test_what_cannot_be_tried_is_refused_before_anything_is_kept(
    desk: Project, plan: Plan, error: type[HoldfastError], code: str
) -> None:
    await ask(desk, "polite")
    with pytest.raises(error) as caught:
        await begin(desk, plan)
    assert caught.value.code == code
    assert await replays(desk) == []


async def test_a_forecast_says_how_many_and_what_they_cost_and_keeps_nothing(desk: Project) -> None:
    await ask(desk, "polite", "rude", "bad")
    found = await forecast(desk, Plan("not asked~bad", NEW, limit=1))
    assert (found.matching, found.chosen, found.recorded_usd, found.unpriced) == (2, 1, 0.0, 0)
    with pytest.raises(NotFound):
        await desk.store.trials.get(found.id)


async def test_recordings_are_read_a_few_at_a_time(desk: Project) -> None:
    await ask(desk, *(f"ticket {n}" for n in range(150)))
    whole, most = desk.store.recordings.whole, 0

    async def counted(ids: Sequence[str], tenant: str = "") -> tuple[Recording, ...]:
        nonlocal most
        most = max(most, len(ids))
        return await whole(ids, tenant)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.store.recordings, "whole", counted)
        trial, _ = await tried(desk, Plan("since=1h", NEW))
    assert trial.done == 150
    assert 0 < most <= 64


async def test_a_trial_belongs_to_a_tenant_and_names_the_subjects_it_is_about(desk: Project) -> None:
    who = desk.who("anna", "acme")
    await ask(desk, "polite", who=who)
    with pytest.raises(NotFound):
        await begin(desk, Plan("since=1h", NEW))
    trial, pairs = await tried(desk, Plan("subject=anna", NEW, tenant="acme"))
    assert trial.better == 1
    (pair,) = pairs.values()
    assert (await desk.store.recordings.get(str(pair.replay), "acme")).subject == "anna"
    assert (await desk.erase("anna", "acme")).trials == 1


async def test_a_trial_says_of_how_many_recordings_the_code_has_changed_since(desk: Project) -> None:
    (one,) = await ask(desk, "polite")
    await desk.store.recordings.add(replace(one, id="rec_older", code_hash="other"))
    trial, pairs = await tried(desk, Plan("since=1h", NEW))
    assert (trial.code_changed, trial.better) == (1, 2)
    assert [pairs[each].code_changed for each in (one.id, "rec_older")] == [False, True]


async def test_strict_refuses_code_that_has_changed(desk: Project) -> None:
    (one,) = await ask(desk, "polite")
    with pytest.raises(ReplayDiverged, match="is not the code"):
        await desk.replay(replace(one, code_hash="other"), strict=True)
