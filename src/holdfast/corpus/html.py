"""HTML to Markdown that keeps what a reader sees: headings, lists, tables, code, callouts, links, alt texts.

It does not know where a page comes from.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

from holdfast.corpus.blocks import join, resolve, write_heading
from holdfast.corpus.cleaned import Cleaned, findings
from holdfast.corpus.html_inline import INLINE
from holdfast.corpus.html_main import main_content
from holdfast.corpus.html_page import Opener, Page
from holdfast.corpus.html_seen import Seen
from holdfast.corpus.html_source import Source
from holdfast.corpus.html_structure import STRUCTURE, VERBATIM
from holdfast.corpus.html_tables import TABLES
from holdfast.corpus.table_values import tables_of
from holdfast.corpus.text import normalise, repair_mojibake

_OPENERS: Mapping[str, Opener] = {**STRUCTURE, **INLINE, **TABLES}


def clean_html(html: str, *, base_url: str | None = None, article: bool = False) -> Cleaned:
    """`html`, a page or a fragment, as Markdown, with links resolved against `base_url` or the page's own `<base>`.

    Every word that a reader of the page sees is kept, in order; navigation, scripts and hidden text are not: the words
    of the first and the last are in `removed`. With `article`, only the page's main content is kept, and the rest is
    in `removed` too; where there is text, some is kept.
    Headings keep their level. Tables come out as GitHub-flavoured Markdown with every span copied into the cells it
    covers, callouts as `> [!WARNING]`, disclosures opened, code with its indentation, images as `![alt](src)`.
    Text is escaped only where it would read as a tag or as the start of a block, so that quotes from it stay exact.

    Never fails, whatever the input; time and memory are linear in its length, and nothing recurses. The title is the
    page's `<title>`, else its first `h1`, else None.
    """
    page = Page(_OPENERS, VERBATIM, base_url)
    html, page.counts["mojibake_repaired"] = repair_mojibake(html)
    source = Source(html, page.counts)
    page.seen, page.controls = Seen(source.styles), source.controls
    page.base_url = _joined(base_url, source.base)
    tokens, boilerplate = main_content(source.tokens) if article else (source.tokens, [])
    text = _markdown(page, tokens)
    if not text and boilerplate:
        boilerplate, text = [], _markdown(page, source.tokens)
    titles = (" ".join(normalise(title).split()) for title in source.titles)
    return Cleaned(
        text, next(filter(None, titles), None), findings(page.counts), (*boilerplate, *page.removed), tables_of(text)
    )


def _markdown(page: Page, tokens: Sequence[str]) -> str:
    blocks = resolve(page.read(tokens), headings=True)
    return join([write_heading(block) if block.kind == "heading" else block for block in blocks])


def _joined(base_url: str | None, written: str) -> str | None:
    try:
        return urljoin(base_url or "", written) if written else base_url
    except ValueError:
        return base_url
