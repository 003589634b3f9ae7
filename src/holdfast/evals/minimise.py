"""An input made the least that still fails: fields, list items, lines, sentences and words are left out of it.

Knows nothing of what failing means, nor of what a probe costs.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar

from msgspec import Struct

from holdfast.identity import canonical
from holdfast.records import Json

U = TypeVar("U")
Fails: TypeAlias = Callable[[Json], Awaitable[bool]]
_Path: TypeAlias = tuple[str | int, ...]

_PIECES = (
    re.compile(r"[^\n]*\n|[^\n]+"),  # lines
    re.compile(r".+?(?:[.!?]+\s+|\Z)", re.DOTALL),  # sentences
    re.compile(r"\s*\S+\s*"),  # words
)


class Spent(Exception):
    """What `fails` raises when it may not be asked any more."""


class Least(Struct, frozen=True, kw_only=True):
    """The least input that was found to fail. `minimal`: whatever single part is left out of it, it fails no more.

    `chain` is every input on the way that failed, the original first and `input` last.
    """

    input: Json
    minimal: bool
    chain: tuple[Json, ...]


async def least(original: Json, fails: Fails, possible: Callable[[Json], bool] = lambda _: True) -> Least:
    """The least part of an input that fails, given that the whole of it does.

    `fails` is asked once for an input and never for one that is not `possible`; when it raises `Spent`, the least input
    so far is the answer. What comes out has failed, and is never larger than the original. Deterministic where `fails`
    is. Delta debugging (Zeller and Hildebrandt, 2002) over the levels of a tree (Misherghi and Su, "HDD", 2006), and
    again over the pieces of its texts, until a whole round leaves nothing out.
    """
    search = _Search(original, fails, possible)
    try:
        before = None
        while canonical(search.best) != before:
            before = canonical(search.best)
            await search.round()
    except Spent:
        return Least(input=search.best, minimal=False, chain=tuple(search.chain))
    return Least(input=search.best, minimal=True, chain=tuple(search.chain))


def parts_left_out(value: Json) -> Iterator[Json]:
    """Every input that is the given one without one single field, list item, line, sentence or word."""
    for path in _paths(value):
        yield _without(value, {path})
    for path, text in _texts(value):
        for pieces in _PIECES:
            found = pieces.findall(text)
            for at in range(len(found)):
                yield _with(value, path, "".join(found[:at] + found[at + 1 :]))


class _Search:
    """The least input so far, and what is known of every input that was tried."""

    def __init__(self, original: Json, fails: Fails, possible: Callable[[Json], bool]) -> None:
        self.best = original
        self.chain = [original]
        self._fails = fails
        self._possible = possible
        self._known = {canonical(original): True}

    async def round(self) -> None:
        """Leave out what can be: whole fields and items from the top down, then pieces of texts, the coarse first."""
        await self._try(_tidied(self.best))
        depth = 1
        while nodes := [path for path in _paths(self.best) if len(path) == depth]:
            value = self.best

            async def fails_with(kept: Sequence[_Path], value: Json = value, nodes: Sequence[_Path] = nodes) -> bool:
                return await self._try(_without(value, set(nodes) - set(kept)))

            await _fewest(nodes, fails_with)
            depth += 1
        for path, _ in sorted(_texts(self.best), key=lambda each: -len(each[1])):
            for pieces in _PIECES:
                await self._shorten(path, pieces)

    async def _shorten(self, path: _Path, pieces: re.Pattern[str]) -> None:
        value = self.best
        text = next((text for place, text in _texts(value) if place == path), "")

        async def fails_with(kept: Sequence[str]) -> bool:
            return await self._try(_with(value, path, "".join(kept)))

        await _fewest(pieces.findall(text), fails_with)

    async def _try(self, value: Json) -> bool:
        key = canonical(value)
        if key not in self._known:
            self._known[key] = self._possible(value) and await self._fails(value)
            if self._known[key] and len(key) < len(canonical(self.best)):
                self.best = value
                self.chain.append(value)
        return self._known[key]


async def _fewest(units: Sequence[U], fails_with: Callable[[Sequence[U]], Awaitable[bool]]) -> Sequence[U]:
    """Units of which none can be left out; of all of them together it is known that they fail."""
    if not units or await fails_with(()):
        return ()
    parts = 2
    while len(units) > 1:
        bounds = [len(units) * part // parts for part in range(parts + 1)]
        for start, end in pairwise(bounds):
            rest = (*units[:start], *units[end:])
            if await fails_with(rest):
                units, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts == len(units):
                break
            parts = min(parts * 2, len(units))
    return units


def _paths(value: Json, start: _Path = ()) -> Iterator[_Path]:
    """Where every field and every list item is."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield (*start, name)
        yield from _paths(part, (*start, name))


def _texts(value: Json, start: _Path = ()) -> Iterator[tuple[_Path, str]]:
    """Every text that is not empty, and where it is; names of fields are none."""
    if isinstance(value, str) and value:
        yield start, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield from _texts(part, (*start, name))


def _without(value: Json, paths: set[_Path], start: _Path = ()) -> Json:
    """The value without the fields and items at these places."""
    if isinstance(value, dict):
        inside = ((name, part) for name, part in value.items() if (*start, name) not in paths)
        return {name: _without(part, paths, (*start, name)) for name, part in inside}
    if isinstance(value, list):
        kept = ((at, part) for at, part in enumerate(value) if (*start, at) not in paths)
        return [_without(part, paths, (*start, at)) for at, part in kept]
    return value


def _with(value: Json, path: _Path, text: str) -> Json:
    """The value with another text at a place."""
    if not path:
        return text
    first, *rest = path
    if isinstance(value, dict):
        return {name: _with(part, tuple(rest), text) if name == first else part for name, part in value.items()}
    return [_with(part, tuple(rest), text) if at == first else part for at, part in enumerate(value)]


def _tidied(value: Json) -> Json:
    """The value with no more space in its texts than there must be between words and lines."""
    if isinstance(value, str):
        return "\n".join(" ".join(line.split()) for line in value.strip().splitlines() if line.strip())
    if isinstance(value, dict):
        return {name: _tidied(part) for name, part in value.items()}
    return [_tidied(part) for part in value] if isinstance(value, list) else value
