"""What a postmortem shows of people, of documents that not everybody may see, of decisions and of jobs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace
from tests.contract.test_store_diagnoses import diagnosis
from tests.journeys.test_diagnosing import ASKED, opened
from tests.journeys.test_diagnosing_asked import keep_case
from tests.journeys.test_postmortem import ALL, ask, delete, diagnosed, said, told
from tests.journeys.test_reading_recordings import CONFIG as RESTRICTED_CONFIG
from tests.journeys.test_reading_recordings import FEATURES as RESTRICTED_FEATURES

from corpora import ListSource, raw
from holdfast.diagnosis import Decision, Reading
from holdfast.evals.diagnose.deciding import decide
from holdfast.evals.keeping import Where
from holdfast.evals.postmortem.finding import QUIET, Window
from holdfast.evals.postmortem.gathering import Showing, named, postmortem_of
from holdfast.evals.postmortem.rendering import rendered
from holdfast.jobs.asking import new_job
from holdfast.records import Feedback, Passage
from holdfast.testing import project as opened_project


async def test_subjects_are_counted_and_named_only_where_that_is_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.reader.down_for = 3
        for subject in ("anna", "carl", None):
            failed = await ask(world, subject=subject)
        assert "2 subjects were affected; 1 request named none." in said((await told(world, failed)).impact)
        shown = await told(world, failed, Showing(subjects=True))
        assert "2 subjects were affected: anna, carl; 1 request named none." in said(shown.impact)


async def test_without_texts_nothing_that_people_wrote_is_quoted(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        keep_case(world)
        await delete(world)
        failed = await ask(world)
        comment = Feedback(id="fb", recording_id=failed.id, at=failed.started_at, score=-1, comment="This is WRONG")
        await world.project.rate(comment)
        await diagnosed(world, failed)
        shown = await told(world, failed)
        assert "WRONG" in str(shown)
        assert "be held?" in str(shown)
        bare = await told(world, failed, Showing(texts=False))
        for text in ("WRONG", "be held", f"{ASKED * 3} seconds", f"gadget-{ASKED}"):
            assert text not in str(bare), text
        assert any("is left out" in gap.said for gap in bare.unknown)
        assert "A diagnosis says: Data" in said(bare.failed)


async def test_what_rests_on_restricted_documents_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text(RESTRICTED_CONFIG)
    (tmp_path / "features.py").write_text(RESTRICTED_FEATURES)
    async with opened_project(tmp_path, environ={}) as project:
        source = ListSource([raw("a", "hold the red button"), raw("b", "whisper persimmon", principals=("staff",))])
        await project.corpora.sync("kb", source=source)
        for text, quotes in (("whisper persimmon", False), ("hold the red button", True)):
            recording = await project.run("tell", {"text": text}, who=project.who("eva"))
            score = Feedback(id=f"fb_{quotes}", recording_id=recording.id, at=recording.started_at, score=-1)
            await project.rate(score)
            since, until = recording.started_at, recording.started_at + timedelta(microseconds=1)
            made = await postmortem_of(project, recording, Window(since=since, until=until), ALL)
            assert made is not None
            assert (text in rendered(made)) is quotes
        gold = Passage(document="b", chunk="b#0", title="b", text="whisper persimmon")
        one = diagnosis(recording.id, feature="tell", started_at=recording.started_at, gold=(gold,), because=("b.",))
        await project.store.diagnoses.add(one)
        made = await postmortem_of(project, recording, Window(since=since, until=until), ALL)
        assert made is not None
        assert not any("red button" in str(each.quote) or each.said == "b." for each in made.incidents[0].failed)
        assert "red button" not in rendered(made)


async def test_a_diagnosis_names_its_recording_and_its_decision_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        failed = await ask(world)
        readings = (Reading(text="99 seconds"), Reading(text="21 seconds"))
        one = replace(
            diagnosis(failed.id, verdict="task", started_at=failed.started_at), readings=readings, question="Which?"
        )
        await world.project.store.diagnoses.add(one)
        assert (await named(world.project.store, one.id)).id == failed.id
        assert any("diagnosis asks which reading" in gap.said for gap in (await told(world, failed)).unknown)
        where = Where(world.project.store, world.folder, world.project.feature)
        await decide(where, one, Decision(right="expected", rule="Count in minutes."))
        incident = await told(world, failed)
        assert incident.cases[-1].quote == "Count in minutes."
        assert "It was decided which reading is right: expected." in said(incident.timeline)
        assert not any("diagnosis asks which reading" in gap.said for gap in incident.unknown)


async def test_jobs_that_synced_what_was_searched_stand_in_the_timeline(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.reader.down_for = 1
        failed = await ask(world)
        at = failed.started_at
        for name, corpus, status in (("a", "help", "done"), ("b", "help", "failed"), ("c", "other", "done")):
            job = new_job("sync", {"corpus": corpus})
            await world.project.store.jobs.add(replace(job, id=f"job_{name}", status=status, ended_at=at))
        late = replace(new_job("sync", {"corpus": "help"}), id="job_d", status="done", ended_at=at + QUIET * 3)
        await world.project.store.jobs.add(late)
        lines = said((await told(world, failed)).timeline)
        assert "A job synced help." in lines
        assert "A job was failed that was to sync help." in lines
        assert "other" not in lines
        assert lines.count("A job synced help.") == 1
