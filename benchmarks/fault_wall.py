"""The fault wall's scorecard: each fault of a vendor, in each dialect, streamed and whole, on two rungs and on one.

    python benchmarks/fault_wall.py [--all]

Prints a line for each fault and dialect that has a cell which is not as it must be (with --all: for every one), and the
totals; writes both with the machine's name under benchmarks/results. A cell has a defined outcome when the caller gets
a whole answer or one of the errors that the fault allows, within the deadline, and the vendor saw no more requests than
it may. Ends with 1 where one has not and is not known to be missing.
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


def mark(one: Seen) -> str:
    """The mode and the rungs of a cell, and who answered or which error came."""
    came = "FAILS" if one.wrong else MARKS.get(one.outcome, one.outcome)
    return f"{one.cell.mode[0]}{2 if one.cell.rungs == 'two rungs' else 1}:{came}"


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
            shown = "  ".join(f"{f'{mark(one)} {one.ms:.0f}ms/{one.calls}':<19}" for one in seen)
            print(f"{fault:<24} {dialect:<17} {shown}")
            for one in seen:
                for wrong in one.wrong:
                    print(f"    {one.cell.mode}, {one.cell.rungs}: {wrong}")
    good = sum(not one.wrong for one in every)
    hung = sum(one.outcome == "hangs" for one in every)
    rows = len({one.cell.row.name for one in every})
    again = sum(bool(one.before) for one in every)
    slowest = max(every, key=lambda one: one.ms)
    print(f"\n{good} of {len(every)} cells as they must be ({rows} rows, 5 dialects), {hung} hang; {took_s:.1f} s")
    print(f"{again} were met a second time, by themselves")
    print(f"slowest: {slowest.cell.name}, {slowest.ms:.0f} ms")
    results = ROOT / "benchmarks" / "results" / "fault_wall.json"
    results.write_text(json.dumps(report(grouped, took_s), indent=1) + "\n")
    return 1 if any(one.wrong for one in every) else 0


def report(grouped: dict[tuple[str, str], list[Seen]], took_s: float) -> dict[str, object]:
    """The figures, and for each row and dialect what came of its cells: mode and rungs, who answered or the error, and
    how often the faulty vendor was asked."""
    every = [one for seen in grouped.values() for one in seen]
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    for (fault, dialect), seen in grouped.items():
        rows[fault][dialect] = "  ".join(f"{mark(one)}/{one.calls}" for one in seen)
    return {
        "machine": platform.node(),
        "python": platform.python_version(),
        "rows": len(rows),
        "cells": len(every),
        "as_they_must_be": sum(not one.wrong for one in every),
        "hang": sum(one.outcome == "hangs" for one in every),
        "met_again_alone": sum(bool(one.before) for one in every),
        "took_s": round(took_s, 1),
        "outcomes": rows,
    }


if __name__ == "__main__":
    sys.exit(main())
