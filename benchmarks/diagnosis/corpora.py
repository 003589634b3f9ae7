"""Real documents with questions whose answers are known, read from shared/data and sampled with a seed.

Knows nothing of features or faults. Rows are read where they lie and never copied into the repository.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.diagnosis.wording import frequencies, overlap, phrase, says, sentences, telling, words

HERE = Path(__file__).resolve().parent
DATA = next((above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir()), HERE)
DOCUMENTS, QUESTIONS, LONGEST = 260, 110, 6_000
LONGEST_SENTENCE = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A document as the source has it. `label` is the team that it belongs to."""

    id: str
    title: str
    text: str
    label: str = ""
    principals: tuple[str, ...] = ()
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A question and its answer: the document, the sentence in it that says it, and the fact in a few words."""

    id: str
    question: str
    document: str
    sentence: str
    fact: str
    label: str


@dataclass(frozen=True, slots=True)
class Material:
    """A corpus and what is known of it. `labels` is empty where nobody sorts its documents."""

    name: str
    rows: tuple[Row, ...]
    known: tuple[Known, ...]
    labels: tuple[str, ...] = ()


def lines(*parts: str) -> Iterator[Mapping[str, Any]]:
    with DATA.joinpath(*parts).open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def squad(draw: random.Random) -> Material:
    rows = {r["doc_id"]: Row(r["doc_id"], r["title"], r["text"], topic=r["title"]) for r in
            lines("kb_squad2_dev_half", "paragraphs_all.jsonl")}  # fmt: skip
    chosen = _sample(draw, rows, DOCUMENTS)
    known = []
    for r in lines("kb_squad2_dev_half", "questions.jsonl"):
        if not r["answerable"] or r["doc_id"] not in chosen:
            continue
        fact = min(r["answers"], key=len)
        holding = [s for s in sentences(rows[r["doc_id"]].text) if says(s, fact) and len(s.split()) < LONGEST_SENTENCE]
        if holding and words(fact) and not says(r["question"], fact):
            best = max(holding, key=lambda s: overlap(telling(r["question"]), telling(s)))
            known.append(Known(r["id"], r["question"], r["doc_id"], best, fact, ""))
    return Material("squad2", tuple(rows[one] for one in chosen), _some(draw, known))


def doc2dial(draw: random.Random) -> Material:
    rows = {r["doc_id"]: _row(r["doc_id"], r["title"], r["text"], r["domain"]) for r in
            lines("kb_doc2dial_val", "docs_all.jsonl")}  # fmt: skip
    firsts = [r for r in lines("kb_doc2dial_val", "turns.jsonl") if len(r["history"]) == 1]
    asked = [(r["id"], r["history"][0]["text"], r["doc_id"], r["answer_text"]) for r in firsts]
    return _answered("doc2dial", rows, asked, draw, 130)


def covid(draw: random.Random) -> Material:
    rows = {r["faq_id"]: _row(r["faq_id"], r["question"], r["answer_text"]) for r in
            lines("faq_covid_paraphrase", "faq_bank.jsonl")}  # fmt: skip
    asked = [(r["id"], r["query"], r["faq_id"], r["query"]) for r in lines("faq_covid_paraphrase", "pairs.jsonl")
             if r["same"] == 1]  # fmt: skip
    return _answered("covid_faq", rows, asked, draw, DOCUMENTS)


def arduino(draw: random.Random) -> Material:
    rows = {r["article_id"]: _row(r["article_id"], r["title"], r["markdown"], r["category"]) for r in
            lines("kb_arduino_help_center", "articles.jsonl")}  # fmt: skip
    asked = []
    for one, row in rows.items():
        further = sorted(word for word in telling(row.text) if word.isalpha())[:3]
        asked.append((f"ard-{one}", f"{row.title}: {' '.join(further)}?", one, row.title))
    return _answered("arduino", rows, asked, draw, 160)


def aws(draw: random.Random) -> Material:
    asked = [(r["id"], r["question"], r["doc_id"], r["answer"]) for r in lines("kb_aws_docs_qa", "questions.jsonl")]
    gold = {document for _, _, document, _ in asked}
    rows = {}
    for r in lines("kb_aws_docs_qa", "corpus.jsonl"):
        if r["doc_id"] in gold or draw.random() < 0.03:
            rows[r["doc_id"]] = _row(r["doc_id"], r["title"], r["markdown"], r["guide"].split("-")[1].title())
    return _answered("aws_docs", rows, asked, draw, 130)


def mtrag(draw: random.Random) -> Material:
    rows, asked = {}, []
    for r in lines("rag_mtrag_un", "tasks.jsonl"):
        for one in r["contexts"]:
            rows[one["id"]] = _row(one["id"], one["title"] or " ".join(one["text"].split()[:6]), one["text"])
        said = [turn["text"] for turn in r["conversation"] if turn["speaker"] == "user"]
        if r["contexts"] and r["reference"]:
            asked.append((r["id"], " ".join(said[-2:]).strip(), r["contexts"][0]["id"], r["reference"][0]))
    return _answered("mtrag", rows, asked, draw, 220)


ALL: Mapping[str, Callable[[random.Random], Material]] = {
    "squad2": squad,
    "doc2dial": doc2dial,
    "covid_faq": covid,
    "arduino": arduino,
    "aws_docs": aws,
    "mtrag": mtrag,
}


def _row(document: str, title: str, text: str, label: str = "") -> Row:
    return Row(document, title, text[:LONGEST], label, topic=label or title[:20])


def _sample(draw: random.Random, rows: Mapping[str, Row], count: int) -> list[str]:
    return sorted(draw.sample(sorted(rows), min(count, len(rows))))


def _some(draw: random.Random, known: list[Known]) -> tuple[Known, ...]:
    return tuple(draw.sample(known, min(QUESTIONS, len(known))))


def _answered(
    name: str, rows: Mapping[str, Row], asked: list[tuple[str, str, str, str]], draw: random.Random, count: int
) -> Material:
    """Material whose answers are long: the fact is a rare phrase of the sentence that is nearest to the answer."""
    common = frequencies(row.text for row in rows.values())
    known: list[Known] = []
    for one, question, document, answer in asked:
        parts = (
            [s for s in sentences(rows[document].text) if len(s.split()) < LONGEST_SENTENCE] if document in rows else []
        )
        if not parts or len(words(question)) < 4:
            continue
        sentence = max(parts, key=lambda s: overlap(telling(answer), telling(s)))
        fact = phrase(sentence, question, common)
        if fact is not None:
            known.append(Known(one, " ".join(question.split()), document, sentence, fact, rows[document].label))
    chosen = _some(draw, known)
    gold = {one.document for one in chosen}
    rest = draw.sample(sorted(rows.keys() - gold), max(0, min(count - len(gold), len(rows) - len(gold))))
    kept = tuple(rows[document] for document in sorted({*gold, *rest}))
    labels = tuple(sorted({row.label for row in kept if row.label}))
    return Material(name, kept, chosen, labels if len(labels) >= 3 else ())
