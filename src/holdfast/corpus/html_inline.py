"""The tags within a line: emphasis, inline code, links, images and other media, line breaks.

It does not know blocks.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from holdfast.corpus.html_flow import BREAK, EMPHASIS, STRONG, STRUCK, Flow
from holdfast.corpus.html_page import Attributes, Close, Opener, Page, skip
from holdfast.corpus.text import normalise

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_POWER = re.compile(r"[+\-\u2212]?\d{1,3}|[a-z]{1,2}")
_UNSAFE: Mapping[int, str] = {ord(char): f"%{ord(char):02X}" for char in " <>()\n\t\r"}
_NO_ADDRESS = re.compile(r"\s*(?:javascript|vbscript|data|blob|about):", re.I)


def _address(page: Page, written: str | None) -> str:
    """The address, resolved and safe inside Markdown; empty where there is none to follow."""
    if not written or _NO_ADDRESS.match(written):
        return ""
    known = page.urls.get(written)
    if known is None:
        known = normalise(written).strip()
        if page.base_url:
            with suppress(ValueError):  # an address such as "http://[": it stays as it was written
                known = urljoin(page.base_url, known)
        page.urls[written] = known = known.translate(_UNSAFE)
    return known


def _label(*written: str | None) -> str:
    """The first that says something, on one line."""
    return next(filter(None, (" ".join(normalise(text).split()) for text in written if text)), "")


def _marked(mark: str) -> Opener:
    def opener(page: Page, _node: "LexborNode", _attributes: Attributes) -> Close | None:
        if page.code:
            return None
        flow = page.flow
        flow.open(mark)
        return flow.close

    return opener


def _code(page: Page, _node: "LexborNode", _attributes: Attributes) -> Close:
    flow = page.flow
    flow.open("`")
    page.code += 1

    def close() -> None:
        page.code -= 1
        flow.close()

    return close


def _link(page: Page, node: "LexborNode", attributes: Attributes) -> Close | None:
    written = attributes.get("href")
    if not written or page.code:
        return None
    if written[0] == "#" and not any(map(str.isalnum, node.text())) and node.css_first("img") is None:
        return skip  # the pilcrow beside a heading
    address = _address(page, written)
    if not address:
        return None
    flow = page.flow
    flow.open("[", address)
    return flow.close


def _image(page: Page, _node: "LexborNode", attributes: Attributes) -> Close:
    if attributes.get("width") in {"0", "1"} and attributes.get("height") in {"0", "1"}:
        return skip  # a tracking pixel
    source = attributes.get("src") or ""
    embedded = source.lstrip()[:5].lower() == "data:"
    if embedded or not source:
        source = attributes.get("data-src") or ""
    address = _address(page, source)
    alt = _label(attributes.get("alt"), attributes.get("title"))
    page.counts["data_image_dropped"] += embedded and not address
    page.counts["image_without_alt"] += not alt
    if alt or address:
        page.flow.pieces.append(f"![{alt}]({address})")
    return skip


def _media(page: Page, node: "LexborNode", attributes: Attributes) -> Close:
    """A frame, a film or a sound: a link to it."""
    source = node.css_first("source[src]")
    address = _address(page, attributes.get("src") or attributes.get("data") or attributes.get("data-src"))
    if not address and source is not None:
        address = _address(page, source.attributes.get("src"))
    if address:
        label = _label(attributes.get("title"), attributes.get("aria-label"))
        page.flow.pieces.append(f" [{label}]({address}) " if label else f" <{address}> ")
    return skip


def _object(page: Page, node: "LexborNode", attributes: Attributes) -> Close | None:
    """An embedded object: what it holds for readers who cannot see it, else a link."""
    return None if node.text().strip() else _media(page, node, attributes)


def _drawing(page: Page, node: "LexborNode", attributes: Attributes) -> Close:
    """An SVG: its name as an image, and the words drawn in it."""
    title = node.css_first("title")
    label = _label(attributes.get("aria-label"), title.text() if title is not None else None)
    words = [_label(text.text()) for text in node.css("text")]
    drawn = [f"![{label}]()"] if label else []
    page.flow.pieces.append(" ".join([*drawn, *words]))
    return skip


def _formula(page: Page, node: "LexborNode", attributes: Attributes) -> Close | None:
    """MathML: its TeX source where it carries one."""
    source = node.css_first('annotation[encoding="application/x-tex"]')
    formula = _label(source.text() if source is not None else None, attributes.get("alttext"))
    if not formula:
        return None
    page.flow.pieces.append(f"${formula}$")
    return skip


def _break(page: Page, _node: "LexborNode", _attributes: Attributes) -> Close:
    flow = page.flow
    if _last(flow) == BREAK:  # two breaks in a row part paragraphs
        flow.end_paragraph()
    else:
        flow.pieces.append(BREAK)
    return skip


def _last(flow: Flow) -> str:
    """The last piece of the paragraph at hand that is not white space."""
    for piece in reversed(flow.pieces[-3:]):
        if not piece.isspace():
            return piece
    return ""


def _raised(page: Page, node: "LexborNode", _attributes: Attributes) -> None:
    """A power or a mark: x² must not read as x2."""
    before = page.flow.pieces[-1][-1:] if page.flow.pieces else ""
    if before.isalnum() and not page.code and _POWER.fullmatch(node.text().strip()):
        page.flow.pieces.append("^")


def _spaced(page: Page, _node: "LexborNode", _attributes: Attributes) -> Close:
    """Something set apart by its looks alone, as a button is."""
    pieces = page.flow.pieces
    pieces.append(" ")
    return lambda: pieces.append(" ")


def _cited(page: Page, _node: "LexborNode", _attributes: Attributes) -> Close:
    pieces = page.flow.pieces
    pieces.append("“")
    return lambda: pieces.append("”")


def _input(page: Page, _node: "LexborNode", attributes: Attributes) -> Close:
    if (attributes.get("type") or "").lower() == "checkbox":
        page.flow.pieces.append("[x] " if "checked" in attributes else "[ ] ")
    return skip


def _dialog(page: Page, node: "LexborNode", attributes: Attributes) -> Close:
    if "open" in attributes:
        page.end_paragraph()
        return page.end_paragraph
    page.counts["hidden_text_dropped"] += bool(node.text().strip())
    return skip


INLINE: Mapping[str, Opener] = {
    **dict.fromkeys(("strong", "b"), _marked(STRONG)),
    **dict.fromkeys(("em", "i"), _marked(EMPHASIS)),
    **dict.fromkeys(("del", "s", "strike"), _marked(STRUCK)),
    **dict.fromkeys(("code", "tt", "samp", "kbd"), _code),
    **dict.fromkeys(("iframe", "video", "audio", "embed"), _media),
    **dict.fromkeys(("button", "label"), _spaced),
    "a": _link,
    "img": _image,
    "object": _object,
    "svg": _drawing,
    "math": _formula,
    "br": _break,
    "sup": _raised,
    "q": _cited,
    "input": _input,
    "dialog": _dialog,
}
"""Openers by tag."""
