"""The documentation as the house tests read it: pages, fenced blocks, links.

Knows nothing of what the pages say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.house.tree import texts

_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `language` is the first word behind the fence, `runs` whether the second is `run`."""

    page: str
    line: int
    language: str
    runs: bool
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def pages() -> dict[str, str]:
    """Every page of documentation by its path."""
    return {
        path: text
        for path, text in texts().items()
        if path.endswith(".md") and (path.startswith("docs/") or "/" not in path)
    }


@cache
def blocks(language: str) -> tuple[Block, ...]:
    """Every fenced block in that language."""
    return tuple(block for page, text in pages().items() for block in _blocks(page, text) if block.language == language)


def _blocks(page: str, text: str) -> Iterator[Block]:
    for found in _FENCE.finditer(text):
        words = found.group(1).split()
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, words[0] if words else "", words[1:] == ["run"], found.group(2))


def links(page: str) -> Iterator[str]:
    """Where a page points to, blocks left out."""
    yield from _LINK.findall(_FENCE.sub("", pages()[page]))
