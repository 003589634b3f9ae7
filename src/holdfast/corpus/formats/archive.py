"""The zip archives that Office files are, bounded before anything in them is inflated.

Knows nothing of what the parts mean.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from xml.parsers.expat import ExpatError

from holdfast.corpus.cleaned import Unreadable

MOST_PARTS = 20_000
MOST_INFLATED = 512_000_000
MB = 1_000_000
DAMAGE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError,
    ArithmeticError, AssertionError, SyntaxError, ExpatError,
)  # fmt: skip
"""What libraries raise that believe a file to be whole, and meet one that is not; SyntaxError is broken XML."""


def open_archive(body: bytes, *, most_xml: int) -> zipfile.ZipFile:
    """The archive, when its directory promises no more than `most_xml` bytes in any part that is XML.

    The directory can be believed: Python inflates no part further than the directory says. Raises Unreadable.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise Unreadable(f"it is damaged: {error}") from error
    inflated = sum(part.file_size for part in parts)
    largest = max((part.file_size for part in parts if part.filename.endswith((".xml", ".rels"))), default=0)
    if len(parts) > MOST_PARTS:
        raise Unreadable(f"too large: {len(parts)} parts in one file, and {MOST_PARTS} are read")
    if inflated > MOST_INFLATED or largest > most_xml:
        said = f"{len(body) / MB:.1f} MB unpack to {max(inflated, largest) / MB:.0f} MB"
        raise Unreadable(
            f"too large: {said}, and {most_xml // MB} MB in a part or {MOST_INFLATED // MB} in all are read"
        )
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("it is protected by a password")
    return archive


@contextmanager
def told_as_damage(*raised: type[Exception]) -> Iterator[None]:
    """Turns what a library raises over a damaged file, `raised` too, into Unreadable."""
    try:
        yield
    except RecursionError as error:
        raise Unreadable("it is nested deeper than any document needs") from error
    except (*DAMAGE, *raised) as error:
        said = " ".join(str(error).split())[:200]
        raise Unreadable(f"it is damaged: {type(error).__name__}: {said}") from error


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part's bytes, none where it is absent. Raises Unreadable."""
    if name not in archive.NameToInfo:
        return b""
    with told_as_damage():
        return archive.read(name)
