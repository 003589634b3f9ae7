"""The tags that make blocks: headings, quotes and callouts, disclosures, code listings, lists.

It does not know tables or what stands within a line.
"""

import re
from collections.abc import Mapping

from holdfast.corpus.blocks import Block, bold, code_block, indented, join, quoted, resolve
from holdfast.corpus.html_flow import Flow
from holdfast.corpus.html_inline import spaced
from holdfast.corpus.html_page import MAX_INDENT, Close, Opener, Page, Tag, skip
from holdfast.corpus.html_seen import callout_kind
from holdfast.corpus.html_source import attributes_of

_BULLET = re.compile(r"(?:[\u00b7\u2022\u25aa\u25e6\u25cf\uf0b7\u00a7o]|(\d{1,3})[.)])\s+")
_LANGUAGE = re.compile(r"(?:^|\s)(?:lang(?:uage)?-|highlight-(?:source-|text-)?|brush:\s*)([\w+#.-]+)")


def _block(page: Page, tag: Tag) -> Close:
    if tag.attributes.get("role") == "tabpanel" and (label := page.label(tag.attributes.get("aria-labelledby", ""))):
        page.end_paragraph()
        page.flow.blocks.append(Block("paragraph", bold(label)))
    if "mso" in tag.attributes.get("class", "").lower():
        return _pasted(page)
    if tag.attributes and (kind := callout_kind(tag.attributes)) and page.flow.data != kind:
        return _quoting(page, kind)
    page.end_paragraph()
    return page.end_paragraph


def _pasted(page: Page) -> Close:
    """A paragraph from a word processor, which writes the bullets of its lists as text."""
    page.end_paragraph()
    flow = page.flow
    start = len(flow.blocks)

    def close() -> None:
        page.end_paragraph()
        for index in range(start, len(flow.blocks)):
            block = flow.blocks[index]
            if block.kind == "paragraph" and (bullet := _BULLET.match(block.text)):
                marker = f"{bullet[1]}. " if bullet[1] else "- "
                flow.blocks[index] = Block("list", indented(block.text[bullet.end() :], marker))

    return close


def _button(page: Page, tag: Tag) -> Close:
    """A button: what it says is set apart, and names what it opens where it opens something."""
    opens = tag.attributes.keys() & {"aria-expanded", "aria-controls"} or "accordion" in tag.attributes.get("class", "")
    return _summary(page, tag) if opens and page.flow.kind in {"page", "quote"} else spaced(page, tag)


def _quote(page: Page, tag: Tag) -> Close:
    return _quoting(page, callout_kind(tag.attributes))


def _quoting(page: Page, kind: str | None) -> Close:
    page.push("quote", kind)
    page.indent += 1

    def close() -> None:
        parent, blocks = page.pop()
        page.indent -= 1
        if text := join(resolve(blocks, headings=False)):
            parent.blocks.append(quoted(text, kind) if page.indent < MAX_INDENT else Block("paragraph", text))

    return close


def _heading(page: Page, tag: Tag) -> Close:
    level = int((tag.name or "h6")[1])
    page.push("heading")

    def close() -> None:
        parent, blocks = page.pop()
        words = " ".join(block.text for block in blocks if block.kind == "paragraph")
        if text := " ".join(words.replace("**", "").split()):
            parent.blocks.append(Block("heading", text, level))
        parent.blocks.extend(block for block in blocks if block.kind != "paragraph")

    return close


def _details(page: Page, _tag: Tag) -> Close:
    page.end_paragraph()
    flow = page.flow
    page.details.append((flow, len(flow.blocks)))
    flow.blocks.append(Block("summary", ""))

    def close() -> None:
        page.end_paragraph()
        page.details.pop()
        flow.blocks.append(Block("end", ""))

    return close


def _summary(page: Page, _tag: Tag) -> Close:
    page.push("summary")

    def close() -> None:
        parent, blocks = page.pop()
        text = " ".join(block.text.replace("**", "").replace("\n", " ") for block in blocks)
        flow, index = page.details[-1] if page.details else (parent, -1)
        if index >= 0 and flow is parent and not flow.blocks[index].text:
            flow.blocks[index] = Block("summary", text)
        elif text:
            parent.blocks.append(Block("paragraph", bold(text)))

    return close


