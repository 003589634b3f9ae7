"""Markdown blocks and how they are put together: paragraphs, lists, quotes, code, and a table cell's one line.

It does not know HTML.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

_NEXT_LINE = re.compile(r"\n(?=[^\n])")
_TICKS = re.compile(r"`+")
_FAKE_HEADING = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_MAX_HEADING_WORDS = 12


class Block(Struct, frozen=True):
    """One block of Markdown. Kinds: paragraph, heading, list, code, table, quote, rule, term, definition, and `summary`
    and `end`, which stand around the content of a disclosure until `resolve` settles them."""

    kind: str
    text: str
    level: int = 0


def bold(text: str) -> str:
    """`text` in bold, once."""
    return text if not text or (text.startswith("**") and text.endswith("**")) else f"**{text}**"


def code_span(text: str) -> str:
    """`text` as inline code, fenced by more backticks than it holds."""
    longest = max(map(len, _TICKS.findall(text)), default=0)
    if not longest:
        return f"`{text}`"
    ticks = "`" * (longest + 1)
    return f"{ticks} {text} {ticks}"


def code_block(text: str, language: str) -> Block:
    """`text` as fenced code, every character kept."""
    longest = max(map(len, _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Block("code", f"{fence}{language}\n{text}\n{fence}")


def indented(text: str, marker: str) -> str:
    """`text` as the body of a list item: the marker, then every further line under the first."""
    return marker + _NEXT_LINE.sub("\n" + " " * len(marker), text)


def quoted(text: str, kind: str | None) -> Block:
    """`text` as a block quote; with a kind, as a callout in GitHub's form (`> [!NOTE]`)."""
    lines = text.split("\n")
    if kind:
        lines.insert(0, f"[!{kind}]")
    return Block("quote", "\n".join(f"> {line}" if line else ">" for line in lines))


def join(blocks: Sequence[Block], *, tight: bool = False) -> str:
    """The blocks as one Markdown text; `tight` keeps a list under its paragraph, as within a list item."""
    if not blocks:
        return ""
    parts = [blocks[0].text]
    for before, block in pairwise(blocks):
        close = block.kind == "definition" or (
            block.kind == "list" and (before.kind == "list" or (tight and before.kind == "paragraph"))
        )
        parts += ("\n" if close else "\n\n", block.text)
    return "".join(parts)


def resolve(blocks: Sequence[Block], *, headings: bool) -> list[Block]:
    """`blocks` with fake headings and disclosures settled.

    A paragraph that is one short bold phrase and stands before body text becomes a heading one level below the last
    real one. So does the summary of a disclosure, where what follows the disclosure is not body text that would
    seem to belong to it. Elsewhere, and without `headings`, both stay bold paragraphs, and headings become so too.
    """
    following = _following(blocks)
    done: list[Block] = []
    level, opened = 1, [0]
    for index, block in enumerate(blocks):
        after = following[index]
        below = min(6, level + 1 + opened[-1])
        if block.kind == "heading":
            level = block.level
            done.append(block if headings else Block("paragraph", bold(block.text)))
        elif block.kind == "summary":
            as_heading = headings and block.text and after in {"heading", "summary", "end", ""}
            opened.append(opened[-1] + bool(as_heading))
            if block.text:
                done.append(
                    Block("heading", block.text.replace("**", ""), below)
                    if as_heading
                    else Block("paragraph", bold(block.text))
                )
        elif block.kind == "end":
            if len(opened) > 1:  # broken markup ends what was begun elsewhere
                opened.pop()
        elif headings and after not in {"heading", "summary", "end", ""} and (fake := _fake_heading(block)):
            done.append(Block("heading", fake, below))
        else:
            done.append(block)
    return done


def _following(blocks: Sequence[Block]) -> list[str]:
    """For each block the kind of the next; for a summary, of what follows its disclosure. Nothing at the end."""
    kinds = [block.kind for block in blocks[1:]] + [""]
    opened: list[int] = []
    for index, block in enumerate(blocks):
        if block.kind == "summary":
            opened.append(index)
        elif block.kind == "end":
            if opened:
                kinds[opened.pop()] = kinds[index]
        elif kinds[index] == "paragraph" and _fake_heading(blocks[index + 1]) and _fake_heading(block):
            kinds[index] = "heading"  # two in a row: a list of bold lines, not headings
    return kinds


def _fake_heading(block: Block) -> str:
    if block.kind != "paragraph" or not (phrase := _FAKE_HEADING.fullmatch(block.text)):
        return ""
    text = phrase[1].strip()
    plain = text[-1:] not in ".;,!:" and len(text.split()) <= _MAX_HEADING_WORDS and any(map(str.isalnum, text))
    return text if plain else ""


def write_heading(block: Block) -> Block:
    """A heading block with its marks written out."""
    return Block("heading", "#" * block.level + " " + block.text, block.level)


def cell_text(blocks: Iterable[Block]) -> str:
    """The blocks on one line, as a table cell needs them: breaks as `<br>`, code lines as inline code."""
    lines: list[str] = []
    for block in blocks:
        text = block.text
        if block.kind == "code":
            lines += [code_span(line) for line in text.split("\n")[1:-1] if line.strip()]
        elif block.kind == "heading":
            lines.append(bold(text))
        elif block.kind == "quote":
            lines += [line[1:].strip() for line in text.split("\n")]
        elif block.kind != "rule":
            lines += [line.strip() for line in text.split("\n")]
    return "<br>".join(filter(None, lines))
