"""`holdfast new`: a project that runs at once. Knows nothing of what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.errors import Misconfigured, StoreFailed

_IGNORED = "gitignore"  # with its dot it would hide files of the package itself
_NOT_OURS = frozenset({"__pycache__", "__init__.py"})


class Written(Struct, frozen=True):
    """A new project as JSON."""

    folder: str
    files: tuple[str, ...]


def new(asked: Asked, folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Write a project that runs at once, without a key and without a network.

    DIR must be empty or not there. --json: {"folder", "files"}.
    """
    folder = folder.expanduser()
    if folder.exists() and not folder.is_dir():
        raise Misconfigured("HF100", f"{folder} is a file", "name another folder: holdfast new DIR")
    if folder.is_dir() and (there := [item.name for item in folder.iterdir() if item.name != ".git"]):
        named = ", ".join(sorted(there)[:3]) + (" ..." if len(there) > 3 else "")
        raise Misconfigured("HF100", f"{folder} is not empty: {named}", f"name a new folder: holdfast new {folder}-new")
    written: list[str] = []
    try:
        for path, template in sorted(_templates(files("holdfast.cli") / "scaffold", "")):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(template.read_bytes())
            written.append(path)
    except OSError as error:
        raise StoreFailed("HF601", f"{folder} cannot be written: {error.strerror}", "name another folder") from error

    def show() -> None:
        asked.terminal.show(f"{folder} is a project now:", *(f"  {path}" for path in written), "", "next:")
        steps = [] if folder.resolve() == Path.cwd() else [f"cd {folder}"]
        steps += ["holdfast sync", 'holdfast run answer_ticket "How many days until I get my refund?"', "holdfast up"]
        asked.terminal.show(*(f"  {step}" for step in steps))

    asked.answer(Written(str(folder.resolve()), tuple(written)), show)


def _templates(place: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    """Every template below a place, by the path it is to have."""
    for item in place.iterdir():
        if item.name in _NOT_OURS:
            continue
        path = prefix + ("." if item.name == _IGNORED else "") + item.name
        if item.is_dir():
            yield from _templates(item, f"{path}/")
        else:
            yield path, item
