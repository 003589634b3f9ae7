"""A feature as a model: what of a conversation becomes its input, and what of its output the answer."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.dialect_project import PNG, Site, site

from holdfast.keys import new_key
from holdfast.testing import Act

URL = "data:image/png;base64," + base64.b64encode(PNG).decode()


async def ask(at: Site, model: str, *turns: Any, path: str = "/v1/chat/completions", **rest: Any) -> Any:
    messages = [turn if isinstance(turn, dict) else {"role": "user", "content": turn} for turn in turns]
    headers = rest.pop("headers", {})
    return await at.served.http.post(path, json={"model": model, "messages": messages, **rest}, headers=headers)


async def recorded(at: Site) -> Any:
    """The first recording, once it is there: a client that has left is not told."""
    while True:
        if found := (await at.served.http.get("/v1/recordings")).json()["recordings"]:
            return found[0]
        await asyncio.sleep(0.01)


def text(response: Any) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


async def test_a_conversation_becomes_messages_or_the_one_text_or_json(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        system = {"role": "system", "content": "Be brief."}
        assert text(await ask(at, "chat", system, "hello")) == "system: Be brief. | user: hello"
        assert text(await ask(at, "answer", system, "hello")) == "You said: hello [1]"
        assert text(await ask(at, "several", '{"total": 3, "paid": false}')) == "total 3.0"
        refused = await ask(at, "several", "three")
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages")
        wrong = await ask(at, "several", '{"total": "x"}')
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "HF701")


async def test_an_output_without_text_is_answered_as_json_also_in_a_stream(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        assert json.loads(text(await ask(at, "invoice", "x"))) == {"total": 12.5, "paid": True}
        streamed = (await ask(at, "invoice", "x", stream=True)).text
        assert '"content":"{\\"total\\":12.5,\\"paid\\":true}"' in streamed
        assert streamed.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("field", ["tools", "response_format"])
async def test_what_only_a_model_can_be_given_is_refused_by_name(tmp_path: Path, field: str) -> None:
    given: Any = {
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "response_format": {"type": "json_object"},
    }
    async with site(tmp_path) as at:
        response = await ask(at, "answer", "x", **{field: given[field]})
        assert (response.status_code, response.json()["error"]["param"]) == (400, field)


async def test_an_image_goes_into_the_features_file_and_on_to_the_model(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text="A dot.")]) as at:
        parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": URL}}]
        response = await ask(at, "scan", {"role": "user", "content": parts})
        assert text(response) == "A dot."
        kept = await at.project.store.recordings.get(response.headers["holdfast-recording"])
        effect: Any = kept.steps[0].effect
        assert [media.data for media in effect.messages[-1].media] == [PNG]
        assert base64.b64encode(PNG).decode() not in effect.messages[-1].text
        refused = await ask(at, "answer", {"role": "user", "content": parts})
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages[0].content[1].image_url")


async def test_a_safe_answer_is_an_answer_that_says_so(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        said = (await ask(at, "guarded", "x")).json()
        assert said["choices"][0]["message"]["content"] == "Please ask a person."
        assert said["choices"][0]["finish_reason"] == "stop"
        assert said["holdfast"]["blocked"]["guard"] == "grounded"


async def test_a_lower_rung_is_said_in_a_header_and_in_the_answer(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(status=500), Act(text="Less.")]) as at:
        response = await ask(at, "slot:answer", "x")
        assert response.headers["holdfast-degraded"].startswith("answer rung 1 v:two: v:one:")
        assert response.json()["holdfast"]["degraded"]["model"] == "v:two"
        at.vendor.requests.clear()
        streamed = (await ask(at, "slot:answer", "x", stream=True)).text
        last = json.loads(streamed.strip().split("\n\n")[-2].removeprefix("data: "))
        assert last["holdfast"]["degraded"]["rung"] == 1


async def test_the_same_idempotency_key_answers_once_in_every_form(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text="One."), Act(text="Two.")]) as at:
        headers = {"idempotency-key": "k1"}
        first, second = await asyncio.gather(*(ask(at, "v:one", "x", headers=headers) for _ in range(2)))
        assert (text(first), text(second)) == ("One.", "One.")
        streamed = await ask(at, "v:one", "x", headers=headers, stream=True)
        assert '"content":"One."' in streamed.text
        assert len(at.vendor.requests) == 1
        other = await ask(at, "v:one", "y", headers=headers)
        assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_in_use")


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "x-goog-api-key"])
async def test_a_key_is_taken_from_every_vendors_header_and_its_lack_said_in_the_dialect(
    tmp_path: Path, name: str
) -> None:
    async with site(tmp_path) as at:
        key, secret = new_key("ana", ())
        await at.project.store.keys.add(key)
        given = f"Bearer {secret}" if name == "authorization" else secret
        assert (await ask(at, "v:one", "x", headers={name: given})).status_code == 200
        refused = await ask(at, "v:one", "x")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        anthropic = await ask(at, "v:one", "x", path="/v1/messages")
        assert (anthropic.status_code, anthropic.json()["error"]["type"]) == (401, "authentication_error")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "v:one", "messages": [{"role": 3}]}, "messages[0].role"),
        ({"model": "v:one"}, ""),
        ({"model": "v:one", "messages": []}, "messages"),
        ({"model": "v:one", "messages": [{"role": "user", "content": "x"}], "logprobs": True}, "logprobs"),
        ({"model": "v:one", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0}, "max_completion_tokens"),
        (
            {"model": "v:one", "messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages[0].content[0]",
        ),
    ],
)
async def test_a_wrong_request_is_400_and_names_the_field(tmp_path: Path, body: Any, param: str) -> None:
    async with site(tmp_path) as at:
        response = await at.served.http.post("/v1/chat/completions", json=body)
        assert response.status_code == 400
        assert response.json()["error"]["param"] == (param or None)
        assert (await at.served.http.post("/v1/chat/completions", content=b"{")).status_code == 400
        assert (await at.served.http.get("/v1/chat/completions")).status_code == 405


async def test_a_reader_that_takes_nothing_is_left_and_the_vendor_stopped(tmp_path: Path) -> None:
    acts = [Act(pieces=("x" * 20_000,) * 2_000, between_ms=1)]
    async with site(tmp_path, acts, settings="write_timeout_s = 0.2") as at:
        body = b'{"model":"v:one","stream":true,"messages":[{"role":"user","content":"x"}]}'
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n\r\n" % len(body)
        _, writer = await at.served.raw(head + body)
        async with asyncio.timeout(20):
            await at.vendor.received(1)
            await at.vendor.requests[0].hung_up.wait()
            found = await recorded(at)
        assert found["outcome"] == "cancelled"
        writer.close()
