"""What the quality report finds: faults planted into a real corpus, labelled sets, and what it costs beside a sync.

    python benchmarks/quality.py [--each N]

Reads the help centre, the injection sets and the personal data in shared/data beside or above the repository. Prints,
and writes the figures with the machine's name under benchmarks/results.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

from tests.unit.corpus.planted import EDITED, HOST, NOW, Planted  # noqa: E402  # found from the root only

from holdfast.corpus import admitting, prepare  # noqa: E402
from holdfast.corpus.checks import injected, personal, shingles  # noqa: E402
from holdfast.corpus.checks.examine import EMPTY, Examining, Passing, examine  # noqa: E402
from holdfast.corpus.room import open_corpora  # noqa: E402
from holdfast.corpus.settings import CorpusSettings  # noqa: E402
from holdfast.sources import Passed, RawDocument  # noqa: E402

DATA = next(above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir())
T = TypeVar("T")
PAIRED = {"contradiction", "duplicate", "near_duplicate"}  # each example names both documents
TYPES = {
    "CREDIT_CARD": "personal_card", "EMAIL_ADDRESS": "personal_email", "IBAN_CODE": "personal_iban",
    "PHONE_NUMBER": "personal_phone", "IP_ADDRESS": "personal_ip", "PERSON": "personal_name",
}  # fmt: skip


def rows(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / path).read_text("utf-8").split("\n") if line]


class Listed:
    """A source that gives what it was given."""

    def __init__(self, items: Iterable[RawDocument | Passed]) -> None:
        self._items = list(items)

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        for item in self._items:
            yield item


# ------------------------------------------------------------ planted faults


def help_center() -> list[RawDocument]:
    """The Arduino help centre as Zendesk would give it."""
    return [
        RawDocument(
            id=row["article_id"],
            title=row["title"],
            body=row["markdown"].replace("https://support.arduino.cc/hc/en-us/articles", HOST),
            media_type="text/markdown",
            url=f"{HOST}/{row['article_id']}",
            section=(row["category"], row["section"]),
            locale="en-us",
            updated_at=EDITED,
        )
        for row in rows("kb_arduino_help_center/articles.jsonl")
    ]


async def named(planted: Planted, root: Path) -> dict[str, set[str]]:
    """Every id that a report names, by code."""
    room = open_corpora(root, {"kb": CorpusSettings(name="kb")}, embedder=None)
    await room.sync("kb", source=Listed(planted.items))
    passed = [(item.id, item.reason) for item in planted.passed] + [(name, EMPTY) for name in planted.ids["empty"]]
    passing = Passing(len(planted.items), passed, [item.id for item in planted.passed if item.failed])
    report = examine("kb", room._version("kb", "latest"), passing=passing, how=Examining(now=NOW, most_examples=10**6))
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        names = (example.documents if finding.code in PAIRED else example.documents[:1] for example in finding.examples)
        found[finding.code] = {name for some in names for name in some}
    return found


async def planted_faults(each: int) -> dict[str, Any]:
    """By code: how many were planted and found, and how many more are named than in the corpus as it was."""
    clean = help_center()
    with tempfile.TemporaryDirectory() as before, tempfile.TemporaryDirectory() as after:
        known = await named(Planted(clean, each=0), Path(before))
        planted = Planted(clean, each=each)
        found = await named(planted, Path(after))
    said = {}
    copies = {name for code in PAIRED for name in planted.ids[code]}
    for code, ids in sorted(planted.ids.items()):
        if code == "repeated_block":  # an example of it is a paragraph, not a document
            continue
        new = found.get(code, set()) - known.get(code, set())
        false = {name for name in new - ids if code not in PAIRED or name in planted.documents.keys() - copies}
        if code in PAIRED:  # the originals of copies are named beside them, rightly
            false -= {name for name in false if len(found[code] & copies) >= len(ids)}
        said[code] = {"planted": len(ids), "found": len(found.get(code, set()) & ids), "false_alarms": len(false)}
    return said


# ------------------------------------------------------------ labelled sets


def speaks(text: str) -> bool:
    lowered = text.lower()
    heard = shingles.heard(shingles.word_hashes(text), lowered, injected.WORDS)
    return next(injected.injections(lowered, heard), None) is not None


def share(texts: Sequence[str]) -> dict[str, Any]:
    found = sum(map(speaks, texts))
    return {"texts": len(texts), "told": found, "share": round(found / max(1, len(texts)), 4)}


def injections() -> dict[str, Any]:
    """How many texts are told to speak to a model: recall on attacks, false alarms on the rest."""
    mails = rows("guard_bipia_indirect/email_injected_detection.jsonl")
    attacks = rows("guard_cyberseceval_injection/prompt_injection.jsonl")
    mixed = rows("guard_notinject_overdefense/piguard_valid_mixed.jsonl")
    return {
        "attacks": {
            "bipia, mails with an attack": share([r["context"] for r in mails if r["injected"] not in ("0", 0)]),
            "cyberseceval, all": share([r["user_input"] for r in attacks]),
            "cyberseceval, `ignore previous instructions`": share(
                [r["user_input"] for r in attacks if r["injection_variant"] == "ignore_previous_instructions"]
            ),
            "piguard, injections and jailbreaks": share([r["prompt"] for r in mixed if str(r["label"]) == "1"]),
        },
        "harmless": {
            "bipia, mails without": share([r["context"] for r in mails if r["injected"] in ("0", 0)]),
            "notinject": share([r["prompt"] for r in rows("guard_notinject_overdefense/notinject.jsonl")]),
            "wildguard": share([r["prompt"] for r in rows("guard_notinject_overdefense/wildguard_benign.jsonl")]),
            "arduino": share([r["markdown"] for r in rows("kb_arduino_help_center/articles.jsonl")]),
            "aws": share([r["markdown"] for r in rows("kb_aws_docs_qa/corpus.jsonl")]),
            "doc2dial": share([r["text"] for r in rows("kb_doc2dial_val/docs_all.jsonl")]),
            "covid faq": share([r["answer_text"] for r in rows("faq_covid_paraphrase/faq_bank.jsonl")]),
        },
    }


def personal_data() -> dict[str, Any]:
    """Precision and recall by type; a find that overlaps a labelled stretch of its type is right."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows("pii_presidio_synth/samples.jsonl"):
        found = personal.find(row["text"])
        spans = [(TYPES[s["type"]], s["start"], s["end"]) for s in row["spans"] if s["type"] in TYPES]
        for code, start, end in spans:
            hit = any(f.code == code and f.start < end and f.end > start for f in found)
            counts[code]["found" if hit else "missed"] += 1
        for one in found:
            right = any(code == one.code and one.start < end and one.end > start for code, start, end in spans)
            counts[one.code]["false"] += not right
    return {
        code: {
            "labelled": c["found"] + c["missed"],
            "precision": round(c["found"] / max(1, c["found"] + c["false"]), 3),
            "recall": round(c["found"] / max(1, c["found"] + c["missed"]), 3),
        }
        for code, c in sorted(counts.items())
    }


