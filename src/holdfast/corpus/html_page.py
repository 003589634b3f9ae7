"""A page while it is read: the blocks that stand open, and which tag opens what.

It does not know any tag; the tables of openers handed to it do (`html_structure`, `html_inline`, `html_tables`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from msgspec import Struct

from holdfast.corpus.blocks import Block
from holdfast.corpus.html_flow import Flow, escaped, tidy
from holdfast.corpus.html_seen import Seen
from holdfast.corpus.html_source import VOID, attributes_of, end_of, inside, name_of, text_of, unescaped
from holdfast.corpus.text import normalise
from holdfast.documents import Removed

Attributes = Mapping[str, str]
Close = Callable[[], None]

MAX_INDENT = 12
"""Lists and quotes nested deeper are not indented further, so that text cannot grow with depth times length."""

_WHOLE = frozenset({"", "iframe", "script", "style"})  # one token with their end
_LOOKS_AHEAD = 2000  # tags: elements within elements must not each be searched to their end


class Tag(Struct, frozen=True):
    """A start tag: what is known of it without its place, and so once for all that are written alike."""

    name: str
    attributes: Attributes
    void: bool
    opener: "Opener | None"
    verbatim: "Opener | None"
    unseen: Literal["", "hidden", "boilerplate", "apparatus", "ornament"]


Opener = Callable[["Page", Tag], Close | None]
"""Opens an element. Answers what closes it; None where closing does nothing; `skip` where no child is wanted."""


def skip() -> None:
    """Stands for a closer where an element's children are not wanted; it is never called."""


def done() -> None:
    """Stands for a closer where an opener has taken in all of its element, of which `only_text` is the content."""


