"""What a sync and a search cost, against the encoder's own throughput on the same texts in the same run.

    python benchmarks/corpus.py [--articles N]

Reads the Arduino help centre in shared/data beside or above the repository, else examples/helpdesk/data. Prints, and
writes the figures with the machine's name under benchmarks/results.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdfast.corpus.encoder import default_cache_dir, load_encoder
from holdfast.corpus.room import CorpusRoom, open_corpora
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.storage import bytes_in
from holdfast.records import Retrieve, Search

HERE = Path(__file__).resolve().parent
DATA = next((above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir()), None)
SEARCHES = 500


def rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_articles(folder: Path, limit: int) -> tuple[str, list[str]]:
    """Articles as Markdown files in `folder`; what they are, and their titles."""
    if DATA is not None:
        lines = (DATA / "kb_arduino_help_center" / "articles.jsonl").read_text().splitlines()[:limit]
        rows = [json.loads(line) for line in lines]
        for row in rows:
            head = json.dumps(
                {"id": row["article_id"], "title": row["title"], "section": [row["category"], row["section"]]}
            )
            (folder / f"{row['article_id']}.md").write_text(f"---\n{head}\n---\n{row['markdown']}")
        return "Arduino help centre", [row["title"] for row in rows]
    source = HERE.parent / "examples" / "helpdesk" / "data"
    files = sorted(source.rglob("*.md"))[:limit]
    for file in files:
        shutil.copy(file, folder / file.name)
    return "examples/helpdesk", [file.stem.replace("-", " ") for file in files]


async def timed(work: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    result = await work
    return time.perf_counter() - started, result


async def searches(room: CorpusRoom, queries: list[str], mode: str) -> dict[str, float]:
    """p50 and p99 in ms, one search after the other."""
    taken = []
    for number in range(SEARCHES):
        query = f"{queries[number % len(queries)]} {number}"
        effect = Retrieve(corpus=room.pinned("kb", "latest"), query=query, search=Search(mode=mode))  # type: ignore[arg-type]
        taken.append((await timed(room.search(effect)))[0] * 1000)
    taken.sort()
    return {"p50_ms": round(statistics.median(taken), 3), "p99_ms": round(taken[int(len(taken) * 0.99)], 3)}


def change_one(folder: Path) -> None:
    file = min(folder.iterdir())
    file.write_text(file.read_text() + "\n\n## Added\n\nOne more thing that was not there.\n")


def bytes_since(folder: Path, moment: float) -> int:
    """Bytes of the files written since; a hard link keeps the time of its file."""
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum(stat.st_size for stat in stats if stat.st_mtime >= moment)


def throughput(embed: Callable[[list[str]], Any], texts: list[str]) -> float:
    started = time.perf_counter()
    embed(texts)
    return len(texts) / (time.perf_counter() - started)


async def measure(folder: Path, root: Path, limit: int) -> dict[str, Any]:
    encoder = load_encoder(default_cache_dir())
    encoder.embed(["warm up"])
    articles, titles = write_articles(folder, limit)
    room = open_corpora(root, {"kb": CorpusSettings(name="kb", options={"path": str(folder)})}, embedder=encoder)
    base_rss = rss_mb()
    first_s, report = await timed(room.sync("kb"))
    version = room._version("kb", "latest")
    texts = [version.chunk(row).index_text for row in range(report.chunks)]
    per_second = throughput(encoder.embed, texts)
    again_s, again = await timed(room.sync("kb"))
    assert not again.published
    before = bytes_in(root)
    change_one(folder)
    moment = time.time()
    one_s, one = await timed(room.sync("kb"))
    written = bytes_since(root, moment)
    assert one.changed == 1
    return {
        "node": platform.node(),
        "articles": articles,
        "documents": report.kept,
        "chunks": report.chunks,
        "first_sync_s": round(first_s, 3),
        "encoder_alone_s": round(report.chunks / per_second, 3),
        "sync_over_encoder": round(first_s * per_second / report.chunks, 3),
        "encoder_per_s": round(per_second, 1),
        "stages_s": report.seconds,
        "no_change_s": round(again_s, 4),
        "one_document_s": round(one_s, 4),
        "one_document_stages_s": one.seconds,
        "one_document_bytes": written,
        "corpus_bytes": before,
        "hybrid": await searches(room, titles, "hybrid"),
        "lexical": await searches(room, titles, "lexical"),
        "rss_before_mb": round(base_rss, 1),
        "rss_peak_mb": round(rss_mb(), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    limit = parser.parse_args().articles
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as root:
        result = asyncio.run(measure(Path(folder), Path(root), limit))
    for name, value in result.items():
        print(f"{name:22} {value}")
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "corpus.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
