"""PowerPoint presentations, by way of HTML: slide by slide, what a viewer sees from top to bottom, then the notes.

Knows nothing of animations, of pictures beyond their alternative text, or of the slide masters.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from holdfast.corpus.cleaned import Cleaned, Finding, findings
from holdfast.corpus.formats.archive import open_archive, told_as_damage
from holdfast.corpus.formats.cells import shown
from holdfast.corpus.formats.grid import is_header
from holdfast.corpus.html import clean_html
from holdfast.documents import Removed

MOST_XML = 64_000_000
MOST_DEEP = 20  # groups within groups
_CHART_POINTS = 2000
_REPEATED = ("DATE", "FOOTER", "SLIDE_NUMBER", "HEADER")


def read_pptx(body: bytes) -> Cleaned:
    """Each slide under its title, with its tables, lists, the figures of its charts, and its notes.

    Hidden slides are `removed`, and so are the footers that every slide repeats. Raises Unreadable.
    """
    from lxml.etree import LxmlError
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    open_archive(body, most_xml=MOST_XML)
    removed: list[Removed] = []
    pieces: list[str] = []
    with told_as_damage(PythonPptxError, LxmlError):
        deck = Presentation(io.BytesIO(body))
        for number, slide in enumerate(deck.slides, 1):
            text = "\n".join(_slide(slide, number, removed))
            if slide._element.get("show") == "0":
                removed.append(Removed("hidden", clean_html(text).text))
            else:
                pieces.append(text)
        title = " ".join((deck.core_properties.title or "").split())
    cleaned = clean_html("\n".join(pieces))
    hidden = sum(1 for each in removed if each.kind == "hidden")
    noticed: tuple[Finding, ...] = (*cleaned.findings, *findings({"hidden_text_dropped": hidden}))
    if title.lower() == "powerpoint presentation":  # what the program writes where nobody wrote a title
        title = ""
    return Cleaned(cleaned.text, title or cleaned.title, noticed, tuple(removed), cleaned.tables)


def _slide(slide: Any, number: int, removed: list[Removed]) -> Iterator[str]:
    heading = slide.shapes.title
    title = " ".join(heading.text_frame.text.split()) if heading is not None and heading.has_text_frame else ""
    yield f"<h2>{escape(title or f'Slide {number}')}</h2>"
    shapes = [shape for shape in slide.shapes if heading is None or shape.shape_id != heading.shape_id]
    yield from _shapes(shapes, removed, 0)
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None and frame.text.strip():
        yield "<p><strong>Notes:</strong></p>"
        yield from _paragraphs(frame)


def _shapes(shapes: Iterable[Any], removed: list[Removed], depth: int) -> Iterator[str]:
    for shape in sorted(shapes, key=lambda each: (each.top or 0, each.left or 0)):
        if shape.is_placeholder and shape.placeholder_format.type is not None:
            kind = shape.placeholder_format.type.name
            if kind in _REPEATED:
                text = " ".join(shape.text_frame.text.split()) if shape.has_text_frame else ""
                if text and (note := Removed("footer", text)) not in removed:
                    removed.append(note)
                continue
        if hasattr(shape, "shapes"):
            if depth < MOST_DEEP:
                yield from _shapes(shape.shapes, removed, depth + 1)
        elif getattr(shape, "has_table", False):
            yield _table(shape.table)
        elif getattr(shape, "has_chart", False):
            yield from _chart(shape.chart)
        elif shape.has_text_frame:
            yield from _paragraphs(shape.text_frame)
        elif said := shape._element._nvXxPr.cNvPr.get("descr", "").strip():
            yield f'<p><img alt="{escape(said)}"></p>'


def _paragraphs(frame: Any) -> Iterator[str]:
    """Paragraphs as a list where they have levels or there are several of one shape, else as text."""
    lines = [(paragraph.level, _runs(paragraph)) for paragraph in frame.paragraphs]
    lines = [(level, text) for level, text in lines if text]
    if len(lines) < 2:
        yield from (f"<p>{text}</p>" for _, text in lines)
        return
    depth = -1
    for level, text in lines:
        level = min(level, depth + 1)
        while depth > level:
            yield "</li></ul>"
            depth -= 1
        if depth == level:
            yield "</li>"
        else:
            yield "<ul>"
            depth = level
        yield f"<li>{text}"
    yield "</li></ul>" * (depth + 1)


def _runs(paragraph: Any) -> str:
    pieces: list[str] = []
    for run in paragraph.runs:
        text = escape(run.text).replace("\v", "<br>")
        href = run.hyperlink.address
        pieces.append(f'<a href="{escape(href)}">{text}</a>' if href else text)
    return "".join(pieces).strip() or escape(paragraph.text.strip())


def _table(table: Any) -> str:
    rows = []
    names = [cell.text.strip() for cell in table.rows[0].cells] if len(table.rows) else []
    headed = table.first_row or is_header(names)
    for index, row in enumerate(table.rows):
        tag = "th" if headed and not index else "td"
        cells = []
        for cell in row.cells:
            if cell.is_spanned:
                continue
            spans = f' rowspan="{cell.span_height}" colspan="{cell.span_width}"' if cell.is_merge_origin else ""
            lines = "<br>".join(escape(line) for line in cell.text.splitlines())
            cells.append(f"<{tag}{spans}>{lines}</{tag}>")
        line = f"<tr>{''.join(cells)}</tr>"
        rows.append(f"<thead>{line}</thead>" if tag == "th" else line)
    return f"<table>{''.join(rows)}</table>"


def _chart(chart: Any) -> Iterator[str]:
    """A chart as the table it was drawn from."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield f"<p>{escape(chart.chart_title.text_frame.text)}</p>"
    for plot in chart.plots:
        names, series = [str(name) for name in plot.categories][:_CHART_POINTS], list(plot.series)
        if not names or not series:
            continue
        head = "".join(f"<th>{escape(str(each.name))}</th>" for each in series)
        lines = []
        for index, name in enumerate(names):
            values = [each.values[index] if index < len(each.values) else None for each in series]
            cells = "".join(f"<td>{escape(shown(value, 'General'))}</td>" for value in values)
            lines.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
        yield f"<table><thead><tr><th></th>{head}</tr></thead>{''.join(lines)}</table>"
