"""What can be known of a feature's code without running it: its hash, and whether it guards or runs things at once.

Knows nothing of what the code does.

The walk starts at the feature's function and follows every global it names to functions and classes of the same
project folder. It cannot see through an object handed in from elsewhere; there the cautious answer is given.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, get_type_hints

from holdfast.identity import digest

_PLAIN_MODULES = frozenset(sys.stdlib_module_names) - {"asyncio", "concurrent", "threading", "multiprocessing"}
_QUIET_PACKAGES = _PLAIN_MODULES | {"holdfast", "pydantic", "pydantic_core", "typing_extensions", "builtins"}


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """`hash` is over every reachable source of the project.

    `guards`: it may call ctx.guard. `alone`: it surely never waits for two effects at once. `own`: it is Holdfast's, so
    that it raises what Holdfast raises and nothing else.
    """

    hash: str
    guards: bool
    alone: bool
    own: bool = False


def code_facts(fn: Callable[..., Any]) -> CodeFacts:
    """Read a feature's code. The same sources give the same facts, on any machine and in any process."""
    file = _file_of(fn)
    home = None if file == Path() else file.parent
    sources: dict[str, str] = {}
    names: set[str] = set()
    alone = True
    queue: list[Any] = [fn, *(kind for kind in get_type_hints(fn).values() if _belongs(kind, home))]
    seen: set[int] = set()
    while queue:
        thing = queue.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        sources[_label(thing, home)] = _source_of(thing)
        for code, scope in _codes_of(thing):
            names.update(code.co_names)
            for name in code.co_names:
                found = scope.get(name, getattr(builtins, name, None))
                if found is None:
                    continue
                if _belongs(found, home):
                    queue.append(found)
                elif isinstance(found, str | int | float | bool | bytes | tuple | frozenset):
                    sources[f"{_label(thing, home)}={name}"] = repr(found)
                elif not _quiet(found):
                    alone = False
    text = "\n".join(f"{name}\n{sources[name]}" for name in sorted(sources))
    return CodeFacts(hash=digest(text.encode(), 16), guards="guard" in names, alone=alone)


def _file_of(thing: Any) -> Path:
    try:
        return Path(inspect.getfile(thing)).resolve()
    except (TypeError, OSError):
        return Path()


def _label(thing: Any, home: Path | None) -> str:
    """A name that is the same wherever the project's folder lies."""
    file = _file_of(thing)
    place = "" if home is None or not file.is_relative_to(home) else file.relative_to(home).as_posix()
    return f"{place}:{getattr(thing, '__qualname__', '')}"


def _belongs(thing: Any, home: Path | None) -> bool:
    """Whether it is a function, a class or a module whose source lies in the project's own folder."""
    if home is None or not isinstance(thing, FunctionType | type | ModuleType):
        return False
    file = _file_of(thing)
    return file != Path() and file.is_relative_to(home) and "site-packages" not in file.parts


def _quiet(thing: Any) -> bool:
    """Whether it surely starts no work beside the caller."""
    module = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
    if module is None:
        module = type(thing).__module__
    return str(module).partition(".")[0] in _QUIET_PACKAGES


def _codes_of(thing: Any) -> Iterator[tuple[CodeType, dict[str, Any]]]:
    """Every code object in a function, a class's methods or a module's functions, with the names it sees."""
    functions: list[FunctionType] = []
    if isinstance(thing, FunctionType):
        functions = [thing]
    elif isinstance(thing, type | ModuleType):
        functions = [member for member in vars(thing).values() if isinstance(member, FunctionType)]
    for function in functions:
        closure = inspect.getclosurevars(function).nonlocals if function.__closure__ else {}
        stack = [function.__code__]
        while stack:
            code = stack.pop()
            yield code, {**function.__globals__, **closure}
            stack.extend(constant for constant in code.co_consts if isinstance(constant, CodeType))


def _source_of(thing: Any) -> str:
    """The source text, or what the compiler made of it where there is none (a console, an exec).

    How a function is declared a feature is left out: its bar weighs the answers and does not make them.
    """
    try:
        return _undeclared(inspect.getsource(thing))
    except (OSError, TypeError):
        code = getattr(thing, "__code__", None)
        return "" if code is None else f"{code.co_code.hex()}{code.co_consts!r}{code.co_names!r}"


def _undeclared(source: str) -> str:
    """The source of a function without the lines of `@app.feature(...)`; any other source as it is."""
    if not source.lstrip().startswith("@"):
        return source
    try:
        (function,) = ast.parse(textwrap.dedent(source)).body
    except (SyntaxError, ValueError):
        return source
    lines = source.splitlines(keepends=True)
    for decorator in reversed(getattr(function, "decorator_list", [])):
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", None) == "feature":
            del lines[decorator.lineno - 1 : decorator.end_lineno]
    return "".join(lines)
