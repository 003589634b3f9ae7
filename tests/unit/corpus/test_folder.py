"""A folder of everything: each file becomes a document or has a reason, wherever the folder is."""

from __future__ import annotations

import errno
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folders import documents, read, reasons
from holdfast.corpus.sources import build_source, files
from holdfast.corpus.sources.folder import FolderSource
from holdfast.corpus.sources.globs import Globs
from holdfast.corpus.sources.mbox import mails
from holdfast.errors import Misconfigured
from holdfast.sources import RawDocument, Source
from office import PDF, SHEETS, SLIDES, WORD, canvas_pdf, lines


async def test_every_kind_of_document_is_taken_as_what_it_is(tmp_path: Path) -> None:
    kinds = {
        "a.md": "text/markdown", "a.HTM": "text/html", "a.txt": "text/plain", "a.csv": "text/csv", "a.pdf": PDF,
        "a.docx": WORD, "a.pptx": SLIDES, "a.xlsx": SHEETS, "a.eml": "message/rfc822",
    }  # fmt: skip
    for name in kinds:
        (tmp_path / name).write_bytes(b"some bytes")
    found = documents(await read(tmp_path))
    assert {name: document.media_type for name, document in found.items()} == kinds
    assert found["a.pdf"].body == b"some bytes"


async def test_what_is_not_read_is_named_with_its_ending_and_what_to_do(tmp_path: Path) -> None:
    for name in ("run.exe", "photo.heic", "photo.png", "README", "a.docm", "b.xls", "rows.jsonl", "gone.pdf.meta.yaml"):
        (tmp_path / name).write_bytes(b"x")
    found = await read(tmp_path)
    assert reasons(found, failed=False) == {
        "README": "not a kind of file that is read (no ending)",
        "gone.pdf.meta.yaml": "it describes a file that is not there",
        "photo.heic": "not a kind of file that is read (.heic)",
        "photo.png": "image: no vision model is configured (.png)",
        "rows.jsonl": 'rows (.jsonl): a corpus with source = "rows" reads them',
        "run.exe": "not a kind of file that is read (.exe)",
    }
    assert reasons(found, failed=True) == {
        "a.docm": "not read (.docm): it holds macros: save it without them, as .docx",
        "b.xls": "not read (.xls): the old kind of its format: save it as .xlsx",
    }


async def test_files_that_are_too_large_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "big.pdf").write_bytes(bytes(3000))
    (tmp_path / "box.mbox").write_bytes(
        b"From a\nMessage-ID: <1>\n\n" + b"x" * 3000 + b"\n\nFrom b\nMessage-ID: <2>\n\nhi\n"
    )
    found = await read(tmp_path, max_file_mb=0.002)
    assert reasons(found, failed=True) == {
        "big.pdf": "too large: 0.003 MB, and 0.002 MB are read (max_file_mb)",
        "box.mbox#1": "too large: more, and 0.002 MB are read (max_file_mb)",
    }
    assert documents(found)["box.mbox#2"].body == b"Message-ID: <2>\n\nhi\n"


