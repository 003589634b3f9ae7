"""What a body is by its first bytes, whatever its name says. Knows nothing of how any of it is read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

from holdfast.corpus.cleaned import Unreadable
from holdfast.sources import MediaType

PDF, WORD, SLIDES, SHEETS = "a PDF", "a Word document", "a PowerPoint presentation", "an Excel workbook"
PROTECTED = "protected by a password"
HEAD_BYTES = 4096
PDF_WITHIN = 1024  # how far into a file readers look for the mark of a PDF

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", PDF),
    (0, b"{\\rtf", "a document in RTF"),
    (0, b"\x89PNG\r\n", "a picture (PNG)"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)"),
    (0, b"GIF87a", "a picture (GIF)"),
    (0, b"GIF89a", "a picture (GIF)"),
    (0, b"II*\0", "a picture (TIFF)"),
    (0, b"MM\0*", "a picture (TIFF)"),
    (8, b"WEBP", "a picture (WebP)"),
    (4, b"ftypheic", "a picture (HEIC)"),
    (4, b"ftypavif", "a picture (AVIF)"),
    (4, b"ftyp", "a video"),
    (8, b"WAVE", "a sound"),
    (8, b"AVI ", "a video"),
    (0, b"ID3", "a sound"),
    (0, b"OggS", "a sound"),
    (0, b"\x1f\x8b", "packed with gzip"),
    (0, b"7z\xbc\xaf", "an archive (7z)"),
    (0, b"Rar!", "an archive (RAR)"),
    (0, b"MZ", "a program"),
    (0, b"\x7fELF", "a program"),
    (0, b"SQLite format 3", "a database"),
    (0, b"PAR1", "a Parquet file"),
)
_IN_ZIP: tuple[tuple[str, str], ...] = (
    ("word/document.xml", WORD),
    ("ppt/presentation.xml", SLIDES),
    ("xl/workbook.xml", SHEETS),
    ("xl/workbook.bin", "an Excel workbook of the binary kind (.xlsb)"),
    ("META-INF/container.xml", "an e-book"),
    ("content.xml", "an OpenDocument file"),
)
_IN_OLE: tuple[tuple[str, str], ...] = (
    # Names of streams in the compound files of Office before 2007, in UTF-16.
    ("EncryptedPackage", PROTECTED),
    ("WordDocument", "a Word document of the old kind (.doc)"),
    ("PowerPoint Document", "a PowerPoint presentation of the old kind (.ppt)"),
    ("Workbook", "an Excel workbook of the old kind (.xls)"),
    ("__substg1.0_", "a mail as Outlook keeps it (.msg)"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_BYTES = 4_000_000  # how much of a compound file is searched for the names of its streams

EXPECTED: Mapping[MediaType, str] = MappingProxyType(
    {
        "application/pdf": PDF,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": WORD,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": SLIDES,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": SHEETS,
    }
)
"""What a body of that media type is; everything else is text."""


def content_of(body: bytes) -> str:
    """What the body is, in words that follow "it is"; empty where nothing tells."""
    if body.startswith(_OLE):
        head = body[:_OLE_BYTES]
        return next((what for name, what in _IN_OLE if name.encode("utf-16-le") in head), "an old Office file")
    if body.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _in_zip(body)
    head = body[:HEAD_BYTES]
    for offset, magic, what in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return what
    opening = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if opening.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    return PDF if b"%PDF-" in head[:PDF_WITHIN] else ""


def _in_zip(body: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, RuntimeError):
        return "a damaged zip archive"
    return next((what for name, what in _IN_ZIP if name in names), "a zip archive")


def expect(media_type: MediaType, body: bytes) -> None:
    """Raises Unreadable where the body is not what its name or its server says it is."""
    wanted, found = EXPECTED.get(media_type), content_of(body)
    if wanted is None:
        binary = found and found != "an HTML page" and (found == PROTECTED or _is_binary(body[:HEAD_BYTES]))
        if binary:
            raise Unreadable(f"it should be text, but it is {found}")
    elif found == PROTECTED:
        raise Unreadable(f"it is {PROTECTED}")
    elif found == "a damaged zip archive":
        raise Unreadable(f"it is damaged: {wanted} that is cut off or not whole")
    elif not found:
        raise Unreadable(f"it is damaged, or not {wanted} at all")
    elif found != wanted:
        raise Unreadable(f"its name says it is {wanted}, but it is {found}")


def _is_binary(head: bytes) -> bool:
    """Whether bytes with a mark of some format are that format, and no text that only begins with these letters."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start < len(head) - 3 or b"\0" in head
    return b"\0" in head or head.startswith((b"%PDF-", b"{\\rtf"))
