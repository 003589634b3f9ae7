"""The reference of the command line, as Markdown: `python -m holdfast.cli.reference > docs/reference/commands.md`.

Knows nothing but what the commands say of themselves.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from holdfast.cli.entry import tree

_HEAD = """# Commands

`holdfast COMMAND`. A project is the folder given with `--project`, else the nearest folder upward that holds a
`holdfast.toml`. With `--json` a command prints one JSON document on stdout; its errors are
`{"code", "message", "fix"}` on stderr. Without it errors are `HF123: what happened` and `fix: what to type next`.

Exit codes: 0 fine; 2 usage or configuration, the project's own code and a strict replay that diverged among them;
3 infrastructure; 5 nothing to do; 130 stopped by Ctrl-C.
"""


def reference() -> str:
    """Every command with its arguments and options."""
    return "\n".join([_HEAD, *(part for name, command in _commands() for part in _section(name, command))])


def _commands() -> Iterator[tuple[str, Any]]:
    root: Any = typer.main.get_command(tree())
    for name, command in root.commands.items():
        for inner, each in getattr(command, "commands", {"": command}).items():
            yield f"{name} {inner}".strip(), each


def _section(name: str, command: Any) -> Iterator[str]:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    yield f"## holdfast {' '.join([name, *(_argument(one) for one in arguments)])}\n"
    yield inspect.cleandoc(command.help) + "\n"
    told = [one for one in command.params if one not in arguments or one.help]
    for parameter in told:
        names = parameter.metavar if parameter in arguments else ", ".join(parameter.opts)
        metavar = f" {parameter.metavar}" if parameter not in arguments and parameter.metavar else ""
        yield f" - `{names}{metavar}`" + (f": {parameter.help}" if parameter.help else "")
    yield ""


def _argument(argument: Any) -> str:
    name = str(argument.metavar)
    return name if argument.required or name.startswith("[") else f"[{name}]"


if __name__ == "__main__":
    typer.echo(reference(), nl=False)
