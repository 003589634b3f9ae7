"""What the server adds to a feature: CPU per request of the feature route, beside a plain FastAPI route.

Knows nothing of models or stores: the feature is a function that returns at once. Both sides run on uvicorn with uvloop
and httptools, read a JSON object, check its fields with pydantic, and answer with JSON of the same size.

    PYTHONPATH=src python benchmarks/server_overhead.py [--requests 6000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

BODY = b'{"subject":"Printer","body":"It prints nothing since this morning, and the light is red."}'
OUTPUT = {"text": "Hold the green button for five seconds.", "citations": []}
RECORDING_ID, RELEASE = "rec_01m7w94c3qg4qzqg4zkxwc3c73", "r_0123456789ab"


class Ticket(BaseModel):
    subject: str
    body: str


class Answer(BaseModel):
    output: dict[str, Any]
    recording_id: str
    release: str
    cost_usd: float | None
    ms: float
    degraded: dict[str, Any] | None
    blocked: dict[str, Any] | None


async def answer(ctx: Any, ticket: Ticket) -> dict[str, Any]:
    return OUTPUT


async def answer_plainly(ticket: Ticket) -> Answer:
    assert ticket.body
    return Answer(
        output=OUTPUT,
        recording_id=RECORDING_ID,
        release=RELEASE,
        cost_usd=0.001,
        ms=1.0,
        degraded=None,
        blocked=None,
    )


async def holdfast() -> None:
    from holdfast.app import App
    from holdfast.config import Config
    from holdfast.records import Recording
    from holdfast.runtime.who import Who
    from holdfast.server.serve import serve

    app = App()
    app.feature()(answer)

    async def no_keys() -> tuple[()]:
        return ()

    class Trivial:
        """A project whose feature costs nothing and whose recordings go nowhere."""

        config = Config(folder=Path(tempfile.mkdtemp()))
        features = app.features
        store = SimpleNamespace(keys=SimpleNamespace(all=no_keys), recordings=None)

        def new_recording_id(self) -> str:
            return RECORDING_ID

        def who(self, subject: str | None, tenant: str = "") -> Who:
            return Who(subject=subject, tenant=tenant)

        async def run(self, name: str, input: Any, **others: Any) -> Recording:
            self.features[name].parse(input)
            return Recording(
                id=others["recording_id"],
                feature=name,
                release=RELEASE,
                input=input,
                output=OUTPUT,
                outcome="ok",
                cost_usd=0.001,
                ms=1.0,
                started_at=datetime.now(UTC),
            )

        async def close(self) -> None: ...

    await serve(Trivial(), port=0, ready=say)  # type: ignore[arg-type]


async def fastapi() -> None:
    import uvicorn
    from fastapi import FastAPI

    api = FastAPI()
    api.post("/v1/features/answer")(answer_plainly)
    bound = socket.create_server(("127.0.0.1", 0))
    say(f"http://127.0.0.1:{bound.getsockname()[1]}")
    await uvicorn.Server(uvicorn.Config(api, log_config=None, access_log=False, lifespan="off")).serve([bound])


def say(address: str) -> None:
    print(address, flush=True)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ask(port: int, count: int) -> None:
    request = b"POST /v1/features/answer HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    request += b"content-length: %d\r\n\r\n" % len(BODY) + BODY
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
    writer.close()


async def measure(side: str, requests: int) -> dict[str, float]:
    """CPU milliseconds of the server for each request, at two concurrencies."""
    command = [sys.executable, __file__, "--serve", side]
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert server.stdout is not None
    port = int((await server.stdout.readline()).rpartition(b":")[2])
    await ask(port, 500)
    found: dict[str, float] = {}
    for concurrency in (1, 32):
        before, began = cpu_s(server.pid), time.perf_counter()
        each = requests // concurrency
        await asyncio.gather(*(ask(port, each) for _ in range(concurrency)))
        done = each * concurrency
        found[f"cpu_ms_at_{concurrency}"] = round((cpu_s(server.pid) - before) / done * 1000, 4)
        found[f"requests_per_s_at_{concurrency}"] = round(done / (time.perf_counter() - began))
    server.terminate()
    await server.wait()
    return found


SIDES: dict[str, Callable[[], Any]] = {"holdfast": holdfast, "fastapi": fastapi}


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--requests", type=int, default=6000)
    arguments.add_argument("--serve", choices=SIDES)
    given = arguments.parse_args()
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if given.serve:
            runner.run(SIDES[given.serve]())
            return
        found = {side: runner.run(measure(side, given.requests)) for side in SIDES}
    ratio = found["holdfast"]["cpu_ms_at_32"] / found["fastapi"]["cpu_ms_at_32"]
    print(json.dumps({**found, "cpu_ratio_at_32": round(ratio, 3), "cores": os.cpu_count()}, indent=2))


if __name__ == "__main__":
    main()
