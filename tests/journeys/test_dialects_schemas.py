"""JSON by schema through every dialect: what violates the schema is no answer, streamed or whole, and the next rung is
asked; limits, keys and filters are told as what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.dialect_project import Site, site

from holdfast.testing import Act
from holdfast.testing.rules import by_model, deterministic

SCHEMA = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]}
RIGHT, WRONG = '{"days": 5}', '{"days": "five"}'
TURN = [{"role": "user", "content": "How many days?"}]
CALLERS = ("chat", "responses", "messages")


async def ask(at: Site, caller: str, model: str, *, stream: bool = False, schema: Any = SCHEMA) -> tuple[Any, str]:
    """The response, and what its client would read as the answer."""
    body: dict[str, Any] = {"model": model, "stream": stream}
    given = {"type": "json_schema", "schema": schema}
    match caller:
        case "chat":
            body |= {"messages": TURN}
            asked = {"response_format": {"type": "json_schema", "json_schema": {"name": "d", "schema": schema}}}
            path = "/v1/chat/completions"
        case "responses":
            body, path = body | {"input": TURN}, "/v1/responses"
            asked = {"text": {"format": {"name": "d", **given}}}
        case _:
            body, path = body | {"messages": TURN, "max_tokens": 100}, "/v1/messages"
            asked = {"output_config": {"format": given}}
    response = await at.served.http.post(path, json=body | (asked if schema is not None else {}))
    if not stream:
        return response, "" if response.status_code != 200 else whole(caller, response.json())
    return response, "".join(pieces(caller, response.text))


def whole(caller: str, said: Any) -> str:
    match caller:
        case "chat":
            return str(said["choices"][0]["message"]["content"])
        case "responses":
            return "".join(part["text"] for item in said["output"] for part in item.get("content", ()))
        case _:
            return "".join(block["text"] for block in said["content"])


def pieces(caller: str, stream: str) -> list[str]:
    found = []
    for line in stream.splitlines():
        if not line.startswith("data: {"):
            continue
        event = json.loads(line.removeprefix("data: "))
        match caller:
            case "chat":
                found += [choice["delta"].get("content") or "" for choice in event.get("choices", ())]
            case "responses":
                found += [event["delta"]] if event["type"] == "response.output_text.delta" else []
            case _:
                found += [event["delta"].get("text", "")] if event["type"] == "content_block_delta" else []
    return found


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_rung_that_violates_the_schema_is_left_for_the_next(tmp_path: Path, caller: str, stream: bool) -> None:
    async with site(tmp_path) as at:
        at.vendor.rule = by_model({"one": deterministic(WRONG), "two": deterministic(RIGHT)})
        response, text = await ask(at, caller, "slot:answer", stream=stream)
        assert response.status_code == 200
        assert text == RIGHT
        assert [request.asked.model for request in at.vendor.requests] == ["one", "two"]  # the slot has no retries
        assert "error" not in response.text.replace('"error":null', "").replace('"error": null', "")


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_one_model_is_asked_twice_and_then_it_is_an_error(tmp_path: Path, caller: str, stream: bool) -> None:
    async with site(tmp_path, [Act(text=WRONG)]) as at:
        response, text = await ask(at, caller, "v:one", stream=stream)
        assert len(at.vendor.requests) == 2
        assert "the reply.days is not integer" in at.vendor.requests[1].asked.text
        assert text == ""
        assert "HF303" in response.text
        assert response.status_code == 502


@pytest.mark.parametrize("caller", CALLERS)
async def test_an_answer_mended_at_the_second_try_is_the_answer(tmp_path: Path, caller: str) -> None:
    async with site(tmp_path, [Act(text="no JSON"), Act(text=RIGHT)]) as at:
        response, text = await ask(at, caller, "v:one")
        assert (response.status_code, text) == (200, RIGHT)


async def test_a_slot_that_streams_early_shows_what_may_yet_be_wrong_and_says_so_if_it_is(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        at.vendor.rule = by_model({"one": deterministic(WRONG), "two": deterministic(RIGHT)})
        changed = await at.project.changed(at.project.release(), {"answer.stream": "early"})
        heard: list[Any] = []
        asked = {"messages": [{"role": "user", "text": "How many days?"}], "schema": SCHEMA}
        recording = await at.project.run("slot:answer", asked, hear=heard.append, release=changed)
        assert recording.output["text"] == RIGHT
        assert any(getattr(event, "text", "") and event.text in WRONG for event in heard)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    ("act", "status", "origin", "code"),
    [
        pytest.param(Act(status=429, headers={"retry-after": "40"}), 429, "provider", "HF311", id="429"),
        pytest.param(Act(status=429), 429, "provider", "HF311", id="429 without a time"),
        pytest.param(Act(status=401), 502, "gateway", "HF301", id="401"),
        pytest.param(Act(status=402), 502, "gateway", "HF301", id="402"),
        pytest.param(Act(status=500), 502, "provider", "HF301", id="500"),
        pytest.param(Act(error="too_long"), 400, "provider", "HF312", id="too long"),
        pytest.param(Act(text="", stop_reason="content_filter"), 400, "provider", "HF304", id="filter"),
    ],
)
async def test_one_rung_fails_as_what_it_fails_of(
    tmp_path: Path, caller: str, act: Act, status: int, origin: str, code: str
) -> None:
    async with site(tmp_path, [act]) as at:
        response, _ = await ask(at, caller, "v:one", schema=None)
        assert response.status_code == status
        assert response.headers["holdfast-error-source"] == origin
        assert response.json()["holdfast"]["code"] == code
        assert ("retry-after" in response.headers) == (status == 429)
        if act.headers:
            assert 38 <= int(response.headers["retry-after"]) <= 40
        again, _ = await ask(at, caller, "v:one", schema=None)
        rests = {429: 503 if act.headers else 429}.get(status, status)  # a ladder that rests says when to come back
        assert (again.status_code, "retry-after" in again.headers) == (rests, rests in (429, 503))


@pytest.mark.parametrize(("act", "status"), [(Act(status=429), 429), (Act(status=401), 502)])
async def test_a_features_caller_is_told_the_same(tmp_path: Path, act: Act, status: int) -> None:
    async with site(tmp_path, [act]) as at:
        scan = {"question": "what?", "picture": {"media_type": "text/plain", "data": "aGk="}}
        response = await at.served.http.post("/v1/features/scan", json=scan)
        assert response.status_code == status, response.text
        assert ("retry-after" in response.headers) == (status == 429)
        assert response.json()["origin"] == ("provider" if status == 429 else "gateway")
