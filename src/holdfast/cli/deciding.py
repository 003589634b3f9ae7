"""`holdfast cases from-diagnosis`: the answer to what a diagnosis asks. Knows nothing of how it came to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.diagnosis import Right

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.evals.diagnose.deciding import Outcome
    from holdfast.records import Json


class DecidedCase(Struct, frozen=True, kw_only=True):
    """Where a decision stands: the case by its id, its file, the file of rules; and what to know of the case."""

    case: str
    file: str
    rules_file: str
    rule: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What was decided."""

    right: Annotated[
        Right, typer.Option("--right", metavar="READING", help="The one that is right: expected, answered or neither.")
    ]
    rule: Annotated[str, typer.Option("--rule", metavar="SENTENCE", help="What makes such an answer right.")]
    expected: Annotated[
        str | None,
        typer.Option("--expected", metavar="TEXT", help="What a good answer says (default: the reading); or JSON."),
    ] = None


def from_diagnosis(
    asked: Asked,
    diagnosis: Annotated[str, typer.Argument(metavar="ID")],
    options: Options,
) -> None:
    """Answer what a diagnosis asks where two answers can both be defended: which is right, and by what rule.

    The case in evals/FEATURE.jsonl then says what is right, under its own id where there is one of this recording or
    input, else under the recording's. The rule goes into evals/FEATURE.rules.md: every judge of the feature is given
    it, and needs a new certificate for it. The same answer again changes nothing, another takes its place.

    --json: {"case", "file", "rules_file", "rule", "notes"}.
    """
    from holdfast.cli.opening import in_project
    from holdfast.cli.releases import whoever

    async def work(project: Project) -> Outcome:
        from holdfast.diagnosis import Decision
        from holdfast.evals.diagnose.deciding import decide
        from holdfast.evals.keeping import Where

        where = Where(project.store, project.config.folder, project.feature)
        found = await project.store.diagnoses.get(diagnosis)
        expected = None if options.expected is None else _expected(options.expected)
        decision = Decision(right=options.right, rule=options.rule, expected=expected, by=whoever())
        return await decide(where, found, decision)

    outcome = in_project(asked, work, encoder=False)
    decided = outcome.decided
    made = DecidedCase(
        case=decided.case,
        file=decided.file,
        rules_file=decided.rules_file,
        rule=decided.decision.rule,
        notes=outcome.notes,
    )
    asked.answer(made, lambda: _show(asked, made, outcome))


def _expected(text: str) -> Json:
    """A text as it is; an object or a list where it is one in JSON."""
    try:
        value: Json = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return value if isinstance(value, dict | list) else text


def _show(asked: Asked, made: DecidedCase, outcome: Outcome) -> None:
    from holdfast.cli import words

    show = asked.terminal.show
    show(f"the case {made.case} stands in {asked.folder / made.file}")
    if outcome.case.expected is not None:
        show(f"  expected: {words.one_line(outcome.case.expected)}")
    if outcome.case.facts:
        show(f"  facts: {words.one_line(list(outcome.case.facts))}")
    show(f"the rule stands in {asked.folder / made.rules_file}")
    show(f"  {made.rule}")
    for note in made.notes:
        asked.terminal.note(f"  note: {note}")
