"""Why a document was not found: at the command line in a real project, and over HTTP without a word too much."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.server.serving import Served, serving

from corpora import ListSource, raw
from holdfast.keys import ACT_AS, new_key
from holdfast.sources import Passed
from holdfast.testing import project

CONFIG = """
[app]

[corpora.kb]
source = "folder"
path = "kb"

[slots.kb]
k = 2
mode = "lexical"

[slots.answer]
models = "extractive"

[server.groups]
"eva" = ["staff"]
"""
FEATURES = """
from pydantic import BaseModel

import holdfast as hf

app = hf.App()


class Question(BaseModel):
    body: str


class Reply(BaseModel):
    text: str
    citations: list[hf.Citation]


@app.feature()
async def ask(ctx: hf.Context, question: Question) -> Reply:
    passages = await ctx.retrieve("kb", question.body)
    return await ctx.generate("answer", Reply, question=question, passages=passages[:1])
"""


# ---------------------------------------------------------------- at the command line


def holdfast(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "HOLDFAST_CACHE": str(folder / "cache"), "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, "-m", "holdfast.cli", *arguments], cwd=folder, env=environ, capture_output=True, text=True
    )


def walked(folder: Path, *arguments: str) -> tuple[int, Any]:
    done = holdfast(folder, "why", *arguments, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def station(walk: Any, name: str) -> Any:
    return next(one for one in walk["stations"] if one["name"] == name)


def test_from_a_missed_document_to_a_setting_that_finds_it(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text(CONFIG)
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "kb").mkdir()
    for number in range(4):
        text = f"# Reset {number}\n\n{'Reset the router, then reset it again. ' * (4 - number)}\n"
        (tmp_path / "kb" / f"reset{number}.md").write_text(text)
    (tmp_path / "kb" / "wifi.md").write_text("# Wireless\n\nBefore anything else you may switch off a router.\n")
    assert holdfast(tmp_path, "sync").returncode == 0

    code, walk = walked(tmp_path, "reset the router", "--document", "wifi.md")
    assert (code, walk["fell_out_at"], walk["known"]) == (1, "cut", True)
    assert station(walk, "lexical")["measured"]["missing"] == [{"word": "reset", "near": []}]
    tried = {one["what"]: one for one in station(walk, "cut")["would_help"] if one["verified"]}
    assert tried["k = 5"]["changes"] == {"k": 5}
    shown = holdfast(tmp_path, "why", "reset the router", "--document", "wifi.md")
    assert shown.returncode == 1
    assert "it falls out at: cut" in shown.stdout
    assert "tried: k = 5: number 5" in shown.stdout
    assert "\x1b" not in shown.stdout

    (tmp_path / "holdfast.toml").write_text(CONFIG.replace("k = 2", "k = 5"))
    code, walk = walked(tmp_path, "reset the router", "--corpus", "kb", "--document", "wifi.md")
    assert (code, walk["rank"], walk["fell_out_at"]) == (0, 5, None)

    assert walked(tmp_path, "reset", "--document", "wify.md")[0] == 5
    assert holdfast(tmp_path, "why", "reset").returncode == 2
    assert holdfast(tmp_path, "why", "--document", "wifi.md").returncode == 2

    assert holdfast(tmp_path, "run", "ask", json.dumps({"body": "reset the router"})).returncode == 0
    code, walk = walked(tmp_path, "--recording", "last", "--document", "wifi.md")
    assert (code, walk["query"], walk["fell_out_at"]) == (1, "reset the router", "prompt")
    assert station(walk, "prompt")["measured"] == {"found": 1, "in_prompt": 0, "cited": False}
    first = walked(tmp_path, "reset the router", "--document", "reset0.md")[1]
    best = "reset0.md" if first["rank"] == 1 else "reset3.md"
    code, walk = walked(tmp_path, "reset the router", "--feature", "ask", "--document", best)
    assert (code, walk["rank"], walk["fell_out_at"]) == (0, 1, None)
    assert station(walk, "prompt")["measured"]["in_prompt"] == 1


# ---------------------------------------------------------------- over HTTP

KEY, TEXT = new_key("portal", (ACT_AS,))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    (tmp_path / "holdfast.toml").write_text(CONFIG)
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "kb").mkdir()
    async with project(tmp_path, environ={}) as opened:
        items = [raw("open", "Zebras sleep."), raw("secret", "Zebras are paid 9000.", principals=("staff",))]
        await opened.corpora.sync("kb", source=ListSource([*items, Passed(id="draft", reason="secret plan")]))
        await opened.store.keys.add(KEY)
        async with serving(opened, loopback=False) as it:
            yield it


async def get(served: Served, subject: str = "", **asked: str) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {TEXT}", **({"holdfast-subject": subject} if subject else {})}
    response = await served.http.get("/v1/corpora/kb/why", headers=headers, params=asked)
    return response.status_code, response.json()


async def test_a_walk_over_http_is_the_callers_own(served: Served) -> None:
    status, walk = await get(served, query="zebras", document="open")
    assert (status, walk["rank"], walk["fell_out_at"]) == (200, 1, None)
    status, walk = await get(served, "eva", query="zebras", document="secret")
    assert (status, walk["known"], walk["subject"]) == (200, True, "eva")


async def test_what_may_not_be_seen_is_exactly_as_what_is_not_there(served: Served) -> None:
    answers = [(await get(served, query="zebras paid", document=name), name) for name in ("secret", "draft", "nowhere")]
    said = {json.dumps(answer).replace(name, "ID") for answer, name in answers}
    assert len(said) == 1
    assert answers[0][0][0] == 404
    assert answers[0][0][1]["code"] == "HF206"
    for document in ("open", "secret", "opem", "secre"):
        for version in ("v1", "latest"):
            told = json.dumps((await get(served, query="zebras paid", document=document, version=version))[1])
            assert "9000" not in told
            assert "staff" not in told
            assert document == "secret" or '"secret"' not in told


async def test_a_walk_of_somebody_elses_recording_sees_what_the_caller_may(served: Served) -> None:
    recording = await served.project.run("ask", {"body": "zebras paid"}, who=served.project.who("eva"))
    status, said = await get(served, recording=recording.id, document="secret")
    assert (status, said["code"]) == (404, "HF206")
    status, walk = await get(served, "eva", recording=recording.id, document="secret")
    assert (status, walk["recording"], walk["rank"]) == (200, recording.id, 1)
    assert (await get(served, "eva", recording="rec_none", document="secret"))[0] == 404


async def test_a_walk_needs_a_document_and_a_query_or_a_recording(served: Served) -> None:
    assert (await get(served, query="zebras"))[0] in (400, 422)
    status, said = await get(served, document="open")
    assert (status, said["code"]) == (400, "HF709")
