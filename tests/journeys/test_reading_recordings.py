"""What a subject was answered from restricted documents is read, and asked again, only by those who may see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.server.serving import Served, serving

from corpora import ListSource, raw
from holdfast.keys import ACT_AS, CASES, new_key
from holdfast.testing import project

CONFIG = """
[app]

[corpora.kb]
source = "folder"
path = "."

[slots.kb]
k = 1

[server.groups]
eva = ["staff"]
"""
FEATURES = """
from pydantic import BaseModel
import holdfast as hf

app = hf.App()

class Ask(BaseModel):
    text: str

class Told(BaseModel):
    text: str

@app.feature()
async def tell(ctx: hf.Context, ask: Ask) -> Told:
    return Told(text="; ".join(passage.text for passage in await ctx.retrieve("kb", ask.text)))
"""
KEYS = {name: new_key(name, scopes) for name, scopes in (("eva", ()), ("widget", (CASES,)), ("desk", (ACT_AS,)))}
OPEN, RESTRICTED = {"text": "hold the red button, or whisper?"}, {"text": "whisper persimmon"}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    (tmp_path / "holdfast.toml").write_text(CONFIG)
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "evals").mkdir()
    async with project(tmp_path, environ={}) as opened:
        source = ListSource([raw("a", "hold the red button"), raw("b", "whisper persimmon", principals=("staff",))])
        await opened.corpora.sync("kb", source=source)
        for key, _ in KEYS.values():
            await opened.store.keys.add(key)
        async with serving(opened, loopback=False) as it:
            yield it


async def call(served: Served, method: str, path: str, name: str, body: Any = None, subject: str = "") -> Any:
    headers = {"authorization": f"Bearer {KEYS[name][1]}", **({"holdfast-subject": subject} if subject else {})}
    return await served.http.request(method, path, json=body, headers=headers)


async def asked(served: Served, body: Any) -> str:
    said = (await call(served, "POST", "/v1/features/tell", "eva", body)).json()
    assert said["output"]["text"] in ("hold the red button", "whisper persimmon")
    return f"/v1/recordings/{said['recording_id']}"


async def test_a_recording_is_read_by_those_who_may_see_what_it_found(served: Served) -> None:
    address = await asked(served, RESTRICTED)
    for name in ("eva", "desk"):
        assert "persimmon" in (await call(served, "GET", address, name)).text
    for how in ({"name": "widget"}, {"name": "desk", "subject": "a customer"}):
        refused = await call(served, "GET", address, **how)
        assert (refused.status_code, refused.json()["code"]) == (403, "HF704")
        assert "act-as" in refused.json()["fix"]
        assert "persimmon" not in refused.text
    refused = await call(served, "POST", f"{address}/case", "widget", {})
    assert (refused.status_code, "persimmon" in refused.text) == (403, False)


async def test_a_recording_that_found_only_what_everybody_may_see_is_read_by_everybody(served: Served) -> None:
    assert (await call(served, "GET", await asked(served, OPEN), "widget")).status_code == 200


async def test_a_replay_with_a_change_finds_nothing_that_its_caller_may_not_see(served: Served) -> None:
    address = f"{await asked(served, OPEN)}/replay"
    wider = {"changes": {"kb.k": 9}}
    assert "persimmon" in (await call(served, "POST", address, "desk", wider)).text
    refused = await call(served, "POST", address, "widget", wider)
    assert (refused.status_code, refused.json()["code"]) == (403, "HF704")
    own = (await call(served, "POST", "/v1/features/tell", "widget", OPEN)).json()["recording_id"]
    again = await call(served, "POST", f"/v1/recordings/{own}/replay", "widget", wider)
    assert (again.status_code, "persimmon" in again.text) == (200, False)
