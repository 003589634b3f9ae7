"""The tree of commands: every one that was promised is there, starts quickly, and speaks to machines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from tests.unit.cli.said import Type

from holdfast.cli.entry import tree
from holdfast.cli.leaving import exit_code_of
from holdfast.errors import CODES

PROMISED = {
    *("new", "up", "sync", "run", "eval", "replay", "doctor", "models pull", "models list"),
    *("corpus list", "corpus show", "corpus diff", "corpus restore", "keys create", "keys list", "keys revoke"),
    *("release list", "release create", "release diff", "release promote", "release rollback"),
    *("diagnose", "postmortem", "drill", "batch", "why", "jobs list", "jobs show", "jobs cancel", "jobs retry"),
    *("cases add", "cases from-recording", "cases from-diagnosis", "cases list"),
    *("recordings list", "recordings show", "recordings export", "recordings delete"),
}
HEAVY = ("pydantic", "numpy", "onnxruntime", "tantivy", "aiohttp", "fastapi", "jinja2", "rich", "asyncio")


def commands() -> Iterator[tuple[str, Any]]:
    root: Any = typer.main.get_command(tree())
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        yield from [(name, command)] if inner is None else ((f"{name} {each}", inner[each]) for each in inner)


def test_every_promised_command_is_there_and_no_other() -> None:
    assert {name for name, _ in commands()} == PROMISED


def test_every_command_says_in_its_help_what_its_json_is() -> None:
    for name, command in commands():
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in options, name
        assert "--json" in command.help, name
        assert ("--project" in options) is (name not in ("new", "models pull")), name


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from holdfast.cli.entry import enter; enter(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "Commands:" in done.stdout


def test_nothing_typed_is_help_and_fine(typed: Type) -> None:
    said = typed()
    assert said.code == 0
    assert "doctor" in said.out


@pytest.mark.parametrize("arguments", [["snyc"], ["run"], ["run", "--bla"], ["corpus"], ["up", "--port", "many"]])
def test_a_mistyped_command_is_an_error_that_says_what_to_type(arguments: list[str], typed: Type) -> None:
    said = typed(*arguments, "--json")
    assert (said.code, said.out) == (2, "")
    assert said.error["code"] == "HF100"
    assert "--help" in said.error["fix"]
    person = typed(*arguments)
    assert person.err.startswith("HF100: ")
    assert "\n  fix: holdfast" in person.err


def test_every_code_has_an_exit_code_of_the_contract() -> None:
    assert {exit_code_of(code) for code in CODES} <= {0, 2, 3}
    assert exit_code_of("HF101") == exit_code_of("HF200") == exit_code_of("HF500") == exit_code_of("HF309") == 2
    assert exit_code_of("HF301") == exit_code_of("HF601") == 3
    assert exit_code_of("HF400") == 0
