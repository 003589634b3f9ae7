"""Sitemaps as they are written: XML or lines of text, packed or not. Knows nothing of how they are fetched."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from xml.etree import ElementTree  # expat refuses entities that blow up, and fetches none

MOST_BYTES = 60_000_000  # the protocol allows 50 MB, unpacked


@dataclass(slots=True)
class Sitemap:
    """The pages it names, each with when it says that they changed (as written, or empty), and further sitemaps."""

    pages: dict[str, str] = field(default_factory=dict)
    sitemaps: list[str] = field(default_factory=list)


def read_sitemap(body: bytes) -> Sitemap:
    """Raises ValueError, saying what is wrong with it."""
    if body.startswith(b"\x1f\x8b"):
        body = _unpacked(body)
    if len(body) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start != b"<":
        lines = body.decode("utf-8-sig", "replace").split()
        found = Sitemap(pages=dict.fromkeys((line for line in lines if line.startswith(("http://", "https://"))), ""))
        if len(found.pages) != len(lines):
            raise ValueError("it is neither XML nor a list of addresses")
        return found
    found = Sitemap()
    try:
        _read_xml(body, found)
    except ElementTree.ParseError as error:
        raise ValueError(f"its XML is broken: {error}") from error
    return found


def _read_xml(body: bytes, found: Sitemap) -> None:
    location = changed = ""
    known = False
    for event, element in ElementTree.iterparse(io.BytesIO(body), ("start", "end")):  # noqa: S314  # see above
        name = element.tag.rpartition("}")[2]
        if event == "start":
            if not known and name not in ("urlset", "sitemapindex"):
                raise ValueError(f"it is no sitemap: it begins with <{name}>")
            known = True
            if name in ("url", "sitemap"):
                location = changed = ""
            continue
        text = (element.text or "").strip()
        if name == "loc" and not location:
            location = text
        elif name == "lastmod":
            changed = text
        elif name == "url" and location:
            found.pages[location] = changed
            element.clear()
        elif name == "sitemap" and location:
            found.sitemaps.append(location)
            element.clear()


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(body, MOST_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error
    if not unpacker.eof and len(data) <= MOST_BYTES:
        raise ValueError("it is cut off")
    return data
