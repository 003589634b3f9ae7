"""What hedging does for a vendor of two speeds: 3 % of its calls take ten times as long.

    python benchmarks/hedging.py [--calls N] [--usual-ms MS]

The vendor runs in a process of its own and counts what it gets. The same calls are made without and with hedging, 20
at a time, each gateway new; nothing is left out, not even the calls from which the route's times are learned. Prints,
and writes the figures under benchmarks/results. Exits 1 when the p99 of the first token falls by less than 60 %, or
more than 5 % of the calls are extra.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from holdfast.contracts import Event
from holdfast.gateway import Gateway, Price, Prices, Provider
from holdfast.records import Generate, Message
from holdfast.release import ModelSlot
from holdfast.testing import Act, Vendor
from holdfast.testing.rules import always, bimodal, late

HERE = Path(__file__).resolve().parent
SLOW_SHARE, SLOWER, AT_ONCE = 0.03, 10, 20
LEAST_GAIN, MOST_EXTRA = 0.6, 0.05
ASKED = Generate(slot="answer", models=("main:m",), messages=(Message(role="user", text="How are you?"),))


async def serve(usual_ms: float) -> None:
    """Be the vendor until the input ends: say where it is, then how many calls came."""
    rule = late(always(Act(text="Well, thank you.")), bimodal(usual_ms, usual_ms * SLOWER, SLOW_SHARE, seed=1))
    async with Vendor(rule) as vendor:
        print(vendor.base_url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(vendor.calls, flush=True)


async def measure(url: str, calls: int, hedge: Any) -> list[float]:
    """The time to the first token of each call, in ms."""
    provider = Provider(name="main", base_url=url, needs_key=False)
    gateway = Gateway({"main": provider}, prices=Prices({"main:m": Price(input_usd_per_mtok=1, output_usd_per_mtok=1)}))
    slot = ModelSlot(models=("main:m",), hedge=hedge)
    loop = asyncio.get_running_loop()
    times: list[float] = []
    left = iter(range(calls))

    async def one_after_the_other() -> None:
        for _ in left:
            started, heard = loop.time(), []

            def hear(_: Event, heard: list[float] = heard) -> None:
                if not heard:
                    heard.append(loop.time())

            await gateway.generate(ASKED, slot, hear)
            times.append((heard[0] - started) * 1000)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    await gateway.close()
    return times


def against_a_vendor(calls: int, usual_ms: float, hedge: str) -> dict[str, float]:
    vendor = subprocess.Popen(
        [sys.executable, __file__, "--serve", "--usual-ms", str(usual_ms)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert vendor.stdin is not None
    assert vendor.stdout is not None
    times = asyncio.run(measure(vendor.stdout.readline().strip(), calls, hedge))
    vendor.stdin.close()
    got = int(vendor.stdout.readline())
    vendor.wait()
    cuts = statistics.quantiles(times, n=100)
    unhedged = sum(ms > usual_ms * SLOWER for ms in times)
    quantiles = {"p50_ms": cuts[49], "p95_ms": cuts[94], "p99_ms": cuts[98]}
    return {**quantiles, "as_slow_as_ever": unhedged, "calls": calls, "vendor_calls": got}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=3_000)
    parser.add_argument("--usual-ms", type=float, default=80.0)
    parser.add_argument("--serve", action="store_true")
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve(asked.usual_ms))
        return 0
    figures = {name: against_a_vendor(asked.calls, asked.usual_ms, name) for name in ("off", "same")}
    gain = 1 - figures["same"]["p99_ms"] / figures["off"]["p99_ms"]
    extra = figures["same"]["vendor_calls"] / asked.calls - 1
    for name, row in figures.items():
        print(f"hedge {name:4}", *(f"{label} {value:8.1f}" for label, value in row.items()))
    print(f"p99 of the first token {gain:.1%} lower (at least {LEAST_GAIN:.0%}), {extra:.2%} extra calls (at most 5 %)")
    result = {
        "machine": platform.node(),
        "usual_ms": asked.usual_ms,
        **figures,
        "p99_lower": gain,
        "extra_calls": extra,
    }
    (HERE / "results" / "hedging.json").write_text(json.dumps(result, indent=2) + "\n")
    return 0 if gain >= LEAST_GAIN and extra <= MOST_EXTRA else 1


if __name__ == "__main__":
    sys.exit(main())
