"""What a search costs: latency, opening, building, disk and memory, at 5 and at 100 thousand chunks.

    OPENBLAS_NUM_THREADS=1 python benchmarks/search.py [--chunks 5000 100000] [--usearch]

Documents are of random words by Zipf's law, four chunks each, and vectors random around 200 topics, so that nothing is
embedded but the query, with the real encoder where it is kept. Then one document is added, one changed and one deleted.
With one thread for numpy its float32 is compared with the first pass of 8 bits, which has one thread always.
`--usearch` also measures usearch's index over the same vectors, in float16, where that package is there.
Writes benchmarks/results/search.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.contracts import Embedder
from holdfast.corpus.encoder import default_cache_dir, installed, load_encoder
from holdfast.corpus.room import CorpusRoom, open_corpora
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.version import Version
from holdfast.records import Retrieve, Search
from holdfast.sources import Passed, RawDocument

HERE = Path(__file__).resolve().parent
WORDS, COMMON, TOPICS, DIMENSIONS = 60_000, 20, 200, 384
CHUNKS_EACH, WORDS_EACH = 4, 90
QUERIES = 200


class TopicEmbedder:
    """Vectors of this size around topics, drawn from the text's bytes: what an encoder gives, at no cost."""

    name = "topics"
    dimensions = DIMENSIONS
    max_tokens = 256

    def __init__(self) -> None:
        self._topics = np.random.default_rng(1).standard_normal((TOPICS, DIMENSIONS)).astype(np.float32)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            draw = np.random.default_rng(np.frombuffer(text.encode()[-64:].ljust(64), np.uint32))
            vectors[row] = self._topics[draw.integers(TOPICS)] + 1.2 * draw.standard_normal(DIMENSIONS, np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(text.split()) for text in texts]


class Synthetic:
    """A source of documents of random words; `changed` are the numbers of those that say something else now."""

    def __init__(self, documents: int) -> None:
        self.numbers = list(range(documents))
        self.changed: set[int] = set()

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        for number in self.numbers:
            draw = np.random.default_rng((number, number in self.changed))
            parts = [f"## Part {part}\n\n{sentence(draw, WORDS_EACH)}" for part in range(CHUNKS_EACH)]
            body = "\n\n".join(parts)
            yield RawDocument(id=f"d{number}", body=body, media_type="text/markdown", title=sentence(draw, 5))


def sentence(draw: np.random.Generator, count: int) -> str:
    """Words by the law of Zipf and Mandelbrot, without the most common of all, which are stop words; "w7" is the
    seventh most common of the rest, and a chunk in three has "w0"."""
    ranks = COMMON * ((WORDS / COMMON + 1) ** draw.random(count) - 1)
    return " ".join(f"w{int(rank)}" for rank in ranks)


def quantiles(times: Sequence[float]) -> dict[str, float]:
    return {name: round(float(np.quantile(times, at)) * 1e3, 2) for name, at in (("p50_ms", 0.5), ("p99_ms", 0.99))}


def timed(work: Callable[[Any], object], over: Sequence[Any]) -> dict[str, float]:
    """Milliseconds for each, after five that are not counted."""
    times = []
    for one in [*over[:5], *over]:
        began = time.perf_counter()
        work(one)
        times.append(time.perf_counter() - began)
    return quantiles(times[5:])


def megabytes(folder: Path) -> float:
    return round(sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file()) / 1e6, 1)


