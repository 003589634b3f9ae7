"""`holdfast release`: freeze the working tree, say what answers, go back. Knows nothing of how a request is run."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked, command, group
from holdfast.cli.leaving import NothingToDo
from holdfast.errors import NotFound, Refused
from holdfast.stores import Promotion

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.release import Release
    from holdfast.releases.difference import Change
    from holdfast.releases.rollout import Created, Promoted, ReleaseDiff, ReleaseList, ReleaseSummary
    from holdfast.stores import Store

_HISTORY = 10
"""Promotions that are shown; --json lists more."""


class RolledBack(Struct, frozen=True):
    """What answers after a rollback and what did before, by name, as JSON."""

    live: str
    before: str
    promotion: Promotion


def commands() -> typer.Typer:
    """The group `release`."""
    made = group("Which choices answer: list, create, diff, promote, rollback.")
    command(made, "list")(list_)
    command(made, "create")(create)
    command(made, "diff")(diff)
    command(made, "promote")(promote)
    command(made, "rollback")(rollback)
    return made


def list_(asked: Asked) -> None:
    """The working tree and every release, what answers live requests, and who promoted what.

    A release whose features have other code now says so. --json: {"releases", "promotions"}.
    """
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> ReleaseList:
        return await project.rollout.listing()

    listed = in_project(asked, work, encoder=False)
    asked.answer(listed, lambda: _show_list(asked, listed))


def _show_list(asked: Asked, listed: ReleaseList) -> None:
    from holdfast.cli import words
    from holdfast.cli.terminal import table

    rows = [
        (
            each.name or "",
            each.id,
            "" if each.created_at is None else words.moment(each.created_at),
            each.created_by or "",
            ", ".join(f"{corpus} {version}" for corpus, version in each.corpora.items()),
            _state(each),
        )
        for each in listed.releases
    ]
    asked.terminal.show(table("release", "id", "created", "by", "corpora", "", rows=rows))
    if listed.promotions:
        asked.terminal.show("")
    for promotion in listed.promotions[:_HISTORY]:
        how = "rolled back to" if promotion.rollback else "promoted"
        said = f"{words.moment(promotion.at)}  {promotion.by} {how} {promotion.release or 'working'}"
        asked.terminal.show(said)


def _state(release: ReleaseSummary) -> str:
    parts = ["answers now"] if release.live else []
    if release.code_changed:
        parts.append(f"other code now: {', '.join(release.code_changed)}")
    return "; ".join(parts)


def create(
    asked: Asked,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", show_default=False, help="Made from its content if left out.")
    ] = None,
    latest: Annotated[
        list[str] | None,
        typer.Option("--latest", metavar="CORPUS", help="A corpus that stays at its latest version; may be repeated."),
    ] = None,
    from_diagnosis: Annotated[
        str | None,
        typer.Option("--from-diagnosis", metavar="ID", help="With the changes of a fix that a diagnosis found."),
    ] = None,
    fix: Annotated[int, typer.Option("--fix", metavar="N", min=1, help="Which of its fixes.")] = 1,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="SLOT.FIELD=VALUE", help="Change the release. May be repeated.")
    ] = None,
) -> None:
    """Freeze the working tree: prompts, ladders, settings, guards, and each corpus at the version that is current.

    With --from-diagnosis the changes of a fix are made to it first, then those of --set, in the release alone: the
    files stay as they are.
    A name never moves; the same content under it again changes nothing. --json: {"name", "id", "new", "corpora"}.
    """
    from holdfast.cli.opening import in_project
    from holdfast.cli.values import changes_of

    changes = changes_of(set or ())

    async def work(project: Project) -> Created:
        of = None if from_diagnosis is None else await _fixed(project, from_diagnosis, fix)
        if changes:
            of = await project.changed(project.release() if of is None else of, changes)
        return await project.rollout.create(name, by=whoever(), latest=latest or (), of=of)

    created = in_project(asked, work, encoder=False)

    def show() -> None:
        corpora = "".join(f", {corpus} {version}" for corpus, version in created.corpora.items())
        did = "created" if created.new else "there is already"
        asked.terminal.show(f"{did} {created.name} ({created.id}{corpora})")
        asked.terminal.note(f"let it answer: holdfast release promote {created.name}")

    asked.answer(created, show)


async def _fixed(project: Project, diagnosis_id: str, number: int) -> Release:
    """The working tree's release with the changes of a fix. Raises NotFound (HF214), Refused (HF743)."""
    diagnosis = await project.store.diagnoses.get(diagnosis_id)
    changes = diagnosis.fixes[number - 1].changes if number <= len(diagnosis.fixes) else {}
    if not changes:
        able = [str(n) for n, each in enumerate(diagnosis.fixes, start=1) if each.changes]
        fix = f"--fix {' or '.join(able)} can" if able else "mend it by hand: the diagnosis says how"
        raise Refused("HF743", f"fix {number} of {diagnosis_id} is no change that a release can have", fix)
    return await project.changed(project.release(), changes)


