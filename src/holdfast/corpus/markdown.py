"""Markdown as a source: front matter split off, raw HTML turned into Markdown, dialects brought to one form.

It does not know where the text comes from, nor how it is cut into chunks.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from holdfast.corpus.blocks import bold, quoted
from holdfast.corpus.cleaned import Cleaned, findings
from holdfast.corpus.html import clean_html
from holdfast.corpus.html_seen import callout_kind, is_hidden
from holdfast.corpus.markdown_inline import clean_inline, resolve_references
from holdfast.corpus.outline import FENCE, ITEM, fence_end, outline
from holdfast.corpus.plain import plain
from holdfast.corpus.table_values import tables_of
from holdfast.corpus.tables import is_delimiter
from holdfast.corpus.text import normalise, repair_mojibake
from holdfast.documents import Removed

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M)
_MAX_FRONT_MATTER = 16_384
_COMMENT_OR_CODE = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?P<ticks>`+)(?!`)[^\n]{1,500}?(?<!`)(?P=ticks)(?!`)"
    r"|<!--.*?-->[ \t]*",
    re.S | re.M,
)
_TAG = re.compile(r" {0,3}<([a-zA-Z][a-zA-Z0-9-]*)((?:\s[^<>]*)?)/?>?")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_HTML_BLOCKS = re.compile(
    "table|pre|ul|ol|dl|p|figure|picture|blockquote|iframe|video|audio|svg|object|script|style|template|noscript|nav|form"
    "|h[1-6]"
)
_CONTAINERS = frozenset({"div", "section", "article", "aside", "center", "main", "header", "footer", "details"})
_ADMONITION = re.compile(r"(!!!|\?\?\?\+?|:{3,})[ \t]*(\w+)[ \t]*(?:\"([^\"]*)\"|\[([^\]]*)\]|(.*))$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_NOT_PROSE = re.compile(r"[ \t]*(?:[-*+>|#]|\d{1,9}[.)])(?:\s|$)")
_HEADING_ID = re.compile(r"\{[#.:][^{}]*\}")
_ATTRIBUTE_LIST = re.compile(r"[ \t]*\{:[^{}]*\}[ \t]*$")
_CALLOUT = re.compile(r"^[ \t]*>[ \t]*\[!(?:note|tip|important|warning|caution)\]", re.M | re.I)
_INDENTED = re.compile(r"(?: {4}|\t)")
_MAX_NESTED = 8


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The YAML mapping between `---` lines at the top, and the text after it.

    An empty mapping and the whole text where there is none, or none that can be read.
    """
    values, body, _ = _front_matter(text)
    return values, body


