"""What each source takes from its files, field by field, and what it says when it cannot."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast.corpus.sources import build_source
from holdfast.errors import Misconfigured
from holdfast.sources import Passed, RawDocument


async def read(kind: str, path: Path, **options: Any) -> dict[str, RawDocument | Passed]:
    source = build_source(kind, {"path": path.name, **options}, path.parent)
    return {item.id: item async for item in source.read()}


async def test_front_matter_fills_the_fields_and_the_rest_is_metadata(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\ntitle: How to\nid: 360\nurl: https://x.org/a\nsection: Account > Billing\nlocale: en-us\n"
        "updated: 2024-03-01\nprincipals: [staff, board]\nlabels: [one, 2]\nreviewed: 2024-01-02\n---\n# Body\n\ntext"
    )
    document = (await read("folder", tmp_path))["360"]
    assert isinstance(document, RawDocument)
    assert (document.title, document.url, document.section) == ("How to", "https://x.org/a", ("Account", "Billing"))
    assert (document.locale, document.principals) == ("en-us", ("staff", "board"))
    assert document.updated_at == datetime(2024, 3, 1, tzinfo=UTC)
    assert document.metadata == {"labels": ["one", 2], "reviewed": "2024-01-02"}
    assert str(document.body).strip() == "# Body\n\ntext"


async def test_front_matter_that_names_principals_and_cannot_be_read_keeps_the_document_back(tmp_path: Path) -> None:
    hidden = '---\ntitle: "half\nprincipals: [staff]\n---\nFor staff only.'
    (tmp_path / "a.md").write_text(hidden)
    (tmp_path / "b.md").write_text('---\ntitle: "half\n---\nprincipals: of geometry, for everybody')
    (tmp_path / "c.md").write_text(hidden)
    (tmp_path / "c.md.meta.yaml").write_text("principals: [board]")
    found = await read("folder", tmp_path)
    assert isinstance(found["a.md"], Passed)
    assert (found["a.md"].failed, "nobody knows who may see" in found["a.md"].reason) == (True, True)
    said = [(one.id, one.principals) for one in found.values() if isinstance(one, RawDocument)]
    assert said == [("b.md", ()), ("c.md", ("board",))]


async def test_files_without_front_matter_are_named_by_their_place(tmp_path: Path) -> None:
    (tmp_path / "guides" / "setup").mkdir(parents=True)
    (tmp_path / "guides" / "setup" / "first steps.md").write_text("hello")
    (tmp_path / "page.HTML").write_bytes("<title>T</title><p>caf\u00e9".encode("latin-1"))
    (tmp_path / "note.txt").write_text("plain")
    found = await read("folder", tmp_path)
    assert sorted(found) == ["guides/setup/first steps.md", "note.txt", "page.HTML"]
    nested, page = found["guides/setup/first steps.md"], found["page.HTML"]
    assert isinstance(nested, RawDocument)
    assert isinstance(page, RawDocument)
    assert (nested.section, nested.media_type) == (("guides", "setup"), "text/markdown")
    assert (page.media_type, page.body) == ("text/html", b"<title>T</title><p>caf\xe9")


async def test_drafts_empty_broken_and_foreign_files_are_passed_or_kept_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "draft.md").write_text("---\ndraft: true\n---\ntext")
    (tmp_path / "empty.md").write_text(" \n")
    (tmp_path / "data.bin").write_bytes(b"\0")
    (tmp_path / "broken.md").write_text("---\n: [\n---\ntext")
    (tmp_path / "dated.md").write_text("---\nupdated: last week\n---\ntext")
    found = await read("folder", tmp_path)
    assert found["draft.md"] == Passed(id="draft.md", reason="draft")
    assert found["empty.md"] == Passed(id="empty.md", reason="empty file")
    assert found["data.bin"] == Passed(id="data.bin", reason="not a kind of file that is read (.bin)")
    broken, dated = found["broken.md"], found["dated.md"]
    assert isinstance(broken, RawDocument)
    assert "text" in str(broken.body)
    assert isinstance(dated, RawDocument)
    assert (dated.updated_at, dated.metadata) == (None, {"updated": "last week"})


async def test_hidden_files_are_not_there_and_links_do_not_lead_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    root = tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "x.md").write_text("x")
    (root / ".hidden.md").write_text("x")
    (root / "real.md").write_text("real")
    (root / "inside.md").symlink_to(root / "real.md")
    (root / "out.md").symlink_to(outside / "secret.md")
    (root / "folder").symlink_to(outside)
    (root / "dangling.md").symlink_to(root / "absent.md")
    found = await read("folder", root)
    assert sorted(name for name, item in found.items() if isinstance(item, RawDocument)) == ["inside.md", "real.md"]
    assert found["out.md"] == Passed(id="out.md", reason="a link that leads out of the folder")
    assert found["folder"] == Passed(id="folder", reason="a link to a folder")
    assert found["dangling.md"] == Passed(id="dangling.md", reason="unreadable: No such file or directory", failed=True)


async def test_file_whose_name_is_not_text_is_read_under_a_name_that_is(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.md")).write_bytes(b"text")
    (tmp_path / os.fsdecode(b"\xff.jsonl")).write_bytes(b'{"id": 1, "text": "fine"}\nnone')
    found = await read("folder", tmp_path)
    assert isinstance(found["\\xff.md"], RawDocument)
    rows = await read("rows", tmp_path)
    assert isinstance(rows["1"], RawDocument)
    assert "\\xff.jsonl:2" in rows


async def test_columns_are_found_by_their_usual_names_or_by_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    path.write_text("faq_id;question;answer_html;category;lang\n7;Why?;<p>Because</p>;A > B;de\n")
    document = (await read("rows", path))["7"]
    assert isinstance(document, RawDocument)
    assert (document.title, document.body, document.media_type) == ("Why?", "<p>Because</p>", "text/html")
    assert (document.section, document.locale) == (("A", "B"), "de")
    document = (await read("rows", path, id="question", title="faq_id", format="text"))["Why?"]
    assert isinstance(document, RawDocument)
    assert (document.title, document.media_type) == ("7", "text/plain")


async def test_missing_columns_are_named_with_those_that_exist(tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_text('{"number": 1, "words": "x"}\n')
    with pytest.raises(Misconfigured) as failure:
        await read("rows", path)
    assert (failure.value.code, "number, words" in failure.value.message) == ("HF109", True)
    assert 'id = "number"' in failure.value.fix
    with pytest.raises(Misconfigured, match="no column named 'wrods'; its columns are: number, words"):
        await read("rows", path, id="number", text="wrods")
    with pytest.raises(Misconfigured, match="HF100"):
        await read("rows", path, text=7)
    with pytest.raises(Misconfigured, match="HF100"):
        await read("rows", path, txet="words")


async def test_broken_rows_are_passed_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"id": 1, "text": "ok"}\nnot json\n\n"text"\n{"id": 2, "text": "\xff"}\n{"id": 3, "text": null}\n'
    )
    found = await read("rows", path)
    assert isinstance(found["1"], RawDocument)
    assert found["rows.jsonl:2"] == Passed(id="rows.jsonl:2", reason="the line is not valid JSON", failed=True)
    assert found["rows.jsonl:4"] == Passed(id="rows.jsonl:4", reason="the line is not a JSON object", failed=True)
    assert found["rows.jsonl:5"] == Passed(id="rows.jsonl:5", reason="the line is not valid JSON", failed=True)
    assert found["3"] == Passed(id="3", reason="empty text")
    path = tmp_path / "rows.csv"
    path.write_text('id,text\n1,"two\nlines, quoted"\n2,x,y\n\n3,"unclosed\n')
    found = await read("rows", path)
    assert isinstance(found["1"], RawDocument)
    assert found["rows.csv:4"] == Passed(id="rows.csv:4", reason="the row has 3 columns, the header 2")
    assert "not valid CSV" in [item.reason[:13] for item in found.values() if isinstance(item, Passed)]


async def test_one_bad_file_of_many_does_not_stop_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text('[{"id": 1, "text": "fine"}]')
    (tmp_path / "c.json").write_text('{"no": "rows"}')
    (tmp_path / "d.xml").write_text("<x/>")
    found = await read("rows", tmp_path)
    assert isinstance(found["1"], RawDocument)
    reasons = {name: item.reason for name, item in found.items() if isinstance(item, Passed)}
    assert reasons["a.json"].startswith("not valid JSON")
    assert reasons["c.json"] == "neither a list nor an object with one list in it"
    assert reasons["d.xml"].startswith("not a kind of file")


ARTICLE = {
    "id": 360001, "title": "Reset", "name": "Reset", "body": "<p>Press it</p>", "html_url": "https://h.zendesk.com/360001",
    "section_id": 21, "locale": "en-us", "source_locale": "en-us", "draft": False, "outdated": False,
    "outdated_locales": [], "label_names": ["device"], "user_segment_id": None, "updated_at": "2024-05-02T10:00:00Z",
    "edited_at": "2024-05-01T09:00:00Z", "vote_sum": 3,
}  # fmt: skip


async def test_zendesk_articles_have_path_permissions_and_flags(tmp_path: Path) -> None:
    page = {
        "articles": [
            ARTICLE,
            {**ARTICLE, "locale": "de", "title": "Zur\u00fccksetzen", "outdated_locales": ["de"]},
            {**ARTICLE, "id": 2, "user_segment_id": 88},
            {**ARTICLE, "id": 3, "draft": True},
            {**ARTICLE, "id": 4, "body": None},
            {**ARTICLE, "id": 5, "section_id": 99},
        ],
        "sections": [
            {"id": 21, "name": "Buttons", "category_id": 11, "parent_section_id": 20},
            {"id": 20, "name": "Hardware", "category_id": 11, "parent_section_id": None},
        ],
        "categories": [{"id": 11, "name": "Devices"}],
    }
    (tmp_path / "articles.json").write_text(json.dumps(page))
    found = await read("rows", tmp_path / "articles.json")
    first, german, staff = found["360001"], found["360001-de"], found["2"]
    assert isinstance(first, RawDocument)
    assert isinstance(german, RawDocument)
    assert isinstance(staff, RawDocument)
    assert (first.section, first.url) == (("Devices", "Hardware", "Buttons"), "https://h.zendesk.com/360001")
    assert (first.updated_at, first.metadata) == (datetime(2024, 5, 1, 9, tzinfo=UTC), {"labels": ["device"]})
    assert (first.principals, staff.principals) == ((), ("segment:88",))
    assert (german.locale, german.metadata["outdated"]) == ("de", True)
    assert (found["3"], found["4"]) == (Passed(id="3", reason="draft"), Passed(id="4", reason="empty body"))
    assert isinstance(found["5"], RawDocument)
    assert found["5"].section == ()


async def test_zendesk_articles_may_come_as_a_list_or_in_pages_with_their_tree_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([ARTICLE]))
    (tmp_path / "z.json").write_text(json.dumps({"sections": [{"id": 21, "name": "Buttons"}], "categories": []}))
    (document,) = (await read("rows", tmp_path)).values()
    assert isinstance(document, RawDocument)
    assert document.section == ("Buttons",)


async def test_zendesk_tickets_without_subject_deleted_internal_and_merged(tmp_path: Path) -> None:
    ticket = {"id": 1, "subject": "Broken", "description": "It does not start", "status": "open", "tags": ["x"]}
    page = {
        "tickets": [
            ticket,
            {**ticket, "id": 2, "subject": None, "description": "My device does not\nstart"},
            {**ticket, "id": 3, "status": "deleted"},
            {**ticket, "id": 4, "is_public": False},
            {**ticket, "id": 5, "tags": ["closed_by_merge"]},
            {**ticket, "id": 6, "description": ""},
        ]
    }
    (tmp_path / "tickets.json").write_text(json.dumps(page))
    found = await read("rows", tmp_path / "tickets.json")
    assert isinstance(found["1"], RawDocument)
    assert isinstance(found["2"], RawDocument)
    assert isinstance(found["5"], RawDocument)
    assert (found["1"].title, found["2"].title) == ("Broken", "My device does not")
    assert found["5"].metadata["merged"] is True
    assert [found[name].reason for name in "346" if isinstance(found[name], Passed)] == [
        "deleted ticket",
        "internal ticket: nothing in it is public",
        "empty description",
    ]


def test_unknown_source_names_the_nearest_and_a_path_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as failure:
        build_source("foldr", {}, tmp_path)
    assert "did you mean 'folder'" in failure.value.fix
    with pytest.raises(Misconfigured, match="needs a path"):
        build_source("folder", {}, tmp_path)
    with pytest.raises(Misconfigured, match="unknown field `depth`"):
        build_source("folder", {"path": "x", "depth": 3}, tmp_path)


def test_dotted_path_to_a_class_is_a_source(tmp_path: Path) -> None:
    source = build_source("corpora:ListSource", {"items": []}, tmp_path)
    assert type(source).__name__ == "ListSource"
    for wrong in ("corpora:Absent", "absent_module:X", "corpora:raw"):
        with pytest.raises(Misconfigured, match="HF102"):
            build_source(wrong, {}, tmp_path)
