"""How a command ends: the exit code, and what is said on the way out.

Knows nothing of what the command did.

Exit codes: 0 fine, 1 the bar was missed or a regression is confirmed, 2 usage or configuration (the project's own code
and a strict replay that diverged among them), 3 infrastructure or not comparable, 4 inconclusive with --strict,
5 nothing to do, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from types import MappingProxyType

import msgspec
from msgspec import Struct

from holdfast.errors import HoldfastError, NotFound

FINE, MISSED, USAGE, INFRASTRUCTURE, INCONCLUSIVE, NOTHING, STOPPED = 0, 1, 2, 3, 4, 5, 130
_OF_FAMILY = MappingProxyType(
    {"1": USAGE, "2": USAGE, "3": INFRASTRUCTURE, "4": FINE, "5": USAGE, "6": INFRASTRUCTURE, "7": USAGE}
)
_OWN_CODE = frozenset({"HF303", "HF306", "HF307", "HF309"})
"""Failures of effects that only a change to the project mends."""


class NothingToDo(NotFound):
    """There is nothing that the command could work on."""


class Problem(Struct, frozen=True):
    """An error as JSON."""

    code: str
    message: str
    fix: str


def problem_of(error: HoldfastError) -> Problem:
    return Problem(error.code, error.message, error.fix)


def exit_code_of(code: str) -> int:
    """The exit code for an error's or a failure's stable code. A guard that blocked is an outcome: 0."""
    if code in _OWN_CODE:
        return USAGE
    return _OF_FAMILY.get(code[2:3], INFRASTRUCTURE)


def say_error(error: HoldfastError | Problem, *, as_json: bool) -> int:
    """Print an error on stderr, for a person or as JSON, and give the exit code."""
    problem = error if isinstance(error, Problem) else problem_of(error)
    if as_json:
        text = msgspec.json.encode(problem).decode()
    else:
        text = f"{problem.code}: {problem.message}\n  fix: {problem.fix}"
    print(text, file=sys.stderr, flush=True)
    return NOTHING if isinstance(error, NothingToDo) else exit_code_of(problem.code)


def let_go_of_stdout() -> None:
    """After the reader of a pipe has gone: nothing more is written, and Python's own flush at exit does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
