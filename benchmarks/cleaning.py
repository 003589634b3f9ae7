"""What cleaning HTML keeps and costs, beside html-to-markdown, markdownify, markitdown and trafilatura.

    python benchmarks/cleaning.py [--peers PYTHON] [--quick]

`--peers` is the Python of an environment that has those packages; each runs as a process of its own over a file of
pages. Reads html_* in shared/data beside or above the repository. Prints, and writes the figures with the machine's
name under benchmarks/results.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import os
import platform
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from holdfast.corpus.encoder import default_cache_dir, installed, load_encoder
from holdfast.corpus.html import clean_html
from holdfast.corpus.plain import plain
from holdfast.corpus.room import open_corpora
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.tables import is_delimiter, split_row
from holdfast.sources import MediaType, Passed, RawDocument

HERE = Path(__file__).resolve().parent
DATA = next((above / "shared" / "data" for above in HERE.parents if (above / "shared" / "data").is_dir()), None)

PEERS = {
    "html-to-markdown": "from html_to_markdown import convert\ndef run(h):\n o = convert(h)\n"
    " return o if isinstance(o, str) else o.content",
    "markdownify": "from markdownify import markdownify as run",
    "markitdown": "import io\nfrom markitdown import MarkItDown\nm = MarkItDown()\n"
    "def run(h): return m.convert_stream(io.BytesIO(h.encode()), file_extension='.html').text_content",
    "trafilatura": "import trafilatura\ndef run(h):\n"
    " return trafilatura.extract(h, output_format='markdown', include_tables=True) or ''",
}
_RUNNER = """
import json, sys, time
{peer}
for line in open(sys.argv[1]):
    html = json.loads(line)
    at = time.process_time()
    try:
        text = run(html)
    except Exception as error:
        text = ''
        print(type(error).__name__, error, file=sys.stderr)
    print(json.dumps([text, time.process_time() - at]))
"""

Converted = list[tuple[str, float]]


def rows(folder: str, name: str) -> list[dict[str, Any]]:
    assert DATA is not None, "html_* are read from shared/data beside or above the repository"
    return [json.loads(line) for line in (DATA / folder / name).read_text().split("\n") if line]


def ours(pages: Sequence[str]) -> Converted:
    done = []
    for html in pages:
        at = time.process_time()
        text = clean_html(html).text
        done.append((text, time.process_time() - at))
    return done


def peer(name: str, python: str, pages: Sequence[str]) -> Converted | None:
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(page) + "\n" for page in pages)
        file.flush()
        program = _RUNNER.format(peer=PEERS[name])
        plain_path = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        ran = subprocess.run([python, "-c", program, file.name], capture_output=True, text=True, env=plain_path)
    if ran.returncode:
        print(f"{name}: {ran.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return [(text, seconds) for text, seconds in map(json.loads, ran.stdout.splitlines())]


# ---------------------------------------------------------------- words

_ADDRESS = re.compile(r"\]\((?:<[^<>]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+\"[^\"]*\")?\)|<br ?/?>")


def runs(text: str, length: int) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return (
        Counter(tuple(words[at : at + length]) for at in range(max(1, len(words) - length + 1))) if words else Counter()
    )


def visible(html: str) -> str:
    """The words of a page by the parser alone: what is no script, style, navigation or comment, nor hidden."""
    from selectolax.lexbor import LexborHTMLParser

    document = LexborHTMLParser(html)
    document.strip_tags(["script", "style", "noscript", "template", "nav", "head"])
    for node in document.css("[style*='display:none'], [style*='display: none'], [hidden], .mw-editsection"):
        node.decompose()
    body = document.body
    return body.text(separator=" ") if body is not None else ""


def kept(html: str, text: str, length: int) -> float:
    """The share of the page's words that the text has; of more than one at a time, those that follow each other."""
    wanted, found = runs(visible(html), length), runs(_ADDRESS.sub("]", text), length)
    return sum((wanted & found).values()) / max(1, sum(wanted.values()))


# ---------------------------------------------------------------- cells


def bare(cell: str) -> str:
    """What a cell says, without pictures, marks, references and the way it is written."""
    cell = re.sub(r"!\[[^\]]*\]\((?:[^()]|\([^()]*\))*\)", "", cell)
    return re.sub(r"\W+", "", re.sub(r"\[\^?(?:note )?\w{1,3}\]|\^\d+", "", plain(cell))).lower()


