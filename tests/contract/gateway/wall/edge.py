"""The fault wall as the server's callers see it: in their dialect, streamed or whole, before a vendor that fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import httpx
import msgspec
from tests.contract.gateway.wall.cells import KEY, TEXT, Mode, Rungs
from tests.unit.server.serving import serving

from holdfast.app import open_project
from holdfast.testing import Rule, Vendor
from holdfast.testing.faults import parse, under
from holdfast.testing.rules import by_model, deterministic

Caller: TypeAlias = Literal["chat", "responses", "messages"]

DEADLINE_MS = 4_000
SLACK_MS = 3_000
RESTARTS = "starts again"

SERVER_SIDE = frozenset({500, 502, 503, 504, 529})
ROWS: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        # What a caller may be told by status, where the only rung fails before any text.
        "crlf": frozenset({200}),
        "cut": SERVER_SIDE,
        "stall": SERVER_SIDE,
        "error_midway": SERVER_SIDE,
        "cut@start": SERVER_SIDE,
        "server_error": SERVER_SIDE,
        "rate_limited": frozenset({429}),
        "filtered_400": frozenset({400, 403, 422}),
        "revoked": frozenset({502}),  # the caller's own key is not the one that failed
        "payment": frozenset({502}),
        "accepts_never_answers": frozenset({502, 503, 504}),
        "eof_without_finish": SERVER_SIDE,
        "html_200": SERVER_SIDE,
    }
)
OURS = frozenset({"revoked", "payment"})
"""Faults of the gateway's own account with its vendor."""
STREAMED_FIRST = frozenset({"cut", "stall", "error_midway", "eof_without_finish"})
"""Text goes out before these strike, so that a stream must tell them in its own words."""


@dataclass(frozen=True, slots=True)
class Cell:
    fault: str
    caller: Caller
    mode: Mode
    rungs: Rungs

    @property
    def name(self) -> str:
        return f"{self.fault} · /v1/{self.caller} · {self.mode} · {self.rungs}"

    @property
    def slot(self) -> str:
        parts = (self.fault, self.caller, self.mode, self.rungs.partition(" ")[0])
        return "_".join(parts).replace("@", "_")


@dataclass(slots=True)
class Answer:
    """What a caller got. `text` is what its reader shows, `closed` whether the dialect's word for a good end came,
    `error` the error that it was told."""

    status: int
    text: str = ""
    closed: bool = False
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    ms: float = 0.0


def cells() -> list[Cell]:
    """Every cell of the edge."""
    return [
        Cell(name, caller, mode, rungs)
        for name in ROWS
        for caller in get_args(Caller)
        for mode in get_args(Mode)
        for rungs in get_args(Rungs)
    ]


@asynccontextmanager
async def site(folder: Path, every: Iterable[Cell]) -> AsyncIterator[tuple[httpx.AsyncClient, Vendor]]:
    """A served project with a provider and a slot for each cell, so that no cell learns from another's faults."""
    good = deterministic(TEXT)
    faulty: dict[str, Rule] = {cell.slot: under(good, *parse(cell.fault)) for cell in every}
    async with Vendor(by_model({**faulty, "spare": good})) as vendor:
        (folder / "features.py").write_text("import holdfast as hf\n\napp = hf.App()\n", "utf-8")
        (folder / "holdfast.toml").write_text(_settings(vendor, every), "utf-8")
        project = await open_project(folder, environ={})
        try:
            async with serving(project) as served:
                yield served.http, vendor
        finally:
            await project.close()


def _settings(vendor: Vendor, every: Iterable[Cell]) -> str:
    parts = ["[app]\n[server]\nport = 0"]
    names = ["spare", *(cell.slot for cell in every)]
    for name in names:
        parts.append(f'[providers.{name}]\ndialect = "openai"\nbase_url = "{vendor.base_url}"\napi_key = "{KEY}"')
    for cell in every:
        models = [f"{cell.slot}:{cell.slot}", *(["spare:spare"] if cell.rungs == "two rungs" else [])]
        parts.append(
            f"[slots.{cell.slot}]\nmodels = {msgspec.json.encode(models).decode()}\ndeadline_ms = {DEADLINE_MS}\n"
            'connect_ms = 600\nfirst_token_ms = 900\nidle_ms = 700\nretries = 1\nhedge = "off"\nlearn_timeouts = false'
        )
    return "\n\n".join(parts) + "\n"


async def ask(http: httpx.AsyncClient, cell: Cell) -> Answer:
    """Ask as a client of that dialect does."""
    question: dict[str, Any] = {"model": f"slot:{cell.slot}", "stream": cell.mode == "streaming"}
    turn = [{"role": "user", "content": "How long does a refund take?"}]
    match cell.caller:
        case "chat":
            path, question = "/v1/chat/completions", {**question, "messages": turn}
        case "responses":
            path, question = "/v1/responses", {**question, "input": turn}
        case _:
            path, question = "/v1/messages", {**question, "messages": turn, "max_tokens": 500}
    started = time.perf_counter()
    async with http.stream("POST", path, json=question) as response:
        body = await response.aread()
    ms = (time.perf_counter() - started) * 1000
    answer = Answer(response.status_code, headers=response.headers, ms=ms)
    if response.headers["content-type"].startswith("text/event-stream"):
        for name, data in _events(body.decode()):
            _take(answer, cell.caller, name, data)
    else:
        _take_whole(answer, cell.caller, msgspec.json.decode(body))
    return answer


