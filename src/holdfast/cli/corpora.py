"""`holdfast corpus`: versions of a corpus. Knows nothing of how they are made or searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked, command, group

if TYPE_CHECKING:
    from holdfast.corpus.last_sync import LastSync
    from holdfast.corpus.quality import CorpusFinding
    from holdfast.corpus.room import CorpusRoom, VersionDetail, VersionDiff, VersionSummary

_Corpus = Annotated[str, typer.Argument(metavar="CORPUS")]
_SHOWN = 20
"""Ids of documents that are listed before the rest is only counted."""


class Versions(Struct, frozen=True):
    """A corpus and what is kept of it, the newest version first."""

    corpus: str
    versions: tuple[VersionSummary, ...]


class Listed(Struct, frozen=True):
    """Every corpus of the project as JSON."""

    corpora: tuple[Versions, ...]


class Shown(Struct, frozen=True, kw_only=True):
    """A version closely as JSON, with what the corpus's last sync reported."""

    summary: VersionSummary
    bytes: int
    findings: tuple[CorpusFinding, ...]
    languages: dict[str, int]
    last_sync: LastSync | None


class Restored(Struct, frozen=True):
    """The version that answers now, as JSON."""

    corpus: str
    version: str


def commands() -> typer.Typer:
    made = group("Versions of the corpora: list, show, diff, restore.")
    command(made, "list")(list_)
    command(made, "show")(show)
    command(made, "diff")(diff)
    command(made, "restore")(restore)
    return made


def _room(asked: Asked) -> CorpusRoom:
    from holdfast.corpus.opening import open_corpora

    return open_corpora(asked.config, None)


def list_(
    asked: Asked, corpus: Annotated[str | None, typer.Argument(metavar="[CORPUS]", show_default=False)] = None
) -> None:
    """Every version that is kept. --json: {"corpora": [{"corpus", "versions"}]}."""
    room = _room(asked)
    listed = Listed(tuple(Versions(name, room.versions(name)) for name in (room.names if corpus is None else [corpus])))

    def show() -> None:
        from holdfast.cli import words
        from holdfast.cli.terminal import table

        rows = []
        for each in listed.corpora:
            if not each.versions:
                rows.append((each.corpus, "-", "", "", "", f"never synced: holdfast sync {each.corpus}"))
            for version in each.versions:
                search = "words and meaning" if version.encoder else "words only"
                answers = "answers now" if version.current else ""
                counts = (str(version.documents), str(version.chunks))
                rows.append((each.corpus, version.name, *counts, words.age(version.created_at), f"{search} {answers}"))
        asked.terminal.show(table("corpus", "version", "documents", "chunks", "made", "", rows=rows))

    asked.answer(listed, show)


def show(
    asked: Asked,
    corpus: _Corpus,
    version: Annotated[str, typer.Argument(metavar="[VERSION]")] = "latest",
    quality: Annotated[
        bool, typer.Option("--quality", help="All that is wrong with its data, with examples and what to do.")
    ] = False,
) -> None:
    """One version closely: its size, its languages, what is wrong with its data; and what the last sync reported.

    --json: {"summary", "bytes", "findings", "languages", "last_sync": {"at", "report"} or null}; with --quality
    {"report", "history", "refused"}.
    """
    room = _room(asked)
    if quality:
        from holdfast.cli.data_quality import show_quality

        found = room.quality(corpus, version)
        asked.answer(found, lambda: show_quality(asked, found))
        return
    detail, last = room.show(corpus, version), room.last_sync(corpus)
    shown = Shown(
        summary=detail.summary,
        bytes=detail.bytes,
        findings=detail.findings,
        languages=detail.languages,
        last_sync=last,
    )

    def show() -> None:
        _show_detail(asked, corpus, detail)
        if last is not None:
            _show_last_sync(asked, last)

    asked.answer(shown, show)


def _show_last_sync(asked: Asked, last: LastSync) -> None:
    """What it changed and passed over; what it found is a version's, and shown with it."""
    from holdfast.cli import words
    from holdfast.cli.sync_showing import changes, ledger_line, passed_over

    report = last.report
    asked.terminal.show(
        f"last sync {words.moment(last.at)} ({words.age(last.at)}): {report.version}{changes(report)}",
        *([] if report.ledger is None else [f"  {ledger_line(report.ledger)}"]),
        *(f"  {line}" for line in passed_over(report.passed)),
    )


def _show_detail(asked: Asked, corpus: str, detail: VersionDetail) -> None:
    from holdfast.cli import words

    summary = detail.summary
    state = "answers now" if summary.current else "kept"
    shown = [
        f"{corpus} {summary.name}: {state}, made {words.moment(summary.created_at)} ({words.age(summary.created_at)})",
        f"  {words.counted(summary.documents, 'document')}, {words.counted(summary.chunks, 'chunk')}, "
        f"{words.size(detail.bytes)}",
        f"  searched by {'words and meaning, encoder ' + summary.encoder if summary.encoder else 'words only'}",
    ]
    languages = sorted(detail.languages.items(), key=lambda item: (-item[1], item[0]))
    shown.append("  languages: " + ", ".join(f"{name} {count}" for name, count in languages))
    for finding in detail.findings:
        named = f" ({', '.join(finding.documents)})" if finding.documents else ""
        shown.append(f"  {finding.count} × {finding.code}: {finding.message}{named}")
    asked.terminal.show(*shown)


def diff(
    asked: Asked,
    corpus: _Corpus,
    before: Annotated[str, typer.Argument(metavar="VERSION")],
    after: Annotated[str, typer.Argument(metavar="[VERSION]")] = "latest",
) -> None:
    """The documents that differ between two versions. --json: {"before", "after", "added", "changed", "removed"}."""
    found = _room(asked).diff(corpus, before, after)
    asked.answer(found, lambda: _show_diff(asked, corpus, found))


def _show_diff(asked: Asked, corpus: str, found: VersionDiff) -> None:
    asked.terminal.show(f"{corpus} from {found.before} to {found.after}")
    if not (found.added or found.changed or found.removed):
        asked.terminal.show("  the same documents")
    for sign, what, ids in (
        ("+", "added", found.added),
        ("~", "changed", found.changed),
        ("-", "removed", found.removed),
    ):
        if ids:
            asked.terminal.show(f"  {len(ids)} {what}", *(f"  {sign} {id}" for id in ids[:_SHOWN]))
        if len(ids) > _SHOWN:
            asked.terminal.show(f"    and {len(ids) - _SHOWN} more: --json lists them all")


def restore(asked: Asked, corpus: _Corpus, version: Annotated[str, typer.Argument(metavar="VERSION")]) -> None:
    """Let an earlier version answer, until a sync finds that the source has changed. --json: {"corpus", "version"}.

    Documents that were deleted since stay gone, and permissions are those of now.
    """
    import asyncio

    name = asyncio.run(_room(asked).restore(corpus, version))
    asked.answer(Restored(corpus, name), lambda: asked.terminal.show(f"{corpus} {name} answers now"))
