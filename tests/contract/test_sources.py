"""Every source keeps the contract: all items once, the same ids every time, nothing lost without a reason."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.corpus.sources import build_source
from holdfast.errors import Misconfigured
from holdfast.sources import Passed, RawDocument, Source

ROWS = [
    {
        "id": f"r{number}",
        "title": f"Row {number}",
        "text": f"the text of row {number}",
        "url": f"https://x.org/{number}",
    }
    for number in range(150)
]
BAD = [{"id": "", "title": "no id", "text": "x"}, {"id": "empty", "title": "no text", "text": "  "}]


def folder(path: Path) -> tuple[str, str]:
    for row in [*ROWS, BAD[1]]:
        target = path / "a" / f"{row['id']}.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(f"---\nid: {row['id']}\n---\n{row['text']}" if row["text"].strip() else "")
    (path / "picture.png").write_bytes(b"\x89PNG")
    return "folder", str(path)


def jsonl(path: Path) -> tuple[str, str]:
    lines = [json.dumps(row) for row in [*ROWS, *BAD]]
    (path / "rows.jsonl").write_text("\n".join([*lines[:70], "{broken", *lines[70:], "", "[1]"]))
    return "rows", str(path / "rows.jsonl")


def whole_json(path: Path) -> tuple[str, str]:
    (path / "rows.json").write_text(json.dumps({"data": [*ROWS, *BAD, 7]}))
    return "rows", str(path / "rows.json")


def table(path: Path) -> tuple[str, str]:
    with (path / "rows.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, ["id", "title", "text", "url"])
        writer.writeheader()
        writer.writerows([*ROWS, *BAD])
        handle.write("too,few\n")
    return "rows", str(path / "rows.csv")


def zendesk(path: Path) -> tuple[str, str]:
    articles = [
        {"id": n, "title": f"Row {n}", "body": f"<p>{n}</p>", "section_id": 1, "draft": False} for n in range(150)
    ]
    articles += [{"id": 900, "title": "d", "body": "x", "section_id": 1, "draft": True}]
    (path / "one.json").write_text(json.dumps({"articles": articles[:80]}))
    (path / "two.json").write_text(json.dumps({"articles": articles[80:], "sections": [{"id": 1, "name": "S"}]}))
    return "rows", str(path)


def remote(path: Path) -> tuple[str, str]:
    import fsspec

    memory = fsspec.filesystem("memory")
    name = re.sub(r"\W", "", str(path))
    for row in [*ROWS, BAD[1]]:
        memory.pipe(f"/{name}/deep/{row['id']}.txt", row["text"].encode())
    memory.pipe(f"/{name}/.hidden/x.txt", b"hidden")
    return "folder", f"memory://{name}"


@pytest.fixture(params=[folder, jsonl, whole_json, table, zendesk, remote])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    make: Callable[[Path], tuple[str, str]] = request.param
    kind, path = make(tmp_path)
    return build_source(kind, {"path": path}, "/nowhere")


async def read(source: Source) -> list[RawDocument | Passed]:
    return [item async for item in source.read()]


async def test_every_item_comes_once_and_what_is_not_a_document_has_a_reason(source: Source) -> None:
    items = await read(source)
    documents = [item for item in items if isinstance(item, RawDocument)]
    passed = [item for item in items if isinstance(item, Passed)]
    assert len(documents) == 150
    assert len({item.id for item in items}) == len(items)
    assert passed
    assert all(item.id and item.reason for item in passed)
    assert all(document.body for document in documents)


async def test_reading_twice_gives_the_same(source: Source) -> None:
    assert await read(source) == await read(source)


@pytest.mark.parametrize("kind", ["folder", "rows"])
async def test_nothing_at_the_path_is_an_error_of_the_whole(kind: str, tmp_path: Path) -> None:
    for path in (str(tmp_path / "absent"), "memory://absent-folder"):
        with pytest.raises(Misconfigured) as failure:
            await read(build_source(kind, {"path": path}, tmp_path))
        assert failure.value.code == "HF109"
        assert path in failure.value.message
