"""A folder of Markdown, HTML and plain text files as a source.

Knows nothing of cleaning; a file's name and its front matter are all it reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Literal

from holdfast.corpus.markdown import split_front_matter
from holdfast.corpus.sources.files import Files, threaded
from holdfast.corpus.sources.values import moment_of, names_of, path_of, plain, text_of, truth_of
from holdfast.corpus.text import decode
from holdfast.records import Json
from holdfast.sources import Passed, RawDocument

MARKDOWN, HTML, TEXT = (".md", ".markdown", ".mdx"), (".html", ".htm", ".xhtml"), (".txt", ".text")
FIELDS = ("id", "title", "url", "section", "locale", "updated", "draft", "principals")


class FolderSource:
    """Every document below `path`, a folder or a URL that fsspec can list.

    Markdown may begin with front matter: `title`, `url`, `section` (a list, or `A > B`), `locale`, `updated`, `draft`,
    `principals` (who may see it) and `id`; anything else there becomes metadata. Without them, the id is the relative
    path and the section the folders on the way.
    """

    def __init__(self, path: str) -> None:
        self._files = Files(path)

    def read(self) -> AsyncIterator[RawDocument | Passed]:
        return threaded(self._read())

    def _read(self) -> Iterator[RawDocument | Passed]:
        for name in self._files.names():
            yield name if isinstance(name, Passed) else self._document(name)

    def _document(self, name: str) -> RawDocument | Passed:
        shown = name or PurePosixPath(self._files.location).name
        path = PurePosixPath(shown)
        kind = path.suffix.lower()
        if kind not in (*MARKDOWN, *HTML, *TEXT):
            return Passed(id=shown, reason=f"not a kind of file that is read ({kind or 'no ending'})")
        try:
            data = self._files.read(name)
        except OSError as error:
            return Passed(id=shown, reason=f"unreadable: {error.strerror or error}")
        if not data.strip():
            return Passed(id=shown, reason="empty file")
        if kind not in MARKDOWN:
            media_type: Literal["text/html", "text/plain"] = "text/html" if kind in HTML else "text/plain"
            return RawDocument(id=shown, body=data, media_type=media_type, section=path.parts[:-1])
        text, _ = decode(data, None)
        try:
            fields, body = split_front_matter(text)
        except ValueError:
            fields, body = {}, text  # cleaning says so, as a finding of this document
        return _with_fields(shown, path, fields, body)


def _with_fields(shown: str, path: PurePosixPath, fields: Mapping[str, object], body: str) -> RawDocument | Passed:
    document_id = text_of(fields.get("id")) or shown
    if truth_of(fields.get("draft")):
        return Passed(id=document_id, reason="draft")
    updated = fields.get("updated")
    updated_at = moment_of(updated)
    metadata: dict[str, Json] = {str(key): plain(value) for key, value in fields.items() if key not in FIELDS}
    if updated is not None and updated_at is None:
        metadata["updated"] = plain(updated)  # not a date, but somebody's
    return RawDocument(
        id=document_id,
        body=body,
        media_type="text/markdown",
        title=text_of(fields.get("title")) or None,
        url=text_of(fields.get("url")) or None,
        section=path_of(fields.get("section")) or path.parts[:-1],
        locale=text_of(fields.get("locale")) or None,
        updated_at=updated_at,
        principals=names_of(fields.get("principals")),
        metadata=metadata,
    )
