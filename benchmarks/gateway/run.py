"""What a request through the gateway costs, beside its peers, over one vendor and one load generator in C.

    python benchmarks/gateway/run.py [--peers relay,holdfast,nginx,litellm,portkey] [--seconds N]
                                     [--only json,chunks,first,streams] [--keep]

 - json: CPU of the server for one whole answer through /v1/chat/completions, closed loop at 1 and 32 connections.
 - chunks: CPU for one event of a stream, with so many streams open, 20 events a second each.
 - first: the time to the first token added, at the rate at which the relay takes 40 % of a core.
 - streams: the most streams of 20 events a second with p99 of first token and of lateness under 100 ms.

The relay (relay.py) is the named peer: a ratio is a peer's figure to the relay's, in the same run. Holdfast runs with a
key and durable recording, as `holdfast up` serves it. LITELLM names the `litellm` command of an environment of its own.
Prints, and writes the figures with the machine's name under benchmarks/results.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from peers import PEERS, Server, free_port

HERE = Path(__file__).resolve().parent
EVENTS, INTERVAL_MS = 60, 50
LIMIT_MS = 100


class Bench:
    """The vendor and the load generator, built once."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        for name in ("vendor", "load"):
            command = [os.environ.get("CC", "cc"), "-O2", "-o", str(folder / name), str(HERE / f"{name}.c")]
            subprocess.run(command, check=True)
        self.port = free_port()
        command = [str(folder / "vendor"), str(self.port), str(EVENTS), str(INTERVAL_MS)]
        self._vendor = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(0.3)

    def start(self, name: str) -> Server:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        return Server(PEERS[name](f"http://127.0.0.1:{self.port}/v1", folder))

    def load(self, kind: str, server: Server, connections: int | str, seconds: float) -> dict[str, Any]:
        """One load, with the CPU that the server used meanwhile."""
        asked = server.started
        body = {"model": asked.model, "messages": [{"role": "user", "content": "How do I reset it after the alarm?"}]}
        if kind == "stream":
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        text = json.dumps(body, separators=(",", ":"))
        before = server.cpu_s()
        command = [str(self.folder / "load"), kind, str(asked.port), str(connections), str(seconds), asked.path, text]
        done = subprocess.run([*command, asked.key], capture_output=True, text=True, check=True, timeout=seconds + 60)
        found: dict[str, Any] = json.loads(done.stdout)
        found["cpu_s"] = server.cpu_s() - before
        found["said"] = done.stderr[:300]
        return found

    def stop(self) -> None:
        self._vendor.kill()


def json_cost(bench: Bench, server: Server) -> dict[str, Any]:
    out: dict[str, Any] = {}
    bench.load("json", server, 8, 1.0)
    for connections in (1, 32):
        found = bench.load("json", server, connections, bench.seconds)
        out[f"at_{connections}"] = {
            "cpu_ms": round(found["cpu_s"] * 1000 / max(found["whole"], 1), 4),
            "rate": round(found["whole"] / found["seconds"]),
            "p50_ms": found["answer_p50_ms"],
            "p99_ms": found["answer_p99_ms"],
            "broken": found["broken"],
        }
    out["resident_mb"] = round(server.resident_mb(), 1)
    return out


def chunk_cost(bench: Bench, server: Server, streams: int) -> dict[str, Any]:
    found = bench.load("stream", server, streams, max(bench.seconds, 4.0))
    return {
        "streams": streams,
        "cpu_ms_per_event": round(found["cpu_s"] * 1000 / max(found["events"], 1), 4),
        "first_p50_ms": found["first_p50_ms"],
        "first_p99_ms": found["first_p99_ms"],
        "late_p50_ms": found["late_p50_ms"],
        "late_p99_ms": found["late_p99_ms"],
        "whole": found["whole"],
        "broken": found["broken"],
        "said": found["said"],
        "resident_mb": round(server.resident_mb(), 1),
    }


def first_token(bench: Bench, server: Server, rate: int) -> dict[str, Any]:
    found = bench.load("stream", server, f"r{rate}", bench.seconds)
    return {"rate": rate, "first_p50_ms": found["first_p50_ms"], "first_p99_ms": found["first_p99_ms"]}


def most_streams(bench: Bench, server: Server) -> dict[str, Any]:
    """Doubles until it does not hold, then halves the step."""
    held, step, tried = 0, 200, []
    limit = 0
    while step >= 25:
        streams = held + step
        if limit and streams >= limit:
            step //= 2
            continue
        found = chunk_cost(bench, server, streams)
        fine = (
            found["first_p99_ms"] < LIMIT_MS
            and found["late_p99_ms"] < LIMIT_MS
            and not found["broken"]
            and found["whole"] >= streams
        )
        tried.append({**found, "held": fine})
        if fine:
            held, step = streams, step * 2 if not limit else step // 2
        else:
            limit, step = streams, step // 2
    return {"streams": held, "tried": tried}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--peers", default="relay,holdfast")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--only", default="json,chunks,first,streams")
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--keep", action="store_true", help="write the figures under benchmarks/results")
    options = parser.parse_args()
    parts, results = options.only.split(","), {}
    with tempfile.TemporaryDirectory() as made:
        bench = Bench(Path(made), options.seconds)
        try:
            for name in options.peers.split(","):
                server = bench.start(name)
                found: dict[str, Any] = {"start_resident_mb": round(server.resident_mb(), 1)}
                try:
                    if "json" in parts:
                        found["json"] = json_cost(bench, server)
                    if "chunks" in parts:
                        chunk_cost(bench, server, 10)
                        found["chunks"] = chunk_cost(bench, server, options.streams)
                    if "first" in parts:
                        cost = (results.get("relay") or found).get("chunks", {}).get("cpu_ms_per_event", 0.04)
                        rate = max(1, round(400 / (cost * EVENTS)))
                        found["first"] = first_token(bench, server, rate)
                    if "streams" in parts:
                        found["sustained"] = most_streams(bench, server)
                finally:
                    server.stop()
                results[name] = found
                print(json.dumps({name: found}), flush=True)
        finally:
            bench.stop()
    if options.keep:
        where = HERE.parent / "results" / "gateway.json"
        where.write_text(json.dumps({"machine": platform.node(), "cores": os.cpu_count(), **results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
