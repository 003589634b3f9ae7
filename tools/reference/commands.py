"""The page of the command line, from the tree of commands. Knows nothing of what they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.reference.markdown import page, sentence, table


def tree() -> Any:
    """The whole command line as click has it."""
    import typer

    from holdfast.cli.entry import tree as typed

    return typer.main.get_command(typed())


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by its words."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in children.items():
        yield from leaves(child, (*words, name))


def commands() -> str:
    """Every command, its arguments and its options."""
    root = tree()
    intro = (
        "A project is the folder given with `--project`, else the nearest folder upward that holds a `holdfast.toml`. "
        "Data goes to standard output, notes and progress to standard error. With `--json` a command prints one JSON "
        'document on standard output, and its errors are `{"code", "message", "fix"}` on standard error.\n\n'
        "Exit codes: 0 fine; 1 the bar was missed; 2 usage or configuration, the project's own code and a strict "
        "replay that diverged among them; 3 infrastructure; 4 inconclusive with --strict; 5 nothing to do; 130 stopped "
        "by Ctrl-C."
    )
    return page("Command line", intro, [part for words, leaf in leaves(root) for part in _command(words, leaf)])


def _command(words: tuple[str, ...], command: Any) -> Iterator[str]:
    name = " ".join(("holdfast", *words))
    yield f"## `{name}`"
    yield f"```text\n{' '.join((name, *_usage(command)))}\n```"
    yield "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    rows = [(_name(parameter), _default(parameter), sentence(parameter.help or "")) for parameter in command.params]
    yield table(("option", "default", "what it is"), [row for row in rows if row[2]])


def _usage(command: Any) -> Iterator[str]:
    if any(parameter.param_type_name == "option" for parameter in command.params):
        yield "[OPTIONS]"
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            label = parameter.metavar or parameter.name.upper()
            label += "..." if parameter.nargs == -1 and not label.endswith("...") else ""
            yield label if parameter.required or label.startswith("[") else f"[{label}]"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} `{parameter.metavar or parameter.name.upper()}`"


def _default(parameter: Any) -> str:
    value = parameter.default
    if callable(value) or value in (None, False, (), []) or type(value).__name__ == "Sentinel":
        return ""
    return f"`{value}`"
