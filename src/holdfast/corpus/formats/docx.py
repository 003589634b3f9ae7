"""Word documents, by way of HTML: mammoth keeps headings, lists, tables, links and notes by what their styles mean.

Knows nothing of pages: headers, footers, comments and deleted text are not part of what it reads.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any
from xml.etree import ElementTree  # expat refuses entities that blow up, and fetches none

from holdfast.corpus.cleaned import Cleaned
from holdfast.corpus.formats.archive import open_archive, part, told_as_damage
from holdfast.corpus.formats.grid import is_header
from holdfast.corpus.html import clean_html

MOST_XML = 64_000_000
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_NOTE_LINK = re.compile(r'<a href="#(?:foot|end)note-[^"]*"[^>]*>([^<]*)</a>')
_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Caption'] => p:fresh
p[style-name^='toc '] => !
p[style-name^='TOC '] => !
p[style-name='Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
r[style-name='HTML Code'] => code
"""
"""What mammoth's own map of styles leaves out."""


def read_docx(body: bytes) -> Cleaned:
    """The document's text with its structure, footnotes and endnotes at its end. Raises Unreadable.

    The first row of a table is its header where the document says so, or where its cells are names.
    """
    import mammoth.documents
    import mammoth.transforms

    archive = open_archive(body, most_xml=MOST_XML)
    with told_as_damage():
        made = mammoth.convert_to_html(
            io.BytesIO(body),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(_without_data),
            transform_document=mammoth.transforms.element_of_type(mammoth.documents.Table, _headed),
        )
    cleaned = clean_html(_NOTE_LINK.sub(lambda link: "" if link[1] == "↑" else link[1], made.value))
    title = core_title(archive) or cleaned.title
    return Cleaned(cleaned.text, title, cleaned.findings, cleaned.removed, cleaned.tables)


def core_title(archive: zipfile.ZipFile) -> str | None:
    """The title in an Office file's properties, None where there is none."""
    properties = part(archive, "docProps/core.xml")
    try:
        found = ElementTree.fromstring(properties).findtext(_TITLE) if properties else None  # noqa: S314  # see above
    except ElementTree.ParseError:
        return None
    return " ".join((found or "").split()) or None


def _without_data(_image: Any) -> dict[str, str]:
    return {"src": ""}  # its alternative text stays


def _headed(table: Any) -> Any:
    """A table whose document marks no header, with its first rows as one where they name the columns."""
    from mammoth import documents
    from mammoth.transforms import get_descendants_of_type

    rows = [row for row in table.children if isinstance(row, documents.TableRow)]
    if len(rows) < 2 or len(rows) != len(table.children) or any(row.is_header for row in rows):
        return table
    names = [
        "".join(text.value for text in get_descendants_of_type(cell, documents.Text)).strip()
        for cell in rows[0].children
    ]
    joined = any(cell.colspan > 1 for cell in rows[0].children)
    depth = max((cell.rowspan for cell in rows[0].children), default=1)
    if len(names) < 2 or depth >= len(rows) or (depth > 1 and not joined) or not is_header(names):
        return table
    marked = [row.copy(is_header=True) for row in rows[:depth]]
    return table.copy(children=[*marked, *rows[depth:]])
