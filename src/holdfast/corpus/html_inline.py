"""The tags within a line: emphasis, inline code, links, images and other media, line breaks.

It does not know blocks.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urljoin

from holdfast.corpus.html_flow import BREAK, EMPHASIS, STRONG, STRUCK, Flow, escaped
from holdfast.corpus.html_page import Close, Opener, Page, Tag, done, skip
from holdfast.corpus.html_source import attributes_of, inside, name_of, unescaped
from holdfast.corpus.text import normalise

_POWER = re.compile(r"[+\-\u2212]?\d{1,3}|[a-z]{1,2}")
_NORMAL = re.compile(r"font-weight\s*:\s*(?:normal|[1-4]00)", re.I)
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.I)
_SLANTED = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.I)
_UNSAFE = re.compile(r"[ <>()\n\t\r]")
_PART = r"[\w%~!$&'()*+,=:@-][\w.%~!$&'()*+,=:@-]*"
_WHOLE = re.compile(  # nothing in it to resolve: only what stands before it is the page's
    rf"(?://[A-Za-z0-9.-]+)?(?:/{_PART})+/?(?:\?[\w%&=+.~-]+)?(?:#[\w.%~-]+)?|#[\w.%~-]+"
)
_NO_ADDRESS = re.compile(r"\s*(?:javascript|vbscript|data|blob|about):", re.I)


def _address(page: Page, written: str | None) -> str:
    """The address, resolved and safe inside Markdown; empty where there is none to follow."""
    if not written:
        return ""
    known = page.urls.get(written)
    if known is None:
        known = "" if _NO_ADDRESS.match(written) else normalise(written).strip()
        if known and page.base_url and not known.startswith(("https://", "http://")):
            known = _joined(page, known)
        if _UNSAFE.search(known):
            known = _UNSAFE.sub(lambda unsafe: f"%{ord(unsafe[0]):02X}", known)
        page.urls[written] = known
    return known


def _joined(page: Page, address: str) -> str:
    """The address resolved against that of the page; an address such as "http://[" stays as it was written."""
    base = page.base_url or ""
    with suppress(ValueError):
        if _WHOLE.fullmatch(address) is None:
            return urljoin(base, address)
        like = "//h/p" if address.startswith("//") else "/p" if address[0] == "/" else "#p"
        if like not in page.before:
            page.before[like] = urljoin(base, like).removesuffix(like)
        return page.before[like] + address
    return address


def _label(*written: str | None) -> str:
    """The first that says something, on one line."""
    return next(filter(None, (" ".join(normalise(text).split()) for text in written if text)), "")


def _marked(mark: str) -> Opener:
    def opener(page: Page, tag: Tag) -> Close | None:
        if page.code or (mark == STRONG and _NORMAL.search(tag.attributes.get("style", ""))):
            return None
        flow = page.flow
        flow.open(mark)
        return flow.close

    return opener


def _styled(page: Page, tag: Tag) -> Close | None:
    """A span that is bold or slanted by its style alone, as word processors write them."""
    style = tag.attributes.get("style", "")
    bold, slanted = _BOLD.search(style), _SLANTED.search(style)
    if page.code or not (bold or slanted):
        return None
    flow = page.flow
    marks = [mark for mark, on in ((STRONG, bold), (EMPHASIS, slanted)) if on]
    for mark in marks:
        flow.open(mark)

    def close() -> None:
        for _ in marks:
            flow.close()

    return close


def _code(page: Page, _tag: Tag) -> Close:
    flow = page.flow
    flow.open("`")
    page.code += 1

    def close() -> None:
        page.code -= 1
        flow.close()

    return close


def _link(page: Page, tag: Tag) -> Close | None:
    written = tag.attributes.get("href")
    if not written or page.code:
        return None
    if written[0] == "#" and not page.has_words() and not page.inner("img"):
        return skip  # the pilcrow beside a heading
    address = _address(page, written)
    if not address:
        return None
    flow = page.flow
    text = page.only_text(tag)
    if text and text != address and not flow.wraps and text == unescaped(page.tokens[page.at]):
        flow.pieces.append(f"[{text}]({address})")
        return done
    flow.open("[", address)
    return flow.close


def _image(page: Page, tag: Tag) -> Close:
    if tag.attributes.get("width") in {"0", "1"} and tag.attributes.get("height") in {"0", "1"}:
        return skip  # a tracking pixel
    source = tag.attributes.get("src") or ""
    embedded = source.lstrip()[:5].lower() == "data:"
    if embedded or not source:
        source = tag.attributes.get("data-src") or ""
    address = _address(page, source)
    alt = _label(tag.attributes.get("alt"), tag.attributes.get("title"))
    page.counts["data_image_dropped"] += embedded and not address
    page.counts["image_without_alt"] += not alt
    if alt or address:
        page.flow.pieces.append(f"![{alt}]({address})")
    return skip


def _media(page: Page, tag: Tag) -> Close:
    """A frame, a film or a sound: a link to it, by its name."""
    attributes = tag.attributes
    address = _address(page, attributes.get("src") or attributes.get("data") or attributes.get("data-src"))
    if not address and not tag.void:
        sources = (attributes_of(source).get("src") for source in page.inner("source"))
        address = _address(page, next(filter(None, sources), None))
    if address:
        label = _label(attributes.get("title"), attributes.get("aria-label"))
        page.flow.pieces.append(f" [{label}]({address}) " if label else f" <{address}> ")
    return skip


def _object(page: Page, tag: Tag) -> Close | None:
    """An embedded object: what it holds for readers who cannot see it, else a link."""
    return None if page.has_words() else _media(page, tag)


def _drawing(page: Page, tag: Tag) -> Close:
    """An SVG: its name as an image, and the words drawn in it."""
    label, words, unread = _label(tag.attributes.get("aria-label")), list[str](), ""
    for place in inside(page.tokens, page.at):
        text, written = page.tokens[place - 1], page.tokens[place]
        if unread == "title":
            label = label or _label(unescaped(text))
        elif not unread and (word := _label(unescaped(text))):
            words.append(escaped(word))
        name = name_of(written)
        if unread:
            unread = "" if written == f"</{unread}>" else unread
        elif name in _UNDRAWN and written[1] != "/":
            unread = name
    drawn = [f"![{label}]()"] if label else []
    page.flow.pieces.append(" ".join([*drawn, *words]))
    return skip


_UNDRAWN = frozenset({"title", "desc", "metadata", "style", "script"})


def _formula(page: Page, tag: Tag) -> Close:
    """MathML: its TeX source where it carries one, else its symbols."""
    tex = ""
    for place in inside(page.tokens, page.at):
        written = page.tokens[place]
        if written.startswith("<annotation ") and 'encoding="application/x-tex"' in written:
            tex = _label(unescaped(page.tokens[place + 1]))
            break
    formula = tex or _label(tag.attributes.get("alttext"))
    page.flow.pieces.append(f"${formula}$" if formula else escaped(_label(page.inner_text())))
    return skip


def _break(page: Page, _tag: Tag) -> Close:
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


def _raised(page: Page, _tag: Tag) -> None:
    """A power or a mark: x² must not read as x2."""
    before = page.flow.pieces[-1][-1:] if page.flow.pieces else ""
    if before.isalnum() and not page.code and _POWER.fullmatch(page.inner_text(12)):
        page.flow.pieces.append("^")


def spaced(page: Page, _tag: Tag) -> Close:
    """Something set apart by its looks alone, as a button is."""
    pieces = page.flow.pieces
    pieces.append(" ")
    return lambda: pieces.append(" ")


def _cited(page: Page, _tag: Tag) -> Close:
    pieces = page.flow.pieces
    pieces.append("“")
    return lambda: pieces.append("”")


def _input(page: Page, tag: Tag) -> Close:
    if (tag.attributes.get("type") or "").lower() == "checkbox":
        page.flow.pieces.append("[x] " if "checked" in tag.attributes else "[ ] ")
    return skip


def _dialog(page: Page, tag: Tag) -> Close:
    if "open" in tag.attributes:
        page.end_paragraph()
        return page.end_paragraph
    page.leave_out("hidden")
    return skip


INLINE: Mapping[str, Opener] = {
    **dict.fromkeys(("strong", "b"), _marked(STRONG)),
    **dict.fromkeys(("em", "i"), _marked(EMPHASIS)),
    **dict.fromkeys(("del", "s", "strike"), _marked(STRUCK)),
    **dict.fromkeys(("code", "tt", "samp", "kbd"), _code),
    **dict.fromkeys(("iframe", "video", "audio", "embed"), _media),
    "label": spaced,
    "span": _styled,
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
