"""Rows of JSONL, JSON or CSV files as a source, and the pages that the Zendesk API gives.

Knows nothing of cleaning. A row that cannot be used is passed with its place and the reason; the rest goes on.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Literal

import msgspec
from msgspec import Struct

from holdfast.corpus.sources import zendesk
from holdfast.corpus.sources.files import Files, threaded
from holdfast.corpus.sources.values import moment_of, names_of, path_of, text_of, truth_of
from holdfast.corpus.text import decode
from holdfast.errors import Misconfigured
from holdfast.records import Json
from holdfast.sources import Passed, RawDocument

LINES, WHOLE, TABLES = (".jsonl", ".ndjson"), (".json",), (".csv", ".tsv")
SAMPLE_ROWS = 100  # how many rows are looked at to find the columns
MAX_FIELD_BYTES = 64_000_000

KNOWN_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": ("id", "doc_id", "document_id", "article_id", "faq_id", "key", "slug", "uuid", "url", "html_url"),
        "text": ("text", "body", "markdown", "html", "content", "answer", "answer_html", "answer_text", "description"),
        "title": ("title", "name", "subject", "question", "heading"),
        "url": ("url", "html_url", "link", "permalink"),
        "section": ("section", "category", "path"),
        "locale": ("locale", "language", "lang"),
        "updated_at": ("updated_at", "edited_at", "updated", "modified", "last_modified"),
        "principals": ("principals",),
        "draft": ("draft",),
    }
)
"""The columns that are tried for each field, in this order, where the settings name none."""

_LOOKS_LIKE_HTML = re.compile(r"<(p|div|br|ul|ol|li|h[1-6]|table|strong|a\s)[\s>/]", re.IGNORECASE)
Format = Literal["html", "markdown", "text"]
Row = Mapping[str, Json]
Placed = tuple[str, Row | Passed]


class Columns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which column holds which field; None: found by its usual names. `format` is what the text is written in."""

    id: str | None = None
    text: str | None = None
    title: str | None = None
    url: str | None = None
    section: str | None = None
    locale: str | None = None
    updated_at: str | None = None
    principals: str | None = None
    draft: str | None = None
    format: Format | None = None


