"""What the gate finds and what it takes for a change, beside the rules that others decide by, on the same answers.

    python benchmarks/gate.py [--changes 1000] [--seed 1] [--rounds 10]

Simulated systems of 100 cases: 70 that nearly always pass, 20 that waver, 10 that mostly fail, and a bank of ten
answers of the baseline to each. The gate's own code asks and decides; only the answers are drawn. The other rules see
one run of each side. Then two real corpora, where shared/data is beside or above the repository: a model that errs at
random, a prompt that breaks one slice of 8 cases in 200, and one that changes nothing. Prints, and writes the figures
with the machine's name under benchmarks/results.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import platform
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from msgspec.structs import replace

from holdfast.app import App, open_configured
from holdfast.config import load_config
from holdfast.evals.against import go_on
from holdfast.evals.counts import mid_p_mcnemar
from holdfast.evals.evaluate import How
from holdfast.evals.gating import Decided, Sides, Wanted, decide
from holdfast.evals.ruling import Terms
from holdfast.evals.statistics import share
from holdfast.evaluation import Case, CaseResult, Standing
from holdfast.gate import GateVerdict
from holdfast.identity import digest
from holdfast.jobs.asking import GateAsked
from holdfast.jobs.gating import begun
from holdfast.records import Generate
from holdfast.runtime.context import Context
from holdfast.testing import FakeModel, MemoryStore

CASES, BANK = 100, 10
SLICES, SLICE = 25, 8
HERE = Path(__file__).resolve().parent
DATA = next((above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir()), None)
Chances = list[float]
Fall = Callable[[random.Random, Chances], Chances]


@dataclass(slots=True)
class Simulated:
    """Answers that pass with a chance of their own, and never read the same."""

    baseline: Chances
    candidate: Chances
    draw: random.Random
    calls: Counter[str]
    stopped: str | None = None

    async def ask(self, wanted: Wanted) -> tuple[CaseResult, ...]:
        self.calls[wanted.side] += wanted.repeat * len(wanted.cases)
        chances = self.baseline if wanted.side == "baseline" else self.candidate
        return tuple(self.answer(case, nth, chances) for nth in range(wanted.repeat) for case in wanted.cases)

    def answer(self, case: str, nth: int, chances: Chances) -> CaseResult:
        wrong = () if self.draw.random() < chances[int(case)] else ("wrong",)
        return CaseResult(
            case=case, repeat=nth, recording="", outcome="ok", ms=None, cost_usd=None, spent_usd=None, wrong=wrong,
            output_hash=f"{self.draw.getrandbits(64):x}",
        )  # fmt: skip

    def informing(self) -> tuple[str, ...]:
        return ()

    def standings(self) -> tuple[Standing, ...]:
        return ()


def system(draw: random.Random, cases: int = CASES) -> Chances:
    """How often each case passes: 70 % solid, 20 % that waver, 10 % that mostly fail."""
    solid, flaky = round(0.7 * cases), round(0.2 * cases)
    wavering = [draw.uniform(0.3, 0.9) for _ in range(flaky)]
    failing = [draw.uniform(0.0, 0.2) for _ in range(cases - solid - flaky)]
    return [0.98] * solid + wavering + failing


def same(draw: random.Random, before: Chances) -> Chances:
    return list(before)


def hard(count: int) -> Fall:
    """So many of the solid cases fail nearly always."""

    def fall(draw: random.Random, before: Chances) -> Chances:
        solid = [place for place, chance in enumerate(before) if chance > 0.9]
        broken = set(draw.sample(solid, count))
        return [0.02 if place in broken else chance for place, chance in enumerate(before)]

    return fall


def alike(draw: random.Random, before: Chances) -> Chances:
    """Every case passes a little less often, so that the mean falls by 5 points."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        fallen = sum(min(chance, middle) for chance in before) / len(before)
        low, high = (middle, high) if fallen < 0.05 else (low, middle)
    return [max(0.0, chance - low) for chance in before]


def scaled(draw: random.Random, before: Chances) -> Chances:
    """Every case passes less often by the same share, so that the mean falls by 5 points."""
    return [chance * (1 - 0.05 * len(before) / sum(before)) for chance in before]


def wavering(draw: random.Random, before: Chances) -> Chances:
    """Only the cases that waver pass less often, by 25 points."""
    return [max(0.0, chance - 0.25) if 0.25 < chance < 0.95 else chance for chance in before]


