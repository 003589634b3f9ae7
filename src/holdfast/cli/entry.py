"""All commands in one tree, and the one place where errors leave the process.

Knows nothing of what any command does. Modules of commands import what they need when they run, so that `--help` is
quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from holdfast.cli import (
    batch,
    cases,
    corpora,
    diagnose,
    doctor,
    drill,
    evaluating,
    jobs,
    keys,
    models,
    new,
    postmortem,
    recordings,
    releases,
    replay,
    run,
    sync,
    up,
    why,
)
from holdfast.cli.asked import command, group
from holdfast.cli.leaving import FINE, STOPPED, Problem, say_error
from holdfast.errors import HoldfastError

# Typer brings its own copy of click or uses the installed one; this is UsageError's base, ClickException, of either.
_Unusable: type[Exception] = typer.BadParameter.__mro__[2]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("holdfast")
        except PackageNotFoundError:
            found = "(not installed: run from its sources)"
        typer.echo(f"holdfast {found}")
        raise typer.Exit(FINE)


def tree() -> typer.Typer:
    """The command `holdfast` with everything below it."""
    commands = group("Takes an AI feature from demo to production and keeps it there.")

    @commands.callback()
    def root(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        """Takes an AI feature from demo to production and keeps it there.

        Exit codes: 0 fine, 1 the bar was missed or a regression is confirmed, 2 usage or configuration,
        3 infrastructure or not comparable, 4 inconclusive with --strict, 5 nothing to do, 130 stopped.
        """

    command(commands, "new", in_project=False)(new.new)
    command(commands, "up")(up.up)
    command(commands, "sync")(sync.sync)
    commands.add_typer(corpora.commands(), name="corpus")
    command(commands, "why")(why.why)
    command(commands, "run")(run.run)
    command(commands, "batch")(batch.batch)
    command(commands, "eval")(evaluating.evaluate)
    commands.add_typer(cases.commands(), name="cases")

    command(commands, "drill")(drill.drill)
    commands.add_typer(jobs.commands(), name="jobs")
    command(commands, "diagnose")(diagnose.diagnose)
    command(commands, "postmortem")(postmortem.postmortem)
    command(commands, "replay")(replay.replay)
    commands.add_typer(recordings.commands(), name="recordings")
    commands.add_typer(releases.commands(), name="release")
    commands.add_typer(models.commands(), name="models")
    commands.add_typer(keys.commands(), name="keys")
    command(commands, "doctor")(doctor.doctor)
    return commands


def enter(arguments: Sequence[str]) -> int:
    """Run a command and give the exit code. Whatever is not an error of ours is a bug and keeps its traceback."""
    as_json = "--json" in arguments
    root = typer.main.get_command(tree())
    try:
        code = root.main(list(arguments) or ["--help"], prog_name="holdfast", standalone_mode=False)
    except HoldfastError as error:
        return say_error(error, as_json=as_json)
    except _Unusable as error:
        return say_error(_usage(error), as_json=as_json)
    except typer.Abort:
        print("stopped", file=sys.stderr)
        return STOPPED
    return code if isinstance(code, int) else FINE


def _usage(error: Exception) -> Problem:
    """What is wrong with the words of a command, and how they should be."""
    context = getattr(error, "ctx", None)
    path = "holdfast" if context is None else context.command_path
    usage = "" if context is None else " ".join(context.get_usage().split()).removeprefix("Usage: ")
    message = str(getattr(error, "format_message", error.__str__)()).strip()
    return Problem("HF100", message.rstrip("."), f"{path} --help" + (f"; usage: {usage}" if usage else ""))