class Page:
    """The Markdown of a page so far; `read` takes in its tokens, text and tags by turns."""

    def __init__(self, openers: Mapping[str, Opener], verbatim: Mapping[str, Opener], base_url: str | None) -> None:
        self.openers = openers
        self.verbatim = verbatim  # the openers within preformatted text
        self.base_url = base_url
        self.counts: Counter[str] = Counter()
        self.removed: list[Removed] = []
        self.seen = Seen("")
        self.flows = [Flow("page")]
        self.closers: list[Close | None] = []
        self.indent = 0  # lists and quotes that stand open
        self.code = 0  # inline code that stands open
        self.details: list[tuple[Flow, int]] = []  # disclosures that stand open: where their summary goes
        self.tables_hoisted = 0
        self.urls: dict[str, str] = {}
        self.before: dict[str, str] = {}  # what of the page's own address stands before one like this
        self.controls = True  # whether any control character stands in the page
        self.tokens: Sequence[str] = ()
        self.at = 0  # the place of the token after the tag at hand
        self._tags: dict[str, Tag] = {}
        self._tabs: dict[str, str] | None = None

    @property
    def flow(self) -> Flow:
        """The innermost block that stands open."""
        return self.flows[-1]

    def read(self, tokens: Sequence[str]) -> list[Block]:
        """The blocks of a whole page."""
        self.tokens = tokens
        tags, flows, closers = self._tags, self.flows, self.closers
        at, last = 0, len(tokens) - 1
        while at < last:
            flow = flows[-1]
            if (text := tokens[at]) and (flow.pieces or flow.kind == "pre" or not text.isspace()):
                self.text(flow, text)
            written = tokens[at + 1]
            at += 2
            if written[1] == "/":
                if closers and (closer := closers.pop()):
                    closer()
                continue
            tag = tags.get(written) or self._tag(written)
            if tag.unseen:
                self.at = at
                if self._leaves_out(tag):
                    at = at if tag.void else end_of(tokens, at)
                    continue
            opener = tag.verbatim if flow.kind == "pre" else tag.opener
            if opener is None:
                if not tag.void:
                    closers.append(None)
                continue
            self.at = at
            closer = opener(self, tag)
            if tag.void:
                continue
            if closer is done:
                at += 2
            elif closer is skip:
                at = end_of(tokens, at)
            else:
                closers.append(closer)
        if tokens and not tokens[-1].isspace():
            self.text(flows[-1], tokens[-1])
        self.end_paragraph()
        return self.flow.blocks

    def text(self, flow: Flow, text: str) -> None:
        """Adds the text between two tags."""
        verbatim = self.code or flow.kind == "pre"
        flow.pieces.append(normalise(unescaped(text)) if verbatim else self._read(text))

    def end_paragraph(self) -> None:
        """Ends the paragraph at hand."""
        if (flow := self.flows[-1]).pieces:
            flow.end_paragraph()

    def push(self, kind: str, data: Any = None) -> None:
        """Ends the paragraph at hand and starts a block within the block."""
        self.end_paragraph()
        self.flows.append(Flow(kind, data))

    def pop(self) -> tuple[Flow, list[Block]]:
        """Ends the innermost block: the flow it stands in, and what it holds."""
        self.end_paragraph()
        blocks = self.flows.pop().blocks
        return self.flows[-1], blocks

    def only_text(self, tag: Tag) -> str | None:
        """The text of the element at hand as a paragraph has it; None where it holds more than plain text."""
        text, end = self.tokens[self.at], self.tokens[self.at + 1]
        if end[1] != "/" or end[2:-1] != tag.name or self.code:
            return None
        return tidy(self._read(text)) if text else text

    def _read(self, text: str) -> str:
        """Text between two tags as Markdown has it."""
        if "&" in text:
            text = unescaped(text)
        if not text.isascii() or self.controls:
            text = normalise(text)
        return escaped(text) if "<" in text else text

    def inner(self, *names: str) -> list[str]:
        """The start tags of these names within the element at hand."""
        places = inside(self.tokens, self.at)
        return [tag for place in places if name_of(tag := self.tokens[place]) in names and tag[1] != "/"]

    def inner_text(self, tags: int | None = None) -> str:
        """The text within the element at hand, on one line; as far as its first `tags` tags."""
        places = inside(self.tokens, self.at)
        end = max(islice(places, tags), default=self.at)
        return text_of(self.tokens, self.at, end + 1)

    def has_words(self) -> bool:
        """Whether a letter or a digit stands within the element at hand; so large a one is taken to hold some."""
        for seen, place in enumerate(inside(self.tokens, self.at)):
            if seen > _LOOKS_AHEAD or any(map(str.isalnum, unescaped(self.tokens[place - 1]))):
                return True
        return False

    def label(self, name: str) -> str:
        """The text of the tab whose id this is."""
        if self._tabs is None:
            self._tabs = {}
            for place in range(1, len(self.tokens), 2):
                if 'role="tab"' in (tag := self.tokens[place]):
                    text = text_of(self.tokens, place + 1, end_of(self.tokens, place + 1))
                    self._tabs[attributes_of(tag).get("id", "")] = normalise(text)
        return self._tabs.get(name, "") if name else ""

    def leave_out(self, kind: Literal["hidden", "boilerplate"]) -> None:
        """Keeps the words of the element at hand among what was removed."""
        text = normalise(self.inner_text())
        if any(map(str.isalnum, text)):
            self.removed.append(Removed(kind, text))
            self.counts["hidden_text_dropped"] += kind == "hidden"

    def _tag(self, written: str) -> Tag:
        """Reads a start tag, or whatever else stands where a tag may."""
        name = name_of(written)
        whole = name in _WHOLE
        attributes = attributes_of(written[: written.index(">")] if whole and name else written)
        void = whole or name in VOID
        unseen = self.seen.unseen(name, attributes)
        tag = Tag(name, attributes, void, self.openers.get(name), self.verbatim.get(name), unseen)
        if len(written) < 1000:
            self._tags[written] = tag
        return tag

    def _leaves_out(self, tag: Tag) -> bool:
        if tag.void:
            return True
        if tag.unseen == "ornament":  # hidden from screen readers is not hidden from sight: only what has no word goes
            return not self.has_words() and not self.inner("img")
        if tag.unseen != "apparatus":
            self.leave_out("hidden" if tag.unseen == "hidden" else "boilerplate")
        return True
