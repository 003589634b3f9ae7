"""Markdown into chunks: passages small enough for the encoder, each of which can be read and found alone.

It does not know the encoder; it asks a function how many tokens a text is.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from holdfast.corpus.chunk_pieces import Group, Piece, group_of
from holdfast.corpus.outline import Outlined, outline
from holdfast.corpus.plain import plain
from holdfast.corpus.table_values import caption_of

CountTokens = Callable[[Sequence[str]], Sequence[int]]

MAX_TOKENS = 150
"""Measured as the mean reciprocal rank of the right one of 273 articles. At 100, 150, 200 and 250 tokens: .63, .64, .61
and .58 by words (BM25), .68, .66, .62 and .62 by vectors; 150 needs a third fewer chunks than 100."""
PREFIX_TOKENS = 52
"""With up to 200 tokens of text and the encoder's two marks this stays within a window of 256."""

_LEAD_IN = 0.25  # a chunk filled less than this takes the start of what follows rather than stand alone
_WORTH_COUNTING = 32  # texts at once: fewer are counted faster one by one
_KINDS = bytes(
    1 if chr(sign).isalpha() else 2 if chr(sign).isdigit() else 0 if chr(sign).isspace() else 3 for sign in range(256)
)
_TOKEN = re.compile(r"[A-Za-z]{1,7}|\d{1,3}|[^\s\w]|[^\W\d_A-Za-z]|_")


@dataclass(frozen=True, slots=True)
class ChunkText:
    """One chunk: the headings it stands under, its Markdown, what the index is given, and its place in the document.

    `index_text` is "title > section > headings" on the first line, then the text as plain words with every table row
    as a record ("Plan: Pro; Region: US; Limit: 20").
    """

    headings: tuple[str, ...]
    text: str
    index_text: str
    position: int


def estimate_tokens(texts: Sequence[str]) -> list[int]:
    """A cheap guess of the tokens in each text for an English word-piece vocabulary; deterministic.

    Counts one token for every seven letters of a word or part of them, for three digits, for any other character:
    measured on support articles, between 1.0 and 1.1 of what all-MiniLM-L6-v2 counts. Never less for a text than for
    a part of it, nor more for a whole than for its parts together.
    """
    plain_ones = [text for text in texts if text.isascii()]
    if len(plain_ones) < _WORTH_COUNTING:
        return [len(_TOKEN.findall(text)) for text in texts]
    counts = iter(_counted(plain_ones))
    return [next(counts) if text.isascii() else len(_TOKEN.findall(text)) for text in texts]


def _counted(texts: Sequence[str]) -> list[int]:
    """The tokens of many texts in ASCII, all at once: what `_TOKEN` finds in each."""
    import numpy as np

    # Runs of one kind: letters (1) and digits (2) are a token for every 7 or 3 of them, any other (3) is one a sign.
    kinds = np.frombuffer(b" ".join([text.encode() for text in texts]).translate(_KINDS), np.uint8)
    starts = np.flatnonzero(np.concatenate(([True], kinds[1:] != kinds[:-1]))) if len(kinds) else np.empty(0, np.int64)
    lengths = np.diff(starts, append=len(kinds))
    per = np.array([1, 7, 3, 1])[kinds[starts]]
    tokens = np.where(kinds[starts] == 0, 0, -(-lengths // per))
    ends = np.cumsum(np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts)))
    before = np.concatenate(([0], np.cumsum(tokens)))[np.searchsorted(starts, ends - 1)]
    made: list[int] = np.diff(before, prepend=0).tolist()
    return made


