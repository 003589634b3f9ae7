"""What failed of a feature is sorted into what failed and how often, and a few of each kind say with what it passes."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.judged_project import evaluated
from tests.journeys.test_diagnosing import CONFIG, FEATURES, World, opened, reopened
from tests.journeys.test_diagnosing_judged import certified, judged

from holdfast.errors import NotFound
from holdfast.evals.diagnose.gathering import Window, gather
from holdfast.evals.diagnose.sorting import Sorting, failures_of
from holdfast.failures import Cluster, Failures
from holdfast.identity import new_id
from holdfast.records import Feedback, Recording
from holdfast.stores import DiagnosisQuery, RecordingQuery

STRICT = '\n[guards.shape]\nmax_chars = 3\non_fail = "block"\n'
PRICED = '\n[prices."fake:good"]\ninput_usd_per_mtok = 100\noutput_usd_per_mtok = 100\n'
DELETED, DOWN, BLOCKED = range(1, 7), range(7, 11), range(11, 20)


def asked(gadget: int) -> dict[str, str]:
    return {"body": f"How long must the button of gadget {gadget} be held?"}


def keep_cases(world: World, gadgets: Sequence[int]) -> None:
    folder = world.folder / "evals"
    folder.mkdir(exist_ok=True)
    spans = {n: f"must be held on gadget {n} for {n * 3} seconds" for n in gadgets}
    cases = [
        {"id": f"gadget-{n}", "input": asked(n), "facts": [f"{n * 3} seconds"], "calls": {"send": [None]},
         "gold": [{"document": f"gadget-{n}.md", "span": span}]} for n, span in spans.items()
    ]  # fmt: skip
    (folder / "answer.jsonl").write_text("\n".join(map(json.dumps, cases)))


async def bad(world: World, recording: Recording) -> Recording:
    await world.project.rate(Feedback(id=new_id("fb"), recording_id=recording.id, at=recording.started_at, score=-1))
    return recording


async def delete(world: World, gadgets: Sequence[int]) -> None:
    for n in gadgets:
        (world.folder / "articles" / f"gadget-{n}.md").unlink()
    await world.project.sync()


async def sorted_out(world: World, **asked: Any) -> tuple[Failures, ...]:
    return await failures_of(world.project, Sorting(since=datetime.now(UTC) - timedelta(days=7), **asked))


async def run(world: World, *gadgets: int) -> list[Recording]:
    return [await world.project.run("answer", asked(n)) for n in gadgets]


@asynccontextmanager
async def planted(folder: Path) -> AsyncIterator[World]:
    """Six documents deleted, one of them asked for twice; a vendor that was down for four; a guard that stops nine."""
    async with opened(folder) as world:
        keep_cases(world, [*DELETED, *DOWN, *BLOCKED])
        await run(world, *range(24, 31))
        await delete(world, DELETED)
        for recording in await run(world, *DELETED, DELETED[0]):
            await bad(world, recording)
        for n in DOWN:
            world.reader.down_for = 1
            await run(world, n)
        (world.folder / "holdfast.toml").write_text(CONFIG + STRICT)
        async with reopened(world) as strict:
            await run(strict, *BLOCKED)
        (world.folder / "holdfast.toml").write_text(CONFIG)
        yield world


def by_verdict(found: Failures) -> dict[str, Cluster]:
    return {each.verdict: each for each in found.clusters}


async def test_three_planted_kinds_are_told_apart_each_with_its_count_and_what_mends_it(tmp_path: Path) -> None:
    async with planted(tmp_path) as world:
        (found,) = await sorted_out(world)
        assert [(each.verdict, each.count, each.distinct) for each in found.clusters] == [
            ("guard", 9, 9), ("data", 7, 6), ("provider", 4, 4)], found  # fmt: skip
        assert (found.feature, found.of, found.looked_at, found.distinct) == ("answer", 20, 20, 19)
        assert (found.live, found.evaluated, found.undiagnosed, found.stopped) == (20, 0, 0, None)
        kinds = by_verdict(found)
        assert kinds["guard"].said.startswith("9 of 20 failures: guard, ")
        assert "guard `shape` stopped the answer" in kinds["guard"].signs
        assert "no document says what was expected" in kinds["data"].signs
        assert "no answer: HF301" in kinds["provider"].signs
        assert kinds["guard"].fixes[0].fix.changes == {"shape.on_fail": "flag"}
        assert kinds["guard"].fixes[0].suffices == 2
        share = kinds["guard"].share
        assert share.low is not None
        assert share.high is not None
        assert share.estimate == pytest.approx(9 / 20)
        assert share.low < share.estimate < share.high


async def test_each_kind_is_diagnosed_twice_where_both_agree_and_each_diagnosis_is_kept(tmp_path: Path) -> None:
    async with planted(tmp_path) as world:
        before = len(world.reader.requests)
        live = len(await world.project.store.recordings.find(RecordingQuery(limit=100)))
        (found,) = await sorted_out(world)
        assert [len(each.diagnoses) for each in found.clusters] == [2, 2, 2]
        kept = await world.project.store.diagnoses.find(DiagnosisQuery())
        assert {each.id for each in kept} == {name for each in found.clusters for name in each.diagnoses}
        assert found.calls == sum(each.calls for each in kept) == len(world.reader.requests) - before
        assert len(await world.project.store.recordings.find(RecordingQuery(limit=100))) == live
        for cluster in found.clusters:
            assert {each.recording for each in cluster.looked_into} <= set(cluster.examples)


async def test_looking_alone_asks_no_model_and_still_tells_the_kinds_apart(tmp_path: Path) -> None:
    async with planted(tmp_path) as world:
        before = len(world.reader.requests)
        (found,) = await sorted_out(world, max_cost_usd=0.0)
        assert len(world.reader.requests) == before
        assert [each.count for each in found.clusters] == [9, 7, 4]
        assert found.undiagnosed == 20
        assert found.stopped is not None
        assert {each.note for each in found.clusters} == {"none of it was diagnosed"}


async def test_what_may_be_spent_is_not_exceeded_by_more_than_a_call_and_goes_to_the_biggest_first(
    tmp_path: Path,
) -> None:
    async with planted(tmp_path) as world:
        (world.folder / "holdfast.toml").write_text(CONFIG + PRICED)
        async with reopened(world) as priced:
            each = 0.011
            (found,) = await sorted_out(priced, max_cost_usd=each * 12.5)
            assert found.spent_usd is not None
            assert found.spent_usd <= each * 13.5
            assert found.stopped is not None
            assert found.clusters[0].verdict == "guard"
            assert found.clusters[-1].diagnoses == ()
            before = len(priced.reader.requests)
            (found,) = await sorted_out(priced, max_calls=20)
            assert len(priced.reader.requests) - before == found.calls
            assert found.calls <= 20 + 6, "good answers are asked with a fix beyond it"
            assert found.clusters[-1].diagnoses == ()


async def test_of_many_a_sample_is_looked_at_the_same_one_each_time(tmp_path: Path) -> None:
    async with planted(tmp_path) as world:
        window = Window(datetime.now(UTC) - timedelta(days=7), datetime.now(UTC), limit=8)
        first, second = [await gather(world.project.store, window) for _ in range(2)]
        assert first == second
        assert first[0].looked_at == 8
        (found,) = await sorted_out(world, limit=8, max_cost_usd=0.0)
        assert (found.of, found.looked_at) == (20, 8)
        assert sum(each.count for each in found.clusters) == 8


async def test_what_was_asked_before_the_window_is_left_out_and_nothing_failed_is_nothing(tmp_path: Path) -> None:
    async with planted(tmp_path) as world:
        assert await failures_of(world.project, Sorting(since=datetime.now(UTC))) == ()
        with pytest.raises(NotFound, match="no feature"):
            await sorted_out(world, feature="answr")


async def test_an_answer_that_passes_is_said_to_and_one_of_which_nothing_is_known_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_cases(world, [1])
        fine, unsaid = [await bad(world, each) for each in await run(world, 1, 2)]
        (found,) = await sorted_out(world)
        assert {each.verdict for each in found.clusters} == {"unknown"}
        notes = {each.examples[0]: each.note or "" for each in found.clusters}
        assert notes[fine.id].startswith("HF741: ")
        assert notes[unsaid.id].startswith("HF742: ")
        assert found.calls == 0


async def test_cases_count_once_as_they_were_last_evaluated(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_cases(world, [1, 2, 3])
        await delete(world, [1, 2])
        await evaluated(world.project)
        await evaluated(world.project)
        (found,) = await sorted_out(world)
        assert (found.live, found.evaluated, found.of) == (0, 2, 2)
        assert [(each.verdict, each.count) for each in found.clusters] == [("data", 2)], found
        (world.folder / "articles" / "gadget-1.md").write_text("must be held on gadget 1 for 3 seconds")
        await world.project.sync()
        await evaluated(world.project)
        (found,) = await sorted_out(world, max_cost_usd=0.0)
        assert found.evaluated == 1


async def test_features_are_reported_apart_and_one_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_cases(world, [1, 2])
        other = FEATURES.replace("async def answer", "async def reply").partition("@app.feature")[2]
        (world.folder / "features.py").write_text(f"{FEATURES}\n@app.feature{other}")
        async with reopened(world) as two:
            await run(two, 25)
            for name in ("answer", "reply", "reply"):
                world.reader.down_for = 1
                await two.project.run(name, asked(1))
        found = await sorted_out(world)
        assert [(each.feature, each.of, each.distinct) for each in found] == [("reply", 2, 1), ("answer", 1, 1)]
        assert (found[0].clusters[0].note or "").startswith("HF200: ")
        assert found[1].clusters[0].verdict == "provider", found[1]
        (only,) = await sorted_out(world, feature="answer", max_cost_usd=0.0)
        assert only.feature == "answer"


async def test_a_corpus_version_that_is_gone_keeps_nothing_from_being_looked_into(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_cases(world, [*DELETED, *DOWN])
        for recording in await run(world, *DELETED[:2]):
            await bad(world, recording)
        gone = world.project.corpora.current("help")
        await delete(world, DELETED[2:])
        shutil.rmtree(next(world.folder.rglob(f"versions/{gone}")))
        for recording in await run(world, *DELETED[2:]):
            await bad(world, recording)
        async with reopened(world) as now:
            (found,) = await sorted_out(now)
        notes = [each.note or "" for each in found.clusters]
        assert not any(note.startswith("HF502: ") for note in notes), notes  # the corpus as it is now is searched
        assert found.looked_at == len(DELETED)
        assert "data" in [each.verdict for each in found.clusters]


async def test_a_judge_is_not_asked_when_looking_and_is_paid_for_where_it_finds_an_answer_good(tmp_path: Path) -> None:
    async with judged(tmp_path) as world:
        await certified(world)
        await world.asked()  # an older answer to the same, which a diagnosis has judged
        failed = await bad(world, await world.asked(answer__models="fake:weak"))
        fine = await bad(world, await world.asked())
        before = len(world.reader.requests)
        (found,) = await sorted_out(world, max_cost_usd=0.0)
        assert len(world.reader.requests) == before
        assert found.looked_at == 2
        (found,) = await sorted_out(world)
        assert found.calls == len(world.reader.requests) - before
        told = {each.recording: each for cluster in found.clusters for each in cluster.looked_into}
        assert (told[fine.id].refused or "").startswith("HF741: ")
        assert told[failed.id].diagnosis is not None
