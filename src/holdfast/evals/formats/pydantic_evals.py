"""A dataset of pydantic-evals: inputs, expected output, and the evaluators that say what a good answer contains.

Knows nothing of evaluators that are code, which stay behind.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from holdfast.evals.formats.carried import (
    Exported,
    Imported,
    Tally,
    completed,
    distinct,
    id_of,
    is_fact,
    items_of,
    metadata_of,
    note_own,
    objects,
    own_fields,
)
from holdfast.evaluation import Case
from holdfast.records import Json

NAME = "pydantic-evals"
_EQUALS, _CONTAINS = "EqualsExpected", "Contains"
_KNOWN = ("name", "inputs", "metadata", "expected_output", "evaluators")


class PydanticEvals:
    """Reads a dataset as YAML or JSON; writes it as JSON, for `Dataset.from_file`."""

    def read(self, text: str, *, conversational: bool = False) -> Imported:
        """See `Codec`. What the dataset asks of every case, every case is asked."""
        del conversational
        tally = Tally()
        content = items_of(text, NAME)
        whole = content if isinstance(content, dict) else {}
        tally.note_keys(whole, ("$schema", "name", "cases", "evaluators"), "", "a case says nothing of it")
        shared = _list(whole.get("evaluators"))
        cases = []
        for item in objects(whole.get("cases"), NAME):
            tally.note_keys(item, _KNOWN, "case.", "a case has no such field")
            facts = _facts([*shared, *_list(item.get("evaluators"))], tally)
            fields = {
                "id": id_of(item.get("name"), item.get("inputs")),
                "input": item.get("inputs"),
                "expected": item.get("expected_output"),
                "facts": facts,
            }
            cases.append(completed(fields, item.get("metadata"), tally, "mend that case"))
        return Imported(cases=distinct(cases), left=tally.left)

    def write(self, cases: Sequence[Case], feature: str) -> Exported:
        """See `Codec`."""
        tally = Tally()
        dataset = {"name": feature, "cases": [_item(case, tally) for case in cases], "evaluators": []}
        return Exported(text=msgspec.json.format(msgspec.json.encode(dataset)).decode() + "\n", left=tally.left)


def _facts(checks: list[Json], tally: Tally) -> list[str]:
    """What evaluators want contained; equality is what `expected` is for; all others are counted."""
    facts: list[str] = []
    for each in checks:
        name, said = each, None
        if isinstance(each, dict) and len(each) == 1:
            ((name, said),) = each.items()
        value = said.get("value") if isinstance(said, dict) else said
        known: tuple[str, ...] = ()
        if name == _CONTAINS and is_fact(value):
            facts.append(str(value))
            known = ("value", *(() if isinstance(said, dict) and said.get("case_sensitive") else ("case_sensitive",)))
        elif name != _EQUALS:
            tally.note(f"evaluator.{name if isinstance(name, str) else 'without a name'}", "write a scorer for it")
            continue
        if isinstance(said, dict):
            tally.note_keys(said, known, f"evaluator.{name}.", "facts are looked for in any case, and all alike")
    return facts


def _item(case: Case, tally: Tally) -> dict[str, Json]:
    """A case as one of a dataset."""
    own = own_fields(case, ("gold", "must_pass", "calls", "recording"))
    note_own(tally, own, NAME)
    if case.id.strip() != case.id:
        own["id"] = case.id
    item: dict[str, Json] = {"name": case.id, "inputs": case.input}
    if metadata := metadata_of(case, own):
        item["metadata"] = metadata
    if case.expected is not None:
        item["expected_output"] = case.expected
    said: list[Json] = [{_CONTAINS: {"value": fact, "case_sensitive": False}} for fact in case.facts]
    if case.expected is not None and not case.facts:
        said.append(_EQUALS)
    if said:
        item["evaluators"] = said
    return item


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
