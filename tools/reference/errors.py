"""The page of errors, from errors.CODES and the rooms each code comes from. Knows nothing of how one is shown."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping

from holdfast.errors import CODES, FAMILIES
from tools.reference.markdown import ROOT, page, prose, sentence


def errors() -> str:
    """Every code: what happened, and where it can come from."""
    places = raised_in()
    parts = []
    for digit, family in FAMILIES.items():
        codes = [code for code in CODES if code.startswith(f"HF{digit}")]
        parts.append(f"## {family.__name__}: HF{digit}xx\n\n{prose(family)}")
        parts += [f"### {code}\n\n{sentence(CODES[code])}.{came_from(places[code])}" for code in codes]
    parts.append("## Bugs")
    parts.append(f"### HF999\n\n{sentence(CODES['HF999'])}.{came_from(places['HF999'])}")
    intro = (
        "Every error that Holdfast raises on purpose has a code that never changes, says what happened, and says what "
        "to type next. `holdfast.HoldfastError` has all three as `code`, `message` and `fix`; over HTTP they are the "
        "fields `code`, `detail` and `fix` of a problem document; the command line prints them without a traceback."
    )
    return page("Errors", intro, parts)


def came_from(rooms: Iterable[str]) -> str:
    names = ", ".join(f"`{room}`" for room in sorted(rooms))
    return f" Comes from {names}." if names else ""


def raised_in() -> Mapping[str, set[str]]:
    """The rooms in which each code stands as a string."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in sorted((ROOT / "src" / "holdfast").rglob("*.py")):
        room = file.relative_to(ROOT / "src" / "holdfast").parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and room != "errors":
                found[node.value].add(room)
    return found
