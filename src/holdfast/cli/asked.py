"""What every command is asked with: which project, and whether a person or a machine reads the answer.

Knows nothing of any one command. `command` gives each of them `--project` and `--json`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from holdfast.cli.leaving import FINE, STOPPED, let_go_of_stdout

if TYPE_CHECKING:
    from holdfast.cli.terminal import Terminal
    from holdfast.config import Config

F = TypeVar("F", bound=Callable[..., None])

_Project = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="The project (default: the nearest holdfast.toml upward)."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@dataclass(frozen=True)
class Asked:
    """`as_json`: the answer is one JSON document on stdout, and errors are JSON on stderr."""

    project: Path | None
    as_json: bool

    @cached_property
    def folder(self) -> Path:
        """The folder named, else the nearest upward that holds a holdfast.toml. Raises Misconfigured (HF101)."""
        from holdfast.config import find_project

        return self.project.resolve() if self.project is not None else find_project(Path.cwd())

    @cached_property
    def config(self) -> Config:
        """Raises Misconfigured (HF100, HF101, HF104)."""
        from holdfast.config import load_config

        return load_config(self.folder)

    @cached_property
    def terminal(self) -> Terminal:
        from holdfast.cli.terminal import Terminal

        return Terminal()

    def answer(self, value: Any, show: Callable[[], None]) -> None:
        """Print `value` as JSON, or have it shown to a person."""
        if self.as_json:
            sys.stdout.flush()
            sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")  # UTF-8, whatever the terminal is
        else:
            show()

    def flush(self) -> None:
        """Let a reader see what was printed so far."""
        sys.stdout.flush()


def group(help: str) -> typer.Typer:
    """A group of commands, without colours in its help and without anything that makes starting slow."""
    return typer.Typer(help=help, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def command(commands: typer.Typer, name: str, *, in_project: bool = True) -> Callable[[F], F]:
    """Register a command. Its function takes an `Asked` and then what typer is to read.

    A parameter `options` of a dataclass stands for an option of each of its fields.
    """

    def register(work: F) -> F:
        signature = inspect.signature(work, eval_str=True)
        own = list(signature.parameters.values())[1:]
        options = own.pop().annotation if own and own[-1].name == "options" else None
        asked_for = {} if options is None else dict(inspect.signature(options, eval_str=True).parameters)
        own += asked_for.values()
        added = [Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=_Json)]
        if in_project:
            added.insert(0, Parameter("project", Parameter.KEYWORD_ONLY, default=None, annotation=_Project))
        parameters = [*(one.replace(kind=Parameter.KEYWORD_ONLY) for one in own), *added]

        @wraps(work)
        def entered(**given: Any) -> None:
            asked = Asked(given.pop("project", None), given.pop("as_json"))
            if options is not None:
                given["options"] = options(**{name: given.pop(name) for name in asked_for})
            try:
                work(asked, **given)
                sys.stdout.flush()
            except BrokenPipeError:
                let_go_of_stdout()
                raise typer.Exit(FINE) from None
            except KeyboardInterrupt:
                print("stopped; what was finished before is kept", file=sys.stderr)
                raise typer.Exit(STOPPED) from None

        entered.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
        entered.__annotations__ = {one.name: one.annotation for one in parameters}
        commands.command(name, short_help=str(work.__doc__).partition("\n")[0])(entered)
        return work

    return register