async def test_unreadable_files_and_folders_fail_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/one.md", "b/two.md", "c.md", "d.mbox"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    scandir, opened = os.scandir, io.FileIO

    def guarded(path: Any) -> Any:
        if str(path).endswith("a"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    def shut(path: Any) -> Any:
        if str(path).endswith("c.md"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path)

    monkeypatch.setattr(files.os, "scandir", guarded)
    monkeypatch.setattr(files.io, "FileIO", shut)
    found = await read(tmp_path)
    assert reasons(found, failed=True) == {
        "a": "unreadable folder: Permission denied",
        "c.md": "unreadable: Permission denied",
        "d.mbox": "not a mailbox: it does not begin with a line From",
    }
    assert list(documents(found)) == ["b/two.md"]
    monkeypatch.setattr(files.os, "scandir", lambda _: guarded("a"))
    with pytest.raises(Misconfigured, match="cannot be listed: Permission denied"):
        await read(tmp_path)


async def test_links_in_a_circle_and_pipes_do_not_stop_a_reading(tmp_path: Path) -> None:
    (tmp_path / "one.md").symlink_to(tmp_path / "two.md")
    (tmp_path / "two.md").symlink_to(tmp_path / "one.md")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.md")
    found = reasons(await read(tmp_path))
    assert found["deep/up"] == "a link to a folder"
    assert found["pipe.md"] == "not a plain file"
    assert found["one.md"] in ("a link that leads in a circle", "unreadable: Too many levels of symbolic links")


# ---------------------------------------------------------------- what is known of them


async def test_time_is_that_of_the_file_unless_the_document_says_another(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.md").write_text("---\nupdated: 2020-01-02\n---\ntext")
    for name in ("a.txt", "b.md"):
        os.utime(tmp_path / name, (1_700_000_000.7, 1_700_000_000.7))
    found = documents(await read(tmp_path))
    assert found["a.txt"].updated_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert found["b.md"].updated_at == datetime(2020, 1, 2, tzinfo=UTC)


async def test_file_beside_says_who_may_see_it_and_what_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-")
    (tmp_path / "a.pdf.meta.yaml").write_text(
        "id: 7\ntitle: Plans\nprincipals: [board]\nurl: https://x.org\nsection: A > B\nlocale: de\nteam: red\n"
    )
    (tmp_path / "b.md").write_text("---\ntitle: mine\nprincipals: everybody\n---\ntext")
    (tmp_path / "b.md.meta.json").write_text(json.dumps({"principals": ["staff"]}))
    (tmp_path / "c.txt").write_text("text")
    (tmp_path / "d.md").write_text("---\nprincipals: []\n---\ntext")
    found = documents(await read(tmp_path, principals=["all-staff"]))
    plans = found["7"]
    assert (plans.title, plans.url, plans.section, plans.locale) == ("Plans", "https://x.org", ("A", "B"), "de")
    assert (plans.principals, plans.metadata) == (("board",), {"team": "red"})
    assert (found["b.md"].title, found["b.md"].principals) == ("mine", ("staff",))
    assert found["c.txt"].principals == ("all-staff",)
    assert found["d.md"].principals == ()
    assert len(found) == 4


@pytest.mark.parametrize("written", ["principals: [board", "- board", "x" * 200_000])
async def test_file_whose_permissions_cannot_be_read_is_kept_back(tmp_path: Path, written: str) -> None:
    (tmp_path / "a.txt").write_text("secret")
    (tmp_path / "a.txt.meta.yaml").write_text(written)
    found = await read(tmp_path)
    assert not documents(found)
    assert reasons(found, failed=True)["a.txt"].startswith("a.txt.meta.yaml cannot be read, so that nobody knows who")


@pytest.mark.parametrize(
    "written",
    [
        "---\nprincipals: [board\n---\nsecret",
        "---\ntitle: [\n\n'principals': board\n---\nsecret",
        "---\nprincipals: [board]\n\nsecret",
        "\n---\nprincipals: [board]\n---\nsecret",
        "---\ndraft: true\nupdated: 2024-13-45\n---\nsecret",
        "---\nprincipals: {board: true}\n---\nsecret",
        "---\nprincipals: [[board]]\n---\nsecret",
        "---\nprincipals: false\n---\nsecret",
    ],
)
async def test_front_matter_that_may_say_who_sees_a_file_and_cannot_be_read_keeps_it_back(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "a.md").write_text(written)
    (tmp_path / "b.md").write_text("---\nprincipals:\n---\nSay `principals: [board]` there.\n\n---\ntext")
    (tmp_path / "c.md").write_text("---\ntitle: [\n---\nprincipals: none are named")
    found = await read(tmp_path, principals=["all-staff"])
    assert reasons(found, failed=True)["a.md"].endswith("so that nobody knows who may see this")
    assert {name: one.principals for name, one in documents(found).items()} == {
        "b.md": ("all-staff",),
        "c.md": ("all-staff",),
    }


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_front_matter_counts_however_the_file_was_saved(tmp_path: Path, encoding: str, ends: str) -> None:
    written = ends.join(["---", "principals: [board]", "title: Plans", "---", "secret", "more"])
    (tmp_path / "a.md").write_bytes(written.encode(encoding))
    document = documents(await read(tmp_path))["a.md"]
    assert (document.title, document.principals, document.body) == ("Plans", ("board",), "secret\nmore")


async def test_what_no_file_can_hold_is_written_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text('---\ntitle: "half \\ud800"\nnumber: 99999999999999999999\n"\\udc00": 1\n---\ntext')
    document = documents(await read(tmp_path))["a.md"]
    assert (document.title, document.metadata) == ("half ?", {"number": "99999999999999999999", "?": 1})


async def test_patterns_choose_files_at_any_depth(tmp_path: Path) -> None:
    for name in ("a.md", "docs/b.md", "docs/deep/c.md", "docs/c.txt", "docs/drafts/d.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    assert sorted(await read(tmp_path, include="*.md", exclude=["docs/drafts/"])) == [
        "a.md",
        "docs/b.md",
        "docs/deep/c.md",
    ]
    assert sorted(await read(tmp_path, include=["docs/*.md"])) == ["docs/b.md"]
    with pytest.raises(Misconfigured, match="HF100"):
        await read(tmp_path, include=7)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.md", ["a.md", "x/y/a.md"], ["a.mdx", "a.md/b"]),
        ("**/a/*.md", ["a/b.md", "x/a/b.md"], ["xa/b.md", "a/b/c.md"]),
        ("a/**", ["a/b", "a/b/c"], ["b/a/c"]),
        ("/a.md", ["a.md"], ["x/a.md"]),
        ("[!a-c]?.txt", ["dx.txt"], ["ax.txt", "d.txt"]),
        ("a[b", ["a[b"], ["ab"]),
        ("a.b+(c)", ["a.b+(c)"], ["aXb+(c)"]),
    ],
)
def test_pattern_matches_as_a_shell_would(pattern: str, yes: list[str], no: list[str]) -> None:
    globs = Globs((pattern,), ())
    assert [name for name in yes if not globs.match(name)] == []
    assert [name for name in no if globs.match(name)] == []