def grid(text: str) -> list[tuple[str, ...]]:
    """The rows of the largest table of a Markdown text."""
    tables: list[list[tuple[str, ...]]] = [[]]
    for line in text.split("\n"):
        if "|" not in line:
            tables.append([])
        elif not is_delimiter(line):
            tables[-1].append(tuple(map(bare, split_row(line))))
    return max(tables, key=len)


def cells(reference: str, text: str) -> tuple[int, int, int]:
    """Of the reference's cells: how many stand in their row and column, in their row but another column, or neither.

    The reference leaves out rows that are titles and columns of pictures alone, so rows are matched in order by what
    they hold, and a column is that in which most of its cells stand.
    """
    expected = [[bare(cell) for cell in row] for row in csv.reader(io.StringIO(reference), escapechar="\\")][1:]
    found, place, lines = grid(text), 0, []
    for row in expected:
        wanted = [cell for cell in row if cell]
        held = [sum(cell in line for cell in wanted) for line in found[place : place + 5]]
        best = max(range(len(held)), key=held.__getitem__) if held else 0
        if held and held[best] * 2 >= len(wanted):
            lines.append(found[place + best])
            place += best + 1
        else:
            lines.append(())
    right = moved = lost = 0
    for column in range(max(map(len, expected), default=0)):
        pairs = [
            (row[column], line) for row, line in zip(expected, lines, strict=True) if row[column : column + 1] > [""]
        ]
        places = Counter(at for cell, line in pairs for at, said in enumerate(line) if said == cell)
        here = places.most_common(1)[0][0] if places else 0
        for cell, line in pairs:
            there = line[here] if here < len(line) else ""
            elsewhere = cell in line and not there.startswith(cell)  # a mark of a note may stand after it
            right, moved, lost = (right + (there == cell), moved + elsewhere, lost + (there != cell and not elsewhere))
    return right, moved, lost


def code_lines(html: str) -> list[str]:
    from selectolax.lexbor import LexborHTMLParser

    lines = [line for pre in LexborHTMLParser(html).css("pre") for line in pre.text().split("\n")]
    return [line.rstrip() for line in lines if line.strip()]


# ---------------------------------------------------------------- boilerplate