def diff(
    asked: Asked,
    before: Annotated[str, typer.Argument(metavar="A", help="A name or an id, or working for the working tree.")],
    after: Annotated[str, typer.Argument(metavar="B")],
) -> None:
    """What differs between two releases, in words, with the lines of each prompt.

    --json: {"before", "after", "changes", "words"}.
    """
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> ReleaseDiff:
        return await project.rollout.diff(before, after)

    found = in_project(asked, work, encoder=False)

    def show() -> None:
        asked.terminal.show(f"from {found.before} to {found.after}")
        if not found.changes:
            asked.terminal.show("  the same in everything")
        for change, said in zip(found.changes, found.words, strict=True):
            asked.terminal.show(f"  {said}")
            _show_lines(asked, change)

    asked.answer(found, show)


def _show_lines(asked: Asked, change: Change) -> None:
    from rich.text import Text

    from holdfast.releases.difference import PromptChanged

    if isinstance(change, PromptChanged):
        for line in change.unified.splitlines():
            style = {"+": "green", "-": "red"}.get(line[:1], "dim")
            asked.terminal.show(Text(f"    {line}", style=style))


def promote(
    asked: Asked,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name or an id, or working for the working tree.")],
) -> None:
    """Let a release answer live requests, in every process that serves the project; working: the working tree again.

    Running servers follow within two seconds. --json: {"live", "before", "promotion", "code_changed"}.
    """
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> Promoted:
        return await project.rollout.promote(name, by=whoever())

    promoted = in_project(asked, work, encoder=False)

    def show() -> None:
        if promoted.promotion is None:
            asked.terminal.show(f"{promoted.live} answers already")
        else:
            _show_answers(asked, promoted.live, promoted.before)
        if promoted.code_changed:
            asked.terminal.note(
                f"the code of {', '.join(promoted.code_changed)} is not what it was when {promoted.live} was created;"
                f" it answers with its choices and the code that runs"
                f"\n  look: holdfast release diff {promoted.live} working",
                style="yellow",
            )

    asked.answer(promoted, show)


def rollback(asked: Asked) -> None:
    """Let answer again what did before the last promotion; once more, what did before that.

    Needs only the database, so that it works while the project's code or prompts are broken. Where nothing is promoted
    the exit code is 5. --json: {"live", "before", "promotion"}.
    """
    from holdfast.cli.opening import in_store

    async def work(store: Store) -> RolledBack:
        newest = await store.releases.promotions(1)
        try:
            promotion = await store.releases.rollback(datetime.now(UTC), whoever())
        except NotFound as error:
            raise NothingToDo(error.code, error.message, error.fix) from error
        before = newest[0].release if newest else None
        return RolledBack(promotion.release or "working", before or "working", promotion)

    back = in_store(asked, work)
    asked.answer(back, lambda: _show_answers(asked, back.live, back.before))


def _show_answers(asked: Asked, live: str, before: str) -> None:
    asked.terminal.show(f"{live} answers now, {before} did before")
    asked.terminal.note("running servers follow within two seconds; look: holdfast release list")


def whoever() -> str:
    """The person at this machine, for the history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return f"user {os.getuid()}"
