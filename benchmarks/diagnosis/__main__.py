"""Plants faults and has them diagnosed: precision, abstention, blame, cost and fixes, beside two naive methods.

    python -m benchmarks.diagnosis [--diagnoser package.module:function ...] [--faults 60] [--check] [--encoder]

Reads shared/data beside or above the repository. Seeds are split: `--development` (the default) is for tuning, and
`--check` has other faults, for reporting. Prints, and writes the figures with the machine's name under
benchmarks/results. `--root` keeps the synced corpora, so that a second run is quick.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec
from benchmarks.diagnosis import planting
from benchmarks.diagnosis.corpora import ALL
from benchmarks.diagnosis.places import prepare
from benchmarks.diagnosis.running import Outcome, run
from benchmarks.diagnosis.scorecard import card, shown
from benchmarks.diagnosis.worlds import Options

NAIVE = ("benchmarks.diagnosis.naive:first_that_passes", "benchmarks.diagnosis.naive:hard_rules")
RESULTS = Path(__file__).resolve().parent.parent / "results" / "diagnosis.json"
SPLITS = {"development": 0, "check": 1_000_000}
"""The first seed of each split."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__)
    parser.add_argument("--faults", type=int, default=60, help="how many; 500 and more for a report")
    parser.add_argument("--seed", type=int, default=0, help="where in the split to begin")
    split = parser.add_mutually_exclusive_group()
    split.add_argument("--development", dest="split", action="store_const", const="development", default="development")
    split.add_argument("--check", dest="split", action="store_const", const="check")
    parser.add_argument("--diagnoser", action="append", default=[], help="package.module:function; may be given again")
    parser.add_argument("--no-naive", action="store_true", help="leave out the naive methods")
    parser.add_argument("--only", default="", help="faults or verdicts of these names alone, by commas")
    parser.add_argument("--corpora", default=",".join(ALL), help="which, by commas")
    parser.add_argument("--encoder", action="store_true", help="search by meaning too; else by words alone")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--root", type=Path, default=None, help="keeps the synced corpora")
    parser.add_argument("--show", action="store_true", help="print each fault and what was said of it")
    parser.add_argument("--no-results", action="store_true", help="write no file")
    return parser.parse_args()


def seeds(asked: argparse.Namespace, options: Options) -> list[int]:
    """The seeds of this run: those in a row, or of those the ones that plant what was asked for."""
    wanted, first = set(filter(None, asked.only.split(","))), SPLITS[asked.split] + asked.seed
    found: list[int] = []
    seed = first
    while len(found) < asked.faults and seed < first + 200 * asked.faults:
        faults = planting.chosen(seed, options)
        names = {one.name for one in faults} | {one.verdict for one in faults} if len(faults) == 1 else {"interaction"}
        if not wanted or wanted & names:
            found.append(seed)
        seed += 1
    return found


def outcomes(chosen: list[int], options: Options, asked: argparse.Namespace, names: list[str]) -> Iterator[Outcome]:
    """What came of each seed, as it comes, with a bar of progress."""
    spawning = multiprocessing.get_context("spawn")
    started = time.perf_counter()
    with ProcessPoolExecutor(asked.processes, mp_context=spawning) as pool:
        waiting = [pool.submit(run, seed, options, names) for seed in chosen]
        for done, one in enumerate(as_completed(waiting), start=1):
            outcome = one.result()
            if asked.show:
                _show(outcome)
            elif sys.stderr.isatty() or done == len(chosen) or not done % 20:
                filled = "#" * (30 * done // len(chosen))
                spent_s = time.perf_counter() - started
                end = "\r" if sys.stderr.isatty() else "\n"
                print(f"[{filled:30}] {done}/{len(chosen)} {spent_s:.0f} s ", end=end, file=sys.stderr, flush=True)
            yield outcome


def _show(outcome: Outcome) -> None:
    print(f"{outcome.seed} {outcome.name or 'did not take: ' + outcome.verdict} ({outcome.verdict}; {outcome.kind}, "
          f"{outcome.corpus}, tries {outcome.tries}, "
          f"{outcome.planting_s} s, undone {outcome.undone})")  # fmt: skip
    for name, said in outcome.said.items():
        print(f"    {name.rpartition(':')[2]:20} {said.verdict} {'+'.join(said.parts)} p={said.probability:.2f} "
              f"calls={said.asked} {said.seconds} s {said.mended or ''} {said.error}")  # fmt: skip


def main() -> None:
    asked = arguments()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="holdfast-diagnosis-") as scratch:
        root = asked.root or Path(scratch) / "corpora"
        options = Options(root, Path(scratch), tuple(asked.corpora.split(",")), asked.encoder)
        prepare(root, options.corpora, meaning=options.meaning)
        names = [*asked.diagnoser, *(() if asked.no_naive else NAIVE)]
        found = sorted(outcomes(seeds(asked, options), options, asked, names), key=lambda one: one.seed)
    planted = [one for one in found if one.name]
    cards = [card(name, found) for name in names]
    for one in cards:
        print(shown(one))
    spent = sorted(one.planting_s + sum(said.seconds for said in one.said.values()) for one in planted) or [0.0]
    undone = [one.undone for one in planted if one.undone is not None]
    print(f"\nundoing the fault makes its cases pass in {sum(undone)} of {len(undone)}: what a fix can reach")
    print(f"{len(planted)} of {len(found)} faults took; one takes {spent[len(spent) // 2]:.1f} s (median), "
          f"{sum(spent) / len(spent):.1f} s (mean)")  # fmt: skip
    if asked.no_results:
        return
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    report[asked.split] = {
        "machine": platform.node(), "python": platform.python_version(), "first_seed": SPLITS[asked.split] + asked.seed,
        "faults": len(planted), "did_not_take": len(found) - len(planted), "only": asked.only, "encoder": asked.encoder,
        "corpora": list(options.corpora), "seconds": round(time.perf_counter() - started),
        "seconds_per_fault": round(spent[len(spent) // 2], 2), "cards": [msgspec.to_builtins(one) for one in cards],
        "undoing_mends": [sum(undone), len(undone)], "verdicts_planted": _counted([one.verdict for one in planted]),
    }  # fmt: skip
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


def _counted(words: list[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}


if __name__ == "__main__":
    main()
