"""HTML to Markdown that keeps what a reader sees: headings, lists, tables, code, callouts, links, alt texts.

It does not know where the page comes from, nor which part of a page is its article.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from holdfast.corpus.blocks import join, resolve, write_heading
from holdfast.corpus.cleaned import Cleaned, findings
from holdfast.corpus.html_inline import INLINE
from holdfast.corpus.html_page import Opener, Page
from holdfast.corpus.html_prune import prune
from holdfast.corpus.html_structure import STRUCTURE, VERBATIM
from holdfast.corpus.html_tables import TABLES
from holdfast.corpus.text import normalise, repair_mojibake

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_OPENERS: Mapping[str, Opener] = {**STRUCTURE, **INLINE, **TABLES}


def clean_html(html: str, *, base_url: str | None = None) -> Cleaned:
    """`html`, a page or a fragment, as Markdown, with links resolved against `base_url` or the page's own `<base>`.

    Every word that a reader of the page sees is kept, in order; navigation, scripts and hidden text are not.
    Headings keep their level. Tables come out as GitHub-flavoured Markdown with every span copied into the cells it
    covers, callouts as `> [!WARNING]`, disclosures opened, code with its indentation, images as `![alt](src)`.
    Text is escaped only where it would read as a tag or as the start of a block, so that quotes from it stay exact.

    Never fails, whatever the input; time and memory are linear in its length, and nothing recurses. The title is the
    page's `<title>`, else its first `h1`, else None.
    """
    from selectolax.lexbor import LexborHTMLParser

    page = Page(_OPENERS, VERBATIM, base_url)
    html, page.counts["mojibake_repaired"] = repair_mojibake(html)
    document = LexborHTMLParser(prune(html, page.counts).encode("utf-8", "replace"))
    page.base_url = _base(document, base_url)
    if document.body is not None:
        _walk(document.body, page)
    blocks = resolve(page.finish(), headings=True)
    text = join([write_heading(block) if block.kind == "heading" else block for block in blocks])
    return Cleaned(text, _title(document), findings(page.counts))


def _walk(root: "LexborNode", page: Page) -> None:
    """Shows `page` every node under `root` in document order, elements when they open and again when they close."""
    end = root.mem_id
    node = root.first_child
    while node is not None:
        if page.open(node):
            child = node.first_child
            if child is not None:
                node = child
                continue
            page.close()
        following = node.next
        while following is None:
            parent = node.parent
            if parent is None or parent.mem_id == end:  # nodes compare by their markup, which is slow: ask the id
                return
            page.close()
            node, following = parent, parent.next
        node = following


def _base(document: "LexborHTMLParser", base_url: str | None) -> str | None:
    element = document.css_first("base[href]")
    href = element.attributes.get("href") if element is not None else None
    if not href:
        return base_url
    try:
        return urljoin(base_url or "", href.strip())
    except ValueError:
        return base_url


def _title(document: "LexborHTMLParser") -> str | None:
    for element in (document.css_first("head > title"), document.css_first("h1")):
        title = " ".join(normalise(element.text()).split()) if element is not None else ""
        if title:
            return title
    return None
