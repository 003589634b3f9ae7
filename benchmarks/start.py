"""How long Holdfast takes to import and to be ready, and what it holds in memory, beside a bare FastAPI application.

    python benchmarks/start.py [--rounds N]

Each figure is the median of several fresh processes. `ready` is from the start of `holdfast up` on a synced help desk
to the first 200 of /readyz; memory is the server's resident set after 60 answered tickets. A ratio is Holdfast to
FastAPI.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HELPDESK = HERE.parent / "examples" / "helpdesk"
PEER = """
import uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/readyz")
async def readyz():
    return "ok"
uvicorn.run(app, host="127.0.0.1", port={port}, log_level="critical")
"""


def import_s(module: str) -> float:
    """The time `import module` takes in a fresh interpreter, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def get(url: str, body: dict[str, Any] | None = None) -> int:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return int(response.status)


def ready_s(command: list[str], port: int, environ: dict[str, str], after: Callable[[int], Any]) -> tuple[float, Any]:
    """Seconds until /readyz answers 200, and what `after` finds in the process by its id."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - started < 60:
            try:
                if get(f"http://127.0.0.1:{port}/readyz") == 200:
                    return time.perf_counter() - started, after(process.pid)
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.01)
        raise RuntimeError(f"never ready: {command}")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


def helpdesk(environ: dict[str, str], folder: Path) -> tuple[float, float]:
    """Seconds until `holdfast up` is ready, and MB resident after 60 tickets."""
    port = free_port()
    tickets = [json.loads(line)["input"] for line in (folder / "evals" / "answer_ticket.jsonl").open()]

    def after(pid: int) -> float:
        for ticket in tickets:
            get(f"http://127.0.0.1:{port}/v1/features/answer_ticket", ticket)
        return resident_mb(pid)

    command = [sys.executable, "-m", "holdfast.cli", "up", str(folder), "--port", str(port)]
    seconds, resident = ready_s(command, port, environ, after)
    return seconds, float(resident)


def measure(rounds: int) -> dict[str, Any]:
    def median(work: Callable[[], float]) -> float:
        return statistics.median(work() for _ in range(rounds))

    figures: dict[str, Any] = {"machine": platform.node(), "python": platform.python_version(), "cores": os.cpu_count()}
    figures["import_holdfast_s"] = round(median(lambda: import_s("holdfast")), 3)
    figures["import_fastapi_s"] = round(median(lambda: import_s("fastapi")), 3)
    with tempfile.TemporaryDirectory() as temporary:
        for name, cache in (("with encoder", None), ("without encoder", f"{temporary}/none")):
            folder = Path(temporary) / name.replace(" ", "-")
            shutil.copytree(HELPDESK, folder, ignore=shutil.ignore_patterns(".holdfast"))
            environ = {**os.environ, **({} if cache is None else {"HOLDFAST_CACHE": cache})}
            sync = [sys.executable, "-m", "holdfast.cli", "sync", "--project", str(folder)]
            subprocess.run(sync, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            found = [helpdesk(environ, folder) for _ in range(rounds)]
            figures[f"ready {name} s"] = round(statistics.median(seconds for seconds, _ in found), 2)
            figures[f"resident {name} MB"] = round(statistics.median(resident for _, resident in found), 1)

    def peer() -> float:
        port = free_port()
        seconds, _ = ready_s([sys.executable, "-c", PEER.format(port=port)], port, dict(os.environ), resident_mb)
        return seconds

    figures["ready fastapi s"] = round(median(peer), 2)
    figures["import ratio"] = round(figures["import_holdfast_s"] / figures["import_fastapi_s"], 2)
    figures["ready ratio"] = round(figures["ready with encoder s"] / figures["ready fastapi s"], 2)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    figures = measure(parser.parse_args().rounds)
    for name, value in figures.items():
        print(f"{name:24} {value}")
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / "start.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
