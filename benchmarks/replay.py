"""How many recordings a second a trial replays: 10,000 of them with a changed prompt, a stub model, a lexical guard.

    python benchmarks/replay.py [RECORDINGS] [--profile]

The recordings are first made by asking the help desk example different tickets, one after the other. Every replay is
a recording on the disk with its verdicts, and has its pair. Prints the rate, the most memory the process took, and
where the time of the event loop's thread goes (line by line with --profile); writes the figures with the machine's name
under benchmarks/results. Knows nothing of models: the stub answers at once, with the first sentences of what was found.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import platform
import pstats
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from holdfast.app import Project, open_configured
from holdfast.config import load_config
from holdfast.contracts import Answer
from holdfast.evals.trying import How, Plan, begin, go_on
from holdfast.records import Generate
from holdfast.trial import Trial

HELPDESK = Path(__file__).parents[1] / "examples" / "helpdesk"
LADDER = 'models = ["openai:gpt-5-mini", "anthropic:claude-haiku-4-5", "extractive"]'
FEATURE = "answer_ticket"
AT_ONCE = 32
ROUNDS = 3
PROFILED = 2000
SHOWN = 0.02


class Stub:
    """A model that answers at once and remembers nothing."""

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        """The first sentences of two sources; where the prompt asks for kindness, of two others."""
        text = answer(request)
        hear(text)
        return Answer(text=text, model=model)


def answer(request: Generate) -> str:
    """What the stub says."""
    kind = "kind words" in request.messages[0].text
    taken = list(enumerate(request.sources, start=1))[1:3] if kind else list(enumerate(request.sources, start=1))[:2]
    said = [f"{source.text.split('. ')[0].strip().rstrip('.')}. [{number}]" for number, source in taken]
    return " ".join(said) or "I could not find this in the sources."


def project_in(folder: Path) -> Path:
    """The example with the stub in place of its ladder, and a second prompt."""
    made = Path(shutil.copytree(HELPDESK, folder / "helpdesk", ignore=shutil.ignore_patterns(".holdfast")))
    config = made / "holdfast.toml"
    text = config.read_text("utf-8")
    assert LADDER in text
    config.write_text(text.replace(LADDER, 'models = ["stub:one"]'), "utf-8")
    prompt = (made / "prompts" / "answer.md").read_text("utf-8")
    assert "plain words" in prompt
    (made / "prompts" / "kind.md").write_text(prompt.replace("plain words", "plain and kind words"), "utf-8")
    return made


def tickets(folder: Path, count: int) -> list[dict[str, str]]:
    """Tickets of two sentences each, drawn from the example's."""
    held = json.loads((folder / "data" / "tickets.json").read_text("utf-8"))["tickets"]
    chance = random.Random(7)
    sentences = [part.strip() for each in held for part in each["description"].split(".") if len(part.strip()) > 20]
    return [
        {"subject": chance.choice(held)["subject"], "body": ". ".join(chance.sample(sentences, 2)) + f". Case {n}."}
        for n in range(count)
    ]


async def asked(project: Project, inputs: list[dict[str, str]]) -> None:
    """Ask every ticket, some at a time."""
    waiting = iter(inputs)

    async def work() -> None:
        for each in waiting:
            await project.run(FEATURE, each)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


@dataclass(frozen=True, slots=True)
class Round:
    """One trial on all recordings: how many a second, its choosing included; and the milliseconds of CPU that each took
    over all threads, and in the thread of the event loop alone."""

    trial: Trial
    per_second: float
    cpu_ms: float
    loop_ms: float


async def tried(project: Project, count: int) -> Round:
    """Try the other prompt on so many recordings."""
    plan = Plan("since=1d", {"answer.prompt": "prompts/kind.md"}, limit=count)
    started, cpu, loop = time.perf_counter(), time.process_time(), time.thread_time()
    trial = await go_on(project, await begin(project, plan), How(concurrency=AT_ONCE))
    took = (time.perf_counter() - started, time.process_time() - cpu, time.thread_time() - loop)
    return Round(trial, count / took[0], 1000 * took[1] / count, 1000 * took[2] / count)


async def where_time_goes(project: Project, count: int, *, every_line: bool) -> dict[str, str]:
    """The shares of the event loop's time by room; what is not ours under the name of its package."""
    profiler = cProfile.Profile()
    profiler.enable()
    await tried(project, min(count, PROFILED))
    profiler.disable()
    stats = pstats.Stats(profiler)
    if every_line:
        stats.sort_stats("tottime").print_stats(45)
    rooms: Counter[str] = Counter()
    for (file, _, _), (_, _, seconds, _, _) in stats.stats.items():  # type: ignore[attr-defined]  # pstats has it
        parts = Path(file).parts
        if "holdfast" in parts:
            rooms[parts[parts.index("holdfast") + 1].removesuffix(".py")] += seconds
        else:
            rooms["asyncio" if "asyncio" in parts else "what is built in, and libraries"] += seconds
    whole = sum(rooms.values())
    return {room: f"{seconds / whole:.0%}" for room, seconds in rooms.most_common() if seconds / whole >= SHOWN}


def megabytes() -> float:
    """The most memory the process has taken."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measured(folder: Path, count: int, *, profile: bool) -> dict[str, object]:
    """Make the recordings, try the change on them a few times over, and give the figures."""
    made = project_in(folder)
    config = load_config(made, {})
    project = await open_configured(config, models={"stub": Stub()}, encoder=False)
    await project.sync()
    started = time.perf_counter()
    await asked(project, tickets(made, count))
    live = count / (time.perf_counter() - started)
    before = megabytes()
    rounds = list[Round]()
    for _ in range(ROUNDS):
        done = await tried(project, count)
        trial = done.trial
        assert (trial.done, trial.not_compared) == (count, 0), trial
        assert trial.finished_at is not None, trial
        rounds.append(done)
        counts = f"better {trial.better}, worse {trial.worse}, same {trial.same}"
        print(f"{done.per_second:.0f} a second, {done.cpu_ms:.2f} ms of CPU each; {counts}", flush=True)
    memory = megabytes()
    shares = await where_time_goes(project, count, every_line=profile)
    await project.close()
    return {
        "machine": platform.node(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "recordings": count,
        "asked_live_per_second": round(live),
        "replayed_per_second": [round(each.per_second) for each in rounds],
        "cpu_ms_per_replay": [round(each.cpu_ms, 2) for each in rounds],
        "of_that_in_the_event_loop": [round(each.loop_ms, 2) for each in rounds],
        "where_the_event_loop's_time_goes": shares,
        "remembered": trial.remembered,
        "redone": trial.redone,
        "changed": trial.changed,
        "memory_mb_before": round(before),
        "memory_mb_most": round(memory),
    }


def main() -> None:
    """Measure, print and write down."""
    numbers = [int(each) for each in sys.argv[1:] if each.isdigit()]
    with tempfile.TemporaryDirectory(prefix="holdfast-replay-") as folder:
        report = asyncio.run(measured(Path(folder), numbers[0] if numbers else 10_000, profile="--profile" in sys.argv))
    written = json.dumps(report, indent=1)
    print(written)
    if not numbers:
        (Path(__file__).parent / "results" / "replay.json").write_text(written + "\n")


if __name__ == "__main__":
    main()