def f1(pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Shingles of four words, precision and recall averaged over pages, as the data's own evaluation has it."""
    precisions, recalls = [], []
    for true, said in pairs:
        wanted, found = runs(true, 4), runs(said, 4)
        both = sum((wanted & found).values())
        if found:
            precisions.append(both / sum(found.values()))
        if wanted:
            recalls.append(both / sum(wanted.values()))
    precision, recall = mean(precisions), mean(recalls)
    harmonic = 2 * precision * recall / (precision + recall)
    return {"f1": round(harmonic, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def as_text(markdown: str) -> str:
    """Markdown as the plain text that people marked: no images, no numbers of list items."""
    without = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", markdown)
    return "\n".join(plain(re.sub(r"^\s*\d+\. ", "", line)) for line in without.split("\n"))


def boilerplate() -> dict[str, Any]:
    pages = rows("html_article_extraction", "pages.jsonl")
    said = {"holdfast": {page["id"]: as_text(clean_html(page["html"], article=True).text) for page in pages}}
    for row in rows("html_article_extraction", "peer_outputs.jsonl"):
        said.setdefault(row["system"], {})[row["id"]] = row["text"]
    halves = {"all": pages, "decided on": pages[::2], "reported on": pages[1::2]}
    return {
        name: {
            half: f1((page["article_body"], texts.get(page["id"], "")) for page in some)
            for half, some in halves.items()
        }
        for name, texts in said.items()
    }


# ---------------------------------------------------------------- the whole way


class Listed:
    """A source that gives these documents."""

    def __init__(self, documents: Sequence[RawDocument]) -> None:
        self.documents = documents

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        for document in self.documents:
            yield document


def whole_way(pages: Sequence[tuple[str, MediaType]], runs: int = 2) -> dict[str, float]:
    """MB of HTML a second through a whole sync without an encoder: cleaned, chunked, looked through, indexed, reported
    on and proved, by as many processes as there are cores. The quickest of so many runs, processes started anew."""
    documents = [RawDocument(id=str(at), body=page, media_type=kind) for at, (page, kind) in enumerate(pages)]
    size = sum(len(page.encode()) for page, _ in pages) / 1e6
    taken = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            room = open_corpora(Path(folder), {"kb": CorpusSettings(name="kb")}, embedder=None)
            cpu, started = cpu_seconds(), time.perf_counter()
            report = asyncio.run(room.sync("kb", source=Listed(documents)))
            taken.append((time.perf_counter() - started, cpu_seconds() - cpu, report.chunks))
            room.close()
    seconds, cpu_s, chunks = min(taken)
    return {
        "mb": round(size, 1),
        "mb_per_s": round(size / seconds, 2),
        "mb_per_cpu_s": round(size / cpu_s, 2),
        "chunks_per_s": round(chunks / seconds, 1),
    }


def cpu_seconds() -> float:
    """Of this process and those that it has waited for."""
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in each)


def embedding(pages: Sequence[str]) -> dict[str, float] | None:
    if not installed(default_cache_dir()):
        return None
    from holdfast.corpus.chunk import chunk_markdown

    encoder = load_encoder(default_cache_dir())
    texts = [chunk.index_text for page in pages[:4] for chunk in chunk_markdown(clean_html(page).text, title="")][:150]
    encoder.embed(texts[:8])
    started = time.perf_counter()
    encoder.embed(texts)
    return {"chunks_per_s": round(len(texts) / (time.perf_counter() - started), 1)}


# ---------------------------------------------------------------- all of it


def side_by_side(python: str | None, limit: int | None) -> dict[str, Any]:
    wiki = [row["page_html"] for row in rows("html_tables_wtq", "wiki_pages.jsonl")][:limit]
    tables = rows("html_tables_wtq", "tables.jsonl")[:limit]
    cases = [row["html"] for row in rows("html_to_markdown_fixtures", "cases.jsonl") if "<pre" in row["html"].lower()]
    result: dict[str, Any] = {}
    for name in ("holdfast", *(PEERS if python else ())):
        sets = [wiki, [row["html"] for row in tables], cases]
        made = [ours(pages) if name == "holdfast" else peer(name, python or "", pages) for pages in sets]
        if any(one is None for one in made):
            continue
        of_wiki, of_tables, of_cases = (one or [] for one in made)
        counted = [cells(row["csv"], text) for row, (text, _) in zip(tables, of_tables, strict=True)]
        right, moved, lost = (sum(column) for column in zip(*counted, strict=True))
        lines = [(line, text) for html, (text, _) in zip(cases, of_cases, strict=True) for line in code_lines(html)]
        size = sum(len(page.encode()) for page in wiki)
        result[name] = {
            **{
                name: round(mean(kept(html, text, length) for html, (text, _) in zip(wiki, of_wiki, strict=True)), 4)
                for name, length in (("words_kept", 1), ("pairs_in_order", 2))
            },
            "cells": {
                "right": right,
                "moved": moved,
                "not_found": lost,
                "recall": round(right / (right + moved + lost), 4),
            },
            "code_lines_intact": round(mean(line in text for line, text in lines), 4),
            "mb_per_s": round(size / sum(seconds for _, seconds in of_wiki) / 1e6, 2),
        }
        print(name, result[name])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="the Python of an environment that has the peers")
    parser.add_argument("--quick", action="store_true", help="a tenth of the files; writes nothing")
    options = parser.parse_args()
    limit = 8 if options.quick else None
    wiki = [row["page_html"] for row in rows("html_tables_wtq", "wiki_pages.jsonl")][:limit]
    articles = [row["html"] for row in rows("html_article_extraction", "pages.jsonl")][:limit]
    result: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "side_by_side": side_by_side(options.peers, limit),
        "boilerplate": boilerplate(),
    }
    for name, score in result["boilerplate"].items():
        print(name, score)
    mixed: list[tuple[str, MediaType]] = [
        *((page, "text/html; page") for page in articles),
        *((page, "text/html") for page in (*wiki, *articles)),
    ]
    random.Random(1).shuffle(mixed)  # as a source has them: none of a kind together
    result["whole_way"] = {
        "web pages": whole_way([(page, "text/html; page") for page in articles]),
        "articles": whole_way([(page, "text/html") for page in articles]),
        "wiki pages, three times": whole_way([(page, "text/html") for page in wiki * 3]),
        "all of them mixed": whole_way(mixed),
    }
    result["embedding"] = embedding(wiki)
    print(json.dumps({"whole_way": result["whole_way"], "embedding": result["embedding"]}, indent=1))
    if not options.quick:
        (HERE / "results" / "cleaning.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