class RowsSource:
    """Every row of the file, or of the files below the folder, at `path`; `columns` as in `Columns`."""

    def __init__(self, path: str, **columns: Any) -> None:
        self._files = Files(path)
        try:
            self._columns = msgspec.convert(columns, Columns, strict=True)
        except msgspec.ValidationError as error:
            raise Misconfigured(
                "HF100", f"a setting of the source is wrong: {error}", "name a column, as text"
            ) from error

    def read(self) -> AsyncIterator[RawDocument | Passed]:
        return threaded(self._read())

    def _read(self) -> Iterator[RawDocument | Passed]:
        names, tree = list[str](), zendesk.Tree()
        for found in self._files.found():
            if isinstance(found, Passed):
                yield found
                continue
            name = found.name
            names.append(name)
            if self._kind(name) in WHOLE:
                page = self._json(name)
                if isinstance(page, dict):
                    tree.add(page)  # an article may come before the section that it stands in
        for name in names:
            yield from self._documents(name, tree)

    def _documents(self, name: str, tree: zendesk.Tree) -> Iterator[RawDocument | Passed]:
        kind, shown = self._kind(name), self._shown(name)
        if kind not in (*LINES, *WHOLE, *TABLES):
            yield Passed(id=shown, reason=f"not a kind of file that is read ({kind or 'no ending'})")
            return
        rows = iter(self._rows(name, kind))
        sample = list(islice(rows, SAMPLE_ROWS))
        known = list(dict.fromkeys(column for _, row in sample if not isinstance(row, Passed) for column in row))
        columns: dict[str, str] | None = None
        for place, row in chain(sample, rows):
            if isinstance(row, Passed):
                yield row
            elif zendesk.is_article(row):
                yield zendesk.article(row, tree)
            elif zendesk.is_ticket(row):
                yield zendesk.ticket(row)
            else:
                columns = columns or self._resolved(shown, known)
                yield self._document(place, row, columns)

    def _document(self, place: str, row: Row, columns: Mapping[str, str]) -> RawDocument | Passed:
        def value(name: str) -> Json:
            return row.get(columns[name]) if name in columns else None

        document_id, body = text_of(value("id")), value("text")
        if not document_id:
            return Passed(id=place, reason="the row has no id")
        if truth_of(value("draft")):
            return Passed(id=document_id, reason="draft")
        if not isinstance(body, str) or not body.strip():
            return Passed(id=document_id, reason="empty text")
        return RawDocument(
            id=document_id,
            body=body,
            media_type=self._media_type(columns["text"], body),
            title=text_of(value("title")) or None,
            url=text_of(value("url")) or None,
            section=path_of(value("section")),
            locale=text_of(value("locale")) or None,
            updated_at=moment_of(value("updated_at")),
            principals=names_of(value("principals")),
        )

    def _resolved(self, shown: str, known: Sequence[str]) -> dict[str, str]:
        """Which column holds which field. Raises Misconfigured (HF109) naming the columns that are there."""
        found: dict[str, str] = {}
        for name, usual in KNOWN_COLUMNS.items():
            wanted: str | None = getattr(self._columns, name)
            column = wanted if wanted in known else next((c for c in usual if c in known and wanted is None), None)
            if column is not None:
                found[name] = column
            elif wanted is not None or name in ("id", "text"):
                asked = f"named '{wanted}'" if wanted is not None else f"that could be the {name}"
                raise Misconfigured(
                    "HF109",
                    f"{shown} has no column {asked}; its columns are: {', '.join(known) or 'none'}",
                    f'name it in the settings of the corpus, as in {name} = "{known[0] if known else "COLUMN"}"',
                )
        return found

    def _media_type(self, column: str, body: str) -> Literal["text/html", "text/markdown", "text/plain"]:
        if self._columns.format == "text":
            return "text/plain"
        if self._columns.format is not None:
            return "text/html" if self._columns.format == "html" else "text/markdown"
        return "text/html" if "html" in column.lower() or _LOOKS_LIKE_HTML.search(body) else "text/markdown"

    # ------------------------------------------------------------ files

    def _kind(self, name: str) -> str:
        return PurePosixPath(name or self._files.location).suffix.lower()

    def _shown(self, name: str) -> str:
        return os.fsencode(name or PurePosixPath(self._files.location).name).decode("utf-8", "backslashreplace")

    def _rows(self, name: str, kind: str) -> Iterable[Placed]:
        shown = self._shown(name)
        if kind in WHOLE:
            return _of_json(shown, self._json(name))
        try:
            data = self._files.read(name)
        except OSError as error:
            return [("", Passed(id=shown, reason=f"unreadable: {error.strerror or error}", failed=True))]
        return _of_lines(shown, data) if kind in LINES else _of_table(shown, decode(data, None)[0], kind)

    def _json(self, name: str) -> Json | Passed:
        shown = self._shown(name)
        try:
            return msgspec.json.decode(self._files.read(name).removeprefix(b"\xef\xbb\xbf"))
        except OSError as error:
            return Passed(id=shown, reason=f"unreadable: {error.strerror or error}", failed=True)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Passed(id=shown, reason=f"not valid JSON: {error}", failed=True)


def _of_lines(shown: str, data: bytes) -> Iterator[Placed]:
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{shown}:{number}"
        try:
            row = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield place, Passed(id=place, reason="the line is not valid JSON", failed=True)
            continue
        if isinstance(row, dict):
            yield place, row
        else:
            yield place, Passed(id=place, reason="the line is not a JSON object", failed=True)


def _of_json(shown: str, value: Json | Passed) -> Iterator[Placed]:
    """The rows of a list, of a page of the Zendesk API, or of the one list that an object holds."""
    if isinstance(value, Passed):
        yield shown, value
        return
    lists = [value] if isinstance(value, list) else []
    if isinstance(value, dict):
        if zendesk.is_page(value):
            lists = [value[name] for name in ("articles", "tickets") if isinstance(value.get(name), list)]
        else:
            lists = [inner for inner in value.values() if isinstance(inner, list) and inner]
            if len(lists) != 1:
                yield shown, Passed(id=shown, reason="neither a list nor an object with one list in it")
                return
    for number, row in enumerate(chain.from_iterable(lists), 1):
        place = f"{shown}:{number}"
        yield place, row if isinstance(row, dict) else Passed(id=place, reason="the item is not a JSON object")


def _of_table(shown: str, text: str, kind: str) -> Iterator[Placed]:
    header = text.partition("\n")[0]
    delimiter = "\t" if kind == ".tsv" else max(",;\t|", key=header.count)
    if csv.field_size_limit() < MAX_FIELD_BYTES:
        csv.field_size_limit(MAX_FIELD_BYTES)  # an article is longer than the module's own 131 072
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    columns: list[str] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            place = f"{shown}:{reader.line_num}"
            yield place, Passed(id=place, reason=f"not valid CSV: {error}", failed=True)
            continue
        place = f"{shown}:{reader.line_num}"
        if not columns:
            columns = [cell.strip() for cell in cells]
        elif not any(cell.strip() for cell in cells):
            continue
        elif len(cells) != len(columns):
            yield place, Passed(id=place, reason=f"the row has {len(cells)} columns, the header {len(columns)}")
        else:
            yield place, dict(zip(columns, cells, strict=True))
