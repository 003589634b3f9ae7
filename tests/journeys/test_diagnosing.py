"""A fault that is planted in a small project is named, with the change that mends it, and nothing live happens."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from holdfast.app import Project, open_configured
from holdfast.config import load_config
from holdfast.contracts import Answer
from holdfast.diagnosis import Diagnosis, Verifier
from holdfast.errors import EffectFailed, Refused
from holdfast.evals.diagnose.diagnosing import Limits, diagnose
from holdfast.evals.diagnose.known import Known
from holdfast.evals.diagnose.substituting import Earlier
from holdfast.evals.facts import missing
from holdfast.evaluation import Case, Gold
from holdfast.records import Generate, Recording, Usage

FEATURES = """
from pydantic import BaseModel
import holdfast as hf

app = hf.App()
SENT = []

class Ticket(BaseModel):
    body: str

class Reply(BaseModel):
    text: str

@app.feature()
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("help", ticket.body)
    reply = await ctx.generate("answer", Reply, ticket=ticket, passages=passages)
    await ctx.call("send", lambda text: SENT.append(text), reply.text)
    await ctx.guard("shape", reply.text)
    return reply
"""
CONFIG = """
[corpora.help]
source = "folder"
path = "articles"

[slots.answer]
prompt = "answer.md"
models = ["fake:good"]
retries = 0