def _events(text: str) -> Iterable[tuple[str, str]]:
    for block in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            yield fields.get("event", ""), fields["data"]


def _take(answer: Answer, caller: Caller, name: str, data: str) -> None:
    """One event, as the dialect's own clients read it."""
    if data == "[DONE]":
        answer.closed = True
        return
    event: dict[str, Any] = msgspec.json.decode(data)
    match caller:
        case "chat":
            if "error" in event:
                answer.error = str(event["error"].get("message"))
            for choice in event.get("choices", ()):
                answer.text += choice["delta"].get("content") or ""
        case "responses":
            if event["type"] == "response.output_text.delta":
                answer.text += event["delta"]
            if event["type"] in ("response.failed", "error"):
                answer.error = str(event.get("message") or event["response"]["error"]["message"])
            answer.closed = answer.closed or event["type"] in ("response.completed", "response.incomplete")
        case _:
            if event["type"] == "content_block_delta":
                answer.text += event["delta"].get("text", "")
            if event["type"] == "error":
                answer.error = str(event["error"]["message"])
            answer.closed = answer.closed or event["type"] == "message_stop"


def _take_whole(answer: Answer, caller: Caller, body: dict[str, Any]) -> None:
    if answer.status != 200:
        answer.error = str(body["error"]["message"])
        if caller == "messages" and body["type"] != "error":
            answer.error = ""
        return
    answer.closed = True
    match caller:
        case "chat":
            answer.text = body["choices"][0]["message"]["content"]
        case "responses":
            answer.closed = body["status"] == "completed"
            parts = [part for item in body["output"] for part in item.get("content", ())]
            answer.text = "".join(part.get("text", "") for part in parts)
        case _:
            answer.text = "".join(block.get("text", "") for block in body["content"])


def wrong(cell: Cell, answer: Answer, vendor: Vendor) -> list[str]:
    """What is not as it must be for this caller."""
    said: list[str] = []
    if answer.ms > DEADLINE_MS + SLACK_MS:
        said.append(f"it takes {answer.ms:.0f} ms")
    if answer.closed and answer.error:
        said.append("it is told an error and a good end")
    if not answer.closed and not answer.error:
        said.append("it is told neither a good end nor an error")
    if KEY in answer.error:
        said.append("it is shown a key")
    whole = answer.text == TEXT or (RESTARTS in answer.text and answer.text.endswith(TEXT))
    if answer.closed and not whole:
        said.append(f"a part passes for the answer: {answer.text!r}")
    good = cell.fault == "crlf" or (cell.rungs == "two rungs" and cell.fault != "filtered_400")
    if good and not answer.closed:
        said.append(f"it gets no answer: HTTP {answer.status}, {answer.error}")
    if not good:
        in_stream = cell.mode == "streaming" and cell.fault in STREAMED_FIRST and answer.status == 200
        if not in_stream and answer.status not in ROWS[cell.fault]:
            said.append(f"HTTP {answer.status}, not one of {sorted(ROWS[cell.fault])}: {answer.error}")
        if answer.closed:
            said.append("a failure passes for an answer")
    mine = [one for one in vendor.requests if one.asked.model == cell.slot]
    if not 1 <= len(mine) <= 3:
        said.append(f"the vendor is asked {len(mine)} times")
    if answer.status != 200 and answer.headers.get("holdfast-error-source") not in ("gateway", "provider"):
        said.append("it is not told whose error it is")
    if answer.status != 200 and cell.fault in OURS and answer.headers.get("holdfast-error-source") != "gateway":
        said.append("the error is said to be the provider's")
    if answer.status in (429, 503) and "retry-after" not in answer.headers:
        said.append("it is not told when to come back")
    if "holdfast-recording" not in answer.headers:
        said.append("no recording is named")
    return said


async def meet_all(folder: Path, at_once: int = 16) -> dict[Cell, list[str]]:
    """Every cell through one served project; what is wrong with each."""
    every = cells()
    gate = asyncio.Semaphore(at_once)
    async with site(folder, every) as (http, vendor):
        await ask(http, every[0])  # what a process loads at its first call is no part of any cell
        vendor.requests.clear()

        async def one(cell: Cell) -> list[str]:
            async with gate:
                try:
                    return wrong(cell, await ask(http, cell), vendor)
                except httpx.HTTPError as error:
                    return [f"the server itself breaks off: {type(error).__name__}"]

        found = await asyncio.gather(*map(one, every))
    return dict(zip(every, found, strict=True))
