"""LangChain's, LlamaIndex's, OpenAI's and Vercel's other clients, unchanged, against a project over real HTTP.

They live in environments of their own: their dependencies would change those of this project. Where they cannot be
had, the tests are skipped, and say why.
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
PYTHON = {
    "langchain": ("langchain-openai", "langchain-anthropic"),
    "llama_index": ("llama-index-llms-openai-like", "llama-index-llms-anthropic", "anthropic<1"),
}
NPM = ("openai", "ai", "@ai-sdk/openai", "@ai-sdk/anthropic")
TOOL_CALL = ["weather", {"city": "Oslo"}]
INSTALL_S = 300


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


async def made(folder: Path, *commands: tuple[str, ...]) -> Path:
    """A folder of packages, made once and kept between test runs; skips where they cannot be had."""
    ready = folder / "ready"
    if not await asyncio.to_thread(ready.exists):
        await asyncio.to_thread(os.makedirs, folder, exist_ok=True)
        for command in commands:
            code, _, errors = await done(*command, folder=folder, within_s=INSTALL_S)
            if code:
                pytest.skip(f"the clients cannot be had: {' '.join(command)}: {errors[-300:]}")
        await asyncio.to_thread(ready.touch)
    return folder


async def said_by(at: Any, *command: str, folder: Path) -> Any:
    """What a client's script found, as JSON."""
    code, out, errors = await done(*command, at.url, base64.b64encode(PNG).decode(), folder=folder, within_s=90)
    assert code == 0, errors[-3000:]
    return json.loads(out.strip().splitlines()[-1])


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> Path:
    """Where environments stay between test runs."""
    assert request.config.cache is not None
    return Path(request.config.cache.mkdir("holdfast-clients"))


async def python_of(kept: Path, name: str) -> str:
    """The interpreter of an environment with the packages of that name."""
    own = str(kept / name / "bin" / "python")
    install = (own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON[name])
    await made(kept / name, (sys.executable, "-m", "venv", "."), install)
    return own


@pytest.mark.timeout(INSTALL_S * 2)
async def test_langchain_speaks_all_three_dialects(tmp_path: Path, kept: Path) -> None:
    python = await python_of(kept, "langchain")
    async with ruled(tmp_path) as at:
        said = await said_by(at, python, str(CLIENTS / "langchain_client.py"), folder=tmp_path)
    for what in ("invoke", "stream", "after", "image"):
        assert said[what] == ["All is well."] * 3
    assert said["usage"] == [[12, 5]] * 3
    assert said["tools"] == [[TOOL_CALL, TOOL_CALL]] * 3
    assert said["json"] == ["Oslo"] * 2
    assert all("NotFound" in name for name in said["error"])
    assert len(said["error"]) == 3


@pytest.mark.timeout(INSTALL_S * 2)
async def test_llama_index_speaks_chat_and_messages(tmp_path: Path, kept: Path) -> None:
    python = await python_of(kept, "llama_index")
    async with ruled(tmp_path) as at:
        said = await said_by(at, python, str(CLIENTS / "llama_index_client.py"), folder=tmp_path)
    assert said["chat"] == said["stream"] == ["All is well."] * 2
    assert said["tools"] == [TOOL_CALL, TOOL_CALL]
    assert said["error"] == ["NotFoundError"]


@pytest.mark.timeout(INSTALL_S * 2)
async def test_the_npm_clients_of_openai_and_vercel_speak_all_three_dialects(tmp_path: Path, kept: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("there is no node here")
    folder = await made(kept / "npm", (npm, "init", "-y"), (npm, "install", "--no-audit", "--no-fund", *NPM))
    shutil.copy(CLIENTS / "clients.mjs", folder / "clients.mjs")
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