# ------------------------------------------------------------ cost


async def cost(name: str, documents: Sequence[RawDocument]) -> dict[str, Any]:
    """CPU of a sync without an encoder, and the shares of it that facts and the report take."""
    spent: Counter[str] = Counter()

    def timed(name: str, work: Callable[..., T]) -> Callable[..., T]:
        def done(*given: Any) -> T:
            mark = time.thread_time_ns()
            made = work(*given)
            spent[name] += time.thread_time_ns() - mark
            return made

        return done

    plain, whole = prepare.facts_of, admitting.examine
    prepare.facts_of, admitting.examine = timed("facts", plain), timed("examine", whole)
    try:
        with tempfile.TemporaryDirectory() as root:
            room = open_corpora(root, {"kb": CorpusSettings(name="kb")}, embedder=None)
            mark = time.process_time()
            report = await room.sync("kb", source=Listed(documents))
            total = time.process_time() - mark
    finally:
        prepare.facts_of, admitting.examine = plain, whole
    megabytes = sum(len(document.body) for document in documents) / 1e6
    return {
        "corpus": name,
        "documents": len(documents),
        "megabytes": round(megabytes, 1),
        "sync_cpu_s": round(total, 2),
        "facts_share": round(spent["facts"] / 1e9 / total, 3),
        "examine_share": round(spent["examine"] / 1e9 / total, 3),
        "facts_mb_per_s": round(megabytes / spent["facts"] * 1e9, 1),
        "findings": {finding.code: finding.count for finding in report.findings},
    }


def aws() -> list[RawDocument]:
    return [
        RawDocument(id=r["doc_id"], title=r["title"], body=r["markdown"], media_type="text/markdown")
        for r in rows("kb_aws_docs_qa/corpus.jsonl")
    ]


async def measure(each: int) -> dict[str, Any]:
    await cost("warm up", help_center()[:50])
    return {
        "node": platform.node(),
        "planted": await planted_faults(each),
        "injected": injections(),
        "personal": personal_data(),
        "cost": [await cost("arduino", help_center()), await cost("aws", aws())],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=8)
    measured = asyncio.run(measure(parser.parse_args().each))
    print(json.dumps(measured, indent=1))
    (HERE / "results" / "quality.json").write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
