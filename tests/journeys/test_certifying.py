"""Certificates: made from people's labels, kept while they hold, and what a judge is worth by them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.journeys.judged_project import (
    BAD,
    GOOD,
    JUDGE,
    Model,
    evaluated,
    fair,
    labels,
    made,
    only_certificate,
    opened,
    opinion,
    standing,
)

from holdfast.app import Project
from holdfast.errors import Misconfigured, NotFound
from holdfast.evals.evaluate import How, go_on
from holdfast.evals.labels import labelled, read_labels
from holdfast.evals.verdict import verdict_of
from holdfast.judgement import Certificate
from holdfast.records import Feedback, Generate
from holdfast.stores import CertificateQuery


async def test_a_certified_judge_gates_with_a_corrected_share(tmp_path: Path) -> None:
    model = Model(say=lambda request: BAD if "alarm 1?" in request.messages[-1].text else GOOD, judge=fair)
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", bar="tone=0.95", labels=labels(30, 30))
    async with opened(folder, model) as project:
        found = await evaluated(project)
        certificate = await only_certificate(project)
        (judging,) = found.evaluation.judging
        assert judging.gates
        assert judging.certificate == certificate
        assert (certificate.n, certificate.good_passed, certificate.bad_failed) == (60, 30, 30)
        assert certificate.kappa is not None
        assert certificate.kappa.estimate == 1.0
        assert certificate.balanced.low is not None
        assert certificate.balanced.low > 0.9
        shown = standing(found, "tone")
        assert shown.raw == pytest.approx(5 / 6)
        assert shown.corrected == "error_rates", "the labelled answers stood in a file"
        assert shown.verdict == "missed"
        assert verdict_of(found.evaluation) == "missed"
        assert [result.case for result in found.results if not result.passed] == ["case-1"]
        assert judging.certifying_usd == pytest.approx(60 * 0.001)
        asked = len(model.judged)
        second = await evaluated(project)
        assert second.evaluation.judging[0].certificate == certificate
        assert len(model.judged) == asked + 7, "a certificate that holds is not made again"
        assert second.evaluation.judging[0].certifying_usd == 0.0


async def test_labels_of_the_release_s_own_answers_correct_by_themselves(tmp_path: Path) -> None:
    asked = iter(range(1000))
    model = Model(say=lambda request: BAD if next(asked) % 3 == 0 else GOOD, judge=fair)
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", bar="tone=0.5", cases=30, labels=[])
    async with opened(folder, model) as project:
        lines = []
        for number in range(60):
            recording = await project.run("answer", {"body": f"How do I reset it {number}?"})
            lines.append({"recording": recording.id, "label": recording.output["text"] != BAD, "by": "ada"})
        (folder / "evals" / "labels.jsonl").write_text("\n".join(map(json.dumps, lines)))
        found = await evaluated(project)
        certificate = await only_certificate(project)
    assert certificate.release == found.evaluation.release
    shown = standing(found, "tone")
    assert shown.corrected == "ppi"
    assert shown.raw == pytest.approx(2 / 3)
    assert shown.estimate == pytest.approx(2 / 3, abs=0.05)


async def test_a_case_without_an_answer_is_no_judge_s_error(tmp_path: Path) -> None:
    def say(request: Generate) -> str:
        if "alarm 1?" in request.messages[-1].text:
            raise RuntimeError("down")
        return GOOD

    def strict(request: Generate) -> str:
        text = request.messages[-1].text
        return opinion("Hold" in text and "seconds. [1] 3" not in text)

    folder = made(tmp_path / "p", f"{{{JUDGE}}}", bar="tone=0.5", cases=10, labels=labels(40, 40))
    async with opened(folder, Model(say=say, judge=strict)) as project:
        found = await evaluated(project)
        certificate = await only_certificate(project)
    assert certificate.good_failed == 11
    shown = standing(found, "tone")
    assert (shown.n, shown.raw) == (10, 0.9)
    assert shown.estimate == 0.9, "nine that the judge passes, and one that nobody judged"


async def test_labels_that_grow_old_do_not_end_a_certificate_before_its_time(tmp_path: Path) -> None:
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", labels=[])
    async with opened(folder, Model(judge=fair)) as project:
        lines = []
        for number in range(3):
            recording = await project.run("answer", {"body": f"How {number}?"})
            then = recording.started_at - timedelta(days=59 if number else 61)
            old = replace(recording, id=f"rec_old_{number}", started_at=then)
            await project.store.recordings.add(old)
            lines.append({"recording": old.id, "label": True})
        (folder / "evals" / "labels.jsonl").write_text("\n".join(map(json.dumps, lines)))
        await evaluated(project)
        certificate = await only_certificate(project)
        assert (certificate.n, certificate.stale) == (2, 1)
        labels_then = read_labels(folder / "evals" / "labels.jsonl")
        feature = project.feature("answer")
        evaluation = (await evaluated(project)).evaluation
        later = await labelled(project, labels_then, {}, evaluation, datetime.now(UTC) - timedelta(days=30))
        assert (later.items, later.stale, later.hash) == ((), 3, certificate.labels)
        assert feature.code_hash == certificate.code_hash


async def test_a_label_of_a_case_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = [{"case": "gone", "output": "x", "label": True}]
    async with opened(made(tmp_path / "p", f"{{{JUDGE}}}", labels=said), Model()) as project:
        with pytest.raises(Misconfigured, match="'gone', which is not there"):
            await evaluated(project)


async def test_a_judge_that_people_contradict_informs_and_says_where(tmp_path: Path) -> None:
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", bar="tone=0.9", labels=labels())
    async with opened(folder, Model(judge=opinion(True, reason="all is well"))) as project:
        found = await evaluated(project)
        certificate = await only_certificate(project)
    assert standing(found, "tone").verdict == "informs"
    assert "does not reach 0.75" in found.evaluation.judging[0].why
    assert len(certificate.disagreements) == 20
    assert certificate.disagreements[0].reason == "all is well"
    assert certificate.specificity is not None
    assert certificate.specificity.estimate == 0.0


@pytest.mark.parametrize("changed", ["prompt", "model", "code", "labels", "time"])
async def test_a_certificate_ends_with_what_it_was_made_for(tmp_path: Path, changed: str) -> None:
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", labels=labels())
    async with opened(folder, Model(judge=fair)) as project:
        await evaluated(project)
        first = await only_certificate(project)
    if changed == "prompt":
        (folder / "judge.md").write_text("Another rubric. {{ text }}")
    elif changed == "model":
        config = folder / "holdfast.toml"
        config.write_text(config.read_text().replace('["fake:judge"]', '["fake:judge", "fake:one"]'))
    elif changed == "code":
        code = folder / "features.py"
        code.write_text(code.read_text().replace("passages = await", "passages = await  "))
    elif changed == "labels":
        file = folder / "evals" / "labels.jsonl"
        file.write_text(file.read_text() + "\n" + json.dumps(labels(1)[0] | {"by": "bo"}))
    async with opened(folder, Model(judge=fair)) as project:
        if changed == "time":
            await _expire(project, first)
        found = await evaluated(project)
        assert found.evaluation.judging[0].gates
        assert found.evaluation.judging[0].certificate not in (None, first)


async def _expire(project: Project, certificate: Certificate) -> None:
    """Put a certificate that has expired in the place of the newest one."""
    sql = project.store.certificates
    await project.store.close()
    from sqlite3 import connect

    from holdfast.app import open_project_store
    from holdfast.identity import to_json

    past = replace(certificate, expires_at=certificate.made_at)
    with connect(project.config.folder / ".holdfast" / "holdfast.db") as database:
        database.execute("UPDATE certificates SET content = ?", (to_json(past).decode(),))
    database.close()
    project.store = await open_project_store(project.config)
    assert sql is not project.store.certificates


async def test_people_are_compared_with_each_other_and_the_divided_count_for_nobody(tmp_path: Path) -> None:
    said = labels(10, 10)
    said += [each | {"by": "bo"} for each in said[:4]]
    said += [each | {"by": "bo", "label": True} for each in labels(10, 10)[18:]]
    async with opened(made(tmp_path / "p", f"{{{JUDGE}}}", labels=said), Model(judge=fair)) as project:
        await evaluated(project)
        certificate = await only_certificate(project)
    assert certificate.overlap == 6
    assert certificate.people is not None
    assert certificate.people.estimate == 0.0, "bo calls everything good"
    assert certificate.n == 18


async def test_labels_of_recordings_count_while_the_feature_is_what_it_was(tmp_path: Path) -> None:
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", labels=[])
    async with opened(folder, Model(judge=fair)) as project:
        recording = await project.run("answer", {"body": "How?"})
        line = {"recording": recording.id, "label": True, "by": "ada"}
        gone = {"recording": "rec_gone", "label": True}
        (folder / "evals" / "labels.jsonl").write_text("\n".join(map(json.dumps, [line, gone])))
        await evaluated(project)
        certificate = await only_certificate(project)
        assert (certificate.n, certificate.stale) == (1, 1)
    code = folder / "features.py"
    code.write_text(code.read_text().replace("passages = await", "passages = await  "))
    async with opened(folder, Model(judge=fair)) as project:
        found = await evaluated(project)
    assert "2 are of another version" in found.evaluation.judging[0].why


async def test_feedback_on_live_answers_can_certify(tmp_path: Path) -> None:
    folder = made(tmp_path / "p", '{"tone": scorers.Judge(labels="feedback")}')
    async with opened(folder, Model(judge=fair)) as project:
        for number, given in enumerate([{"score": 1.0}, {"label": "Good"}, {"score": -1.0}, {"comment": "hm"}]):
            recording = await project.run("answer", {"body": f"How {number}?"})
            at = recording.started_at
            await project.rate(Feedback(id=f"fb_{number}", recording_id=recording.id, at=at, **given))
        await evaluated(project)
        certificate = await only_certificate(project)
    assert (certificate.good_passed, certificate.bad_passed, certificate.n) == (2, 1, 3)


async def test_what_a_judge_says_of_a_subject_s_answer_is_erased_with_the_subject(tmp_path: Path) -> None:
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", labels=[])
    async with opened(folder, Model(judge=opinion(False, reason="ada's alarm is loud"))) as project:
        recording = await project.run("answer", {"body": "How?"}, who=project.who("ada"))
        (folder / "evals" / "labels.jsonl").write_text(json.dumps({"recording": recording.id, "label": True}))
        await evaluated(project)
        (disagreement,) = (await only_certificate(project)).disagreements
        assert disagreement.reason == ""
        said = await project.store.recordings.get(disagreement.said)
        assert said.output["reason"] == "ada's alarm is loud"
        assert (await project.erase("ada")).recordings == 2
        with pytest.raises(NotFound):
            await project.store.recordings.get(disagreement.said)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "labels.jsonl:1"),
        ('{"label": true}', "of no answer"),
        ('{"label": true, "output": "x", "recording": "rec_1"}', "or of two"),
        ('{"label": "yes", "output": "x"}', "labels.jsonl:1"),
    ],
)
async def test_a_label_that_is_wrong_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", labels=[])
    (folder / "evals" / "labels.jsonl").write_text(line)
    async with opened(folder, Model()) as project:
        with pytest.raises(Misconfigured, match=message):
            await evaluated(project)


async def test_judges_keep_to_the_budget_and_a_certificate_is_whole_or_not_at_all(tmp_path: Path) -> None:
    model = Model(judge=fair)
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", bar="tone=0.9", labels=labels())
    async with opened(folder, model) as project:
        found = await evaluated(project, How(max_cost_usd=0.0105))
        assert await project.store.certificates.find(CertificateQuery()) == ()
    (judging,) = found.evaluation.judging
    assert "no certificate: another case could exceed" in judging.why
    assert found.evaluation.spent_usd is not None
    assert found.evaluation.spent_usd <= 0.0105
    assert found.evaluation.finished_at is None


async def test_going_on_takes_the_certificate_that_was_made_and_keeps_its_price_on_the_bill(tmp_path: Path) -> None:
    model = Model(judge=fair)
    folder = made(tmp_path / "p", f"{{{JUDGE}}}", bar="tone=0.5", labels=labels())
    async with opened(folder, model) as project:
        found = await evaluated(project, How(max_cost_usd=0.0425, concurrency=1))
        assert 0 < found.evaluation.done < 6
        certificate = await only_certificate(project)
        whole = await go_on(project, found.evaluation, How())
        assert await only_certificate(project) == certificate
    assert whole.evaluation.finished_at is not None
    (judging,) = whole.evaluation.judging
    assert judging.certifying_usd == pytest.approx(0.04)
    assert judging.spent_usd == pytest.approx(0.007)
    assert whole.evaluation.spent_usd == pytest.approx(0.04 + 0.007 + 6 * 0.0001)
    assert len(model.judged) == 40 + 7
