"""How well documents are found, beside BM25 as the literature tunes it, the encoder alone, and both fused simply.

    python benchmarks/retrieval.py [--root FOLDER] [--sets NAME ...]      FOLDER keeps the vectors for a second run

nDCG@10, R@10 and R@100 by document, by ir_measures, on each half of the questions of each set (benchmarks/judged.py),
with the difference to the best single method and to the simple fusions and its 95 % interval (paired bootstrap over
questions; for the mean over sets, within each set). Holdfast is asked as a feature asks it, with its one default for
every set. Prints tables and writes benchmarks/results/retrieval.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import ir_measures
import numpy as np
from bm25 import Bm25
from ir_measures import R, nDCG
from judged import HALVES, HERE, Collection, Question, collections
from numpy.typing import NDArray

from holdfast.corpus.encoder import default_cache_dir, load_encoder
from holdfast.corpus.room import CorpusRoom, open_corpora
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.vectors import VectorCache
from holdfast.records import Retrieve, Search

MEASURES = (nDCG @ 10, R @ 10, R @ 100)
DEPTH = 100
SINGLE = ("bm25 .9/.4", "bm25 1.2/.75", "MiniLM", "MiniLM passages")
SIMPLE = ("RRF", "min-max", "RRF passages", "min-max passages")
OURS = ("holdfast lexical", "holdfast vector", "holdfast")
MODES: tuple[Literal["lexical", "vector", "hybrid"], ...] = ("lexical", "vector", "hybrid")
FOUR = ("cranfield", "med", "squad2", "doc2dial")  # on which the simple fusion was measured first: .708
RESAMPLES = 4000

Scores = NDArray[np.float64]


def best(scores: Scores, ids: Sequence[str], ignore: str, depth: int = DEPTH) -> list[str]:
    order = np.argsort(-scores, kind="stable")[: depth + 1]
    return [ids[at] for at in order.tolist() if ids[at] != ignore][:depth]


def min_max(first: Scores, second: Scores) -> Scores:
    """Half and half, each stretched to 0..1 over its own best 100; a document that a list lacks has 0 there."""
    total = np.zeros(len(first))
    for scores in (first, second):
        rows = np.argsort(-scores, kind="stable")[:DEPTH]
        low, high = scores[rows].min(), scores[rows].max()
        total[rows] += 0.5 * ((scores[rows] - low) / (high - low) if high > low else 1.0)
    return total


def by_ranks(first: Scores, second: Scores) -> Scores:
    """Reciprocal rank fusion of the best 100 of each, k = 60 (Cormack, Clarke and Büttcher 2009)."""
    total = np.zeros(len(first))
    for scores in (first, second):
        rows = np.argsort(-scores, kind="stable")[:DEPTH]
        total[rows] += 1 / (60 + np.arange(1, len(rows) + 1))
    return total


class Peers:
    """Every other method over one set: whole documents, and for the vectors also the best passage of each."""

    def __init__(self, room: CorpusRoom, collection: Collection, vectors: VectorCache) -> None:
        version = room._version(collection.name, "latest")
        read = [version.document(entry.id) for entry in version.entries()]
        documents = [document for document in read if document is not None]
        texts = [f"{document.title}\n{document.text}" for document in documents]
        self.ids = [document.id for document in documents]
        self._bm25 = Bm25(texts)
        self._whole, _ = vectors.embed(texts)
        place = {known: at for at, known in enumerate(self.ids)}
        rows = np.concatenate([version.rows_of(known) for known in self.ids])
        self._owners = np.array([place[known] for known in version.owners(rows)])
        self._passages = version._products.rows(rows)

    def rank(self, question: Question, vector: NDArray[np.float32]) -> dict[str, list[str]]:
        passages = np.full(len(self.ids), -1.0)
        np.maximum.at(passages, self._owners, (self._passages @ vector).astype(np.float64))
        whole = (self._whole @ vector).astype(np.float64)
        low, high = (self._bm25.scores(question.text, k1, b) for k1, b in ((0.9, 0.4), (1.2, 0.75)))
        scores = {
            "bm25 .9/.4": low,
            "bm25 1.2/.75": high,
            "MiniLM": whole,
            "MiniLM passages": passages,
            "RRF": by_ranks(low, whole),
            "min-max": min_max(low, whole),
            "RRF passages": by_ranks(high, passages),
            "min-max passages": min_max(high, passages),
        }
        return {way: best(one, self.ids, question.ignore) for way, one in scores.items()}


async def asked(room: CorpusRoom, name: str, question: Question) -> dict[str, list[str]]:
    """What Holdfast finds, one passage of each document."""
    found = {}
    for way, mode in zip(OURS, MODES, strict=True):
        search = Search(k=DEPTH + 1, mode=mode, max_per_document=1)
        effect = Retrieve(corpus=room.pinned(name, "latest"), query=question.text, search=search)
        passages = await room.search(effect)
        found[way] = [one.document for one in passages if one.document != question.ignore][:DEPTH]
    return found


def measured(ranked: Mapping[str, Mapping[str, list[str]]], questions: Sequence[Question]) -> dict[str, Scores]:
    """For each method its measures, one row for each question."""
    qrels = [ir_measures.Qrel(one.id, known, 1) for one in questions for known in one.gold]
    place = {question.id: at for at, question in enumerate(questions)}
    columns = {str(measure): at for at, measure in enumerate(MEASURES)}
    values = {}
    for way, found in ranked.items():
        run = [
            ir_measures.ScoredDoc(question, known, float(-rank))
            for question, ids in found.items()
            for rank, known in enumerate(ids)
        ]
        table = np.zeros((len(questions), len(MEASURES)))
        for metric in ir_measures.iter_calc(MEASURES, qrels, run):
            table[place[metric.query_id], columns[str(metric.measure)]] = metric.value
        values[way] = table
    return values


def interval(differences: Sequence[Scores]) -> tuple[float, float, float]:
    """The mean over sets of the mean difference, and its 95 % interval."""
    draw = np.random.default_rng(7)
    means = np.zeros(RESAMPLES)
    for one in differences:
        means += one[draw.integers(0, len(one), (RESAMPLES, len(one)))].mean(axis=1) / len(differences)
    low, high = np.quantile(means, (0.025, 0.975))
    return round(float(np.mean([one.mean() for one in differences])), 4), round(float(low), 4), round(float(high), 4)


Tables = dict[str, dict[str, Scores]]


def summary(tables: Tables, masks: Mapping[str, NDArray[np.bool_]]) -> dict[str, Any]:
    """Means of every method, and Holdfast's lead, over the questions that the masks let through."""
    kept = {name: {way: rows[masks[name]] for way, rows in table.items()} for name, table in tables.items()}
    ways = (*SINGLE, *SIMPLE, *OURS)
    sets = {
        name: {way: rows.mean(axis=0).round(4).tolist() for way, rows in table.items()} for name, table in kept.items()
    }
    leads: dict[str, Any] = {}
    groups = {name: (name,) for name in kept} | {"mean": tuple(kept)}
    if set(FOUR) <= kept.keys():
        groups["mean of four"] = FOUR
    for label, names in groups.items():
        single = max(SINGLE, key=lambda way: np.mean([kept[name][way][:, 0].mean() for name in names]))
        leads[label] = {"best single": single}
        for against in (single, *SIMPLE):
            lead = [kept[name]["holdfast"] - kept[name][against] for name in names]
            leads[label][against] = [interval([one[:, at] for one in lead]) for at in range(len(MEASURES))]
    means = {
        label: {
            way: np.mean([kept[name][way].mean(axis=0) for name in names], axis=0).round(4).tolist() for way in ways
        }
        for label, names in groups.items()
        if len(names) > 1
    }
    return {
        "questions": {name: int(masks[name].sum()) for name in kept},
        "sets": sets | means,
        "holdfast's lead": leads,
    }


