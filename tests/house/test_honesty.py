"""Nothing is swallowed, faked, left for later, or skipped without a word."""

from __future__ import annotations

import ast
import re

from tests.house.rules import EDGES
from tests.house.tree import functions, hold, modules, python, texts

OURS = ("src", "tests", "tools", "benchmarks", "examples", "docs")
BROAD = frozenset({"Exception", "BaseException"})
LATER = re.compile(r"\b(?:TO[D]O|FI[X]ME|X{3}|HA[C]K)\b|Not[I]mplementedError")


def named(node: ast.expr | None) -> set[str]:
    """The names of the errors that an except clause catches."""
    if node is None:
        return {"BaseException"}
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in parts}


def raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def catches_everything(node: ast.AST) -> bool:
    """Whether it keeps any error at all from going on: an except clause, or contextlib.suppress."""
    if isinstance(node, ast.ExceptHandler):
        return bool(named(node.type) & BROAD) and not raises_again(node)
    if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "suppress":
        return any(named(argument) & BROAD for argument in node.args)
    return False


def test_any_error_at_all_is_caught_only_where_a_request_or_a_job_ends() -> None:
    offenders = {
        f"{module.where}::{name}": "name the errors you expect"
        for module in modules()
        for name, function in functions(module)
        if module.unit not in EDGES and any(catches_everything(node) for node in ast.walk(function))
    }
    hold("broad excepts stand at the edges", offenders)


def test_the_edge_that_catches_everything_is_one_place_for_each_kind_of_edge() -> None:
    places = [
        f"{module.where}:{getattr(node, 'lineno', 0)}"
        for module in modules()
        if module.unit in EDGES
        for node in ast.walk(module.tree)
        if catches_everything(node)
    ]
    offenders = {} if len(places) <= len(EDGES) else {"edges": f"{len(places)} broad excepts: {', '.join(places)}"}
    hold("one broad except for each edge", offenders)


def test_nothing_is_left_for_later() -> None:
    offenders = [
        f"{path}:{number}"
        for path, text in texts().items()
        if path.partition("/")[0] in OURS
        for number, line in enumerate(text.splitlines(), start=1)
        if LATER.search(line)
    ]
    assert not offenders


def test_every_skipped_test_says_why() -> None:
    offenders = []
    for module in python("tests"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "xfail", "importorskip"):
                offenders.append((module.where, node.lineno, node))
    called = {
        id(call.func): call
        for module in python("tests")
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call)
    }
    silent = []
    for where, line, node in offenders:
        call = called.get(id(node))
        said = call is not None and (
            any(keyword.arg == "reason" for keyword in call.keywords) or (node.attr == "skip" and bool(call.args))
        )
        if not said:
            silent.append(f"{where}:{line}")
    assert not silent


def test_every_switched_off_check_says_which_and_why() -> None:
    switched = re.compile(r"#\s*(?:type:\s*ignore|no[q]a|pragma)")
    said = re.compile(r"#\s*(?:type:\s*ignore\[[\w, -]+\]|no[q]a:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)\s+\W*\w")
    offenders = {
        f"{module.where}:{number}": line.strip()
        for module in python("src", "tools")
        for number, line in enumerate(module.text.splitlines(), start=1)
        if switched.search(line) and not said.search(line)
    }
    assert not offenders