def _pre(page: Page, tag: Tag) -> Close:
    codes = page.inner("code")
    classes = (tag.attributes.get("class"), attributes_of(codes[0]).get("class") if codes else None)
    language = _LANGUAGE.search(" ".join(filter(None, classes)))
    page.push("pre")

    def close() -> None:
        text = "".join(page.flows.pop().pieces)
        text = re.sub(r"\A(?:[ \t]*\n)+", "", text).rstrip()
        if text:
            page.flow.blocks.append(code_block(text, language[1] if language else ""))

    return close


def _pre_line(page: Page, _tag: Tag) -> Close:
    """A block within preformatted text starts and ends a line."""
    pieces = page.flow.pieces

    def end_line() -> None:
        if pieces and not pieces[-1].endswith("\n"):
            pieces.append("\n")

    end_line()
    return end_line


def _pre_break(page: Page, _tag: Tag) -> Close:
    page.flow.pieces.append("\n")
    return skip


def _rule(page: Page, _tag: Tag) -> Close:
    page.end_paragraph()
    page.flow.blocks.append(Block("rule", "---"))
    return skip


def _skip(_page: Page, _tag: Tag) -> Close:
    return skip


def _number(written: str | None) -> int | None:
    """A `start` or `value` attribute; None where it is absent or no plain number."""
    return int(written[:9]) if written and written.isascii() and written.isdigit() else None


def _list(page: Page, tag: Tag) -> Close:
    start = _number(tag.attributes.get("start"))
    page.push("list", (1 if start is None else start) if tag.name == "ol" else None)

    def close() -> None:
        _attach_strays(page.flow)
        parent, blocks = page.pop()
        if blocks:
            parent.blocks.append(Block("list", "\n".join(block.text for block in blocks)))

    return close


def _attach_strays(flow: Flow) -> None:
    """What stands in a list outside its items goes under the item before it."""
    flow.end_paragraph()
    index = len(flow.blocks)
    while index and flow.blocks[index - 1].kind != "item":
        index -= 1
    strays = resolve(flow.blocks[index:], headings=False)
    margin = "  " if index else ""
    flow.blocks[index:] = [Block("item", margin + stray.text.replace("\n", "\n" + margin)) for stray in strays]


def _item(page: Page, tag: Tag) -> Close:
    parent = page.flow
    marker = "- "
    if parent.kind == "list":
        _attach_strays(parent)
        if parent.data is not None:
            value = _number(tag.attributes.get("value"))
            number = parent.data if value is None else value
            parent.data = number + 1
            marker = f"{number}. "
    page.push("item")
    page.indent += 1

    def close() -> None:
        parent, blocks = page.pop()
        page.indent -= 1
        if text := join(resolve(blocks, headings=False), tight=True):
            text = indented(text, marker) if page.indent < MAX_INDENT else text
            parent.blocks.append(Block("item" if parent.kind == "list" else "list", text))

    return close


def _term(page: Page, _tag: Tag) -> Close:
    page.push("term")

    def close() -> None:
        parent, blocks = page.pop()
        if text := " ".join(block.text.replace("\n", " ") for block in blocks):
            parent.blocks.append(Block("term", bold(text)))

    return close


def _definition(page: Page, _tag: Tag) -> Close:
    page.push("definition")

    def close() -> None:
        parent, blocks = page.pop()
        if parent.blocks and parent.blocks[-1].kind in {"term", "definition"}:
            if text := join(resolve(blocks, headings=False), tight=True):
                parent.blocks.append(Block("definition", indented(text, ": ")))
        else:
            parent.blocks.extend(blocks)

    return close


_PLAIN = (
    "p div section article main header footer aside address figure figcaption form fieldset legend center hgroup"
    " search optgroup dl noframes"
)

STRUCTURE: Mapping[str, Opener] = {
    **dict.fromkeys(_PLAIN.split(), _block),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(("ul", "ol", "menu", "dir", "select"), _list),
    **dict.fromkeys(("li", "option"), _item),
    **dict.fromkeys(("script", "style", "template", "noscript", "datalist", "canvas", "map"), _skip),
    **dict.fromkeys(("pre", "listing"), _pre),
    "blockquote": _quote,
    "button": _button,
    "details": _details,
    "summary": _summary,
    "hr": _rule,
    "dt": _term,
    "dd": _definition,
}
"""Openers by tag."""

VERBATIM: Mapping[str, Opener] = {
    **dict.fromkeys(("div", "p", "li", "tr", "pre"), _pre_line),
    **dict.fromkeys(("button", "script", "style", "template"), _skip),
    "br": _pre_break,
}
"""Openers by tag within preformatted text."""
