"""The repository as the house tests read it: tracked files, modules, imports, definitions.

Knows no rule; `rules.py` states them.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.house.rules import ALLOWED

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file of the repository. `name` is dotted, as it is imported; `where` is its path from the root."""

    name: str
    where: str
    text: str
    tree: ast.Module

    @property
    def unit(self) -> str:
        """The file or folder right under `holdfast` that it belongs to; "holdfast" for the package itself."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else parts[0]


@dataclass(frozen=True, slots=True)
class Import:
    """One name that is imported. `when`: "load" with the module, "call" within a function, "types" for types only."""

    module: Module
    target: str
    line: int
    when: str

    @property
    def where(self) -> str:
        return f"{self.module.where}:{self.line}"

    @property
    def package(self) -> str:
        return self.target.partition(".")[0]


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git knows or would add, by its path from the root."""
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted(path for path in set(told.stdout.splitlines()) if (ROOT / path).is_file()))


@cache
def texts() -> Mapping[str, str]:
    """The text of every tracked file that is text."""
    found: dict[str, str] = {}
    for path in tracked():
        data = (ROOT / path).read_bytes()
        if b"\x00" not in data:
            found[path] = data.decode("utf-8")
    return found


@cache
def python(*folders: str) -> tuple[Module, ...]:
    """Every Python file under these folders, parsed."""
    return tuple(_module(path) for path in tracked() if path.endswith(".py") and path.partition("/")[0] in folders)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package. What `holdfast new` copies into a new project is not one."""
    return tuple(module for module in python("src") if "/scaffold/" not in module.where)


@cache
def names() -> frozenset[str]:
    return frozenset(module.name for module in modules())


def _module(where: str) -> Module:
    parts = Path(where).with_suffix("").parts
    parts = parts[1:] if parts[0] == "src" else parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = (ROOT / where).read_text("utf-8")
    return Module(name=name, where=where, text=text, tree=ast.parse(text, where))


def imports(module: Module) -> Iterator[Import]:
    """Every import in a module, wherever it stands. A submodule that is imported by name counts as itself."""
    yield from _imports(module, module.tree, "load")


def _imports(module: Module, node: ast.AST, when: str) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(module, alias.name, child.lineno, when)
        elif isinstance(child, ast.ImportFrom):
            for target in sorted({_target(child, alias.name) for alias in child.names}):
                yield Import(module, target, child.lineno, when)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            yield from _imports(module, child, "types")
        else:
            inside = isinstance(child, (*FUNCTIONS, ast.Lambda)) and when == "load"
            yield from _imports(module, child, "call" if inside else when)


def _target(statement: ast.ImportFrom, name: str) -> str:
    origin = "." * statement.level + (statement.module or "")
    return f"{origin}.{name}" if f"{origin}.{name}" in names_of_files() else origin


@cache
def names_of_files() -> frozenset[str]:
    """The dotted name of every module of the package, without parsing any."""
    found = set()
    for path in tracked():
        if path.startswith("src/") and path.endswith(".py"):
            found.add(path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    return frozenset(found)


def functions(module: Module) -> Iterator[tuple[str, Function]]:
    """Every function and method with its qualified name."""
    yield from _functions(module.tree, "")


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            yield f"{prefix}{child.name}", child
        inner = f"{prefix}{child.name}." if isinstance(child, (*FUNCTIONS, ast.ClassDef)) else prefix
        yield from _functions(child, inner)


def hold(rule: str, offenders: Mapping[str, str]) -> None:
    """Fail for every offender that `rules.ALLOWED` does not name, and for every name there that offends no more.

    `offenders` maps a stable name of a place (no line numbers) to what is wrong there.
    """
    allowed = ALLOWED.get(rule, {})
    broken = [f"{where}: {what}" for where, what in sorted(offenders.items()) if where not in allowed]
    unneeded = [f"{where}: allowed, but not needed any more: remove it" for where in allowed if where not in offenders]
    assert not broken + unneeded, f"house rule '{rule}':\n  " + "\n  ".join(broken + unneeded)
