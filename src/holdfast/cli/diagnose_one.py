"""`holdfast diagnose ID`: why one answer is not good, and with which change it passes. Knows nothing of how that is
found out."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec
import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.cli.finding import LAST
from holdfast.cli.leaving import INCONCLUSIVE, NothingToDo
from holdfast.diagnosis import Diagnosis, Verdict
from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.diagnose import Options
    from holdfast.records import Json, Recording

_NOTHING = ("HF740", "HF741")
"""Refusals that mean that there is nothing to diagnose."""


class Suggested(Struct, frozen=True, kw_only=True):
    """What to type next for a fix: try it on what was asked lately, hold it against the cases, freeze it in a release;
    and what to write so that the next release has it too."""

    fix: int
    try_it: str
    evaluate: str
    release: str
    write: tuple[str, ...]


class Diagnosed(Struct, frozen=True, kw_only=True):
    """A diagnosis, its verdict first, and what to type next."""

    verdict: Verdict
    said: str
    diagnosis: Diagnosis
    next: tuple[Suggested, ...]
    make_case: str


def diagnose_one(asked: Asked, recording: str, options: Options) -> None:
    """Diagnose a recording and show what was found; leave with 4 where that is unknown and --strict."""
    from holdfast.cli.diagnose_pretty import show_diagnosed
    from holdfast.cli.opening import in_project
    from holdfast.cli.words import counted

    async def work(project: Project) -> Diagnosis:
        from holdfast.evals.diagnose.asking import Plan
        from holdfast.evals.diagnose.diagnosing import MOST_CALLS

        found = await _found(asked, project, recording)
        most = options.max_calls or MOST_CALLS
        cost = "" if options.max_cost is None else f", and no more once ${options.max_cost:g} are spent"
        _note(asked, f"at most {counted(most, 'call')} of models{cost}")
        with asked.terminal.progress("diagnosing") as progress:
            plan = Plan(case=options.case, max_calls=most, max_cost_usd=options.max_cost, progress=progress)
            try:
                return await project.diagnose(found, plan)
            except HoldfastError as error:
                if error.code not in _NOTHING:
                    raise
                raise NothingToDo(error.code, error.message, error.fix) from error

    diagnosed = told(in_project(asked, work))
    asked.answer(diagnosed, lambda: show_diagnosed(asked.terminal, diagnosed))
    if options.strict and diagnosed.verdict == "unknown":
        raise typer.Exit(INCONCLUSIVE)


def told(diagnosis: Diagnosis) -> Diagnosed:
    """A diagnosis with what to type next."""
    from holdfast.evals.diagnose.telling import headline

    return Diagnosed(
        verdict=diagnosis.verdict,
        said=headline(diagnosis),
        diagnosis=diagnosis,
        next=tuple(
            _suggested(diagnosis, number, fix.changes)
            for number, fix in enumerate(diagnosis.fixes, start=1)
            if fix.changes
        ),
        make_case=f"holdfast cases from-recording {diagnosis.recording}",
    )


def _suggested(diagnosis: Diagnosis, number: int, changes: dict[str, Json]) -> Suggested:
    """A fix as commands, and as lines of the project's files."""
    settings = " ".join(f"--set {shlex.quote(f'{name}={_toml(value)}')}" for name, value in changes.items())
    where = shlex.quote(f"feature={diagnosis.feature} and since=7d")
    return Suggested(
        fix=number,
        try_it=f"holdfast replay --where {where} {settings}",
        evaluate=f"holdfast eval {diagnosis.feature} --against live {settings}",
        release=f"holdfast release create --from-diagnosis {diagnosis.id} --fix {number}",
        write=tuple(_written(name, value) for name, value in changes.items()),
    )


def _written(name: str, value: Json) -> str:
    """A change as it stands in holdfast.toml; the text of an earlier prompt goes back into its file."""
    slot, _, field = name.rpartition(".")
    if field == "prompt" and isinstance(value, str) and "@" in value:
        return f"in the project: the text of {value} in {value.rpartition('@')[0]}"
    table = "guards" if field == "on_fail" else "slots"
    return f"under [{table}.{slot}] in holdfast.toml: {field} = {_toml(value)}"


def _toml(value: Json) -> str:
    """A value as a setting has it."""
    return msgspec.json.encode(value).decode()


async def _found(asked: Asked, project: Project, name: str) -> Recording:
    """The recording of that id; `last` is the newest that went wrong, and it is said which and why."""
    from holdfast.evals.diagnose.went_wrong import last_wrong

    if name != LAST:
        return await project.store.recordings.get(name)
    wrong = await last_wrong(project.store)
    if wrong is None:
        message = "no recording went wrong: none failed, was blocked or degraded, was found bad, or missed its case"
        raise NothingToDo("HF203", message, "name one: holdfast recordings list shows what there is")
    _note(asked, f"{wrong.recording}: {wrong.why}")
    return await project.store.recordings.get(wrong.recording)


def _note(asked: Asked, text: str) -> None:
    """Say it to a person: what a machine reads on stderr is an error."""
    if not asked.as_json:
        asked.terminal.note(text)
