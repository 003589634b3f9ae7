"""Pages of a list by cursor and by offset, as the API cuts them. Does not know what is in the list."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar
from urllib.parse import quote

from holdfast.testing.zendesk.exchange import Answer, Asked, bad_page, problem

MOST_A_PAGE = 100
DEEPEST_ROW = 10_000
"""Offset pages end there; the address of the next one is given all the same."""


class Row(Protocol):
    @property
    def id(self) -> int | str: ...


R = TypeVar("R", bound=Row)


def address(root: str, asked: Asked, changed: Mapping[str, str | None]) -> str:
    """The address that was asked for, with parts of its query changed, or left out where they are None."""
    query = {**asked.query, **changed}
    parts = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items() if value is not None]
    return f"{root}{asked.path}?{'&'.join(parts)}"


def whole(asked: Asked, name: str, default: int) -> int:
    """A whole number of the query. Raises Problem (400)."""
    text = asked.query.get(name, str(default))
    if not text.isdecimal():
        raise bad_page(f"{name} is not a number")
    return int(text)


def pointer(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode()


def pointed(text: str) -> str:
    """What a cursor points to. Raises Problem (400) for one that was not given out."""
    try:
        return base64.urlsafe_b64decode(text.encode()).decode()
    except (binascii.Error, UnicodeDecodeError, UnicodeEncodeError) as error:
        raise bad_page("page[after] is not valid") from error


def page(name: str, rows: Iterable[R], asked: Asked, root: str) -> Answer:
    """A page of the rows: by cursor where `page[size]` or `page[after]` is asked for, else by offset."""
    listed = _sorted(rows, asked)
    if any(key.startswith("page[") for key in asked.query):
        return _by_cursor(name, listed, asked, root)
    return _by_offset(name, listed, asked, root)


def _sorted(rows: Iterable[R], asked: Asked) -> list[R]:
    """By id, or as `sort_by` says; the id decides between equals."""
    by = asked.query.get("sort_by", asked.query.get("sort", "id").lstrip("-"))
    downwards = asked.query.get("sort_order") == "desc" or asked.query.get("sort", "").startswith("-")
    return sorted(rows, key=_key(by), reverse=downwards)


def _key(by: str) -> Callable[[Row], tuple[str, str]]:
    def key(row: Row) -> tuple[str, str]:
        value = getattr(row, by, row.id)
        return (f"{value:020d}" if isinstance(value, int) else str(value), f"{row.id:>020}")

    return key


def _by_cursor(name: str, rows: list[R], asked: Asked, root: str) -> Answer:
    size = whole(asked, "page[size]", MOST_A_PAGE)
    if not 1 <= size <= MOST_A_PAGE:
        raise bad_page(f"page[size] must be between 1 and {MOST_A_PAGE}")
    by = _key(asked.query.get("sort_by", asked.query.get("sort", "id").lstrip("-")))
    downwards = asked.query.get("sort_order") == "desc" or asked.query.get("sort", "").startswith("-")
    after = asked.query.get("page[after]")
    if after:
        first, _, second = pointed(after).partition("\x00")
        last = (first, second)
        rows = [row for row in rows if (by(row) < last if downwards else by(row) > last)]
    taken = rows[:size]
    more = len(rows) > size
    cursor = pointer("\x00".join(by(taken[-1]))) if taken else after
    following = address(root, asked, {"page[after]": cursor, "page[size]": str(size)}) if more else None
    meta = {"has_more": more, "after_cursor": cursor, "before_cursor": None}
    return Answer(200, {name: taken, "meta": meta, "links": {"next": following, "prev": None}}, rows=name)


def _by_offset(name: str, rows: list[R], asked: Asked, root: str) -> Answer:
    size = min(whole(asked, "per_page", 30 if "/help_center/" in asked.path else MOST_A_PAGE), MOST_A_PAGE)
    number = whole(asked, "page", 1)
    if size < 1 or number < 1:
        raise bad_page("page and per_page begin with 1")
    if number * size > DEEPEST_ROW:
        raise problem(400, "InvalidPaginationDepth", f"Offset pages end with row {DEEPEST_ROW}; use page[after]")
    begin = (number - 1) * size
    more = len(rows) > begin + size
    body = {
        name: rows[begin : begin + size],
        "count": len(rows),
        "next_page": address(root, asked, {"page": str(number + 1)}) if more else None,
        "previous_page": address(root, asked, {"page": str(number - 1)}) if number > 1 else None,
        "page": number,
        "per_page": size,
        "page_count": -(-len(rows) // size),
    }
    return Answer(200, body, rows=name)
