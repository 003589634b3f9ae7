"""The public names of the package: one sorted list, each of them there, and none of them slow to import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import holdfast

HEAVY = ("pydantic", "msgspec", "numpy", "onnxruntime", "tantivy", "aiohttp", "fastapi", "jinja2", "typer", "rich")


def test_all_is_sorted_and_every_name_in_it_is_there() -> None:
    assert list(holdfast.__all__) == sorted(holdfast.__all__)
    for name in holdfast.__all__:
        assert getattr(holdfast, name).__name__ == name


def test_a_type_checker_sees_the_same_names() -> None:
    tree = ast.parse(Path(holdfast.__file__).read_text("utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = [alias.name for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(seen) == holdfast.__all__


def test_a_name_that_is_not_there_says_which_are() -> None:
    with pytest.raises(AttributeError, match="open_project"):
        _ = holdfast.Nothing


def test_importing_holdfast_imports_nothing_heavy() -> None:
    code = f"import sys, holdfast; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_whole_hall_imports_nothing_that_only_some_requests_need() -> None:
    code = f"import sys, holdfast.app; print([name for name in {HEAVY[2:]!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
