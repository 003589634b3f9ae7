"""What Holdfast itself costs a request, against a bare ASGI endpoint over the same stub model in the same run.

    python benchmarks/requests_served.py [--seconds N]

A generate-only feature over a model that answers at once, recording on; beside it the help desk's `answer_ticket` with
`extractive`. CPU is the server process's own, user and system, from /proc; latency is seen by a client in another
process. A ratio is Holdfast to the bare endpoint. Prints, and writes the figures under benchmarks/results.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from holdfast.contracts import Answer
from holdfast.records import Generate, Usage
from holdfast.runtime.execute import execute

HERE = Path(__file__).resolve().parent
CONCURRENCY = (1, 32, 256)
FEATURES = """
from pydantic import BaseModel
import holdfast as hf

app = hf.App()

class Question(BaseModel):
    body: str

class Reply(BaseModel):
    text: str

@app.feature()
async def reply(ctx: hf.Context, question: Question) -> Reply:
    return await ctx.generate("answer", Reply, question=question)
"""
CONFIG = '[app]\nfeatures = "features.py"\n[slots.answer]\nmodels = ["stub:one"]\n[server]\nmax_concurrency = 1024\n'
REPLY = json.dumps({"body": "How do I reset the machine after the alarm has stopped?"}).encode()
TICKET = json.dumps({"subject": "Alarm", "body": "How do I set the machine back after E12?"}).encode()


class Stub:
    """The fastest model there can be."""

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        return Answer(
            text="Hold the button for five seconds.", model=model, usage=Usage(input_tokens=9, output_tokens=7)
        )


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """The peer: reads the body, asks the stub, answers JSON. No schema, no recording, nothing else."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    question = json.loads(body)["body"]
    answer = await Stub().generate("one", Generate(slot="answer", models=(), messages=()), lambda _: None)
    payload = json.dumps({"output": {"text": answer.text}, "asked": len(question)}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": payload})


# ---------------------------------------------------------------- the server's side


async def serve(kind: str, folder: Path) -> None:
    """Serve until killed; says its port on stdout."""
    import uvicorn

    if kind == "bare":
        app: Any = bare
    else:
        from holdfast.app import open_project
        from holdfast.server import Access, build_asgi

        project = await open_project(folder, models={"stub": Stub()})
        app = build_asgi(project, access=Access(project, loopback=True))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await task


class Server:
    """A server process of its own, and what it has used of the CPU."""

    def __init__(self, kind: str, folder: Path) -> None:
        command = [sys.executable, __file__, "--serve", kind, "--folder", str(folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


# ---------------------------------------------------------------- the client's side


async def one_client(port: int, request: bytes, until: float, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append((time.perf_counter() - started) * 1000)
    writer.close()


async def load(server: Server, path: str, body: bytes, concurrency: int, seconds: float) -> dict[str, float]:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\ncontent-type: application/json\r\n"
    request = head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body
    warm: list[float] = []
    await one_client(server.port, request, time.perf_counter() + 0.3, warm)
    times: list[float] = []
    cpu, started = server.cpu_s(), time.perf_counter()
    until = started + seconds
    await asyncio.gather(*(one_client(server.port, request, until, times) for _ in range(concurrency)))
    cpu, wall = server.cpu_s() - cpu, time.perf_counter() - started
    times.sort()
    return {
        "requests": len(times),
        "per_s": round(len(times) / wall, 1),
        "cpu_ms": round(cpu / len(times) * 1000, 4),
        "p50_ms": round(times[len(times) // 2], 3),
        "p99_ms": round(times[int(len(times) * 0.99)], 3),
    }


async def cpu_ms_of(work: Callable[[], Awaitable[Any]], concurrency: int, rounds: int) -> float:
    """This process's CPU for one unit of work, with some of them at once."""
    await asyncio.gather(*(work() for _ in range(concurrency)))
    cpu = time.process_time()
    for _ in range(rounds):
        await asyncio.gather(*(work() for _ in range(concurrency)))
    return (time.process_time() - cpu) / rounds / concurrency * 1000


async def shares(folder: Path) -> dict[str, float]:
    """CPU of execute with its tape alone, and of execute with the store, in this process."""
    from holdfast.app import open_project

    project = await open_project(folder, models={"stub": Stub()})
    feature, release = project.feature("reply"), project.release()
    question = json.loads(REPLY)
    world = project.world(release)

    async def executed() -> None:
        await execute(feature, question, release=release, world=world)

    async def kept() -> None:
        await project.run("reply", question)

    alone, stored = await cpu_ms_of(executed, 32, 60), await cpu_ms_of(kept, 32, 60)
    await project.close()
    return {"execute_ms": round(alone, 4), "store_ms": round(stored - alone, 4)}


def project_folder(base: Path) -> Path:
    folder = base / "project"
    folder.mkdir()
    (folder / "features.py").write_text(FEATURES)
    (folder / "holdfast.toml").write_text(CONFIG)
    return folder


async def helpdesk_folder(base: Path) -> Path:
    from holdfast.app import open_project

    folder = base / "helpdesk"
    shutil.copytree(HERE.parent / "examples" / "helpdesk", folder, ignore=shutil.ignore_patterns(".holdfast"))
    project = await open_project(folder)
    await project.sync()
    await project.close()
    return folder


async def measure(seconds: float) -> dict[str, Any]:
    figures: dict[str, Any] = {"machine": platform.node(), "python": platform.python_version(), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        generate_only, helpdesk = project_folder(base), await helpdesk_folder(base)
        figures["shares"] = await shares(generate_only)
        runs = (
            ("bare", "bare", base, "/", REPLY),
            ("generate only", "project", generate_only, "/v1/features/reply", REPLY),
            ("answer_ticket, extractive", "project", helpdesk, "/v1/features/answer_ticket", TICKET),
        )
        for name, kind, folder, path, body in runs:
            server = Server(kind, folder)
            try:
                for concurrency in CONCURRENCY:
                    found = await load(server, path, body, concurrency, seconds)
                    figures[f"{name} @{concurrency}"] = found
                    print(f"{name:28} @{concurrency:<4} {found}", flush=True)
            finally:
                server.stop()
    return figures


def summary(figures: dict[str, Any]) -> None:
    parts, whole = figures["shares"], figures["generate only @32"]["cpu_ms"]
    http = whole - parts["execute_ms"] - parts["store_ms"]
    for name, part in (("execute and tape", parts["execute_ms"]), ("store", parts["store_ms"]), ("HTTP", http)):
        print(f"share of {name:18} {part:.3f} ms  {part / whole:5.0%}")
    for concurrency in CONCURRENCY:
        ours, peer = figures[f"generate only @{concurrency}"], figures[f"bare @{concurrency}"]
        ratio, added = ours["cpu_ms"] / peer["cpu_ms"], ours["p50_ms"] - peer["p50_ms"]
        added_99 = ours["p99_ms"] - peer["p99_ms"]
        figures[f"against bare @{concurrency}"] = {
            "cpu_ratio": round(ratio, 2),
            "added_p50_ms": round(added, 3),
            "added_p99_ms": round(added_99, 3),
        }
        print(f"@{concurrency:<4} CPU {ratio:.1f} times the bare endpoint's", end=", ")
        print(f"added p50 {added:.2f} ms, p99 {added_99:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--serve", choices=["bare", "project"])
    parser.add_argument("--folder", type=Path, default=Path())
    options = parser.parse_args()
    import uvloop

    if options.serve:
        uvloop.run(serve(options.serve, options.folder))
        return
    figures = uvloop.run(measure(options.seconds))
    summary(figures)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / "requests_served.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
