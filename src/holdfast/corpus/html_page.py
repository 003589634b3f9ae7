"""A page while it is read: the blocks that stand open, and which tag opens what.

It does not know any tag; the tables of openers handed to it do (`html_structure`, `html_inline`, `html_tables`).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from holdfast.corpus.blocks import Block
from holdfast.corpus.html_flow import Flow, escaped
from holdfast.corpus.html_seen import is_apparatus, is_hidden
from holdfast.corpus.text import normalise

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Attributes = dict[str, str | None]
Close = Callable[[], None]
Opener = Callable[["Page", "LexborNode", Attributes], Close | None]
"""Opens an element. Answers what closes it; None where closing does nothing; `skip` where no child is wanted."""

MAX_INDENT = 12
"""Lists and quotes nested deeper are not indented further, so that text cannot grow with depth times length."""


def skip() -> None:
    """Stands for a closer where an element's children are not wanted; it is never called."""


class Page:
    """The Markdown of a page so far. `open` and `close` are called for its nodes in document order."""

    def __init__(self, openers: Mapping[str, Opener], verbatim: Mapping[str, Opener], base_url: str | None) -> None:
        self.openers = openers
        self.verbatim = verbatim  # the openers within preformatted text
        self.base_url = base_url
        self.counts: Counter[str] = Counter()
        self.flows = [Flow("page")]
        self.closers: list[Close | None] = []
        self.indent = 0  # lists and quotes that stand open
        self.code = 0  # inline code that stands open
        self.details: list[tuple[Flow, int]] = []  # disclosures that stand open: where their summary goes
        self.tables_hoisted = 0
        self.urls: dict[str, str] = {}

    @property
    def flow(self) -> Flow:
        """The innermost block that stands open."""
        return self.flows[-1]

    def open(self, node: "LexborNode") -> bool:
        """Takes a node in; answers whether its children are wanted, in which case `close` must follow them."""
        tag = node.tag or "-"
        flow = self.flows[-1]
        if tag[0] == "-":
            if tag == "-text" and (text := node.text_content):
                self.text(flow, text)
            return False
        attributes = node.attributes
        if attributes and self._is_unseen(node, attributes):
            return False
        opener = (self.verbatim if flow.kind == "pre" else self.openers).get(tag)
        closer = opener(self, node, attributes) if opener is not None else None
        if closer is skip:
            return False
        self.closers.append(closer)
        return True

    def close(self) -> None:
        """Closes the element opened last."""
        if closer := self.closers.pop():
            closer()

    def finish(self) -> list[Block]:
        """The blocks of the whole page."""
        self.end_paragraph()
        return self.flow.blocks

    def text(self, flow: Flow, text: str) -> None:
        """Adds the text of a text node."""
        if flow.kind == "pre":
            flow.pieces.append(normalise(text))
        elif flow.pieces or not text.isspace():
            text = normalise(text)
            flow.pieces.append(text if self.code else escaped(text))

    def end_paragraph(self) -> None:
        """Ends the paragraph at hand."""
        self.flows[-1].end_paragraph()

    def push(self, kind: str, data: Any = None) -> None:
        """Ends the paragraph at hand and starts a block within the block."""
        self.end_paragraph()
        self.flows.append(Flow(kind, data))

    def pop(self) -> tuple[Flow, list[Block]]:
        """Ends the innermost block: the flow it stands in, and what it holds."""
        self.end_paragraph()
        blocks = self.flows.pop().blocks
        return self.flows[-1], blocks

    def _is_unseen(self, node: "LexborNode", attributes: Attributes) -> bool:
        if is_hidden(attributes):
            self.counts["hidden_text_dropped"] += bool(node.text().strip())
            return True
        if attributes.get("role") == "navigation" or is_apparatus(attributes):
            return True
        # Hidden from screen readers is not hidden from sight: only ornaments without a word go.
        ornament = attributes.get("aria-hidden") == "true" and not any(map(str.isalnum, node.text()))
        return ornament and node.tag != "img" and node.css_first("img") is None
