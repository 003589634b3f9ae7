"""The features every project has: which names they stand under, what they send, what release they run under."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.app import App, Project, open_project
from holdfast.errors import NotFound
from holdfast.messages import Media, Message, Sampling, Tool
from holdfast.runtime.conversation import Conversation, Spoken, over
from holdfast.runtime.prompts import with_files
from holdfast.testing import FakeModel, MemoryStore

TOML = '[app]\n[slots.answer]\nmodels = ["fake:one"]\ntemperature = 0.1\nseed = 7\nprompt = "p.md"\n'


async def opened(folder: Path, model: FakeModel) -> Project:
    (folder / "holdfast.toml").write_text(TOML)
    (folder / "p.md").write_text("A prompt that a slot alone does not send.")
    return await open_project(folder, app=App(), environ={}, models={"fake": model}, store=MemoryStore())


def asked(**rest: Any) -> Any:
    return msgspec.to_builtins(Conversation(messages=(Message(role="user", text="hello"),), **rest))


async def test_a_slot_is_its_ladder_and_settings_without_its_prompt(tmp_path: Path) -> None:
    model = FakeModel("fine")
    project = await opened(tmp_path, model)
    sampling = Sampling(temperature=0.9)
    recording = await project.run("slot:answer", asked(instructions="Be brief.", sampling=sampling))
    assert msgspec.convert(recording.output, Spoken) == Spoken(text="fine", model="fake:one")
    sent = model.requests[0]
    assert [(m.role, m.text) for m in sent.messages] == [("system", "Be brief."), ("user", "hello")]
    assert (sent.sampling.temperature, sent.sampling.seed) == (0.9, 7)
    await project.close()


async def test_a_model_runs_under_one_release_that_is_kept_and_listed_by_slot(tmp_path: Path) -> None:
    project = await opened(tmp_path, FakeModel("fine"))
    first = await project.run("fake:gpt-4.1", asked())
    second = await project.run("fake:gpt-4.1", asked())
    assert first.release == second.release
    kept = await project.store.releases.get(first.release)
    assert kept.models("fake:gpt-4.1").models == ("fake:gpt-4.1",)
    replay = await project.replay(first.id, changes={"fake:gpt-4.1.temperature": 0.3})
    assert replay.redone == 1
    await project.close()


@pytest.mark.parametrize(
    ("name", "code"), [("nothing", "HF200"), ("nobody:x", "HF207"), ("slot:none", "HF201"), ("embed:x", "HF207")]
)
async def test_a_name_behind_which_nothing_stands_leaves_no_recording(tmp_path: Path, name: str, code: str) -> None:
    project = await opened(tmp_path, FakeModel())
    with pytest.raises(NotFound) as raised:
        await project.run(name, asked())
    assert raised.value.code == code
    await project.close()


async def test_json_that_was_asked_for_and_did_not_come_is_a_failure(tmp_path: Path) -> None:
    project = await opened(tmp_path, FakeModel("fine"))
    recording = await project.run("slot:answer", asked(schema={"type": "object"}))
    assert recording.failure is not None
    assert recording.failure.code == "HF303"
    await project.close()


async def test_brackets_in_a_models_text_stay_as_they_are_also_while_it_streams(tmp_path: Path) -> None:
    project = await opened(tmp_path, FakeModel("see [1, 2] and [3]"))
    heard: list[Any] = []
    recording = await project.run("slot:answer", asked(tools=(Tool(name="t"),)), hear=heard.append)
    assert "".join(getattr(event, "text", "") for event in heard) == "see [1, 2] and [3]" == recording.output["text"]
    await project.close()


def test_what_a_request_leaves_open_is_the_slots_choice() -> None:
    chosen = Sampling(temperature=0.1, stop=("x",), seed=7)
    assert over(Sampling(), chosen) is chosen
    assert over(Sampling(seed=9), chosen) == Sampling(temperature=0.1, stop=("x",), seed=9)


def test_files_hang_on_the_last_user_turn_behind_its_text() -> None:
    from holdfast.messages import File

    file = File(media_type="image/png", data=b"x", name="n")
    rendered = (Message(role="user", text="one"), Message(role="assistant", text="two"))
    (first, _) = with_files(rendered, {"value": {"deep": [file]}})
    assert first.media == (Media(media_type="image/png", data=b"x", name="n", at=3),)
    assert with_files(rendered, {"value": "none"}) is rendered
    assert with_files((), {"file": file})[0].role == "user"