def resident() -> float:
    """Megabytes of this process that no file backs."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1e3, 1)


async def measure(root: Path, chunks: int) -> dict[str, Any]:
    source = Synthetic(chunks // CHUNKS_EACH)
    settings = {"kb": CorpusSettings(name="kb")}
    embedder = TopicEmbedder()
    found: dict[str, Any] = {}
    began = time.perf_counter()
    report = await open_corpora(root, settings, embedder=embedder).sync("kb", source=source)
    found["build_s"] = round(time.perf_counter() - began, 1)
    found["chunks"] = report.chunks
    folder = root / "corpora" / "kb"
    found["disk_mb"] = {"lexical": megabytes(folder / "versions"), "bodies and vectors": megabytes(folder / "segments")}
    room = open_corpora(root, settings, embedder=embedder)
    before, began = resident(), time.perf_counter()
    version = room._version("kb", "latest")
    found["open_s"] = round(time.perf_counter() - began, 2)
    began = time.perf_counter()
    _ = version._products
    found["round_s"] = round(time.perf_counter() - began, 2)
    found["memory_mb"] = round(resident() - before, 1)
    found["search"] = await searches(room, version, embedder)
    found["step"] = {}
    for step, change in (
        ("add one", source.numbers.append),
        ("change one", source.changed.add),
        ("delete one", source.numbers.remove),
    ):
        change(10_000_000 if step == "add one" else 3)
        began = time.perf_counter()
        await room.sync("kb", source=source)
        room._version("kb", "latest")
        found["step"][step] = round(time.perf_counter() - began, 2)
    found["read_and_hash_s"] = await unchanged(room, source)
    return found


async def unchanged(room: CorpusRoom, source: Synthetic) -> float:
    """What a sync costs that finds nothing to do: reading the source and hashing it."""
    began = time.perf_counter()
    await room.sync("kb", source=source)
    return round(time.perf_counter() - began, 2)


async def searches(room: CorpusRoom, version: Version, embedder: Embedder) -> dict[str, Any]:
    draw = np.random.default_rng(5)
    texts = [sentence(draw, 6) for _ in range(QUERIES)]
    vectors = dict(zip(texts, embedder.embed(texts), strict=True))
    view = version.view((), version)
    found: dict[str, Any] = {}
    for mode in ("hybrid", "lexical", "vector"):
        effects = [Retrieve(corpus="kb", query=text, search=Search(mode=mode)) for text in texts]
        found[mode] = timed(room._search, effects)
    long = [sentence(draw, 80) for _ in range(QUERIES)]
    found["hybrid, 80 words"] = timed(room._search, [Retrieve(corpus="kb", query=text) for text in long])
    effects = [Retrieve(corpus="kb", query=text) for text in texts]
    found["explain"] = timed(lambda effect: version.explain(room._asked(effect)[1], "d1"), effects)
    found["first pass"] = timed(lambda text: version.compare(vectors[text]), texts)
    found["nearest 200, exact"] = timed(
        lambda text: version.by_meaning(version.compare(vectors[text]), 200, view), texts
    )
    matrix = np.concatenate([segment.vectors for segment in version.segments])
    found["all in float32"] = timed(lambda text: np.argpartition(matrix @ vectors[text], -200), texts[:40])
    half = matrix.astype(np.float16)
    found["all in float16"] = timed(lambda text: half @ vectors[text].astype(np.float16), texts[:3])
    if installed(default_cache_dir()):
        encoder = load_encoder(default_cache_dir())
        words = ["How do I reset the password of a router that is not mine " + text for text in texts]
        found["embed a query"] = timed(lambda text: encoder.embed([text]), words)
        room._query_vectors.of(encoder, words[0])
        found["embed it again"] = timed(lambda _: room._query_vectors.of(encoder, words[0]), words)
    return found


def usearch(vectors: NDArray[np.float32], queries: NDArray[np.float32], folder: Path) -> dict[str, Any]:
    """usearch's HNSW over the same vectors, in float16, with its defaults and with a wider search."""
    from usearch.index import Index  # type: ignore[import-not-found]  # where it is installed

    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16")
    began = time.perf_counter()
    index.add(np.arange(len(vectors)), vectors)
    found: dict[str, Any] = {"build_s": round(time.perf_counter() - began, 1)}
    index.save(str(folder / "usearch"))
    found["disk_mb"] = round((folder / "usearch").stat().st_size / 1e6, 1)
    exact = [set(np.argpartition(-(vectors @ query), 200)[:200].tolist()) for query in queries]
    for wide in (200, 800):
        index.expansion_search = wide
        got = [set(index.search(query, 200).keys.tolist()) for query in queries]
        found[f"recall of 200, expansion {wide}"] = round(
            float(np.mean([len(one & true) / 200 for one, true in zip(got, exact, strict=True)])), 4
        )
        found[f"search, expansion {wide}"] = timed(lambda query: index.search(query, 200), list(queries))
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", nargs="*", type=int, default=[5_000, 100_000])
    parser.add_argument("--usearch", action="store_true")
    options = parser.parse_args()
    written: dict[str, Any] = {"node": platform.node(), "dimensions": DIMENSIONS}
    written["numpy's threads"] = os.environ.get("OPENBLAS_NUM_THREADS", "all")
    for chunks in options.chunks:
        root = Path(tempfile.mkdtemp(prefix="search-"))
        try:
            written[f"{chunks} chunks"] = found = await measure(root, chunks)
            if options.usearch:
                embedder, draw = TopicEmbedder(), np.random.default_rng(6)
                vectors = embedder.embed([sentence(draw, 20) for _ in range(chunks)])
                found["usearch"] = usearch(vectors, embedder.embed([sentence(draw, 6) for _ in range(100)]), root)
        finally:
            shutil.rmtree(root)
        print(json.dumps({f"{chunks} chunks": found}, indent=1), flush=True)
    written["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "search.json").write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