def chunk_markdown(
    text: str,
    *,
    title: str,
    section: Sequence[str] = (),
    count_tokens: CountTokens | None = None,
    max_tokens: int = MAX_TOKENS,
) -> tuple[ChunkText, ...]:
    """`text`, clean Markdown, as chunks of at most `max_tokens` tokens of `count_tokens`, in order.

    Nothing of the text is lost, save the marks of thematic breaks. A chunk never crosses a heading. Blocks under one
    heading are packed together while they fit; a block is divided only when it is longer than a chunk, or to keep a
    short lead-in with what it leads to: a list between its items, a table between its rows, with its header repeated,
    a paragraph between its sentences, code between its lines. A heading without a body of its own goes into its
    children's path, or stands as a line where it has none. Only a table row, a line of code or a single word may be
    longer than `max_tokens`. The title, section and headings in front of `index_text` come on top, with at most
    `PREFIX_TOKENS` tokens; the marks that `count_tokens` adds to every text, even an empty one, are not counted. The
    same input gives the same chunks. Raises ValueError for `max_tokens` below 16.
    """
    if max_tokens < 16:
        raise ValueError(f"max_tokens is {max_tokens}: a chunk needs at least 16")
    count = _without_marks(count_tokens or estimate_tokens)
    sections = list(_sections(outline(text)))
    groups = [group for section in sections for group in section.groups]
    uncounted = [piece for group in groups for piece in group.pieces]
    while uncounted:
        for piece, tokens in zip(uncounted, count([piece.index for piece in uncounted]), strict=True):
            piece.tokens = tokens
        uncounted = [piece for group in groups for piece in group.divide(max_tokens)]
    chunks: list[ChunkText] = []
    for part in sections:
        prefix = _prefix((title, *section), part.headings, count)
        for held in _pack(part.groups, max_tokens):
            body = "\n".join(group.say(pieces) for group, pieces in held)
            markdown = "\n\n".join(group.write(pieces) for group, pieces in held)
            chunks.append(ChunkText(part.headings, markdown, f"{prefix}\n{body}".strip(), len(chunks)))
    return tuple(chunks)


def _without_marks(count: CountTokens) -> CountTokens:
    """`count` without the tokens that an encoder puts around every text."""
    (marks,) = count([""])
    return (lambda texts: [tokens - marks for tokens in count(texts)]) if marks else count


@dataclass(slots=True)
class _Section:
    headings: tuple[str, ...]
    groups: list[Group]


_Held = list[tuple[Group, list[Piece]]]


def _sections(blocks: Sequence[Outlined]) -> Iterator[_Section]:
    """The blocks by the headings they stand under, in order."""
    blocks = [block for block in blocks if block.kind != "rule"]
    path: list[tuple[int, str]] = []
    section = _Section((), [])
    for index, block in enumerate(blocks):
        if block.kind == "heading":
            while path and path[-1][0] >= block.level:
                path.pop()
            after = blocks[index + 1] if index + 1 < len(blocks) else None
            if after is not None and (after.kind != "heading" or after.level > block.level):
                path.append((block.level, plain(block.lines[0])))
                continue
            block = Outlined("paragraph", (f"{'#' * block.level} {block.lines[0]}",))
        headings = tuple(text for _, text in path if text)
        if headings != section.headings:
            yield section
            section = _Section(headings, [])
        caption = caption_of(blocks[index - 1]) if block.kind == "table" and index else ""
        section.groups.append(group_of(block, caption))
    yield section


def _pack(groups: Sequence[Group], max_tokens: int) -> Iterator[_Held]:
    """The groups of one section, in order, as few chunks as keep their blocks whole where that is possible."""
    held: _Held = []
    filled = 0
    for group in groups:
        whole = sum(piece.tokens for piece in group.pieces)
        if held and filled + whole > max_tokens and whole <= max_tokens and filled >= max_tokens * _LEAD_IN:
            yield held
            held, filled = [], 0
        for piece in group.pieces:
            if held and filled + piece.tokens > max_tokens:
                yield held
                held, filled = [], 0
            if not held or held[-1][0] is not group:
                held.append((group, []))
            held[-1][1].append(piece)
            filled += piece.tokens
    if held:
        yield held


def _prefix(above: Sequence[str], headings: Sequence[str], count: CountTokens) -> str:
    """Title, section and headings on one line within `PREFIX_TOKENS`: sections give way first, then outer headings."""
    title, *sections = [plain(name) for name in above]
    words = title.split()
    paths = [
        [title, *sections, *headings],
        [title, *headings],
        [title, *headings[-1:]],
        *([" ".join(words[:kept])] for kept in (len(words), 24, 12, 6)),
    ]
    lines = [" > ".join(dict.fromkeys(filter(None, path))) for path in paths]
    return next((line for line, tokens in zip(lines, count(lines), strict=True) if tokens <= PREFIX_TOKENS), "")
