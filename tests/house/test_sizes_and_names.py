"""Files, functions and parameter lists are small; names say what is inside."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.rules import (
    FILE_LINES,
    FORBIDDEN_FILES,
    FORBIDDEN_OUTWARD,
    FORBIDDEN_WORDS,
    FUNCTION_LINES,
    PARAMETERS,
)
from tests.house.tree import FUNCTIONS, Function, functions, hold, modules, python, texts, tracked

OURS = ("src", "tests", "tools", "benchmarks", "examples", "docs")


def test_no_python_file_is_longer_than_a_person_reads_at_once() -> None:
    sizes = {module.where: len(module.text.splitlines()) for module in python(*OURS)}
    hold("file length", {where: f"{lines} lines" for where, lines in sizes.items() if lines > FILE_LINES})


def test_no_function_is_longer_than_a_screen() -> None:
    offenders = {}
    for module in python(*OURS):
        for name, function in functions(module):
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > FUNCTION_LINES:
                offenders[f"{module.where}::{name}"] = f"{lines} lines"
    hold("function length", offenders)


def parameters(function: Function) -> list[str]:
    """Every parameter but self and cls."""
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    given += [arg for arg in (function.args.vararg, function.args.kwarg) if arg is not None]
    return [arg.arg for arg in given if arg.arg not in ("self", "cls")]


def test_no_function_takes_more_than_a_handful_of_parameters() -> None:
    offenders = {}
    for module in python("src", "tools"):
        for name, function in functions(module):
            if len(given := parameters(function)) > PARAMETERS:
                offenders[f"{module.where}::{name}"] = f"{len(given)} parameters"
    hold("parameters", offenders)


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    offenders = {}
    for path in tracked():
        for part in Path(path).with_suffix("").parts:
            if part.lower() in FORBIDDEN_FILES:
                offenders[path] = f"'{part}' says nothing of what is inside"
    hold("names of files", offenders)


def words(name: str) -> list[str]:
    """The words of an identifier, a path or a setting, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def defined(tree: ast.Module) -> set[str]:
    """Every name that a module gives to something."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return found


def test_one_word_stands_for_one_idea_in_the_names_of_the_code() -> None:
    offenders = {}
    for module in modules():
        for name in defined(module.tree) | set(module.name.split(".")):
            for word in words(name):
                if word in FORBIDDEN_WORDS:
                    offenders[f"{module.where}::{word}"] = f"{name}: say {FORBIDDEN_WORDS[word]}"
    hold("one word for one idea", offenders)


def test_one_word_stands_for_one_idea_in_the_tables() -> None:
    offenders = {}
    for path, text in texts().items():
        if not path.endswith(".sql"):
            continue
        sql = re.sub(r"--.*", "", text)
        for word in words(" ".join(re.findall(r"\b[a-z_]+\b", sql))):
            if word in FORBIDDEN_OUTWARD:
                offenders[f"{path}::{word}"] = f"say {FORBIDDEN_OUTWARD[word]}"
    assert not offenders


def test_one_word_stands_for_one_idea_in_routes_and_paths() -> None:
    offenders = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/v1/"):
                for word in words(node.value):
                    if word in FORBIDDEN_OUTWARD:
                        offenders[f"{module.where}::{node.value}"] = f"say {FORBIDDEN_OUTWARD[word]}"
    assert not offenders
