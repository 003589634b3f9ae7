"""The fixture `recorded`: made once, replayed ever after, and a miss names its step."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from holdfast.errors import NotFound, ReplayDiverged, StoreFailed
from holdfast.testing.fixtures import Recorder

ASKED = {"body": "How many days until I get my refund?"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CI", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "no-encoder"))
    copy = tmp_path / "desk"
    shutil.copytree(str(files("holdfast.cli") / "scaffold"), copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def content(file: Path) -> str:
    return file.read_text("utf-8")


@pytest.fixture
async def kept(folder: Path) -> Path:
    """The file of a recording that was made."""
    made = await Recorder(folder, "t")("answer_ticket", ASKED)
    assert made.outcome == "degraded"
    return folder / "tests" / "recordings" / "t.json"


async def test_a_recording_is_made_once_and_then_replayed_without_its_corpus(folder: Path, kept: Path) -> None:
    shutil.rmtree(folder / "data")
    written = content(kept)
    again = await Recorder(folder, "t")("answer_ticket", ASKED)
    assert all(step.replayed for step in again.steps)
    assert "within 5 working days" in again.output["text"]
    assert content(kept) == written
    assert [file.name for file in kept.parent.iterdir()] == ["t.json"]


async def test_in_ci_nothing_is_made(folder: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    await Recorder(folder, "t")("answer_ticket", ASKED)
    with pytest.raises(NotFound, match="HF203"):
        await Recorder(folder, "another")("answer_ticket", ASKED)
    assert not (kept.parent / "another.json").exists()


async def test_a_changed_prompt_misses_and_names_the_step_and_the_file(folder: Path, kept: Path) -> None:
    edit(folder / "prompts" / "answer.md", "At most 120 words", "At most 20 words")
    with pytest.raises(ReplayDiverged, match=r"generate answer .* is not on the tape") as caught:
        await Recorder(folder, "t")("answer_ticket", ASKED)
    assert caught.value.code == "HF500"
    assert f"rm {kept}" in caught.value.fix


async def test_changed_code_that_asks_for_the_same_is_replayed(folder: Path, kept: Path) -> None:
    edit(folder / "features.py", "    return reply", "    reply.text = reply.text.upper()\n    return reply")
    again = await Recorder(folder, "t")("answer_ticket", ASKED)
    assert "WITHIN 5 WORKING DAYS" in again.output["text"]


async def test_code_that_fails_on_what_was_recorded_is_a_miss(folder: Path, kept: Path) -> None:
    edit(folder / "features.py", "    return reply", "    return reply.txt")
    with pytest.raises(ReplayDiverged, match="the feature fails now"):
        await Recorder(folder, "t")("answer_ticket", ASKED)


async def test_another_question_under_the_same_name_is_refused(folder: Path, kept: Path) -> None:
    with pytest.raises(ReplayDiverged, match=r"does not ask what t\.json recorded"):
        await Recorder(folder, "t")("answer_ticket", {"body": "Something else"})


async def test_a_damaged_file_says_so(folder: Path, kept: Path) -> None:
    edit(kept, content(kept), content(kept)[:100])
    with pytest.raises(StoreFailed, match="HF603"):
        await Recorder(folder, "t")("answer_ticket", ASKED)


async def test_each_call_of_a_test_has_a_file_of_its_own(folder: Path) -> None:
    recorder = Recorder(folder, "t")
    await recorder("answer_ticket", ASKED)
    await recorder("answer_ticket", {"body": "How do I cancel an order?"})
    await recorder("answer_ticket", ASKED, name="refund", subject="ada")
    recordings = folder / "tests" / "recordings"
    assert sorted(file.name for file in recordings.iterdir()) == ["refund.json", "t.2.json", "t.json"]


async def test_a_run_that_fails_leaves_no_file(folder: Path) -> None:
    edit(folder / "features.py", "    return reply", "    return reply.txt")
    with pytest.raises(Exception, match="HF309"):
        await Recorder(folder, "t")("answer_ticket", ASKED)
    assert not (folder / "tests" / "recordings").exists()
