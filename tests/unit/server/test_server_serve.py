from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from tests.unit.server.serving import refused, request

from holdfast.errors import StoreFailed
from holdfast.server.lock import serving

Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts servers as processes and sees to it that none is left."""
    started: list[Process] = []

    async def begin(host: str = "127.0.0.1", port: int = 0, folder: Path = tmp_path) -> Process:
        command = (sys.executable, "-m", "tests.unit.server.serve_double", str(folder), host, str(port))
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()


async def address(process: Process) -> str:
    said = await line(process)
    assert said.startswith("ready|http://"), said
    return said.removeprefix("ready|")


async def opened(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream that has begun and waits."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(request("/v1/features/wait", accept="text/event-stream"))
    await reader.readuntil(b"begun")
    return reader, writer


async def test_it_says_its_address_and_stops_at_a_signal_with_the_project_closed(start: Start) -> None:
    process = await start()
    url = await address(process)
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{url}/readyz")).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert await line(process) == "closed"
    assert await line(process) == "warming|given up"  # it was begun, and neither start nor end waited for it
    assert await process.wait() == 0


async def test_a_second_signal_ends_it_at_once(start: Start) -> None:
    process = await start()
    url = await address(process)
    _, writer = await opened(url)
    process.send_signal(signal.SIGTERM)
    await refused(int(url.rpartition(":")[2]))
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        assert await process.wait() == -signal.SIGTERM
    writer.close()


async def test_a_project_has_one_server_and_the_second_learns_where_the_first_is(start: Start) -> None:
    first = await start()
    url = await address(first)
    code, message, fix = (await line(await start())).split("|")
    assert code == "HF105"
    assert f"process {first.pid} " in message
    assert url in message
    assert f"kill {first.pid}" in fix
    first.kill()
    await first.wait()
    await address(await start())


async def test_a_taken_port_is_named(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, message, fix = (await line(await start(port=port))).split("|")
    assert (code, message) == ("HF106", f"port {port} on 127.0.0.1 is taken")
    assert fix == f"type: holdfast up --port {port + 1}"


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", ""])
async def test_an_address_that_is_not_this_machines_is_named(start: Start, host: str) -> None:
    said = await line(await start(host=host))
    assert said.startswith("HF106|")


async def test_it_is_not_open_to_others_without_a_key(start: Start) -> None:
    process = await start(host="0.0.0.0")
    assert (
        await line(process)
        == "HF106|0.0.0.0 can be reached by others, and there is no key|type: holdfast keys create NAME"
    )
    assert await line(process) == "closed"
    assert await process.wait() == 0


async def test_a_folder_that_cannot_be_written_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / ".holdfast").write_text("a file where the folder should be")
    assert (await line(await start())).startswith("HF601|")
    assert os.listdir(tmp_path) == [".holdfast"]


def test_a_lock_on_a_full_disk_is_said_and_left_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(StoreFailed, match="No space left"), serving(tmp_path):
            pass
    with serving(tmp_path):
        pass
