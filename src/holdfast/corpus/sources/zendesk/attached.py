"""Which attachments may become documents. Knows nothing of how they are fetched, or of what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from holdfast.corpus.sources.values import text_of
from holdfast.messages import Json
from holdfast.sources import MediaType

_READ: Mapping[str, MediaType] = MappingProxyType(
    {
        ".html": "text/html; page",
        ".htm": "text/html; page",
        ".md": "text/markdown",
        ".txt": "text/plain",
        ".csv": "text/csv",
        ".eml": "message/rfc822",
        ".pdf": "application/pdf",
        ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
_BY_TYPE: Mapping[str, MediaType] = MappingProxyType({kind.partition(";")[0]: kind for kind in _READ.values()})


def media_type_of(attachment: Mapping[str, Json]) -> MediaType | None:
    """What an attachment is read as, by its type, or where that says nothing by its name; None: it is not read."""
    told = text_of(attachment.get("content_type")).partition(";")[0].strip().lower()
    ending = PurePosixPath(text_of(attachment.get("file_name"))).suffix.lower()
    if told == "text/plain" and ending in (".md", ".csv"):
        return _READ[ending]
    if told in _BY_TYPE:
        return _BY_TYPE[told]
    return _READ.get(ending) if told in ("", "application/octet-stream") else None
