"""What went wrong is told from what was kept: a document that was deleted, failures, a diagnosis, and what fixed it."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.journeys.test_diagnosing import ASKED, CASE, CONFIG, World, article, opened, reopened
from tests.journeys.test_diagnosing_asked import keep_case, rated

from holdfast.app import Project
from holdfast.diagnosis import Diagnosis
from holdfast.errors import NotFound
from holdfast.evals.evaluate import How, Plan, begin, go_on
from holdfast.evals.postmortem.document import Claim, Incident, Postmortem, Source
from holdfast.evals.postmortem.finding import MOST, QUIET, Window, matching
from holdfast.evals.postmortem.gathering import Showing, named, postmortem_between, postmortem_of
from holdfast.evals.postmortem.rendering import rendered
from holdfast.evaluation import Case
from holdfast.records import Recording
from holdfast.where import parse

ALL = Showing()
EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def claims(incident: Incident) -> list[Claim]:
    return [
        *incident.summary,
        *incident.impact,
        *incident.timeline,
        *incident.failed,
        *incident.fixed,
        *incident.cases,
    ]


def sources(postmortem: Postmortem) -> set[Source]:
    found = {one for incident in postmortem.incidents for each in claims(incident) for one in each.sources}
    return found | {one for incident in postmortem.incidents for each in incident.tried for one in each.sources}


async def resolve(project: Project, source: Source) -> None:
    """See that what a claim rests on is there, as it is named. Raises where it is not."""
    store, corpora = project.store, project.corpora
    match source.kind:
        case "recording":
            await store.recordings.get(source.id)
        case "recordings":
            assert (await matching(store, parse(source.id), *EVER))[0]
        case "release":
            await store.releases.get(source.id)
        case "promotion":
            assert int(source.id) in {each.number for each in await store.releases.promotions()}
        case "corpus":
            name, _, version = source.id.partition("@")
            corpora.show(name, version)
        case "corpus_change":
            name, _, versions = source.id.partition("@")
            corpora.diff(name, *versions.split(".."))
        case "diagnosis":
            await store.diagnoses.get(source.id)
        case "evaluation":
            await store.evaluations.get(source.id)
        case "gate":
            await store.gates.get(source.id)
        case "job":
            await store.jobs.get(source.id)
        case "case":
            file, _, name = source.id.partition("#")
            assert f'"id": "{name}"' in (project.config.folder / file).read_text().replace('":"', '": "')


async def all_resolve(project: Project, postmortem: Postmortem) -> None:
    assert sources(postmortem)
    for source in sources(postmortem):
        await resolve(project, source)
    text = rendered(postmortem)
    unsaid = [
        name for name in re.findall(r"`((?:rec|dg|r|ev|gt|job)_[0-9a-z]+)`", text) if not _named(name, postmortem)
    ]
    assert not unsaid


def _named(name: str, postmortem: Postmortem) -> bool:
    return name in {source.id for source in sources(postmortem)}


async def told(world: World, recording: Recording, showing: Showing = ALL, **window: datetime) -> Incident:
    made = await postmortem_of(world.project, recording, Window(**window), showing)
    assert made is not None
    await all_resolve(world.project, made)
    return made.incidents[0]


def said(some: Collection[Claim]) -> str:
    return "\n".join(f"{each.said} {each.quote or ''}".strip() for each in some)


async def delete(world: World, number: int = ASKED) -> None:
    (world.folder / "articles" / f"gadget-{number}.md").unlink()
    await world.project.sync()


async def restore(world: World, number: int = ASKED) -> None:
    (world.folder / "articles" / f"gadget-{number}.md").write_text(article(number))
    await world.project.sync()


async def diagnosed(world: World, recording: Recording) -> Diagnosis:
    """The real diagnosis of an answer without its document, kept."""
    found = await world.diagnosis(recording)
    assert found.verdict == "data", found
    await world.project.store.diagnoses.add(found)
    return found


async def ask(world: World, number: int = ASKED, subject: str | None = None) -> Recording:
    asked = {"body": f"How long must the button of gadget {number} be held?"}
    return await world.project.run("answer", asked, who=world.project.who(subject))


async def test_a_deleted_document_is_told_from_the_sync_that_took_it_to_the_one_that_brought_it_back(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as world:
        before = [await ask(world, number) for number in range(1, 6)]
        await delete(world)
        failed = [await ask(world, subject=name) for name in ("anna", "anna", "carl")]
        for recording in failed[:2]:
            await rated(world, recording, -1)
        keep_case(world, recording=failed[0].id, must_pass=True)
        found = await diagnosed(world, failed[0])
        await restore(world)
        good = await ask(world)

        incident = await told(world, failed[0])
        counts = incident.counts
        assert (counts.failures, counts.requests, counts.subjects, counts.unnamed) == (2, 9, 1, 0)
        assert (counts.bad, counts.good, counts.corrected) == (2, 0, 0)
        assert (incident.first_at, incident.last_at) == (failed[0].started_at, failed[1].started_at)
        (also,) = [each for each in incident.impact if "asked the same" in each.said]
        assert [source.id for source in also.sources] == [failed[2].id]
        lines = said(incident.timeline)
        gone, back = (
            f"gadget-7.md, which only answers that pass have found, was {what}" for what in ("removed", "added")
        )
        order = [gone, "The first failure, with help at v2", "The last of 2", "A diagnosis was made. Data", back,
                 "The first answer that passes again, to an input that had failed, with help at v3"]  # fmt: skip
        assert sorted(order, key=lines.index) == order
        assert "A diagnosis says: Data" in incident.failed[-1].said
        assert Source("diagnosis", found.id) in incident.failed[-1].sources
        added = next(each for each in incident.tried if each.said == "with the passage that answers put among them")
        assert added.passed == added.asked
        assert {source.id for source in added.sources} == {
            name for each in found.tried if each.substitution == "gold_added" for name in each.recordings
        }
        assert incident.fixed[0].said == "Asked again since they last failed, 1 of 1 inputs pass."
        assert [source.id for source in incident.fixed[0].sources] == [good.id]
        assert incident.fixed[1].said.endswith("this had changed: the corpus help from v2 to v3.")
        assert [source.id for source in incident.fixed[1].sources] == [failed[2].id, good.id, "help@v2..v3"]
        assert incident.cases[0].said == "The case held asks this again in every evaluation, and must pass."
        assert not [gap for gap in incident.unknown if "not seen to be fixed" in gap.said or "Which part" in gap.said]
        assert before[0].id not in str(incident)
        assert not [name for name in ("anna", "carl") if name in str(incident)]


async def test_what_is_not_known_is_said_with_what_to_type(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.reader.down_for = 1
        failed = await ask(world)
        incident = await told(world, failed)
        gaps = {gap.said: gap.do for gap in incident.unknown}
        assert gaps["Which part failed is not known: no diagnosis was made."] == f"holdfast diagnose {failed.id}"
        fixed = "It was not seen to be fixed: none of the inputs that failed was asked again."
        assert gaps[fixed] == f"holdfast replay {failed.id} --fresh generate"
        case = "Nothing keeps it from returning unseen: no case asks this."
        assert gaps[case] == f"holdfast cases from-recording {failed.id} --must-pass"
        assert "What those who asked thought is not known: nobody rated these answers." in gaps
        assert "Who was affected is not known of 1 of 1 failures: they name no subject." in gaps
        assert (incident.fixed, incident.cases, incident.tried) == ((), (), ())
        text = rendered(Postmortem(made_at=failed.started_at, incidents=(incident,)))
        assert "Not seen to be fixed." in text
        assert "No case asks this yet." in text


async def test_the_counts_are_those_that_their_expressions_find(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        for down in (0, 3, 0):
            world.reader.down_for = down
            recordings = [await ask(world) for _ in range(3)]
            last = recordings[-1] if down else None
            asked = last or recordings[0]
            if down:
                failed = asked
        await world.project.replay(failed)
        incident = await told(world, failed)
        counts = incident.counts
        assert (counts.failures, counts.requests) == (3, 9)
        assert counts.share is not None
        assert counts.share.low is not None
        assert 0.0 < counts.share.low < 3 / 9
        lists = [source.id for source in incident.impact[1].sources]
        found = [len((await matching(world.project.store, parse(each), *EVER))[0]) for each in lists]
        assert found == [3, 9]


async def test_what_passes_with_nothing_changed_is_told_as_that(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.reader.down_for = 1
        failed = await ask(world)
        good = await ask(world)
        incident = await told(world, failed)
        assert incident.fixed[1].said.endswith("nothing that is recorded had changed.")
        assert [source.id for source in incident.fixed[1].sources] == [failed.id, good.id]


async def test_a_failure_that_came_back_after_an_answer_that_passed_is_not_seen_to_be_fixed(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        for down in (1, 0, 1):
            world.reader.down_for = down
            failed = await ask(world)
        incident = await told(world, failed)
        assert incident.fixed == ()
        assert incident.counts.failures == 2


async def test_a_replay_that_passes_is_told_as_a_replay(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.reader.down_for = 1
        failed = await ask(world)
        changes = {"help.k": 5}
        replay = await world.project.replay(failed, changes=changes, fresh=("generate", "call"))
        incident = await told(world, failed)
        assert "only in replays and evaluations" in incident.fixed[0].said
        assert [source.id for source in incident.fixed[0].sources] == [replay.recording.id]
        assert "the release from" in incident.fixed[1].said
        assert (await named(world.project.store, replay.recording.id)).id == failed.id


async def test_releases_that_were_promoted_and_evaluations_stand_in_the_timeline(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        project = world.project
        keep_case(world)
        await project.rollout.create("v1", by="ada")
        await project.rollout.promote("v1", by="ada")
        (world.folder / "answer.md").write_text("Never name a number. {{ ticket.body }} {{ passages | sources }}")
        await project.rollout.create("v2", by="ada")
        await project.rollout.promote("v2", by="ada")
        failed = await ask(world)
        await rated(world, failed, -1)
        await project.rollout.rollback(by="ada")
        good = await ask(world)
        case = Case(id="held", input=CASE.input, facts=CASE.facts, calls={"send": (None,)})
        begun = await begin(project, project.feature("answer"), await project.rollout.choose(), Plan((case,)))
        await go_on(project, begun, How())
        incident = await told(world, failed)
        lines = said(incident.timeline)
        order = ["The release v2 was promoted", "The first failure", "The release v1 answered again, after a rollback"]
        order += ["The first answer that passes again", "An evaluation asked 1 case; 0 of 1 answers failed."]
        assert sorted(order, key=lines.index) == order
        assert "ada" not in lines
        assert f"the release from {failed.release} to {good.release}" in incident.fixed[1].said


async def test_failures_more_than_a_day_apart_are_two_incidents_unless_a_time_is_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.reader.down_for = 1
        failed = await ask(world)
        store = world.project.store
        earlier = replace(failed, id="rec_earlier", started_at=failed.started_at - QUIET - timedelta(hours=2))
        joined = replace(failed, id="rec_joined", started_at=failed.started_at - timedelta(hours=1))
        other = replace(failed, id="rec_other", feature="shout")
        for each in (earlier, joined, other):
            await store.recordings.add(each)
        assert (await told(world, failed)).counts.failures == 2
        assert (await told(world, earlier)).counts.failures == 1
        everything = await told(world, failed, since=earlier.started_at, until=failed.started_at + QUIET)
        assert everything.counts.failures == 3
        assert MOST > 3


async def test_a_window_is_told_by_what_failed_alike_the_biggest_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        first = await ask(world)
        world.reader.down_for = 2
        down = [await ask(world) for _ in range(2)]
        strange = await world.asked(answer__models="fake:weak")
        await rated(world, strange, -1)
        window = Window(since=first.started_at, feature="answer")
        made = await postmortem_between(world.project, window, ALL)
        assert made is not None
        await all_resolve(world.project, made)
        assert [(each.signature.outcome, each.counts.failures) for each in made.incidents] == [("failed", 2), ("ok", 1)]
        assert [each.counts.requests for each in made.incidents] == [4, 4]
        assert made.incidents[0].signature.by == "HF301"
        assert await postmortem_between(world.project, Window(since=strange.started_at + QUIET), ALL) is None
        only = await postmortem_between(world.project, Window(since=first.started_at, until=down[1].started_at), ALL)
        assert only is not None
        assert [each.counts.failures for each in only.incidents] == [1]
        assert await postmortem_between(world.project, replace_feature(window, "other"), ALL) is None
        assert await postmortem_between(world.project, window, ALL, "another") is None


def replace_feature(window: Window, feature: str) -> Window:
    return Window(since=window.since, until=window.until, feature=feature)


async def test_a_guard_and_a_lower_rung_are_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        (world.folder / "holdfast.toml").write_text(CONFIG + '\n[guards.shape]\nmax_chars = 3\non_fail = "block"\n')
        async with reopened(world) as strict:
            blocked = await ask(strict)
            incident = await told(strict, blocked)
            assert (incident.signature.outcome, incident.signature.by) == ("blocked", "shape")
            assert "the guard shape stopped the answer" in incident.summary[0].said
            assert incident.failed[0].quote
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other") as world:
        world.reader.down_for = 1
        degraded = await world.asked(answer__models=["fake:good", "fake:good"])
        incident = await told(world, degraded)
        assert (incident.signature.outcome, incident.signature.by) == ("degraded", "answer")


async def test_what_nobody_found_bad_is_no_incident(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        assert await postmortem_of(world.project, await ask(world), Window(), ALL) is None
        with pytest.raises(NotFound, match="no recording or diagnosis 'rec_nowhere'"):
            await named(world.project.store, "rec_nowhere")
