"""`holdfast cases`: add, from-recording, from-diagnosis, list. Knows nothing of how a case is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked, command, group
from holdfast.cli.deciding import from_diagnosis
from holdfast.cli.leaving import NothingToDo
from holdfast.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from holdfast.app import Project
    from holdfast.evals.formats.carried import Left
    from holdfast.evals.from_recording import MadeCase, Wanted
    from holdfast.evals.keeping import Kept, Skipped, Where
    from holdfast.evals.listing import CaseSet
    from holdfast.evals.shrinking import Shrunk
    from holdfast.evaluation import Case

Foreign = Literal["promptfoo", "langfuse", "openai-evals", "pydantic-evals"]
Format = Literal["pretty", "jsonl", "promptfoo", "langfuse", "openai-evals", "pydantic-evals"]
_Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="A tag. May be repeated.")]
_MustPass = Annotated[bool, typer.Option("--must-pass", help="It fails an evaluation by itself.")]


class Added(Struct, frozen=True, kw_only=True):
    """What was added to which file, by id, and what could not be carried over."""

    feature: str
    file: str
    added: tuple[str, ...]
    left: tuple[Left, ...] = ()


class Made(Struct, frozen=True, kw_only=True):
    """Cases made of recordings, those that were passed over, and what was left out of one."""

    made: tuple[MadeCase, ...]
    skipped: tuple[Skipped, ...] = ()
    shrunk: Shrunk | None = None


class Sets(Struct, frozen=True):
    """The cases of each feature."""

    features: tuple[CaseSet, ...]


def commands() -> typer.Typer:
    made = group("What a good answer is: add cases, make them of recordings and diagnoses, list them.")
    command(made, "add")(add)
    command(made, "from-recording")(from_recording)
    command(made, "from-diagnosis")(from_diagnosis)
    command(made, "list")(list_)
    return made


def add(
    asked: Asked,
    feature: Annotated[str, typer.Argument(metavar="FEATURE")],
    cases: Annotated[str, typer.Argument(metavar="CASES", help="JSON, @FILE, or - for stdin.")],
    from_: Annotated[
        Foreign | None,
        typer.Option("--from", metavar="FORMAT", help="promptfoo, langfuse, openai-evals or pydantic-evals."),
    ] = None,
    tag: _Tags = None,
    must_pass: _MustPass = False,
) -> None:
    """Add cases to evals/FEATURE.jsonl: all of them or none, every other line of the file as it was.

    CASES is one case as JSON, several one a line, or another tool's file with --from. A case without an id is given
    one. An input that is a plain text is the input's only required field. What another tool's file holds and a case has
    no place for is said by name and count, and so are cases whose input the feature does not take.

    An id that is taken is 2; nothing to add is 5. --json: {"feature", "file", "added", "left"}.
    """
    from holdfast.cli.case_reading import read
    from holdfast.cli.opening import in_project
    from holdfast.cli.values import text_of
    from holdfast.evals.case_file import add_cases
    from holdfast.evals.cases import cases_file

    text = text_of(cases)

    async def work(project: Project) -> Added:
        declared = project.feature(feature)
        found = read(text, from_, declared)
        if not found.cases:
            said = "; ".join(f"{each.name}: {each.why}" for each in found.left) or "it is empty"
            raise NothingToDo("HF207", f"there is no case to add: {said}", "give at least one case")
        file = cases_file(project.config.folder, feature)
        chosen = _marked(found.cases, tag or (), must_pass=must_pass)
        add_cases(file, chosen, declared.parse)
        return Added(feature=feature, file=str(file), added=tuple(case.id for case in chosen), left=found.left)

    added = in_project(asked, work, encoder=False)

    def show() -> None:
        from holdfast.cli import words

        named = f": {added.added[0]}" if len(added.added) == 1 else ""
        asked.terminal.show(f"added {words.counted(len(added.added), 'case')} to {added.file}{named}")
        _show_left(asked, added.left)

    asked.answer(added, show)


@dataclass(frozen=True, slots=True)
class Options:
    """Which recordings become cases, and what is said of the cases."""

    where: Annotated[
        str | None, typer.Option(metavar="EXPR", help="Every recording for which this holds and feedback corrects.")
    ] = None
    id: Annotated[
        str | None, typer.Option("--id", metavar="NAME", help="The case's id (default: the recording's).")
    ] = None
    tag: _Tags = None
    must_pass: _MustPass = False
    minimise: Annotated[bool, typer.Option("--minimise", help="Keep the least of the input that still fails.")] = False
    max_probes: Annotated[
        int | None, typer.Option("--max-probes", metavar="N", min=1, help="Requests of --minimise at most: 200.")
    ] = None


def from_recording(
    asked: Asked,
    recording: Annotated[str | None, typer.Argument(metavar="ID|last")] = None,
    options: Options = Options(),  # frozen
) -> None:
    """Make a case of a recording and add it to evals/FEATURE.jsonl, or of every recording that feedback corrects.

    The case has the recording's input; the newest correction as expected; as gold the documents that the answer cites,
    or those of the passages that the correction rests on; and what side effects gave as calls. It has the recording's
    id, so that none becomes a case twice. Of a recording that an evaluation made, what the evaluation's case knows of a
    good answer is taken. EXPR is as for `holdfast replay --where`.

    --minimise asks the feature again and again, with less and less of the input, and keeps the least that fails in the
    same way each time. A case that does not fail, or fails only at times, is 2.

    A recording that is a case already is 2, and with --where passed over; nothing to make a case of is 5. --json:
    {"made", "skipped", "shrunk"}.
    """
    from holdfast.cli.opening import in_project

    _check(recording, options)

    async def work(project: Project) -> Made:
        from holdfast.evals.from_recording import Wanted
        from holdfast.evals.keeping import Where

        where = Where(project.store, project.config.folder, project.feature)
        wanted = Wanted(id=options.id, tags=tuple(options.tag or ()), must_pass=options.must_pass)
        if recording is None:
            kept = await _corrected(where, options.where, wanted)
            return Made(made=kept.made, skipped=kept.skipped)
        return await _one(asked, project, (where, recording, wanted), options)

    made = in_project(asked, work, encoder=options.minimise)
    asked.answer(made, lambda: _show_made(asked, made))
    if not made.made:
        raise typer.Exit(5)


def _check(recording: str | None, options: Options) -> None:
    if (recording is None) == (options.where is None):
        fix = "holdfast cases from-recording last"
        raise Misconfigured("HF100", "name one recording, or say which with --where", fix)
    if recording is None and (options.id is not None or options.minimise):
        raise Misconfigured("HF100", "--id and --minimise are for one recording", "name it instead of --where")
    if options.max_probes is not None and not options.minimise:
        raise Misconfigured("HF100", "--max-probes says how long --minimise may look", "add --minimise")


async def _one(asked: Asked, project: Project, of: tuple[Where, str, Wanted], options: Options) -> Made:
    """One recording as a case, made smaller where that is asked for, and kept."""
    from holdfast.cli.finding import one
    from holdfast.evals.case_file import refuse_taken
    from holdfast.evals.cases import cases_file, check_case, read_cases
    from holdfast.evals.from_recording import with_input
    from holdfast.evals.keeping import case_of, keep
    from holdfast.evals.shrinking import MOST_PROBES, Search, shrunk

    where, name, wanted = of
    found = await one(where.store, name)
    made = await case_of(where, found.id, wanted)
    if not options.minimise:
        await keep(where, [made])
        return Made(made=(made,))
    feature = project.feature(made.feature)
    check_case(made.case, f"the case '{made.case.id}'", feature.parse)
    file = cases_file(where.folder, made.feature)
    refuse_taken(file, made.case.id, [case.id for case in read_cases(file, feature.parse)])
    with asked.terminal.progress("minimising") as progress:
        search = Search(most_probes=options.max_probes or MOST_PROBES, progress=progress)
        less = await shrunk(project, found, made.case, search)
    made = with_input(made, less.case.input)
    await keep(where, [made])
    return Made(made=(made,), shrunk=less)


async def _corrected(where: Where, expression: str | None, wanted: Wanted) -> Kept:
    from holdfast.cli.finding import found, parsed
    from holdfast.evals.keeping import keep_corrected

    async def ids() -> AsyncIterator[str]:
        async for summary in found(where.store, parsed(expression)):
            if summary.replay_of is None:
                yield summary.id

    kept = await keep_corrected(where, ids(), wanted)
    if not kept.made and not kept.skipped:
        fix = "holdfast recordings list shows what there is"
        raise NothingToDo("HF203", f"no recording matches '{expression}'", fix)
    return kept


def list_(
    asked: Asked,
    feature: Annotated[str | None, typer.Argument(metavar="FEATURE")] = None,
    tag: Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Only the slice of this tag.")] = None,
    format: Annotated[
        Format,
        typer.Option("--format", metavar="FORMAT", help="pretty, jsonl, or another tool's, as for `cases add --from`."),
    ] = "pretty",
) -> None:
    """The cases of a feature, or of all: the set of each, its tags, and what it came to when it was last asked.

    `flaky`: under the release and the code that were last asked it, it passed at times. A slice is the cases of one
    tag. `decisions` is how many gates a set has decided; one that has decided many is worn. With --format the cases go
    to standard output in that format, and what it has no place for is said on standard error by name and count.

    No cases are 5. --json: {"features": [{"feature", "cases", "slices", "working", "audit"}]}.
    """
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> Sets:
        from holdfast.evals.cases import FIRST_CASE, cases_file, read_cases
        from holdfast.evals.listing import case_set

        names = list(project.features) if feature is None else [project.feature(feature).name]
        found = []
        for name in names:
            cases = read_cases(cases_file(project.config.folder, name), project.feature(name).parse)
            chosen = [case for case in cases if tag is None or tag in case.tags]
            if chosen:
                found.append(await case_set(project.store, name, chosen, project.config.evals.audit_share))
        if not found:
            tagged = "" if tag is None else f" with the tag '{tag}'"
            raise NothingToDo("HF207", f"there are no cases{tagged} in {project.config.folder / 'evals'}", FIRST_CASE)
        return Sets(tuple(found))

    sets = in_project(asked, work, encoder=False)
    if format == "pretty":
        asked.answer(sets, lambda: _show_sets(asked, sets))
    elif len(sets.features) > 1:
        fix = f"holdfast cases list {sets.features[0].feature} --format {format}"
        raise Misconfigured("HF100", "several features have cases: name one", fix)
    else:
        _export(asked, sets.features[0], format)


def _export(asked: Asked, of: CaseSet, format: str) -> None:
    import sys

    import msgspec

    from holdfast.evals.formats import CODECS
    from holdfast.evals.formats.carried import Exported

    cases = [each.case for each in of.cases]
    if format == "jsonl":
        exported = Exported(text="".join(msgspec.json.encode(case).decode() + "\n" for case in cases))
    else:
        exported = CODECS[format].write(cases, of.feature)
    sys.stdout.flush()
    sys.stdout.buffer.write(exported.text.encode())  # UTF-8, whatever the terminal is
    _show_left(asked, exported.left)


def _marked(cases: Sequence[Case], tags: Sequence[str], *, must_pass: bool) -> tuple[Case, ...]:
    """The cases with tags added to their own, and all of them such that must pass where that is said."""
    from msgspec.structs import replace

    return tuple(
        replace(case, tags=tuple(dict.fromkeys((*case.tags, *tags))), must_pass=case.must_pass or must_pass)
        for case in cases
    )


def _show_left(asked: Asked, left: Sequence[Left]) -> None:
    if left:
        asked.terminal.note("not carried over:")
    for each in left:
        asked.terminal.note(f"  {each.count} x {each.name}: {each.why}")


def _show_made(asked: Asked, made: Made) -> None:
    from holdfast.cli import words
    from holdfast.evals.cases import cases_file

    show = asked.terminal.show
    for each in made.made:
        show(f"added {each.case.id} to {cases_file(asked.folder, each.feature)}")
        show(f"  input: {words.one_line(each.case.input)}")
        if each.case.expected is not None:
            show(f"  expected: {words.one_line(each.case.expected)}")
        if each.case.gold:
            show(f"  gold: {', '.join(gold.document for gold in each.case.gold)}")
        if each.case.calls:
            show(f"  calls: {', '.join(each.case.calls)}")
        for note in each.notes:
            asked.terminal.note(f"  note: {note}")
    if made.shrunk is not None:
        _show_shrunk(asked, made.shrunk)
    for skipped in made.skipped:
        asked.terminal.note(f"passed over {skipped.recording}: {skipped.why}")


def _show_shrunk(asked: Asked, less: Shrunk) -> None:
    from holdfast.cli import words

    size = f"from {less.before} to {less.after} characters in {words.counted(less.probes, 'request')}"
    least = "nothing more can be left out" if less.minimal else "it may not be the least: raise --max-probes"
    asked.terminal.show(
        f"  minimised {size}; {least}",
        f"  it fails each time: {', '.join(less.reasons)}",
        "  read it: whether what is expected still answers what is left, you must judge",
    )


def _show_sets(asked: Asked, sets: Sets) -> None:
    from holdfast.cli.case_showing import show_set

    for of in sets.features:
        show_set(asked.terminal, of)