# ---------------------------------------------------------------- anywhere


def elsewhere(tmp_path: Path, kind: str) -> str:
    content = {"a/one.pdf": b"%PDF-1.4", "a/one.pdf.meta.yaml": b"principals: [x]", "two.md": b"text", ".no/x.md": b"x"}
    if kind == "memory":
        import fsspec

        name = f"/{tmp_path.name}-{os.getpid()}"
        for path, data in content.items():
            fsspec.filesystem("memory").pipe(f"{name}/{path}", data)
        return f"memory:/{name}"
    if kind == "zip":
        import zipfile

        with zipfile.ZipFile(tmp_path / "all.zip", "w") as made:
            for path, data in content.items():
                made.writestr(path, data)
        return f"zip://::{tmp_path / 'all.zip'}"
    for path, data in content.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return f"file://{tmp_path}"


@pytest.mark.parametrize("kind", ["memory", "zip", "file"])
async def test_folder_is_the_same_wherever_it_is(tmp_path: Path, kind: str) -> None:
    found = documents(await read(elsewhere(tmp_path, kind)))
    assert list(found) == ["two.md", "a/one.pdf"] if kind == "file" else ["a/one.pdf", "two.md"]
    assert (found["a/one.pdf"].body, found["a/one.pdf"].principals) == (b"%PDF-1.4", ("x",))
    assert found["a/one.pdf"].section == ("a",)