def _front_matter(text: str) -> tuple[dict[str, Any], str, bool]:
    """As `split_front_matter`, and whether there is front matter that cannot be read."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text, False
    if len(match[1]) > _MAX_FRONT_MATTER:
        return {}, text, True
    import yaml

    try:
        values = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date such as 2024-13-45
        return {}, text, True
    if values is None:
        return {}, text[match.end() :], False
    if not isinstance(values, dict):  # prose between two rules
        return {}, text, False
    return {str(name): value for name, value in values.items()}, text[match.end() :], False


def clean_markdown(text: str) -> Cleaned:
    """A Markdown document in the one form that `clean_html` writes too.

    Front matter is split off, comments dropped, raw HTML converted, reference links resolved, underlined headings
    written with `#`, admonitions (`!!! note`, `:::tip`) and GitHub's written as `> [!NOTE]`, needless escapes and
    entities resolved. Code stays as it is. Never fails; every visible word is kept, in order. The title is the front
    matter's, else the first top heading, else None.
    """
    counts: Counter[str] = Counter()
    text, counts["mojibake_repaired"] = repair_mojibake(text)
    values, body, broken = _front_matter(normalise(text))
    counts["front_matter_broken"] = int(broken)
    source = resolve_references(_without_comments(body, counts)).split("\n")
    cleaner = _Cleaner(counts, len(source))
    lines = cleaner.clean(source)
    cleaned = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    title = values.get("title")
    if not isinstance(title, str | int | float) or not str(title).strip():
        headings = (plain(block.lines[0]) for block in outline(cleaned) if block.kind == "heading" and block.level == 1)
        title = next(filter(None, headings), None)
    named = None if title is None else str(title).strip()
    return Cleaned(cleaned, named, findings(counts), tuple(cleaner.removed), tables_of(cleaned))


class _Cleaner:
    """Cleans runs of lines; `counts` takes what is noticed."""

    def __init__(self, counts: Counter[str], length: int) -> None:
        self.counts = counts
        self.removed: list[Removed] = []
        self.looks_ahead = 200_000 + 10 * length  # lines that may be read for an end that is not there

    def clean(self, lines: Sequence[str], depth: int = 0) -> list[str]:
        """The lines in the one form; `depth` is how many callouts stand around them."""
        done: list[str] = []
        prose: list[str] = []
        index = 0
        while index < len(lines):
            taken = self._code(lines, index, prose or done) or self._block(lines, index, depth)
            if taken is None:
                prose.append(lines[index])
                index += 1
            else:
                written, index = taken
                done += [*self._prose(prose), *written]
                prose = []
        return [*done, *self._prose(prose)]

    def _code(self, lines: Sequence[str], index: int, before: Sequence[str]) -> tuple[list[str], int] | None:
        """Code that starts at `index`, untouched, and the line after it."""
        if FENCE.match(lines[index]):
            end = fence_end(lines, index)
            return list(lines[index:end]), end
        if not _INDENTED.match(lines[index]) or (before and before[-1].strip()):
            return None
        above = next((line for line in reversed(before) if line.strip()), "")
        if ITEM.match(above) or above[:1] in {" ", "\t"}:  # it belongs to a list
            return None
        end = index + 1
        while end < len(lines) and _INDENTED.match(lines[end]):
            end += 1
        return list(lines[index:end]), end

    def _block(self, lines: Sequence[str], index: int, depth: int) -> tuple[list[str], int] | None:
        """An admonition or HTML that starts at `index`, as Markdown, and the line after it."""
        start = lines[index].lstrip(" ")[:1]
        if depth == _MAX_NESTED or start not in {"<", "!", "?", ":"}:
            return None
        if tag := _TAG.match(lines[index]):
            return self._html(lines, index, depth, tag)
        if admonition := _ADMONITION.match(lines[index]):
            return self._admonition(lines, index, depth, admonition)
        return None

    def _html(self, lines: Sequence[str], index: int, depth: int, tag: re.Match[str]) -> tuple[list[str], int] | None:
        name = tag[1].lower()
        if not _HTML_BLOCKS.fullmatch(name) and name not in _CONTAINERS:
            return None
        end = self._element_end(lines, index, name)
        if end is None:
            return None
        attributes = {found[1].lower(): found[2] or found[3] or found[4] for found in _ATTRIBUTE.finditer(tag[2])}
        inner = list(lines[index:end])
        if name in _CONTAINERS and not is_hidden(attributes) and not all(line.strip() for line in inner):
            kind = callout_kind(attributes)
            if kind is None:
                self.looks_ahead -= end - index
                return None  # Markdown stands inside: its tags go with the prose around them
            inner[0] = inner[0][tag.end() :]
            inner[-1] = re.sub(rf"</{name}\s*>", "", inner[-1], flags=re.I)
            return self._quoted(self.clean(inner, depth + 1), kind), end
        cleaned = clean_html("\n".join(inner))
        for finding in cleaned.findings:
            self.counts[finding.code] += finding.count
        self.removed += cleaned.removed
        return ["", *cleaned.text.split("\n"), ""], end

    def _element_end(self, lines: Sequence[str], index: int, name: str) -> int | None:
        """The line after the end tag that closes the element opened at `index`; None where none does."""
        mark = re.compile(rf"<(/?){name}(?=[\s/>])", re.I)
        opened = 0
        for at in range(index, len(lines)):
            self.looks_ahead -= 1
            if self.looks_ahead < 0:
                return None
            for found in mark.finditer(lines[at]):
                opened += -1 if found[1] else 1
            if opened <= 0:
                self.looks_ahead += at + 1 - index
                return at + 1
        return None

    def _admonition(
        self, lines: Sequence[str], index: int, depth: int, opening: re.Match[str]
    ) -> tuple[list[str], int] | None:
        kind = callout_kind({"class": f"admonition {opening[2]}"}) or "NOTE"
        title = next(filter(None, opening.group(3, 4, 5)), "").strip()
        end = index + 1
        if opening[1][0] == ":":
            while end < len(lines) and lines[end].strip() != opening[1] and self.looks_ahead > 0:
                end += 1
                self.looks_ahead -= 1
            if end == len(lines) or self.looks_ahead <= 0:
                return None
            inner = list(lines[index + 1 : end])
            end += 1
        else:
            while end < len(lines) and (not lines[end].strip() or _INDENTED.match(lines[end])):
                end += 1
            inner = [_INDENTED.sub("", line) for line in lines[index + 1 : end]]
        if title:
            inner[:0] = [bold(title), ""]
        return self._quoted(self.clean(inner, depth + 1), kind), end

    @staticmethod
    def _quoted(lines: Sequence[str], kind: str) -> list[str]:
        text = "\n".join(lines).strip("\n")
        return ["", *quoted(text, kind).text.split("\n"), ""] if text else []

    def _prose(self, lines: Sequence[str]) -> list[str]:
        """Lines that are neither code nor HTML blocks."""
        done: list[str] = []
        for line in lines:
            if (underline := _UNDERLINE.match(line)) and done and _is_title(done):
                done[-1] = ("# " if underline[1][0] == "=" else "## ") + done[-1].strip()
            elif not _ATTRIBUTE_LIST.match(line):
                done.append(_without_id(line if line.endswith("  ") else line.rstrip()))
        cleaned = []
        for paragraph in "\n".join(done).split("\n\n"):
            table = "|" in paragraph and any("|" in line and is_delimiter(line) for line in paragraph.split("\n"))
            cleaned.append(clean_inline(paragraph, self.counts, self.removed, line_break="<br>" if table else "  \n"))
        return _CALLOUT.sub(lambda kind: kind[0].upper(), "\n\n".join(cleaned)).split("\n")


def _is_title(lines: Sequence[str]) -> bool:
    """Whether the last line is a paragraph of one line, which an underline makes a heading."""
    alone = len(lines) == 1 or not lines[-2].strip()
    return alone and bool(lines[-1].strip()) and not _NOT_PROSE.match(lines[-1])


def _without_id(line: str) -> str:
    """A heading without the name some dialects give it at its end: `## Install {#install}`."""
    start = line.rfind("{")
    named = line.lstrip().startswith("#") and start > 0 and _HEADING_ID.fullmatch(line[start:].rstrip(" \t#"))
    return line[:start].rstrip() if named else line


def _without_comments(text: str, counts: Counter[str]) -> str:
    """`text` without HTML comments; those within code stay."""
    last = text.rfind("-->") + 3
    if last < 3:
        return text

    def kept(match: re.Match[str]) -> str:
        if not match[0].startswith("<!--"):
            return match[0]
        counts["comment_dropped"] += 1
        return ""

    return _COMMENT_OR_CODE.sub(kept, text[:last]) + text[last:]
