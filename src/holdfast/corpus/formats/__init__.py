"""Formats that are not text: one file each, all read the same way, their libraries loaded when they are needed.

Knows nothing of documents, or of what is done with what was read. The libraries are `holdfast[documents]`.
"""

from __future__ import annotations

from holdfast.corpus.cleaned import Cleaned, Unreadable
from holdfast.corpus.formats.sniff import EXPECTED
from holdfast.corpus.formats.sniff import expect as expect
from holdfast.sources import MediaType


def is_format(media_type: MediaType) -> bool:
    """Whether a body of that type is read here."""
    return media_type == "text/csv" or media_type in EXPECTED


def read_format(media_type: MediaType, body: bytes) -> Cleaned:
    """The text of a body of one of these formats. Raises Unreadable, saying why; never anything else for a bad body.

    Bounded in what is inflated, not in time: whoever cannot wait runs it where it can be stopped.
    """
    if not body.strip(b" \t\r\n\0"):
        return Cleaned("", None)
    expect(media_type, body)
    try:
        return _read(media_type, body)
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        raise Unreadable(
            f"reading {EXPECTED[media_type]} needs holdfast[documents] ({package} is missing)"
        ) from missing


def _read(media_type: MediaType, body: bytes) -> Cleaned:
    match media_type:
        case "application/pdf":
            from holdfast.corpus.formats.pdf import read_pdf

            return read_pdf(body)
        case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
            from holdfast.corpus.formats.docx import read_docx

            return read_docx(body)
        case "application/vnd.openxmlformats-officedocument.presentationml.presentation":
            from holdfast.corpus.formats.pptx import read_pptx

            return read_pptx(body)
        case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
            from holdfast.corpus.formats.xlsx import read_xlsx

            return read_xlsx(body)
        case _:
            from holdfast.corpus.formats.delimited import read_csv

            return read_csv(body)