async def test_rows_are_read_from_anywhere_too(tmp_path: Path) -> None:
    import fsspec

    memory, name = fsspec.filesystem("memory"), f"/rows-{tmp_path.name}"
    memory.pipe(f"{name}/a.csv", "id;text\n1;über\n".encode("cp1252"))
    memory.pipe(f"{name}/b.jsonl", b'{"id": 2, "text": "two"}\n')
    source: Any = build_source("rows", {"path": f"memory:/{name}"}, ".")
    found = {item.id: item async for item in source.read()}
    assert [found[name].body for name in ("1", "2")] == ["über", "two"]


async def test_as_many_bytes_wait_in_memory_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH_BYTES", 1000)
    made: list[int] = []

    def items() -> Any:
        for number in range(20):
            made.append(number)
            yield RawDocument(id=str(number), body=b"x" * 400, media_type="text/plain")

    async for item in files.threaded(items()):
        assert len(made) <= int(item.id) + 3


# ---------------------------------------------------------------- mailboxes


async def test_mailbox_gives_its_mails_once_each_under_their_ids(tmp_path: Path) -> None:
    one = b"Subject: a\nMessage-ID:\n <one@x>\n\n>From the start\n>>From it\nFrom here it is text\n"
    box = b"From a@x Mon\n" + one + b"\nFrom b@x Tue\nSubject: none\n\nbody\n\nFrom c\n" + one + b"\n"
    box += b"From d\nMessage-ID: <one@x>\n\nanother text\n\nFrom e\n\n"
    (tmp_path / "in.mbox").write_bytes(box)
    (tmp_path / "in.mbox.meta.yaml").write_text("principals: [support]\nid: ignored")
    found = await read(tmp_path)
    mails_found = documents(found)
    assert len(mails_found) == 3
    first = mails_found["in.mbox#one@x"]
    assert first.body == b"Subject: a\nMessage-ID:\n <one@x>\n\nFrom the start\n>From it\nFrom here it is text\n"
    assert (first.media_type, first.principals, first.updated_at) == ("message/rfc822", ("support",), None)
    assert sorted(reasons(found).values()) == ["a copy of an earlier mail in the same mailbox", "empty mail"]
    again = await read(tmp_path)
    assert again == found


BODY = st.lists(
    st.sampled_from([b"From x", b">From x", b">>From ", b"", b"text", b" From", b"from x", b"caf\xe9"]), max_size=8
)


@given(st.lists(BODY, max_size=6))
def test_mails_come_out_of_a_mailbox_as_they_went_in(bodies: list[list[bytes]]) -> None:
    sent = [b"Subject: x\n\n" + b"".join(line + b"\n" for line in body) for body in bodies]
    box = b""
    for mail in sent:
        quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in mail.split(b"\n")]
        box += b"From somebody\n" + b"\n".join(quoted) + b"\n"
    assert [mail.body for mail in mails(io.BytesIO(box), 10_000)] == sent


async def test_documents_of_a_folder_are_synced_and_found(tmp_path: Path) -> None:
    from corpora import hashing_room
    from office import sheet, word

    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(canvas_pdf(lambda canvas: lines(canvas, ["Zebras sleep standing."])))
    (folder / "b.docx").write_bytes(word(lambda document: document.add_paragraph("Walruses sing at night.")))
    (folder / "c.xlsx").write_bytes(sheet([["Animal", "Legs"], ["Spider", 8]]))
    (folder / "d.pdf").write_bytes(b"<html>not a pdf")
    room = hashing_room(tmp_path / "kept")
    source = build_source("folder", {"path": str(folder)}, ".")
    assert isinstance(source, FolderSource)
    held: Source = source
    report = await room.sync("kb", source=held)
    assert (report.kept, [group.reason for group in report.passed]) == (
        3,
        ["its name says it is a PDF, but it is an HTML page"],
    )
    document = await room.document("kb", report.version, "c.xlsx")
    assert document.tables[0].rows == (("Spider", "8"),)
    assert document.text == "# Sheet\n\n| Animal | Legs |\n| --- | --- |\n| Spider | 8 |"
