"""A page's markup as a flat sequence, text and tags by turns, as the HTML standard's tree comes out when written down.

It does not know what any tag means for a reader.

Walking a parsed tree node by node costs more than parsing it. The parser writes its tree in a form of which a single
expression finds every tag (each element closed, attributes quoted, `<` and `>` only in tags); this is that expression.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from holdfast.corpus.html_prune import is_tame, prune

# Scripts, styles and frames hold text that is no markup, and comments may hold anything.
_TAG = re.compile(
    r"(<!--.*?-->|<script(?=[ >]).*?</script>|<style(?=[ >]).*?</style>|<iframe(?=[ >]).*?</iframe>|<[^>]*>)", re.S
)
_ATTRIBUTE = re.compile(r' ([^ =]+)="([^"]*)"')
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_STYLE, _STYLE_END = re.compile(r"<style(?=[\s>])[^>]*>", re.I), re.compile("</style", re.I)
_NAME = re.compile(r"</?([^\s/>]+)")

VOID = frozenset(
    {
        *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen"),
        *("link", "meta", "param", "source", "track", "wbr"),
    }
)
"""Elements that hold nothing, and are written without an end tag."""


class Source:
    """A parsed page: `tokens` of its body, text at even places and tags at odd ones; what its head says of it.

    Time and memory are linear in the page, whatever it holds: what would cost a parser more is cut first, and counted
    (`depth_cut`, `attributes_cut`, `script_dropped`).
    """

    def __init__(self, html: str, counts: Counter[str]) -> None:
        from selectolax.lexbor import LexborHTMLParser

        self.styles = _styles(html)
        tame = is_tame(html)
        document = LexborHTMLParser((html if tame else prune(html, counts)).encode("utf-8", "replace"))
        if tame:
            counts["script_dropped"] += len(document.css("script"))
        body = document.body
        written = (body.html or "") if body is not None else ""
        self.tokens: list[str] = _TAG.split(written)
        self.controls = _CONTROL.search(written) is not None
        base = document.css_first("base[href]")
        self.base = (base.attributes.get("href") or "").strip() if base is not None else ""
        self.titles = [element.text() for name in ("head > title", "h1") if (element := document.css_first(name))]


def _styles(html: str) -> str:
    """The style sheets within a page, one after the other."""
    found, position = [], 0
    while start := _STYLE.search(html, position):
        end = _STYLE_END.search(html, start.end())
        position = len(html) if end is None else end.start()
        found.append(html[start.end() : position])
    return "\n".join(found)


def name_of(tag: str) -> str:
    """A tag's name, of a start tag or an end tag; empty for a comment."""
    found = _NAME.match(tag)
    return found[1] if found is not None and tag[1] != "!" else ""


def attributes_of(tag: str) -> dict[str, str]:
    """The attributes of a start tag, unescaped."""
    if "&" not in tag:
        return dict(_ATTRIBUTE.findall(tag)) if '="' in tag else {}
    return {name: unescaped(value) for name, value in _ATTRIBUTE.findall(tag)}


def unescaped(text: str) -> str:
    """Text as it reads; no-break spaces become plain ones."""
    if "&" not in text:
        return text
    text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return text.replace("&amp;", "&")


def inside(tokens: Sequence[str], at: int) -> Iterator[int]:
    """The places of the tags within the element whose start tag stands before `at`, its end tag the last of them."""
    name = name_of(tokens[at - 1])
    closing, opened = f"</{name}>", 1
    starts = (f"<{name}>", f"<{name} ")
    for place in range(at + 1, len(tokens), 2):
        tag = tokens[place]
        if tag == closing:
            opened -= 1
        elif tag.startswith(starts):
            opened += 1
        yield place
        if not opened:
            return


def end_of(tokens: Sequence[str], at: int) -> int:
    """The place after the element whose start tag stands before `at`."""
    return max(inside(tokens, at), default=at - 1) + 1


def text_of(tokens: Sequence[str], start: int, end: int) -> str:
    """The text between two even places, `end` left out, each piece of it apart from the next where a tag parts them."""
    return " ".join(" ".join(filter(None, map(unescaped, tokens[start:end:2]))).split())
