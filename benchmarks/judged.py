"""The judged sets that ranking is measured on: documents, questions, and which documents answer them.

Reads shared/data beside or above the repository. Knows nothing of how anything is ranked.

    python benchmarks/judged.py       lists them

Each question belongs to one half, by a hash of its id: settings are chosen on `choose` and reported on `report`.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.sources import MediaType, Passed, RawDocument

HERE = Path(__file__).resolve().parent
DATA = next((above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir()), HERE)
OTHER_AWS_DOCUMENTS = 500  # beside those that answer a question: the whole set is five minutes of embedding
QUESTIONS_AT_MOST = 1200
HALVES = ("choose", "report")
_ARDUINO_LINK = re.compile(r"\[[^\]]*\]\(https?://support\.arduino\.cc[^)]*\)|https?://support\.arduino\.cc\S*")


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the documents that answer it; `ignore` is never counted as found."""

    id: str
    text: str
    gold: frozenset[str]
    ignore: str = ""

    @property
    def half(self) -> str:
        return HALVES[hashlib.sha256(self.id.encode()).digest()[0] % 2]


@dataclass(frozen=True, slots=True)
class Collection:
    """Also a source: a corpus syncs from it."""

    name: str
    documents: tuple[RawDocument, ...]
    questions: tuple[Question, ...]

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        for document in self.documents:
            yield document


def collections() -> Iterator[Collection]:
    """Every judged set, the same on every machine."""
    for made in (doc2dial(), doc2dial_turns(), covid_faq(), *classics(), squad2(), aws(), arduino(), mtrag()):
        asked = [question for question in made.questions if question.gold and question.text.strip()]
        if len(asked) > QUESTIONS_AT_MOST:
            asked = random.Random(7).sample(asked, QUESTIONS_AT_MOST)
        yield Collection(made.name, made.documents, tuple(asked))


def rows(*parts: str) -> Iterator[Mapping[str, Any]]:
    with DATA.joinpath(*parts).open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def document(document_id: str, title: str, body: str, kind: MediaType = "text/markdown", **more: Any) -> RawDocument:
    return RawDocument(id=document_id, title=title, body=body, media_type=kind, **more)


def doc2dial() -> Collection:
    """The first thing that somebody says, and the page that the talk is about."""
    asked = rows("kb_doc2dial_val", "first_turn_to_article.jsonl")
    questions = (Question(r["id"], r["query"], frozenset({r["doc_id"]})) for r in asked)
    return Collection("doc2dial", _doc2dial_pages(), tuple(questions))


def doc2dial_turns() -> Collection:
    """What somebody says last with all they said before, and the page that answers it."""
    asked = (r for r in rows("kb_doc2dial_val", "turns.jsonl") if len(r["history"]) > 1)
    questions = (
        Question(
            r["id"],
            "\n".join(turn["text"] for turn in r["history"] if turn["role"] == "user"),
            frozenset({r["doc_id"]}),
        )
        for r in asked
    )
    return Collection("doc2dial_turns", _doc2dial_pages(), tuple(questions))


def _doc2dial_pages() -> tuple[RawDocument, ...]:
    pages = rows("kb_doc2dial_val", "docs_all.jsonl")
    return tuple(document(r["doc_id"], r["title"], r["text"], "text/plain") for r in pages)


def covid_faq() -> Collection:
    docs = (document(r["faq_id"], r["question"], r["answer_html"] or r["answer_text"], "text/html")
            for r in rows("faq_covid_paraphrase", "faq_bank.jsonl"))  # fmt: skip
    pairs = (r for r in rows("faq_covid_paraphrase", "pairs.jsonl") if r["same"] == 1)
    questions = (Question(str(r["id"]), r["query"], frozenset({r["faq_id"]})) for r in pairs)
    return Collection("covid_faq", tuple(docs), tuple(questions))


def classics() -> tuple[Collection, ...]:
    """Cranfield, MEDLINE, and whichever others of their kind are there."""
    found = sorted(DATA.joinpath("ir_classic").glob("*_docs.jsonl"))
    return tuple(_classic(path.name.removesuffix("_docs.jsonl")) for path in found)


def _classic(name: str) -> Collection:
    docs = (document(r["doc_id"], r["title"] or "", r["text"], "text/plain")
            for r in rows("ir_classic", f"{name}_docs.jsonl"))  # fmt: skip
    questions = (
        Question(str(r["id"]), r["query"], frozenset(known for known, grade in r["relevant"].items() if grade > 0))
        for r in rows("ir_classic", f"{name}_queries.jsonl")
    )
    return Collection(name, tuple(docs), tuple(questions))


def squad2() -> Collection:
    docs = (document(r["doc_id"], r["title"], r["text"]) for r in rows("kb_squad2_dev_half", "paragraphs_all.jsonl"))
    asked = (r for r in rows("kb_squad2_dev_half", "questions.jsonl") if r["answerable"])
    questions = (Question(str(r["id"]), r["question"], frozenset({r["doc_id"]})) for r in asked)
    return Collection("squad2", tuple(docs), tuple(questions))


def aws() -> Collection:
    asked = tuple(
        Question(str(r["id"]), r["question"], frozenset({r["doc_id"]}))
        for r in rows("kb_aws_docs_qa", "questions.jsonl")
    )
    everything = {r["doc_id"]: r for r in rows("kb_aws_docs_qa", "corpus.jsonl")}
    gold = {known for question in asked for known in question.gold}
    others = random.Random(7).sample(sorted(everything.keys() - gold), OTHER_AWS_DOCUMENTS)
    docs = (
        document(known, everything[known]["title"], everything[known]["markdown"]) for known in [*sorted(gold), *others]
    )
    return Collection("aws_docs", tuple(docs), asked)


def arduino() -> Collection:
    """A related article is found by the title alone; every link between articles is taken out first."""
    docs = (
        document(
            r["article_id"], r["title"], _ARDUINO_LINK.sub("", r["markdown"]), section=(r["category"], r["section"])
        )
        for r in rows("kb_arduino_help_center", "articles.jsonl")
    )
    questions = (
        Question(str(r["article_id"]), r["title"], frozenset(r["links_to"]), str(r["article_id"]))
        for r in rows("kb_arduino_help_center", "related_links.jsonl")
    )
    return Collection("arduino", tuple(docs), tuple(questions))


def mtrag() -> Collection:
    """The last two things that somebody says, and the passages an answer was written from, among those of all talks."""
    tasks = list(rows("rag_mtrag_un", "tasks.jsonl"))
    passages = {part["id"]: part for task in tasks for part in task["contexts"]}
    docs = (document(known, part.get("title") or "", part["text"], "text/plain") for known, part in passages.items())
    questions = (
        Question(
            str(task["id"]),
            "\n".join([turn["text"] for turn in task["conversation"] if turn["speaker"] == "user"][-2:]),
            frozenset(part["id"] for part in task["contexts"]),
        )
        for task in tasks
        if set(task["meta"]["answerability"]) & {"ANSWERABLE", "PARTIAL"}
    )
    return Collection("mtrag", tuple(docs), tuple(questions))


if __name__ == "__main__":
    for made in collections():
        halves = [sum(question.half == half for question in made.questions) for half in HALVES]
        print(f"{made.name:16}{len(made.documents):6} documents, questions to {dict(zip(HALVES, halves, strict=True))}")
