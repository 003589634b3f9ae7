"""Whether an answer says what was expected by its words alone: a second opinion beside whoever judges.

Does not know meaning, nor whether an answer is good.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.evals.facts import missing, says
from holdfast.evaluation import Case
from holdfast.identity import canonical
from holdfast.records import Json

LONGEST_LABEL = 6
"""Words of an expected text from which on a good answer may well say it otherwise."""


def said_in_words(case: Case, output: Json) -> bool | None:
    """Whether an output has every fact in it, or the label that was expected; None where words cannot tell.

    No output says nothing.
    """
    texts = list(_texts(output))
    if case.facts:
        return not missing("\n".join(texts), case.facts)
    expected = case.expected
    if isinstance(expected, dict) and isinstance(expected.get("text"), str) and len(expected) == 1:
        expected = expected["text"]
    if isinstance(expected, str) and 0 < len(expected.split()) <= LONGEST_LABEL:
        return any(says(text, expected) for text in texts)
    if (
        isinstance(expected, dict)
        and expected
        and not any(isinstance(value, dict | list) for value in expected.values())
    ):
        given = output if isinstance(output, dict) else {}
        return all(name in given and _same(given[name], value) for name, value in expected.items())
    return None


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold()
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return canonical(one) == canonical(other)


def _texts(output: Json) -> Iterator[str]:
    """Every text of an output, but for what it cites."""
    if isinstance(output, str):
        yield output
    elif isinstance(output, dict):
        for name, value in output.items():
            if name != "citations":
                yield from _texts(value)
    elif isinstance(output, list):
        for value in output:
            yield from _texts(value)