[slots.help]
k = 6
max_per_document = 1
mode = "lexical"
"""
PROMPT = (
    "{% block system %}Answer from the passages.{% endblock %}"
    "{% block user %}{{ ticket.body }}\n\n{{ passages | sources }}{% endblock %}"
)
GADGETS = 30
ASKED = 7
QUESTION = f"How long must the button of gadget {ASKED} be held?"
CASE = Case(
    id="c",
    input={"body": QUESTION},
    expected=f"Held on gadget {ASKED} for {ASKED * 3} seconds.",
    facts=(f"{ASKED * 3} seconds",),
    gold=(Gold(document=f"gadget-{ASKED}.md"),),
)


class Reader:
    """Says what a passage says of the gadget that is asked for; not when it is `weak`, the prompt forbids it, or there
    are too many passages for it."""

    def __init__(self) -> None:
        self.requests: list[Generate] = []
        self.crowded = 1000
        self.down_for = 0

    async def generate(self, model: str, request: Generate, hear: Any) -> Answer:
        self.requests.append(request)
        prompt = "\n".join(message.text for message in request.messages)
        gadget = re.search(r"gadget (\d+) be held", prompt)
        said = re.search(rf"gadget {gadget[1]} for (\d+ seconds)", prompt) if gadget else None
        lost = model == "weak" or "Never name a number" in prompt or prompt.count(" for ") > self.crowded
        text = f"Hold it for {said[1]}." if said and not lost else "I do not know."
        if self.down_for > 0:
            self.down_for -= 1
            raise EffectFailed("HF301", "the vendor is down", "wait")
        text = json.dumps({"text": text}) if request.schema else text
        return Answer(text=text, model=model, usage=Usage(input_tokens=100, output_tokens=10))


class World:
    """A project, its reader, and how its answers are judged."""

    def __init__(self, folder: Path, project: Project, reader: Reader) -> None:
        self.folder = folder
        self.project = project
        self.reader = reader

    async def asked(self, **changes: Any) -> Recording:
        named = {name.replace("__", "."): value for name, value in changes.items()}
        release = self.project.release(named)
        return await self.project.run("answer", CASE.input, release=release)

    async def verify(self, recording: Recording, case: Case) -> bool:
        text = recording.output["text"] if isinstance(recording.output, dict) else ""
        return recording.outcome == "ok" and not missing(str(text), case.facts)

    async def diagnosis(self, recording: Recording, case: Case = CASE, **known: Any) -> Diagnosis:
        verifier = Verifier(name="facts", sensitivity=0.95, specificity=0.95)
        return await diagnose(
            self.project, recording, Known(case=case, verify=self.verify, verifier=verifier, **known), Limits()
        )


def article(number: int) -> str:
    return f"---\ntitle: Gadget {number}\n---\nThe button must be held on gadget {number} for {number * 3} seconds."


@asynccontextmanager
async def opened(folder: Path, gadgets: int = GADGETS) -> AsyncIterator[World]:
    (folder / "articles").mkdir()
    (folder / "features.py").write_text(FEATURES)
    (folder / "holdfast.toml").write_text(CONFIG)
    (folder / "answer.md").write_text(PROMPT)
    for number in range(1, gadgets + 1):
        (folder / "articles" / f"gadget-{number}.md").write_text(article(number))
    reader = Reader()
    project = await open_configured(load_config(folder, {}), models={"fake": reader})
    try:
        await project.sync()
        yield World(folder, project, reader)
    finally:
        await project.close()


def tried(diagnosis: Diagnosis) -> dict[str, tuple[int, int]]:
    return {one.substitution: (one.passed, one.asked) for one in diagnosis.tried}


async def test_an_answer_that_passes_is_not_diagnosed(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        with pytest.raises(Refused, match="passes"):
            await world.diagnosis(await world.asked())


async def test_a_passage_that_is_cut_off_is_ranking_and_more_passages_mend_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        for number in range(3):
            said = f"{QUESTION} {QUESTION} Ask number {number} of the support team."
            flood = f"---\ntitle: Button of gadget {ASKED}, question {number}\n---\n{said}"
            (world.folder / "articles" / f"flood-{number}.md").write_text(flood)
        await world.project.sync()
        found = await world.diagnosis(await world.asked(help__k=1))
        assert found.verdict == "ranking", found
        assert found.fixes[0].changes["help.k"] == 5


async def test_a_document_that_is_not_there_is_data(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        (world.folder / "articles" / f"gadget-{ASKED}.md").unlink()
        await world.project.sync()
        found = await world.diagnosis(await world.asked())
        assert found.verdict == "data", found
        assert "add what was expected" in found.fixes[0].advice


async def test_a_prompt_that_forbids_the_answer_is_prompt_and_the_earlier_one_mends_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        good = await world.asked()
        before = await world.project.store.releases.get(good.release)
        (world.folder / "answer.md").write_text(PROMPT.replace("passages.", "passages. Never name a number."))
        found = await world.diagnosis(await world.asked(), earlier=Earlier(release=before), good=[good])
        assert found.verdict == "prompt", found
        assert found.fixes[0].changes == {"answer.prompt": "answer.md@1"}
        assert found.fixes[0].side_effects is not None
        assert found.fixes[0].side_effects.broken == 0


async def test_a_weak_model_is_model_and_a_stronger_one_mends_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        failed = await world.asked(answer__models="fake:weak")
        found = await world.diagnosis(failed, earlier=Earlier(stronger="fake:good"))
        assert found.verdict == "model", found
        assert found.fixes[0].changes == {"answer.models": ["fake:good"]}


async def test_too_many_passages_are_context_noise(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.reader.crowded = 9
        found = await world.diagnosis(await world.asked(help__k=12))
        assert found.verdict == "context_noise", found
        assert found.fixes[0].changes == {"help.k": 4}


async def test_a_guard_that_stops_a_good_answer_is_guard_and_its_answer_is_not_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        (world.folder / "holdfast.toml").write_text(CONFIG + '\n[guards.shape]\nmax_chars = 3\non_fail = "block"\n')
        async with reopened(world) as strict:
            found = await strict.diagnosis(await strict.asked())
            assert found.verdict == "guard", found
            (off,) = [one for one in found.tried if one.substitution == "guard_off"]
            assert off.recordings == ()
            assert found.fixes[0].changes == {"shape.on_fail": "flag"}


async def test_a_vendor_that_was_down_is_provider(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        good = await world.asked()
        world.reader.down_for = 1
        found = await world.diagnosis(await world.asked(), good=[good])
        assert found.verdict == "provider", found


async def test_a_provider_without_a_key_is_provider(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        failed = await world.asked(answer__models=["openai:gpt-5-mini", "fake:weak"])
        before = len(world.reader.requests)
        found = await world.diagnosis(failed)
        assert found.verdict == "provider", found
        assert found.calls == len(world.reader.requests) - before, "a rung without a key is no call"
        assert any("no_key" in sentence for sentence in found.because)


async def test_what_was_expected_and_no_source_says_is_task(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        wrong = Case(id="c", input=CASE.input, facts=("99 seconds",), gold=CASE.gold)
        found = await world.diagnosis(await world.asked(), case=wrong)
        assert found.verdict == "task", found
        assert found.question is not None
        assert len(found.readings) == 2


async def test_nothing_live_happens_and_what_is_asked_is_no_live_recording(tmp_path: Path) -> None:
    from holdfast.stores import RecordingQuery

    async with opened(tmp_path) as world:
        failed = await world.asked(answer__models="fake:weak")
        sent = list(world.project.feature("answer").fn.__globals__["SENT"])
        found = await world.diagnosis(failed, earlier=Earlier(stronger="fake:good"))
        assert world.project.feature("answer").fn.__globals__["SENT"] == sent
        live = await world.project.store.recordings.find(RecordingQuery())
        assert [each.id for each in live] == [failed.id]
        assert found.calls <= 30


@asynccontextmanager
async def reopened(world: World) -> AsyncIterator[World]:
    project = await open_configured(load_config(world.folder, {}), models={"fake": world.reader})
    try:
        yield World(world.folder, project, world.reader)
    finally:
        await project.close()
