"""What is deleted, or is not for somebody any more, reaches no answer: on no way, from the next sync on.

Each way on which a document's text comes to an answer is tried twice: after the document is gone, and after it is for
others only. The model repeats whatever it is shown, so a leak is seen.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.journeys.eval_project import Model, evaluated
from tests.unit.server.serving import serving

from corpora import ListSource, raw
from holdfast.app import Project, open_configured
from holdfast.config import load_config
from holdfast.errors import NotFound, ReplayDiverged
from holdfast.evals.lab import Lab
from holdfast.evals.trying import How, Plan, all_pairs, begin, go_on
from holdfast.keys import ACT_AS, new_key
from holdfast.records import Recording, Retrieve, Retrieved

SECRET = "ZEBRA"
QUESTION = {"body": "How do I reset the alarm?"}
FEATURES = """
from pydantic import BaseModel
import holdfast as hf

app = hf.App()

class Ticket(BaseModel):
    body: str

class Reply(BaseModel):
    text: str
    citations: list[hf.Citation] = []

@app.feature()
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("kb", ticket.body)
    return await ctx.generate("answer", Reply, ticket=ticket, passages=passages)

@app.feature()
async def quote(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("kb", ticket.body)
    return await ctx.generate("quoting", Reply, ticket=ticket, passages=passages)

@app.feature()
async def nearest(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.rerank(ticket.body, await ctx.retrieve("kb", ticket.body))
    return Reply(text=" ".join(passage.text for passage in passages))
"""
CONFIG = """
[corpora.kb]
source = "folder"
path = "."

[slots.answer]
prompt = "answer.md"
models = ["fake:one", "extractive"]

[slots.quoting]
prompt = "answer.md"
models = ["extractive"]

[server.groups]
"eva" = ["staff"]
"""
KEY, KEY_TEXT = new_key("portal", (ACT_AS,))
Desk = tuple[Project, ListSource]
Change = Callable[[Desk], Awaitable[None]]


def shown(request: Any) -> str:
    return " ".join(message.text for message in request.messages)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "evals").mkdir()
    (tmp_path / "holdfast.toml").write_text(CONFIG)
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "answer.md").write_text("{{ passages | sources }}\n\n{{ ticket.body }}")
    (tmp_path / "evals" / "answer.jsonl").write_text(json.dumps({"id": "one", "input": QUESTION}))
    project = await open_configured(load_config(tmp_path, {}), models={"fake": Model(shown)}, encoder=False)
    source = ListSource(
        [
            raw("secret", f"To reset the alarm say {SECRET} to it.", principals=("staff",)),
            raw("plain", "To reset the alarm hold the red button."),
        ]
    )
    await project.corpora.sync("kb", source=source)
    try:
        yield project, source
    finally:
        await project.close()


async def deleted(desk: Desk) -> None:
    """The document is gone at its source."""
    project, source = desk
    del source.items["secret"]
    await project.corpora.sync("kb", source=source)


async def restricted(desk: Desk) -> None:
    """The document is for others."""
    project, source = desk
    source.put(raw("secret", f"To reset the alarm say {SECRET} to it.", principals=("board",)))
    await project.corpora.sync("kb", source=source)


@pytest.fixture(params=[deleted, restricted])
def change(request: pytest.FixtureRequest) -> Change:
    made: Change = request.param
    return made


def leaks(value: Any) -> bool:
    return SECRET in msgspec.json.encode(value).decode()


def output(recording: Recording) -> Any:
    """What a recording says, and what it found."""
    found = [step.result for step in recording.steps if isinstance(step.result, Retrieved)]
    return [recording.output, found, [step.result for step in recording.steps]]


async def asked(desk: Desk, feature: str = "answer") -> Recording:
    project, _ = desk
    recording = await project.run(feature, QUESTION, who=project.who("eva"))
    assert recording.outcome in ("ok", "degraded"), recording.failure
    assert leaks(recording.output)
    return recording


@pytest.mark.parametrize("feature", ["answer", "quote", "nearest"])
async def test_not_by_asking_again(desk: Desk, change: Change, feature: str) -> None:
    await asked(desk, feature)
    await change(desk)
    project, _ = desk
    again = await project.run(feature, QUESTION, who=project.who("eva"))
    assert not leaks(output(again))


@pytest.mark.parametrize("feature", ["answer", "quote", "nearest"])
async def test_not_by_a_replay(desk: Desk, change: Change, feature: str) -> None:
    first = await asked(desk, feature)
    project, _ = desk
    assert leaks(output((await project.replay(first.id)).recording)), "as long as it may be seen it is remembered"
    await change(desk)
    replay = await project.replay(first.id)
    assert not leaks(output(replay.recording))
    assert "red button" in replay.recording.output["text"]
    assert not replay.diff.same


@pytest.mark.parametrize("changes", [{"answer.models": "extractive"}, {"kb.k": 3}, {"kb.version": "v1"}])
async def test_not_by_a_replay_with_something_changed(desk: Desk, change: Change, changes: dict[str, Any]) -> None:
    first = await asked(desk)
    await change(desk)
    project, _ = desk
    assert not leaks(output((await project.replay(first.id, changes=changes)).recording))


async def test_a_strict_replay_names_what_was_withheld(desk: Desk, change: Change) -> None:
    first = await asked(desk)
    await change(desk)
    with pytest.raises(ReplayDiverged) as failure:
        await desk[0].replay(first.id, strict=True)
    assert failure.value.code == "HF503"
    assert "'secret'" in failure.value.message
    assert "'plain'" not in failure.value.message


async def test_not_by_a_trial_on_recordings(desk: Desk, change: Change) -> None:
    await asked(desk)
    await change(desk)
    project, _ = desk
    trial = await go_on(project, await begin(project, Plan("since=1h", {"kb.k": 6})), How())
    (pair,) = [pair async for pair in all_pairs(project.store, trial)]
    assert not leaks(output(await project.store.recordings.get(str(pair.replay))))


async def test_not_by_a_restored_version_nor_by_one_that_is_named(desk: Desk, change: Change) -> None:
    await asked(desk)
    await change(desk)
    project, _ = desk
    await project.corpora.restore("kb", "v1")
    for release in (project.release(), project.release({"kb.version": "v1"})):
        again = await project.run("answer", QUESTION, who=project.who("eva"), release=release)
        assert not leaks(output(again))


async def test_not_by_an_evaluation_that_remembers_generations(desk: Desk) -> None:
    project, source = desk
    source.put(raw("secret", f"To reset the alarm say {SECRET} to it."))
    await project.corpora.sync("kb", source=source)
    first = await evaluated(project)
    assert leaks(output(await project.store.recordings.get(first.results[0].recording)))
    await deleted(desk)
    again = await evaluated(project, cached=True)
    assert not leaks(output(await project.store.recordings.get(again.results[0].recording)))


async def test_not_by_a_scorer_that_has_a_recording_done_again(desk: Desk) -> None:
    project, source = desk
    source.put(raw("secret", f"To reset the alarm say {SECRET} to it."))
    await project.corpora.sync("kb", source=source)
    first = await evaluated(project)
    await deleted(desk)
    from holdfast.contracts import Answered

    recording = await project.store.recordings.get(first.results[0].recording)
    lab = Lab(project, first.evaluation, project.release())
    answered = Answered(case=first.cases[0], recording=recording)
    for passages in (None, lambda found: found):
        again = await lab.bench(answered, "s").again(QUESTION, passages)
        assert again is not None
        assert not leaks(output(again))


async def test_not_by_an_idempotency_key_nor_by_the_id_of_an_earlier_response(desk: Desk, change: Change) -> None:
    project, _ = desk
    await project.store.keys.add(KEY)
    headers = {"authorization": f"Bearer {KEY_TEXT}", "holdfast-subject": "eva"}
    question = {"model": "answer", "input": QUESTION["body"]}
    async with serving(project, loopback=False) as served:
        keyed = {**headers, "idempotency-key": "k1"}
        url = "/v1/features/answer"
        first = (await served.http.post(url, json=QUESTION, headers=keyed)).json()
        assert (await served.http.post(url, json=QUESTION, headers=keyed)).json() == first
        assert leaks(first)
        response = (await served.http.post("/v1/responses", json=question, headers=headers)).json()
        assert leaks(response)
        await change(desk)
        assert not leaks((await served.http.post(url, json=QUESTION, headers=keyed)).json())
        answer = await served.http.get(f"/v1/responses/{response['id']}", headers=headers)
        assert answer.status_code == 404
        follow = {**question, "previous_response_id": response["id"]}
        assert not leaks((await served.http.post("/v1/responses", json=follow, headers=headers)).json())


async def test_not_by_reading_the_document_in_any_version(desk: Desk, change: Change) -> None:
    await change(desk)
    project, _ = desk
    for version in ("v1", "latest"):
        with pytest.raises(NotFound):
            await project.corpora.document("kb", version, "secret", principals=("staff",))


async def test_what_an_effect_once_found_is_visible_as_long_as_it_is_there_for_them(desk: Desk) -> None:
    corpora = desk[0].corpora

    def visible(*principals: str, corpus: str = "kb@v1") -> frozenset[str]:
        effect = Retrieve(corpus=corpus, query="x", principals=principals)
        return corpora.still_visible(effect, ["secret", "plain", "never"])

    assert visible() == {"plain"}
    assert visible("staff") == {"secret", "plain"}
    assert visible("staff", corpus="elsewhere@v1") == frozenset()
    await restricted(desk)
    assert (visible("staff"), visible("board")) == ({"plain"}, {"secret", "plain"})
    await deleted(desk)
    assert visible("board") == {"plain"}
