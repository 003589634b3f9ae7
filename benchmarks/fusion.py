"""Which fusion finds best: lexical, vector, reciprocal ranks and the convex combination, over several sets.

    python benchmarks/fusion.py [--root FOLDER]      FOLDER keeps the vectors, so that a second run is quick

Reads shared/data beside or above the repository; prints nDCG@10 and R@10 by document and writes them
under benchmarks/results.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import platform
import random
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.corpus import lexical
from holdfast.corpus.encoder import default_cache_dir, load_encoder
from holdfast.corpus.fusion import convex
from holdfast.corpus.room import CorpusRoom, open_corpora
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.version import MIN_CANDIDATES
from holdfast.sources import Passed, RawDocument

HERE = Path(__file__).resolve().parent
DATA = next((above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir()), HERE)
WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7)
QUERIES_AT_MOST = 300
OTHER_AWS_DOCUMENTS = 500


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the documents that answer it; `ignore` is never counted as found."""

    text: str
    gold: frozenset[str]
    ignore: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    name: str
    documents: tuple[RawDocument, ...]
    questions: tuple[Question, ...]

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        for document in self.documents:
            yield document


def rows(*parts: str) -> Iterator[Mapping[str, Any]]:
    with DATA.joinpath(*parts).open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def document(document_id: str, title: str, body: str, kind: str = "text/markdown", **more: Any) -> RawDocument:
    return RawDocument(id=document_id, title=title, body=body, media_type=kind, **more)  # type: ignore[arg-type]


def collections() -> Iterator[Collection]:
    docs = (
        document(r["doc_id"], r["title"], r["text"], "text/plain") for r in rows("kb_doc2dial_val", "docs_all.jsonl")
    )
    asked = rows("kb_doc2dial_val", "first_turn_to_article.jsonl")
    yield Collection("doc2dial", tuple(docs), tuple(Question(r["query"], frozenset({r["doc_id"]})) for r in asked))

    docs = (document(r["faq_id"], r["question"], r["answer_html"] or r["answer_text"], "text/html")
            for r in rows("faq_covid_paraphrase", "faq_bank.jsonl"))  # fmt: skip
    pairs = (r for r in rows("faq_covid_paraphrase", "pairs.jsonl") if r["same"] == 1)
    yield Collection("covid_faq", tuple(docs), tuple(Question(r["query"], frozenset({r["faq_id"]})) for r in pairs))

    for name in ("cranfield", "med"):
        docs = (document(r["doc_id"], r["title"] or "", r["text"], "text/plain")
                for r in rows("ir_classic", f"{name}_docs.jsonl"))  # fmt: skip
        asked = rows("ir_classic", f"{name}_queries.jsonl")
        golden = (Question(r["query"], frozenset(d for d, grade in r["relevant"].items() if grade > 0)) for r in asked)
        yield Collection(name, tuple(docs), tuple(golden))

    docs = (document(r["doc_id"], r["title"], r["text"]) for r in rows("kb_squad2_dev_half", "paragraphs_all.jsonl"))
    asked = [r for r in rows("kb_squad2_dev_half", "questions.jsonl") if r["answerable"]]
    chosen = random.Random(7).sample(asked, QUERIES_AT_MOST)
    yield Collection("squad2", tuple(docs), tuple(Question(r["question"], frozenset({r["doc_id"]})) for r in chosen))
    yield aws()
    yield arduino()


def aws() -> Collection:
    asked = tuple(Question(r["question"], frozenset({r["doc_id"]})) for r in rows("kb_aws_docs_qa", "questions.jsonl"))
    everything = {r["doc_id"]: r for r in rows("kb_aws_docs_qa", "corpus.jsonl")}
    gold = {known for question in asked for known in question.gold}
    others = random.Random(7).sample(sorted(everything.keys() - gold), OTHER_AWS_DOCUMENTS)
    docs = (
        document(known, everything[known]["title"], everything[known]["markdown"]) for known in [*sorted(gold), *others]
    )
    return Collection("aws_docs", tuple(docs), asked)


