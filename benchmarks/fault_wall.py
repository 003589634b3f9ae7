"""The fault wall's scorecard: each fault of a vendor, in each dialect, streamed and whole, on two rungs and on one.

    python benchmarks/fault_wall.py [--all]

Prints a line for each fault and dialect that has a cell which is not as it must be (with --all: for every one), and the
totals; writes both with the machine's name under benchmarks/results. A cell has a defined outcome when the caller gets
a whole answer or one of the errors that the fault allows, within the deadline, and the vendor saw no more requests than
it may. Ends with 1 where one has not.
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.contract.gateway.wall.cells import Seen, cells, meet_all  # noqa: E402  # found from the root only
from tests.contract.gateway.wall.rows import ANSWERED, SPARE  # noqa: E402

MARKS = {ANSWERED: "1st", SPARE: "2nd"}


def line(seen: list[Seen]) -> str:
    """The cells of a fault in a dialect: who answered or which error came, in which time."""
    parts = []
    for one in seen:
        mark = "FAILS" if one.wrong else MARKS.get(one.outcome, one.outcome)
        parts.append(f"{one.cell.mode[0]}{2 if one.cell.rungs == 'two rungs' else 1}:{mark} {one.ms:.0f}ms/{one.calls}")
    return "  ".join(f"{part:<19}" for part in parts)


def main() -> int:
    started = time.perf_counter()
    every = asyncio.run(meet_all(cells()))
    took_s = time.perf_counter() - started
    grouped: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for one in every:
        grouped[one.cell.row.name, one.cell.dialect].append(one)
    print("s streamed, w whole, with 2 rungs or 1: who answered or the error, ms, requests at the faulty vendor\n")
    for (fault, dialect), seen in grouped.items():
        if "--all" in sys.argv or any(one.wrong for one in seen):
            print(f"{fault:<24} {dialect:<17} {line(seen)}")
            for one in seen:
                for wrong in one.wrong:
                    print(f"    {one.cell.mode}, {one.cell.rungs}: {wrong}")
    good = sum(not one.wrong for one in every)
    hung = sum(one.outcome == "hangs" for one in every)
    faults = len({one.cell.row.name for one in every})
    slowest = max(every, key=lambda one: one.ms)
    print(f"\n{good} of {len(every)} cells as they must be ({faults} rows, 5 dialects), {hung} hang; {took_s:.1f} s")
    print(f"slowest: {slowest.cell.name}, {slowest.ms:.0f} ms")
    results = ROOT / "benchmarks" / "results" / "fault_wall.json"
    results.write_text(json.dumps(report(every, took_s), indent=1) + "\n")
    return 0 if good == len(every) else 1


def report(every: list[Seen], took_s: float) -> dict[str, object]:
    """The figures, and of every cell its fault, dialect, mode, rungs, outcome, requests and what is wrong."""
    return {
        "machine": platform.node(),
        "python": platform.python_version(),
        "cells": len(every),
        "as_they_must_be": sum(not one.wrong for one in every),
        "hang": sum(one.outcome == "hangs" for one in every),
        "took_s": round(took_s, 1),
        "outcomes": [
            [one.cell.row.name, one.cell.dialect, one.cell.mode, one.cell.rungs, one.outcome, one.calls, one.wrong]
            for one in every
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