def halved(draw: random.Random, before: Chances) -> Chances:
    """Ten solid cases pass only half of the time."""
    solid = draw.sample([place for place, chance in enumerate(before) if chance > 0.9], len(before) // 10)
    return [chance - 0.5 if place in solid else chance for place, chance in enumerate(before)]


SCENARIOS: Mapping[str, Fall] = {
    "nothing changed": same,
    "3 of 100 broken": hard(3),
    "4 of 100 broken": hard(4),
    "5 of 100 broken": hard(5),
    "5 points, all cases alike": alike,
    "5 points, all by one share": scaled,
    "5 points, those that waver": wavering,
    "5 points, ten cases by half": halved,
}


async def change(seed: int, fall: Fall, *, bank: int = BANK, cases: int = CASES) -> tuple[Decided, Simulated]:
    """One simulated change, decided by the gate."""
    draw = random.Random(seed)
    before = system(draw, cases)
    answering = Simulated(before, fall(draw, before), draw, Counter())
    asked = tuple(Case(id=str(n), input=n) for n in range(cases))
    stored = {case.id: tuple(answering.answer(case.id, n, before) for n in range(bank)) for case in asked if bank}
    sides = Sides(cases=asked, stored=stored, terms=Terms(primary="passed", margin=0.05), seed=str(seed))
    return await decide(sides, answering, lambda plan: None), answering


# ---------------------------------------------------------------- what others decide by


def others(before: Sequence[bool], after: Sequence[bool]) -> dict[str, bool]:
    """Whether each rule says that the candidate is worse, from one run of each side."""
    n, old, new = len(before), sum(before), sum(after)
    pairs = list(zip(before, after, strict=True))
    lost, won = sum(b and not a for b, a in pairs), sum(a and not b for b, a in pairs)
    pooled = (old + new) / (2 * n)
    error = math.sqrt(2 * pooled * (1 - pooled) / n)
    worst, best = share(new, n).high, share(old, n).low
    return {
        "mean lower": new < old,
        "mean lower by more than 2 points": old - new > 0.02 * n,
        "mean lower by more than 5 points": old - new > 0.05 * n,
        "any case newly fails": lost > 0,
        "95 % intervals do not overlap": worst is not None and best is not None and worst < best,
        "z test of two shares, 5 %": error > 0 and (old - new) / n / error > NormalDist().inv_cdf(0.95),
        "mid-p McNemar, 5 %": mid_p_mcnemar(lost, won) <= 0.05,
    }


async def simulate(name: str, fall: Fall, changes: int, seed: int) -> dict[str, object]:
    """How often the gate and each other rule says that it is worse, and how many answers that takes."""
    rulings: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    named = 0
    for nth in range(changes):
        decided, answering = await change(seed * 1_000_003 + nth, fall)
        rulings[decided.verdict.ruling] += 1
        named += len(decided.verdict.regressions)
        calls += answering.calls
        runs = [
            [answering.draw.random() < chance for chance in side] for side in (answering.baseline, answering.candidate)
        ]
        rules.update(rule for rule, fires in others(*runs).items() if fires)
    found = {
        "gate": {ruling: round(count / changes, 4) for ruling, count in rulings.items()},
        "cases_named": round(named / changes, 2),
        "calls": {side: round(count / changes, 1) for side, count in calls.items()},
        "others": {rule: round(rules[rule] / changes, 4) for rule in others([True], [True])},
    }
    print(f"{name:30} regressed {rulings['regressed'] / changes:.3f}  {found['gate']}  calls {found['calls']}")
    print(" " * 30, "  ".join(f"{rule}: {count / changes:.2f}" for rule, count in rules.items()))
    return found


# ---------------------------------------------------------------- real corpora


@dataclass(frozen=True, slots=True)
class Corpus:
    """25 slices of 8 cases each: what is asked, and what a right answer is."""

    name: str
    cases: tuple[Case, ...]


def banking() -> Corpus:
    rows = [json.loads(line) for line in (DATA / "intents_banking77" / "valid.jsonl").read_text("utf-8").splitlines()]
    return _sliced("intents_banking77", [(row["id"], row["text"], row["label"], row["label"]) for row in rows])


def squad() -> Corpus:
    file = DATA / "kb_squad2_dev_half" / "questions.jsonl"
    rows = [row for line in file.read_text("utf-8").splitlines() if (row := json.loads(line))["answerable"]]
    return _sliced(
        "kb_squad2", [(row["id"], row["question"], row["answers"][0], row["doc_id"].rpartition("-")[0]) for row in rows]
    )


def _sliced(name: str, rows: Sequence[tuple[str, str, str, str]]) -> Corpus:
    """The first 25 slices of 8; what has more under one label gives several."""
    found: list[list[Case]] = []
    open_slices: dict[str, list[Case]] = {}
    for case, text, expected, label in rows:
        some = open_slices.setdefault(label, [])
        some.append(Case(id=case, input=text, expected=expected))
        if len(some) == SLICE:
            found.append([replace(each, tags=(f"{label} {len(found)}",)) for each in open_slices.pop(label)])
    return Corpus(name, tuple(case for some in found[:SLICES] for case in some))


class Erring:
    """Answers a question rightly as often as its case passes; where the prompt says `narrow`, never on one slice."""

    def __init__(self, corpus: Corpus, broken: str, seed: int) -> None:
        self._draw = random.Random(seed)
        draw = random.Random(f"{corpus.name}{seed}")
        chances = system(draw, len(corpus.cases))
        draw.shuffle(chances)
        self._known = {
            str(case.input).strip(): (
                str(case.expected),
                max(chance, 0.9) if broken in case.tags else chance,
                broken in case.tags,
            )
            for case, chance in zip(corpus.cases, chances, strict=True)
        }

    def say(self, request: Generate) -> str:
        prompt, _, question = request.messages[-1].text.strip().partition("\n")
        expected, chance, broken = self._known[question]
        if ("narrow" in prompt and broken) or self._draw.random() >= chance:
            return f"no idea {self._draw.randrange(1_000)}"
        return expected


CONFIG = '[slots.answer]\nprompt = "answer.md"\nmodels = ["erring:one"]\n'


def app() -> App:
    made = App()

    @made.feature()
    async def answer(ctx: Context, text: str) -> str:
        return await ctx.generate("answer", str, text=text)

    return made


async def held(corpus: Corpus, prompt: str, broken: str, seed: int) -> tuple[GateVerdict, int]:
    """A project whose prompt was edited, held against the release before the edit."""
    with tempfile.TemporaryDirectory() as folder:
        project_folder = Path(folder)
        (project_folder / "holdfast.toml").write_text(CONFIG)
        (project_folder / "features.py").write_text("")
        (project_folder / "answer.md").write_text("Answer in a word.\n{{ text }}")
        (project_folder / "evals").mkdir()
        lines = [
            {"id": case.id, "input": case.input, "expected": case.expected, "tags": case.tags} for case in corpus.cases
        ]
        (project_folder / "evals" / "answer.jsonl").write_text("\n".join(map(json.dumps, lines)))
        models = {"erring": FakeModel(Erring(corpus, broken, seed).say, piece=10_000)}
        project = await open_configured(
            load_config(project_folder, {}), app=app(), models=models, store=MemoryStore(), encoder=False
        )
        try:
            await project.rollout.create("before", by="benchmark")
            (project_folder / "answer.md").write_text(prompt)
            gate = await begun(project, GateAsked("answer", "before"), project.release())
            came = (await go_on(project, gate, How(concurrency=1), lambda plan: None)).gate
        finally:
            await project.close()
    assert came.verdict is not None
    return came.verdict, came.calls


async def real(corpus: Corpus, rounds: int, seed: int) -> dict[str, object]:
    """A narrow slice broken, and a rewording that changes nothing, so many times each."""
    tags = sorted({tag for case in corpus.cases for tag in case.tags})
    caught = named = calls = 0
    harmless: Counter[str] = Counter()
    for nth in range(rounds):
        broken = tags[int(digest(f"{seed}.{nth}".encode(), 8), 16) % len(tags)]
        verdict, asked = await held(corpus, "Answer in a narrow word.\n{{ text }}", broken, seed * 1_000 + nth)
        caught += verdict.ruling == "regressed"
        named += verdict.shared == broken
        calls += asked
        verdict, _ = await held(corpus, "Please answer in one word.\n{{ text }}", broken, seed * 1_000 + nth)
        harmless[verdict.ruling] += 1
    found: dict[str, object] = {
        "cases": len(corpus.cases), "rounds": rounds, "caught": caught, "slice_named": named,
        "calls_first_time": round(calls / rounds), "harmless_rewording": dict(harmless),
    }  # fmt: skip
    print(f"{corpus.name:30} {found}")
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args()
    started = time.perf_counter()
    simulated = {name: await simulate(name, fall, asked.changes, asked.seed) for name, fall in SCENARIOS.items()}
    corpora = [banking(), squad()] if DATA is not None else []
    report = {
        "machine": platform.node(),
        "python": platform.python_version(),
        "changes": asked.changes,
        "seed": asked.seed,
        "simulated": simulated,
        "corpora": {corpus.name: await real(corpus, asked.rounds, asked.seed) for corpus in corpora},
        "seconds": round(time.perf_counter() - started),
    }
    (HERE / "results" / "gate.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
