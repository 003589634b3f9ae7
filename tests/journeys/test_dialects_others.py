"""LangChain's, LlamaIndex's, OpenAI's and Vercel's other clients, unchanged, against a project over real HTTP.

They live in environments of their own, for their dependencies would change those of this project: beside the tests' own
interpreter, or where HOLDFAST_CLIENTS says. `make clients` puts them there; what it cannot get is skipped here.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.dialect_project import PNG, Site, write
from tests.unit.server.serving import serving

from holdfast.app import open_project
from holdfast.contracts import Answer
from holdfast.records import Generate, ToolCall, Usage

CLIENTS = Path(__file__).parent / "clients"
PLACE = Path(os.environ.get("HOLDFAST_CLIENTS") or Path(sys.prefix, "clients"))
TOOL_CALL = ["weather", {"city": "Oslo"}]

CLAUDE = """

@app.feature(name="claude-sonnet-4-5")
async def claude(ctx: hf.Context, talk: Chat) -> str:
    return (await ctx.generate("answer", history=talk.messages)).text
"""


class Ruled:
    """A model that reads what it is sent: it calls a tool, answers as JSON, or says that all is well."""

    def __init__(self) -> None:
        self.asked: list[Generate] = []
        self.left = asyncio.Event()

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        """The answer to the last turn."""
        self.asked.append(request)
        usage = Usage(input_tokens=12, output_tokens=5)
        last = request.messages[-1]
        if "for ever" in last.text:
            hear("Once upon")
            try:
                await asyncio.Event().wait()
            finally:
                self.left.set()
        if request.tools and request.tools[0].name == "json":  # how some clients ask for an object
            call = ToolCall(id="call_1", name="json", arguments={"name": "Oslo"})
            return Answer(text="", model=model, tool_calls=(call,), stop_reason="tool_calls", usage=usage)
        if request.tools and last.role == "user":
            calls = tuple(ToolCall(id=f"call_{at}", name="weather", arguments={"city": "Oslo"}) for at in (1, 2))
            return Answer(text="", model=model, tool_calls=calls, stop_reason="tool_calls", usage=usage)
        text = '{"name":"Oslo"}' if request.schema is not None else "All is well."
        for piece in text.split(" "):
            hear(piece if piece == text.split(" ")[0] else f" {piece}")
        return Answer(text=text, model=model, usage=usage)


@asynccontextmanager
async def ruled(folder: Path) -> AsyncIterator[Any]:
    """The project, its provider `v` being such a model."""
    write(folder, "http://127.0.0.1:1")
    with (folder / "features.py").open("a") as file:
        file.write(CLAUDE)
    model = Ruled()
    project = await open_project(folder, environ={}, models={"v": model})
    try:
        async with serving(project) as served:
            yield Site(model, served, project)  # type: ignore[arg-type]
    finally:
        await project.close()


async def done(*command: str, folder: Path, within_s: float = 60) -> tuple[int, str, str]:
    """How a command ended, and what it said."""
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    try:
        async with asyncio.timeout(within_s):
            out, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return 124, "", f"not done within {within_s} s"
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


def installed(name: str) -> Path:
    """The folder of a set of clients that `make clients` installed; skips, and says why, where it could not."""
    folder = PLACE / name
    if not (folder / "locked").is_file():
        missing = folder / "missing"
        why = missing.read_text() if missing.is_file() else "`make clients` has not been run"
        pytest.skip(f"there are no clients in {folder}: {why}")
    return folder


async def said_by(at: Any, *command: str, folder: Path) -> Any:
    """What a client's script found, as JSON."""
    code, out, errors = await done(*command, at.url, base64.b64encode(PNG).decode(), folder=folder, within_s=90)
    assert code == 0, errors[-3000:]
    return json.loads(out.strip().splitlines()[-1])


async def test_langchain_speaks_all_three_dialects(tmp_path: Path) -> None:
    python = str(installed("langchain") / "bin" / "python")
    async with ruled(tmp_path) as at:
        said = await said_by(at, python, str(CLIENTS / "langchain_client.py"), folder=tmp_path)
    for what in ("invoke", "stream", "after", "image"):
        assert said[what] == ["All is well."] * 3
    assert said["usage"] == [[12, 5]] * 3
    assert said["tools"] == [[TOOL_CALL, TOOL_CALL]] * 3
    assert said["json"] == ["Oslo"] * 2
    assert all("NotFound" in name for name in said["error"])
    assert len(said["error"]) == 3


async def test_llama_index_speaks_chat_and_messages(tmp_path: Path) -> None:
    python = str(installed("llama_index") / "bin" / "python")
    async with ruled(tmp_path) as at:
        said = await said_by(at, python, str(CLIENTS / "llama_index_client.py"), folder=tmp_path)
    assert said["chat"] == said["stream"] == ["All is well."] * 2
    assert said["tools"] == [TOOL_CALL, TOOL_CALL]
    assert said["error"] == ["NotFoundError"]


async def test_the_npm_clients_of_openai_and_vercel_speak_all_three_dialects(tmp_path: Path) -> None:
    modules = installed("npm") / "node_modules"
    node = shutil.which("node", path=os.pathsep.join((str(Path(sys.prefix, "bin")), os.environ["PATH"])))
    assert node is not None
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "node_modules").symlink_to(modules)
    shutil.copy(CLIENTS / "clients.mjs", folder)
    async with ruled(tmp_path) as at:
        said = await said_by(at, node, str(folder / "clients.mjs"), folder=folder)
        async with asyncio.timeout(10):
            await at.vendor.left.wait()
    assert said["chat"] == ["All is well."] * 4
    assert said["stream"] == ["All is well."] * 5
    assert said["tools"] == [[TOOL_CALL, TOOL_CALL]] * 7
    assert said["json"] == ["Oslo"] * 3
    assert said["image"] == ["All is well."] * 3
    assert said["usage"] == [17] * 4
    assert said["error"] == [["NotFoundError", 404, "model_not_found"], ["AI_APICallError", 404]]