def show(title: str, said: Mapping[str, Any]) -> None:
    for at, measure in enumerate(MEASURES):
        print(f"\n{measure}, {title}\n{'':18}" + "".join(f"{name[:11]:>12}" for name in said["sets"]))
        for way in (*SINGLE, *SIMPLE, *OURS):
            print(f"{way:18}" + "".join(f"{means[way][at]:12.3f}" for means in said["sets"].values()))
    print(f"\nHoldfast's lead in {MEASURES[0]}, {title}")
    for label, leads in said["holdfast's lead"].items():
        single = leads["best single"]
        told = [f"{way} {leads[way][0][0]:+.3f} [{leads[way][0][1]:+.3f}, {leads[way][0][2]:+.3f}]"
                for way in (single, "min-max", "min-max passages")]  # fmt: skip
        print(f"  {label:16}" + "   ".join(told))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=None)
    parser.add_argument("--sets", nargs="*", default=[])
    options = parser.parse_args()
    root = options.root or Path(tempfile.mkdtemp())
    encoder = load_encoder(default_cache_dir())
    vectors = VectorCache(root / "vectors", encoder)
    chosen = [one for one in collections() if not options.sets or one.name in options.sets]
    room = open_corpora(root, {one.name: CorpusSettings(name=one.name) for one in chosen}, embedder=encoder)
    tables: Tables = {}
    for collection in chosen:
        report = await room.sync(collection.name, source=collection)
        peers = Peers(room, collection, vectors)
        ranked: dict[str, dict[str, list[str]]] = {}
        for question in collection.questions:
            found = peers.rank(question, encoder.embed([question.text])[0])
            for way, ids in (found | await asked(room, collection.name, question)).items():
                ranked.setdefault(way, {})[question.id] = ids
        tables[collection.name] = measured(ranked, collection.questions)
        counted = f"{report.kept} documents, {report.chunks} chunks, {len(collection.questions)} questions"
        print(f"{collection.name}: {counted}", flush=True)
    vectors.flush()
    written: dict[str, Any] = {
        "node": platform.node(),
        "encoder": encoder.name,
        "measures": [str(one) for one in MEASURES],
    }
    for part, halves in (("choose", HALVES[:1]), ("report", HALVES[1:]), ("all", HALVES)):
        masks = {one.name: np.array([question.half in halves for question in one.questions]) for one in chosen}
        written[part] = summary(tables, masks)
        show(part, written[part])
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "retrieval.json").write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
