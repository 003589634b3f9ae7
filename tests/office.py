"""Documents of every kind, made by the programs that write them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"


def word(write: Callable[[Any], object]) -> bytes:
    import docx

    document = docx.Document()
    write(document)
    return _saved(document)


def slides(write: Callable[[Any], object]) -> bytes:
    from pptx import Presentation

    deck = Presentation()
    write(deck)
    return _saved(deck)


def workbook(write: Callable[[Any], object]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    write(book)
    return _saved(book)


def _saved(made: Any) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def sheet(rows: Sequence[Sequence[Any]], title: str = "Sheet") -> bytes:
    def write(book: Any) -> None:
        book.active.title = title
        for row in rows:
            book.active.append(list(row))

    return workbook(write)


def canvas_pdf(*pages: Callable[[Any], object], **options: Any) -> bytes:
    """A PDF of A4 pages (595 by 842 points), each drawn by a function of its canvas."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, **options)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def lines(canvas: Any, texts: Sequence[str], *, x: float = 72, y: float = 700, size: float = 11, **how: Any) -> float:
    """Write lines one below the other; gives where the next would stand."""
    canvas.setFont(how.get("font", "Helvetica"), size)
    for text in texts:
        canvas.drawString(x, y, text)
        y -= 1.2 * size
    return y
