"""A body of form fields and files (multipart/form-data, RFC 7578), taken apart.

Knows nothing of what the fields mean.
"""

from __future__ import annotations

import re

from msgspec import Struct

from holdfast.errors import Refused

_NAMED = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BOUNDARY = re.compile(rb'boundary=(?:"([^"]{1,70})"|([^;,\s"]{1,70}))', re.IGNORECASE)
MOST_PARTS = 100


class FormPart(Struct, frozen=True):
    """A field of a form. `filename` is empty for one that is no file."""

    name: str
    filename: str
    media_type: str
    data: bytes


def boundary_of(content_type: bytes) -> bytes | None:
    """What stands between the parts, where the type is multipart/form-data."""
    if content_type.partition(b";")[0].strip().lower() != b"multipart/form-data":
        return None
    found = _BOUNDARY.search(content_type)
    return (found.group(1) or found.group(2)) if found else None


def parts_of(body: bytes, boundary: bytes) -> list[FormPart]:
    """The fields in order. Raises Refused (HF700) for a body that is cut off or has no such boundary."""
    line = b"--" + boundary
    pieces = (b"\r\n" + body).split(b"\r\n" + line)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise Refused("HF700", "the form is not whole", "send multipart/form-data, as `curl -F` does")
    if len(pieces) - 2 > MOST_PARTS:
        raise Refused("HF700", f"the form has more than {MOST_PARTS} fields", "send fewer")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> FormPart:
    head, blank, data = piece.partition(b"\r\n\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n"))
    }
    found = _NAMED.findall(headers.get("content-disposition", ""))
    named = {name.lower(): value.replace('\\"', '"') for name, value in found}
    if not blank or "name" not in named:
        raise Refused("HF700", "a field of the form has no name", "send multipart/form-data, as `curl -F` does")
    return FormPart(
        name=named["name"],
        filename=named.get("filename", ""),
        media_type=headers.get("content-type", "application/octet-stream"),
        data=data,
    )
