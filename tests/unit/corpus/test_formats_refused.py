"""What cannot be read is said in words that whoever looks after the documents understands, and stops nothing else."""

from __future__ import annotations

import io
import sys
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.corpus.cleaned import Unreadable
from holdfast.corpus.formats import archive, read_format
from holdfast.corpus.formats.sniff import content_of, expect
from holdfast.corpus.prepare import prepare
from holdfast.sources import MediaType, Passed, RawDocument
from office import PDF, SHEETS, SLIDES, WORD, canvas_pdf, lines, sheet, slides, word

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)


def refused(media_type: Any, body: bytes) -> str:
    with pytest.raises(Unreadable) as failure:
        read_format(media_type, body)
    return str(failure.value)


def prepared(raw: RawDocument) -> object:
    """As a sync prepares it in this process, where a test can take a library away."""
    try:
        return prepare(raw, "hash", max_tokens=150, count_tokens=None)
    except Unreadable as error:
        return Passed(id=raw.id, reason=str(error), failed=True)


def good() -> dict[str, bytes]:
    return {
        PDF: canvas_pdf(lambda canvas: lines(canvas, ["Some text."])),
        WORD: word(lambda document: document.add_paragraph("Some text.")),
        SLIDES: slides(lambda deck: deck.slides.add_slide(deck.slide_layouts[0])),
        SHEETS: sheet([["Name", "Value"], ["a", 1]]),
    }


def packed(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return file.getvalue()


def test_protected_documents_are_named_as_such() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    body = canvas_pdf(lambda canvas: lines(canvas, ["x"]), encrypt=StandardEncryption("secret"))
    assert refused(PDF, body) == "it is protected by a password"
    office = OLE + "EncryptedPackage".encode("utf-16-le")
    assert [refused(kind, office) for kind in (WORD, SLIDES, SHEETS)] == ["it is protected by a password"] * 3


def test_scanned_pdf_says_how_many_pages_are_images() -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    image = ImageReader(Image.new("RGB", (20, 20)))

    def scan(canvas: Any) -> None:
        canvas.drawImage(image, 0, 0, 500, 700)

    assert refused(PDF, canvas_pdf(scan, scan, scan)).startswith("no text layer: 3 pages are images")
    assert refused(PDF, canvas_pdf(scan)).startswith("no text layer: its only page is an image")
    assert read_format(PDF, canvas_pdf(lambda canvas: canvas.line(0, 0, 9, 9))).text == ""


@pytest.mark.parametrize("kind", [PDF, WORD, SLIDES, SHEETS])
def test_documents_cut_off_halfway_are_damaged_and_empty_ones_are_empty(kind: str) -> None:
    body = good()[kind]
    assert "damaged" in refused(kind, body[:200])
    assert read_format(kind, b" \n").text == ""  # type: ignore[arg-type]  # the kinds are media types
    assert "damaged, or not" in refused(kind, b"something else altogether")


@pytest.mark.parametrize("name", ["word/document.xml", "ppt/presentation.xml", "xl/workbook.xml"])
def test_archive_with_broken_parts_is_damaged(name: str) -> None:
    kind = {"w": WORD, "p": SLIDES, "x": SHEETS}[name[0]]
    assert "damaged" in refused(kind, packed(**{name: b"<no", "[Content_Types].xml": b"<Types/>"}))


def test_content_that_is_not_what_the_name_says_is_named() -> None:
    documents = good()
    assert refused(PDF, documents[WORD]) == "its name says it is a PDF, but it is a Word document"
    assert refused(WORD, documents[PDF]) == "its name says it is a Word document, but it is a PDF"
    assert refused(SHEETS, b"<!DOCTYPE html><table>") == "its name says it is an Excel workbook, but it is an HTML page"
    old = OLE + "WordDocument".encode("utf-16-le")
    assert refused(WORD, old) == "its name says it is a Word document, but it is a Word document of the old kind (.doc)"
    assert refused("text/csv", documents[SHEETS]) == "it should be text, but it is an Excel workbook"
    assert refused("text/csv", b"\x89PNG\r\n\x1a\n\0\0") == "it should be text, but it is a picture (PNG)"


@pytest.mark.parametrize("text", ["MZ is a code.", "ID3 tags of sound files", "Rar! said he", "<html>x", "%A", "{x}"])
def test_text_that_begins_like_a_binary_format_is_text(text: str) -> None:
    for media_type in ("text/plain", "text/markdown", "text/html", "text/csv"):
        expect(media_type, text.encode())


def test_archives_that_inflate_without_bound_are_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(**{"word/document.xml": bytes(70_000_000), "[Content_Types].xml": b"<Types/>"})
    assert len(bomb) < 100_000
    assert refused(WORD, bomb).startswith("too large: 0.1 MB unpack to 70 MB")
    monkeypatch.setattr(archive, "MOST_PARTS", 3)
    many = packed(**{"xl/workbook.xml": b"", **{f"{number}": b"" for number in range(5)}})
    assert refused(SHEETS, many).startswith("too large: 6 parts")


def test_entities_that_multiply_do_not() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
    )
    parts = {"word/document.xml": laughs + b"]><x>&m;</x>", "[Content_Types].xml": b"<Types/>"}
    assert "damaged" in refused(WORD, packed(**parts))


@pytest.mark.parametrize(
    ("kind", "package"), [(PDF, "pypdfium2"), (WORD, "mammoth"), (SLIDES, "pptx"), (SHEETS, "openpyxl")]
)
def test_missing_library_fails_the_document_and_names_what_to_install(
    kind: MediaType, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = good()[kind]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    made = prepared(RawDocument(id="x", body=body, media_type=kind))
    assert isinstance(made, Passed)
    assert made.failed
    assert f"needs holdfast[documents] ({package} is missing)" in made.reason


def test_text_whose_bytes_are_something_else_is_passed_as_failed() -> None:
    made = prepared(RawDocument(id="x.md", body=good()[PDF], media_type="text/markdown"))
    assert made == Passed(id="x.md", reason="it should be text, but it is a PDF", failed=True)


@pytest.mark.parametrize("kind", [PDF, WORD, SLIDES, SHEETS])
def test_damage_anywhere_is_told_or_survived(kind: MediaType) -> None:
    body = good()[kind]

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), min_size=1, max_size=20))
    def holds(changes: list[tuple[int, int]]) -> None:
        damaged = bytearray(body)
        for at, byte in changes:
            damaged[at] = byte
        with suppress(Unreadable):
            read_format(kind, bytes(damaged))

    holds()


@given(st.binary(max_size=300))
def test_any_bytes_are_told_apart_without_failing(body: bytes) -> None:
    assert isinstance(content_of(body), str)
    assert isinstance(content_of(b"PK\x03\x04" + body), str)


def changed(body: bytes, *changes: tuple[bytes, bytes]) -> bytes:
    """A workbook with its sheet's XML changed."""
    with zipfile.ZipFile(io.BytesIO(body)) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    for before, after in changes:
        parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(before, after)
    return packed(**parts)


def test_sheet_that_claims_to_be_endless_is_read_as_what_is_in_it() -> None:
    body = sheet([["Name", "Value"], ["a", 1], [None, 2]])
    merged = b'<mergeCells><mergeCell ref="C1:XFD1048576"/><mergeCell ref="A2:A3"/></mergeCells>'
    endless = changed(body, (b"</sheetData>", b"</sheetData>" + merged))
    assert read_format(SHEETS, endless).tables[0].rows == (("a", "1"), ("a", "2"))
    far = changed(body, (b'r="2"', b'r="99999999999"'))
    assert refused(SHEETS, far) == "it is damaged: it has a row 99999999999"
