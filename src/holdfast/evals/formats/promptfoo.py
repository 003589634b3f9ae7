"""Tests of promptfoo: `vars` are the input, assertions of equality and containment what a good answer says.

Knows nothing of prompts and providers, which stay behind. See promptfoo.dev, "Test cases" and "Assertions & metrics".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import msgspec

from holdfast.evals.formats.carried import (
    OWN,
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

NAME = "promptfoo"
_ONE, _ALL = ("contains", "icontains"), ("contains-all", "icontains-all")
_MOST_TESTS = 1000
"""Tests that one with lists among its vars becomes at most."""
_NO_EXPANSION = "disableVarExpansion"
_WHY_TEST = "a case says nothing of how it is run"


class Promptfoo:
    """Reads a configuration with `tests`, or the tests alone; writes the tests alone, as JSON."""

    def read(self, text: str, *, conversational: bool = False) -> Imported:
        """See `Codec`. Lists among the vars become a test for each combination, as they do there."""
        del conversational
        tally = Tally()
        content = items_of(text, NAME)
        default: Json = {}
        if isinstance(content, dict) and "tests" in content:
            tally.note_keys(content, ("description", "tests", "defaultTest", "$schema"), "", _WHY_TEST)
            content, default = content["tests"], content.get("defaultTest", {})
        if not isinstance(default, dict):
            tally.note("defaultTest", "it stands in another file")
            default = {}
        tally.note_keys(default, ("vars", "assert", "metadata"), "defaultTest.", _WHY_TEST)
        tests = objects([content] if isinstance(content, dict) else content, NAME)
        return Imported(
            cases=distinct(case for test in tests for case in _cases(test, default, tally)), left=tally.left
        )

    def write(self, cases: Sequence[Case], feature: str) -> Exported:
        """See `Codec`. As `tests: file://FILE.json` of a configuration they are asked there."""
        del feature
        tally = Tally()
        tests = [_test(case, tally) for case in cases]
        return Exported(text=msgspec.json.format(msgspec.json.encode(tests)).decode() + "\n", left=tally.left)


def _cases(test: dict[str, Json], default: dict[str, Json], tally: Tally) -> Iterator[Case]:
    metadata = _object(default.get("metadata")) | _object(test.get("metadata"))
    options = _object(test.get("options"))
    tally.note_keys(test, ("description", "vars", "assert", "metadata", "options"), "test.", _WHY_TEST)
    tally.note_keys(options, (_NO_EXPANSION,), "test.options.", _WHY_TEST)
    asked = _object(default.get("vars")) | _object(test.get("vars"))
    own = _object(metadata.get(OWN))
    if "input" in own:
        expanded = [own["input"]]
    elif any(isinstance(value, str) and value.startswith("file://") for value in asked.values()):
        tally.note("test", "a var of it stands in another file")
        return
    elif "vars" in test and not isinstance(test["vars"], dict):
        tally.note("test", "its vars stand in another file")
        return
    else:
        expanded = [asked] if options.get(_NO_EXPANSION) is True else _expanded(asked, tally)
    asserted = _asserted([*_list(default.get("assert")), *_list(test.get("assert"))], tally)
    for value in expanded:
        yield completed(
            {"id": id_of(test.get("description"), value), "input": value, **asserted}, metadata, tally, "mend that test"
        )


def _expanded(asked: dict[str, Json], tally: Tally) -> list[dict[str, Json]]:
    lists = [value if isinstance(value, list) else [value] for value in asked.values()]
    every = itertools.product(*lists)
    found = [dict(zip(asked, values, strict=True)) for values in itertools.islice(every, _MOST_TESTS)]
    if rest := sum(1 for _ in itertools.islice(every, _MOST_TESTS)):
        tally.note("test", f"its vars have more than {_MOST_TESTS} combinations", rest)
    return found


def _asserted(assertions: list[Json], tally: Tally) -> dict[str, Json]:
    """What assertions say of a good answer, as fields of a case; what is neither equal nor contained is counted."""
    facts: list[str] = []
    expected: Json = None
    for each in assertions:
        assertion = _object(each)
        kind, value = str(assertion.get("type", "")), assertion.get("value")
        values = _values(kind, value)
        if _elsewhere(values):
            tally.note(f"assert.{kind}", "its value is a template or stands in another file")
        elif values and all(map(is_fact, values)):
            facts += values
        elif kind == "equals" and value is not None and expected is None:
            expected = value
        else:
            tally.note(f"assert.{kind or 'without a type'}", "a case has no such check: write a scorer")
            continue
        tally.note_keys(assertion, ("type", "value"), f"assert.{kind}.", "every check of a case counts alike")
    if facts and expected is not None:
        tally.note("assert.equals", "a case with facts is checked for them; expected is kept, and not compared")
    said: dict[str, Json] = {"facts": facts} if facts else {}
    return said | ({} if expected is None else {"expected": expected})


def _values(kind: str, value: Json) -> list[Json]:
    """The texts that an assertion wants contained; none where it wants something else."""
    if kind in _ONE:
        return [value]
    if kind in _ALL:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else _list(value)
    return []


def _elsewhere(value: Json) -> bool:
    """Whether a value is a template, or names a file."""
    if isinstance(value, list):
        return any(map(_elsewhere, value))
    return isinstance(value, str) and ("{{" in value or "{%" in value or value.startswith("file://"))


def _test(case: Case, tally: Tally) -> dict[str, Json]:
    """A case as a test."""
    own = own_fields(case, ("gold", "must_pass", "calls", "recording"))
    plain = isinstance(case.input, dict) and not any(_elsewhere(value) for value in case.input.values())
    if not plain:
        own["input"] = case.input
    if case.id.strip() != case.id:
        own["id"] = case.id
    said: list[dict[str, Json]] = []
    if _elsewhere(list(case.facts)):
        own["facts"] = list(case.facts)
    else:
        said += [{"type": "icontains", "value": fact} for fact in case.facts]
    if case.expected is not None:
        if case.facts or _elsewhere(case.expected):
            own["expected"] = case.expected
        else:
            said.append({"type": "equals", "value": case.expected})
    note_own(tally, own, NAME)
    asked = case.input if isinstance(case.input, dict) else {"input": case.input}
    test: dict[str, Json] = {"description": case.id, "vars": asked}
    if said:
        test["assert"] = said
    if metadata := metadata_of(case, own):
        test["metadata"] = metadata
    if any(isinstance(value, list) for value in asked.values()):
        test["options"] = {_NO_EXPANSION: True}
    return test


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
