"""Markdown from values: a page, a table, a docstring as a paragraph. Knows no page."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NOTE = "<!-- Written by `make docs` from the code: change it there. -->"


def page(title: str, intro: str, parts: Iterable[str]) -> str:
    """A whole page, with the note that it is written by a program."""
    return "\n\n".join([f"# {title}", NOTE, intro, *parts]) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; bars and line breaks in a cell do not break it."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    head = list(head)
    return "\n".join([line(head), "|" + "---|" * len(head), *(line(row) for row in rows)])


def prose(thing: Any) -> str:
    """A docstring as one paragraph, or nothing where there is none of its own."""
    text = inspect.cleandoc(thing.__dict__.get("__doc__") or "")
    return "" if text.startswith(f"{thing.__name__}(") else " ".join(text.split())


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
