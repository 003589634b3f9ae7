"""A real help centre goes in whole, from Markdown and from HTML, and its articles find each other.

Runs where the development data is at hand (shared/data beside or above the repository).
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from corpora import find, open_room
from holdfast.corpus.encoder import load_encoder

DATA = next(
    (above / "shared" / "data" for above in Path(__file__).resolve().parents if (above / "shared" / "data").is_dir()),
    Path("absent"),
)
HELP_CENTER = DATA / "kb_arduino_help_center"
pytestmark = pytest.mark.skipif(not HELP_CENTER.is_dir(), reason="no shared/data beside or above the repository")

LINK = re.compile(r"\[[^\]]*\]\(https?://support\.arduino\.cc[^)]*\)|https?://support\.arduino\.cc\S*")
BM25_RELATED_R10 = 0.48
NOISE = 0.06  # one standard error of 58 queries


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HELP_CENTER / name).read_text().splitlines()]


def as_markdown(folder: Path, row: dict[str, Any], text: str) -> None:
    head = {"id": row["article_id"], "title": row["title"], "section": [row["category"], row["section"]]}
    (folder / f"{row['article_id']}.md").write_text(f"---\n{json.dumps(head)}\n---\n{text}")


def as_html(folder: Path, row: dict[str, Any], text: str) -> None:
    """A rendering good enough to be a page: headings, lists, paragraphs."""
    out = []
    for line in text.splitlines():
        escaped = html.escape(line.strip())
        if heading := re.match(r"(#{1,6}) (.*)", line):
            out.append(f"<h{len(heading[1])}>{html.escape(heading[2])}</h{len(heading[1])}>")
        elif item := re.match(r"\s*(?:[*-]|\d+\.) (.*)", line):
            out.append(f"<ul><li>{html.escape(item[1])}</li></ul>")
        elif escaped:
            out.append(f"<p>{escaped}</p>")
    title = html.escape(row["title"])
    page = f"<html><head><title>{title}</title></head><body><main>{''.join(out)}</main></body></html>"
    (folder / f"{row['article_id']}.html").write_text(page)


@pytest.fixture(params=[as_markdown, as_html], ids=["markdown", "html"])
def articles(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for row in lines("articles.jsonl"):
        request.param(folder, row, LINK.sub("", row["markdown"]))
    return folder


async def related_r10(room: Any) -> float:
    titles = {row["article_id"]: row["title"] for row in lines("articles.jsonl")}
    found_of = []
    for row in lines("related_links.jsonl"):
        passages = await find(room, titles[row["article_id"]], k=11, max_per_document=1)
        found = [passage.document.removesuffix(".html") for passage in passages]
        found = [document for document in found if document != row["article_id"]][:10]
        found_of.append(len(set(found) & set(row["links_to"])) / len(row["links_to"]))
    return sum(found_of) / len(found_of)


async def test_every_article_goes_in_and_is_found_by_its_title(articles: Path, tmp_path: Path) -> None:
    room = open_room(tmp_path / "root", None, options={"path": str(articles)})
    report = await room.sync("kb")
    assert report.read == 414
    assert report.read == report.kept + sum(group.count for group in report.passed)
    assert report.kept >= 412
    again = await room.sync("kb")
    assert (again.published, again.unchanged) == (False, report.kept)
    assert again.seconds["total"] < 1.0
    missed = []
    for row in lines("articles.jsonl"):
        passages = await find(room, row["title"], k=10, max_per_document=1)
        found = {passage.document.removesuffix(".html") for passage in passages}
        missed += [] if row["article_id"] in found else [row["title"]]
    assert len(missed) <= 4, missed
    r10 = await related_r10(room)
    print(f"related articles, lexical only: R@10 {r10:.3f}")  # noqa: T201  # a figure for the reader of -s
    assert r10 >= BM25_RELATED_R10 - NOISE


async def test_related_articles_are_found_with_vectors(tmp_path: Path, encoder_cache: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for row in lines("articles.jsonl"):
        as_markdown(folder, row, LINK.sub("", row["markdown"]))
    room = open_room(tmp_path / "root", load_encoder(encoder_cache), options={"path": str(folder)})
    report = await room.sync("kb")
    assert report.embedded + report.reused == report.chunks
    r10 = await related_r10(room)
    print(f"related articles, hybrid: R@10 {r10:.3f}")  # noqa: T201  # a figure for the reader of -s
    assert r10 >= BM25_RELATED_R10
