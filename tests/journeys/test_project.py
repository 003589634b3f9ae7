"""A whole project, opened: real SQLite, a real corpus, models handed in. What its users are promised end to end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from holdfast.app import App, Project, open_project
from holdfast.contracts import Models
from holdfast.errors import HoldfastError, Misconfigured, NotFound, Refused, ReplayDiverged
from holdfast.identity import canonical
from holdfast.records import Call, Generate, Retrieve
from holdfast.stores import RecordingQuery
from holdfast.testing import FakeModel

FEATURES = """
from pydantic import BaseModel
import holdfast as hf

app = hf.App()
SENT = []

class Ticket(BaseModel):
    subject: str | None = None
    body: str

class Reply(BaseModel):
    text: str
    citations: list[hf.Citation] = []

@app.feature()
async def answer_ticket(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("help", ticket.body)
    reply = await ctx.generate("answer", Reply, ticket=ticket, passages=passages)
    await ctx.guard("grounded", reply.text, sources=passages)
    return reply

@app.feature()
async def notify(ctx: hf.Context, ticket: Ticket) -> str:
    return str(await ctx.call("send", lambda body: SENT.append(body) or len(SENT), ticket.body))

@app.feature()
async def similar(ctx: hf.Context, ticket: Ticket) -> str:
    passages = await ctx.retrieve("help", ticket.body)
    return (await ctx.rerank(ticket.body, passages))[0].title
"""
CONFIG = """
[corpora.help]
source = "folder"
path = "articles"

[slots.answer]
prompt = "answer.md"
models = ["fake:one", "extractive"]

[providers.openai]
api_key = "a-secret-key-1"

[server.groups]
"eva@example.com" = ["staff"]
"""
ARTICLES = {
    "reset.md": "---\ntitle: Reset the alarm\n---\nHold the red button for five seconds to reset the alarm.",
    "battery.md": "---\ntitle: Change the battery\n---\nThe battery lasts two years. Use a CR2032 battery.",
}


def make_project(folder: Path) -> Path:
    (folder / "articles").mkdir(parents=True)
    (folder / "features.py").write_text(FEATURES)
    (folder / "holdfast.toml").write_text(CONFIG)
    (folder / "answer.md").write_text("{{ passages | sources }}\n\n{{ ticket.body }}")
    for name, text in ARTICLES.items():
        (folder / "articles" / name).write_text(text)
    return folder


@asynccontextmanager
async def opened(folder: Path, models: Models | None = None) -> AsyncIterator[Project]:
    project = await open_project(folder, models=models or {"fake": FakeModel(["Hold the red button. [1]"] * 20)})
    try:
        yield project
    finally:
        await project.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


TICKET = {"body": "How do I reset the alarm?"}


async def test_a_request_is_a_recording_that_replays_without_doing_anything(folder: Path) -> None:
    async with opened(folder) as project:
        await project.sync()
        first = await project.run("answer_ticket", TICKET)
        assert first.outcome == "ok"
        assert first.output["citations"][0]["document"] == "reset.md"
    async with opened(folder, {"fake": FakeModel([AssertionError("the model was asked")])}) as project:
        replay = await project.replay(first.id)
        assert (replay.remembered, replay.redone, replay.code_changed) == (3, 0, False)
        assert canonical(replay.recording.output) == canonical(first.output)
        assert replay.diff.same


async def test_one_thing_changed_redoes_only_what_depends_on_it(folder: Path) -> None:
    async with opened(folder) as project:
        await project.sync()
        first = await project.run("answer_ticket", TICKET)
        replay = await project.replay(first.id, changes={"answer.models": "extractive"})
        assert [step.replayed for step in replay.recording.steps] == [True, False, False]
        assert "five seconds" in replay.recording.output["text"]
        assert not replay.diff.same
        with pytest.raises(ReplayDiverged, match="generate answer"):
            await project.replay(first.id, changes={"answer.models": "extractive"}, strict=True)
        with pytest.raises(NotFound, match="HF201"):
            await project.replay(first.id, changes={"answr.models": "extractive"})


async def test_a_new_corpus_version_is_used_by_the_next_request_and_by_a_replay_only_when_asked(folder: Path) -> None:
    async with opened(folder) as project:
        await project.sync()
        first = await project.run("answer_ticket", TICKET)
        (folder / "articles" / "reset.md").write_text(ARTICLES["reset.md"].replace("five", "nine"))
        await project.sync()
        second = await project.run("answer_ticket", TICKET)
        versions = [
            step.effect.corpus for run in (first, second) for step in run.steps if isinstance(step.effect, Retrieve)
        ]
        assert versions == ["help@v1", "help@v2"]
        kept = await project.replay(first.id)
        assert kept.redone == 0
        moved = await project.replay(first.id, changes={"help.version": "latest"})
        assert [step.replayed for step in moved.recording.steps] == [False, False, False]


async def test_a_changed_prompt_is_used_at_once_and_a_broken_one_is_named(folder: Path) -> None:
    model = FakeModel(["Hold the red button. [1]"] * 9)
    async with opened(folder, {"fake": model}) as project:
        await project.sync()
        before = await project.run("answer_ticket", TICKET)
        (folder / "answer.md").write_text("Be brief. {{ passages | sources }} {{ ticket.body }}")
        after = await project.run("answer_ticket", TICKET)
        assert before.release != after.release
        asked = [step.effect for step in after.steps if isinstance(step.effect, Generate)]
        assert asked[0].messages[0].text.startswith("Be brief.")
        assert (await project.replay(before.id)).redone == 0
        (folder / "answer.md").write_text("{% if %}")
        with pytest.raises(Misconfigured, match=r"answer\.md"):
            await project.run("answer_ticket", TICKET)


async def test_changed_code_is_said_and_strict_refuses_it(folder: Path) -> None:
    async with opened(folder) as project:
        await project.sync()
        first = await project.run("answer_ticket", TICKET)
    changed = FEATURES.replace("return reply\n", "reply.text = reply.text.upper()\n    return reply\n")
    (folder / "features.py").write_text(changed)
    async with opened(folder) as project:
        replay = await project.replay(first.id)
        assert (replay.code_changed, replay.redone) == (True, 0)
        assert replay.recording.output["text"] == first.output["text"].upper()
        with pytest.raises(ReplayDiverged, match="HF501"):
            await project.replay(first.id, strict=True)


async def test_a_side_effect_happens_once_however_often_it_is_replayed(folder: Path) -> None:
    async with opened(folder) as project:
        first = await project.run("notify", TICKET)
        again = await project.replay(first.id)
        assert (first.output, again.recording.output) == ("1", "1")
        assert any(isinstance(step.effect, Call) for step in again.recording.steps)
        repeated = await project.replay(first.id, fresh=["call"])
        assert repeated.recording.output == "2"


async def test_a_cancelled_request_is_on_disk(folder: Path) -> None:
    async def never(request: Generate) -> str:
        await asyncio.Event().wait()
        return ""

    class Silent:
        async def generate(self, model: str, request: Generate, hear: object) -> object:
            return await never(request)

    async with opened(folder, {"fake": Silent()}) as project:  # type: ignore[dict-item]
        await project.sync()
        task = asyncio.create_task(project.run("answer_ticket", TICKET, recording_id="rec_one"))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await project.store.recordings.get("rec_one")).outcome == "cancelled"


async def test_a_configured_key_never_reaches_the_database(folder: Path) -> None:
    async with opened(folder) as project:
        await project.sync()
        recording = await project.run("answer_ticket", {"body": "My key is a-secret-key-1, is that bad?"})
        assert recording.outcome in {"ok", "degraded"}
    for file in (folder / ".holdfast").rglob("*"):
        assert not file.is_file() or b"a-secret-key-1" not in file.read_bytes(), file
    rows = sqlite3.connect(folder / ".holdfast" / "holdfast.db").execute("select count(*) from recordings").fetchone()
    assert rows == (1,)


async def test_erasing_a_subject_says_what_went_and_leaves_the_others(folder: Path) -> None:
    async with opened(folder) as project:
        await project.sync()
        await project.run("answer_ticket", TICKET, who=project.who("eva@example.com"))
        other = await project.run("answer_ticket", TICKET, who=project.who("ben@example.com"))
        assert (await project.erase("eva@example.com")).recordings == 1
        left = await project.store.recordings.find(RecordingQuery())
        assert [found.id for found in left] == [other.id]
        assert project.who("eva@example.com").principals == ("staff",)


async def test_the_reranker_puts_the_better_text_first(folder: Path) -> None:
    async with opened(folder) as project:
        await project.sync()
        assert (
            await project.run("similar", {"body": "Which battery, and how long does it last?"})
        ).output == "Change the battery"


async def test_another_program_runs_a_feature_by_name_and_gets_its_errors(folder: Path) -> None:
    async with opened(folder) as project:
        await project.sync()
        app: App = project.app
    assert (await app.run("notify", TICKET)) == "1"
    with pytest.raises(Refused, match="body"):
        await app.run("notify", {})
    with pytest.raises(NotFound, match="did you mean"):
        await app.run("notfy", TICKET)
    await app.close()


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("features.py", "import nothing_of_that_name", "features.py, line 1"),
        ("features.py", "x = 1", "declares no app"),
        (
            "features.py",
            "import holdfast as hf\napp = hf.App()\n@app.feature()\ndef f(ctx, x): ...",
            "not an async function",
        ),
        (
            "features.py",
            "import holdfast as hf\napp = hf.App()\n@app.feature()\nasync def f(ctx, x): ...",
            "one typed input",
        ),
        ("holdfast.toml", "[slots.answer]\nprompt = 'answer.md'", "slots.answer has no models"),
        ("holdfast.toml", "[slots.answer]\nmodels = 'x:y'\nk = 3", "slots.answer.k"),
        ("holdfast.toml", "[slots.answer]\nmodels = 'x:y'\nprompt = 'none.md'", "none.md"),
        ("holdfast.toml", "[providers.mine]\napi_key = 'x'", "base_url"),
        ("holdfast.toml", "[app]\nfeatures = 'other.py'", "there is no"),
        ("holdfast.toml", "[app]\ndatabase_url = 'mysql://x/y'", "mysql"),
    ],
)
async def test_a_project_that_cannot_work_is_refused_at_the_door(folder: Path, file: str, text: str, said: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(HoldfastError) as caught:
        await open_project(folder)
    assert said in caught.value.message
    assert caught.value.fix