def arduino() -> Collection:
    """A related article is found by the title alone; every link between articles is taken out first."""
    link = re.compile(r"\[[^\]]*\]\(https?://support\.arduino\.cc[^)]*\)|https?://support\.arduino\.cc\S*")
    docs = (document(r["article_id"], r["title"], link.sub("", r["markdown"]), section=(r["category"], r["section"]))
            for r in rows("kb_arduino_help_center", "articles.jsonl"))  # fmt: skip
    asked = (Question(r["title"], frozenset(r["links_to"]), r["article_id"])
             for r in rows("kb_arduino_help_center", "related_links.jsonl"))  # fmt: skip
    return Collection("arduino", tuple(docs), tuple(asked))


def ndcg(found: list[str], gold: frozenset[str]) -> float:
    gain = sum(1 / math.log2(rank + 2) for rank, known in enumerate(found[:10]) if known in gold)
    return gain / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(gold))))


def recall(found: list[str], gold: frozenset[str]) -> float:
    return len(gold & set(found[:10])) / len(gold)


Ranked = tuple[Any, Any]


def by_ranks(first: Ranked, second: Ranked) -> Ranked:
    """Reciprocal rank fusion with k = 60 (Cormack, Clarke and Büttcher 2009)."""
    scores: dict[int, float] = {}
    for found, _ in (first, second):
        for rank, row in enumerate(found.tolist()):
            scores[row] = scores.get(row, 0.0) + 1 / (61 + rank)
    order = sorted(scores, key=lambda row: (-scores[row], row))
    return np.array(order, np.int64), np.array([scores[row] for row in order], np.float32)


def measure(room: CorpusRoom, collection: Collection, encoder: Any) -> dict[str, dict[str, float]]:
    version = room._version(collection.name, "latest")
    view = version.view((), version)
    totals: dict[str, list[tuple[float, float]]] = {}
    for question in collection.questions:
        vector = encoder.embed([question.text])[0]
        words = version.by_words(question.text, MIN_CANDIDATES, view)
        meaning = version.by_meaning(vector, MIN_CANDIDATES, view)
        ways = {"lexical": words, "vector": meaning, "rrf": by_ranks(words, meaning)}
        ways |= {f"convex {weight}": convex(words, meaning, weight) for weight in WEIGHTS}
        for way, (found, _) in ways.items():
            ids = [known for known in dict.fromkeys(version.owners(found)) if known != question.ignore]
            totals.setdefault(way, []).append((ndcg(ids, question.gold), recall(ids, question.gold)))
    return {
        way: {
            "ndcg@10": round(sum(n for n, _ in got) / len(got), 4),
            "r@10": round(sum(r for _, r in got) / len(got), 4),
        }
        for way, got in totals.items()
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=None)
    root = parser.parse_args().root or Path(tempfile.mkdtemp())
    encoder = load_encoder(default_cache_dir())
    chosen = list(collections())
    room = open_corpora(root, {one.name: CorpusSettings(name=one.name) for one in chosen}, embedder=encoder)
    results: dict[str, Any] = {}
    for collection in chosen:
        report = await room.sync(collection.name, source=collection)
        results[collection.name] = measure(room, collection, encoder)
        print(
            f"{collection.name}: {report.kept} documents, {report.chunks} chunks, {len(collection.questions)} queries"
        )
    ways = list(next(iter(results.values())))
    for metric in ("ndcg@10", "r@10"):
        print(f"\n{metric:10}" + "".join(f"{name:>11}" for name in results) + f"{'mean':>11}")
        for way in ways:
            row = [results[name][way][metric] for name in results]
            print(f"{way:10}" + "".join(f"{value:11.3f}" for value in row) + f"{sum(row) / len(row):11.4f}")
    written = {"node": platform.node(), "fields": lexical.FIELD_WEIGHTS, "encoder": encoder.name, "results": results}
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "fusion.json").write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
