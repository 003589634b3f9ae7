"""`holdfast doctor`: what is configured, what is reachable, what is missing, and how to fix it.

Knows the order of the checks; does not know what any of them looks at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.cli.check import Check, failed, ok
from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.config import Config


class Diagnosed(Struct, frozen=True):
    """All checks as JSON; `ok` where none failed."""

    ok: bool
    checks: tuple[Check, ...]


def doctor(asked: Asked) -> None:
    """Check what is configured, what is reachable and what is missing, and say how to fix it.

    Everything that is looked at is looked at for real: the database and the storage are written to, the encoder is
    proved. A warning is 0; where a check fails the exit code is 2, or 3 where it is the infrastructure's.
    --json: {"ok", "checks": [{"name", "status", "what", "fix"}]}.
    """
    checks = []
    with asked.terminal.spinner("checking") as progress:
        for check in _checks(asked):
            progress(check.name)
            checks.append(check)
    codes = [check.exit_code for check in checks if check.status == "fail"]
    asked.answer(Diagnosed(not codes, tuple(checks)), lambda: _show(asked, checks))
    if codes:
        raise typer.Exit(max(codes))


def _checks(asked: Asked) -> Iterator[Check]:
    from holdfast.cli import checks_machine, checks_models, checks_project, checks_sources, checks_state

    yield checks_machine.python()
    try:
        yield ok("project", str(asked.folder))
        config: Config | None = asked.config
    except HoldfastError as error:
        yield failed("project" if error.code == "HF101" else "configuration", error)
        config = None
    if config is not None:
        yield checks_project.configuration(config)
        yield checks_project.features(config)
        yield checks_project.prompts(config)
        yield checks_state.database(config)
        storage = checks_state.storage(config)
        yield storage
        if storage.status != "fail":
            yield from checks_state.corpora(config)
        yield from checks_sources.sources(config)
    yield checks_models.encoder()
    if config is not None:
        yield from checks_models.providers(config)
        yield from checks_models.rungs(config)
        yield from checks_machine.serving(config)
    yield from checks_models.local_servers()


def _show(asked: Asked, checks: list[Check]) -> None:
    from rich.text import Text

    width = max(len(check.name) for check in checks)
    for check in checks:
        style = {"ok": "green", "warn": "yellow", "fail": "red"}[check.status]
        line = Text(f"{check.status:<5}", style=style)
        line.append(f"{check.name:<{width}}  {check.what}", style="default")
        asked.terminal.show(line)
        for part in check.fix.splitlines():
            asked.terminal.show(Text(f"{'':5}{'':{width}}  {part}", style="dim"))
    count = {status: sum(check.status == status for check in checks) for status in ("ok", "warn", "fail")}
    asked.terminal.show("", f"{count['ok']} ok, {count['warn']} to know of, {count['fail']} to mend")
