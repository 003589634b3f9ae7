"""The parts of a Markdown block which a chunk may hold: whole if it fits, else divided where a reader would pause.

It does not know chunks, nor how many tokens fit in one; it divides what it is told is too long.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from holdfast.corpus.outline import FENCE, ITEM, Outlined
from holdfast.corpus.plain import plain
from holdfast.corpus.table_values import MARGIN, table_end
from holdfast.corpus.tables import record, split_row
from holdfast.support import split_sentences


@dataclass(slots=True)
class Piece:
    """A part of a block: its Markdown with the white space after it, its words for the index, and their tokens."""

    text: str
    index: str
    tokens: int = 0
    final: bool = False  # cannot be divided further
    header: str = ""  # of the table whose row it is, to be written before the first of them in a chunk


@dataclass(slots=True)
class Group:
    """One block as pieces, with what stands before and after them in every chunk that holds some of them."""

    kind: str
    pieces: list[Piece]
    before: str = ""
    after: str = ""

    def divide(self, max_tokens: int) -> list[Piece]:
        """Divides every piece longer than `max_tokens` once; answers the new pieces, which are yet to be counted."""
        new: list[Piece] = []
        pieces: list[Piece] = []
        for piece in self.pieces:
            if piece.tokens <= max_tokens or piece.final:
                pieces.append(piece)
                continue
            parts = _parts(piece.text, self.kind, 1 + piece.tokens // max_tokens)
            if len(parts) < 2:
                piece.final = True
                pieces.append(piece)
            else:
                made = _made(parts, self.kind)
                pieces += made
                new += made
        self.pieces = pieces
        return new

    def say(self, pieces: Sequence[Piece]) -> str:
        """The words of some of its pieces for the index, each row of a table on a line of its own."""
        rows = self.kind == "table" or any(piece.header or "\n" in piece.index for piece in pieces)
        return ("\n" if rows else " ").join(piece.index for piece in pieces if piece.index)

    def write(self, pieces: Sequence[Piece]) -> str:
        """The Markdown of some of its pieces."""
        texts, header = [], ""
        for piece in pieces:
            texts.append(piece.text if piece.header in {"", header} else piece.header + piece.text)
            header = piece.header
        return self.before + "".join(texts).rstrip() + self.after


def group_of(block: Outlined, caption: str = "") -> Group:
    """A block other than a heading or a rule as a group of pieces: rows of a table, items of a list, else one.

    `caption` is what a table is called, which each of its rows then says.
    """
    text = "\n".join(block.lines)
    if block.kind == "table":
        return _table(block.lines, caption)
    if block.kind == "code" and FENCE.match(block.lines[0]):
        closed = len(block.lines) > 1 and FENCE.match(block.lines[-1]) is not None
        body = "\n".join(block.lines[1 : -1 if closed else None])
        fence = block.lines[0].split("`" if "`" in block.lines[0] else "~")
        mark = ("`" if "`" in block.lines[0] else "~") * (len(fence) - 1)
        return Group("code", [_piece(body, "code")], block.lines[0] + "\n", "\n" + mark)
    if block.kind == "list":
        return Group("list", [_piece(item, "list") for item in _items(block.lines)])
    return Group(block.kind, [_piece(text, block.kind)])


def _piece(text: str, kind: str) -> Piece:
    if kind == "code":
        return Piece(text, " ".join(text.split()))
    if kind in {"list", "quote"} and "|" in text:
        return Piece(text, _said(text.split("\n")))
    return Piece(text, plain(text))


def _said(lines: Sequence[str]) -> str:
    """The words of a list or a quote for the index, with tables in it told as records."""
    bare = [MARGIN.sub("", line) for line in lines]
    said: list[str] = []
    index = start = 0
    while index < len(bare):
        end = table_end(bare, index)
        if end > index:
            said += [plain("\n".join(lines[start:index])), *_records(bare[index:end])]
            start = end
        index = max(end, index + 1)
    return "\n".join(filter(None, [*said, plain("\n".join(lines[start:]))]))


def _made(parts: Sequence[str], kind: str) -> list[Piece]:
    """Pieces of the parts of a block; the rows of a table within it never part from its header."""
    if kind not in {"list", "quote"} or not any("|" in part for part in parts):
        return [_piece(part, kind) for part in parts]
    bare = [MARGIN.sub("", part.rstrip("\n")) for part in parts]
    made: list[Piece] = []
    index = 0
    while index < len(parts):
        end = table_end(bare, index)
        if end > index + 2:
            header = "".join(parts[index : index + 2])
            rows = zip(parts[index + 2 : end], _records(bare[index:end]), strict=True)
            made += [Piece(row, said, final=True, header=header) for row, said in rows]
        else:
            end = max(end, index + 1)
            made += [_piece(part, kind) for part in parts[index:end]]
        index = end
    return made


def _records(lines: Sequence[str], caption: str = "") -> list[str]:
    """Each row of a table as a sentence of its own."""
    header = [plain(name) for name in split_row(lines[0])]
    called = f" — table '{caption}'" if caption else ""
    # Marks are taken off last: a record is told by bold cells what stands for a whole row.
    said = (plain(record(header, split_row(line))) for line in lines[2:])
    return [row + called if row else "" for row in said]


def _table(lines: Sequence[str], caption: str) -> Group:
    rows = zip(lines[2:], _records(lines, caption), strict=True)
    pieces = [Piece(line + "\n", said, final=True) for line, said in rows]
    if not pieces:
        pieces = [Piece("", "; ".join(filter(None, map(plain, split_row(lines[0])))), final=True)]
    return Group("table", pieces, "\n".join(lines[:2]) + "\n")


def _items(lines: Sequence[str]) -> Iterator[str]:
    """The items of the outermost list, each with all that stands under it."""
    margin = len(lines[0]) - len(lines[0].lstrip())
    start = 0
    for index in range(1, len(lines)):
        item = ITEM.match(lines[index])
        if item and len(item[1]) <= margin:
            yield "\n".join(lines[start:index]) + "\n"
            start = index
    yield "\n".join(lines[start:]) + "\n"


def _parts(text: str, kind: str, wanted: int) -> list[str]:
    """`text` divided at its strongest pauses: lines that start something, sentences, else `wanted` runs of words."""
    if kind == "code":
        return text.splitlines(keepends=True)
    lines = _lines(text) if kind in {"list", "quote"} else [text]
    if len(lines) > 1:
        return lines
    sentences = _sentences(text)
    parts = sentences if len(sentences) > 1 else _runs(text, wanted)
    if kind == "quote" and len(parts) > 1:  # each part is quoted in its own right
        return [f"{'> ' if index else ''}{part.rstrip()}\n" for index, part in enumerate(parts)]
    return parts


def _lines(text: str) -> list[str]:
    """The lines of a list item or a quote, a wrapped paragraph as one."""
    parts: list[str] = []
    fenced = False
    for line in text.splitlines(keepends=True):
        fence = FENCE.match(line.rstrip("\n")) is not None
        words = line.lstrip(" \t>")
        starts = fence or fenced or not parts or not words.strip() or bool(ITEM.match(words)) or words.startswith("|")
        fenced ^= fence
        if starts or parts[-1].endswith(("  \n", "\\\n")) or not parts[-1].strip(" \t>\n"):
            parts.append(line)
        else:
            parts[-1] += line
    return parts


def _sentences(text: str) -> list[str]:
    """The sentences of `text`, each with the space after it; together they are the text."""
    starts = [0, *(sentence.start for sentence in split_sentences(text)[1:]), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]


def _runs(text: str, wanted: int) -> list[str]:
    """`text` in about `wanted` runs of words of like length; one where it is a single word of an alphabet."""
    body = text.rstrip()
    marker = len(body) - len(body.lstrip(" \t>-*+"))
    gaps = [gap.end() for gap in re.finditer(r"\s+", body) if gap.start() > marker]
    if not gaps and len(body) > 1 and body[len(body) // 2] > "\u2e7f":  # a script written without spaces
        gaps = list(range(1, len(body)))
    ideal = [len(body) * number // wanted for number in range(1, wanted)]
    cuts = sorted({gaps[min(bisect_left(gaps, place), len(gaps) - 1)] for place in ideal}) if gaps else []
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
