"""Every module says what it is and what it does not know; every public name promises something."""

from __future__ import annotations

import ast
import importlib
import re

from tests.house.tree import FUNCTIONS, Module, hold, modules, python

BOUNDARY = re.compile(r"\b(?:know\w*|does not|nothing)\b", re.IGNORECASE)
LONG_ENOUGH_TO_EXPLAIN = 8
"""Lines of a public function or class from which on its name alone does not say what it promises."""


def holds_code(module: Module) -> bool:
    return any(isinstance(node, (*FUNCTIONS, ast.ClassDef)) for node in module.tree.body)


def test_every_module_says_what_it_is() -> None:
    assert not [m.where for m in python("src", "tools", "benchmarks") if m.text and not ast.get_docstring(m.tree)]


def test_every_module_with_code_says_what_it_does_not_know() -> None:
    offenders = {
        module.where: "say where its knowledge ends"
        for module in modules()
        if holds_code(module)
        and module.name != "holdfast"
        and not BOUNDARY.search(ast.get_docstring(module.tree) or "")
    }
    hold("a module says what it does not know", offenders)


def test_every_public_function_and_class_promises_something() -> None:
    offenders = {}
    for module in modules():
        for node in module.tree.body:
            if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name.startswith("_"):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines >= LONG_ENOUGH_TO_EXPLAIN and not ast.get_docstring(node):
                offenders[f"{module.where}::{node.name}"] = f"{lines} lines, no docstring"
    hold("public names are documented", offenders)


def test_every_test_file_says_what_it_proves_or_names_it() -> None:
    nameless = [
        f"{module.where}::{node.name}"
        for module in python("tests")
        for node in ast.walk(module.tree)
        if isinstance(node, FUNCTIONS) and re.fullmatch(r"test_?\w{0,8}", node.name)
    ]
    assert not nameless


def test_all_is_exact_wherever_it_stands() -> None:
    offenders = {}
    for module in modules():
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        said = getattr(loaded, "__all__", None)
        if said is None:
            continue
        lacking = {name for name in said if not hasattr(loaded, name)}
        unsaid = offered(module) - set(said)
        if len(said) != len(set(said)) or lacking or unsaid:
            offenders[module.name] = f"named twice; or not there: {sorted(lacking)}; or not named: {sorted(unsaid)}"
    hold("__all__ is exact", offenders)


def offered(module: Module) -> set[str]:
    """The public names that a module defines, and for the package itself also what it takes from its rooms."""
    found = {node.name for node in module.tree.body if isinstance(node, (*FUNCTIONS, ast.ClassDef))}
    if module.name == "holdfast":
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("holdfast."):
                found |= {alias.asname or alias.name for alias in node.names}
    return {name for name in found if not name.startswith("_")}


def test_the_package_says_what_is_public() -> None:
    import holdfast

    hold("the package has __all__", {} if hasattr(holdfast, "__all__") else {"holdfast": "no __all__"})
