"""Scorers that compare an output with what it must hold: texts, patterns, fields, a schema.

Know nothing of meaning.
"""

from __future__ import annotations

import json
import re

import msgspec
from msgspec import Struct

from holdfast.contracts import Answered
from holdfast.errors import Misconfigured
from holdfast.evals.facts import contains
from holdfast.evals.fields import at, by_field, by_value, f1
from holdfast.evaluation import Scored
from holdfast.judgement import Field, Fields
from holdfast.records import Json
from holdfast.support.schemas import check_schema, invalid


def text_at(answered: Answered, field: str) -> str:
    """The text of an output, or of one of its fields; what is no text as JSON, nothing as the empty text."""
    if not field:
        return answered.text or _text(answered.recording.output)
    return _text(at(answered.recording.output, field))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


class Contains(Struct, frozen=True):
    """Whether the text says each of `texts` (or, with `any`, one of them; or, with `absent`, none), as facts are said:
    case, punctuation and the way a number is written do not count. `field` looks at one field, by its dotted path."""

    texts: tuple[str, ...] | str
    any: bool = False
    absent: bool = False
    field: str = ""

    async def score(self, answered: Answered) -> Scored:
        text = text_at(answered, self.field)
        texts = (self.texts,) if isinstance(self.texts, str) else self.texts
        said = [each for each in texts if contains(text, each)]
        if self.absent:
            return Scored(value=not said, reason=f"says {'; '.join(said)}" if said else "")
        lost = [each for each in texts if each not in said]
        right = bool(said) if self.any else not lost
        return Scored(value=right, reason="" if right else f"does not say {'; '.join(lost)}")


class Matches(Struct, frozen=True):
    """Whether a regular expression is found in the text (with `absent`, whether it is not). `field` looks at one field.
    A request that failed matches nothing."""

    pattern: str
    absent: bool = False
    field: str = ""

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            message = f"the pattern {self.pattern!r} is not a regular expression: {error}"
            raise Misconfigured("HF110", message, "mend the pattern") from error

    async def score(self, answered: Answered) -> Scored:
        found = re.search(self.pattern, text_at(answered, self.field))
        right = (found is None) == self.absent
        what = f"matches {self.pattern!r}: “{found[0][:60]}”" if found else f"does not match {self.pattern!r}"
        return Scored(value=right, reason="" if right else what)


class SameFields(Struct, frozen=True):
    """The share of the fields in `expected` that the output has with the same value; each field is in the details.
    Numbers may differ by `tolerance`. With `whole`, fields that are not expected count against it."""

    tolerance: float = 0.0
    whole: bool = False

    async def score(self, answered: Answered) -> Scored | None:
        if answered.case.expected is None:
            return None
        expected, output = answered.case.expected, answered.recording.output
        found = by_field(expected, output, tolerance=self.tolerance, whole=self.whole)
        right = sum(each.right for each in found)
        return Scored(value=right / len(found), reason=wrong_fields(found), detail=Fields(found))


class Extraction(Struct, frozen=True):
    """F1 of the values that were extracted, against those of `expected`: a list's values count each, in any order, and
    null is no value. The details have each field; the measures `NAME.FIELD` are F1 over all cases. `fields` says which
    count; without it, all."""

    fields: tuple[str, ...] = ()

    async def score(self, answered: Answered) -> Scored | None:
        if answered.case.expected is None:
            return None
        found = by_value(answered.case.expected, answered.recording.output)
        if self.fields:
            found = tuple(each for each in found if each.name in self.fields)
        value = f1(found)
        whole = 1.0 if value is None else value  # nothing to extract, and nothing was
        return Scored(value=whole, reason=wrong_fields(found), detail=Fields(found))


class Schema(Struct, frozen=True):
    """Whether the output is valid under a JSON Schema; a text is read as JSON first. `field` looks at one field."""

    schema: dict[str, Json]
    field: str = ""

    def __post_init__(self) -> None:
        check_schema(self.schema)

    async def score(self, answered: Answered) -> Scored:
        value = at(answered.recording.output, self.field)
        if isinstance(value, str) and self.schema.get("type") != "string":
            try:
                value = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeError):
                return Scored(value=False, reason="the output is not JSON")
        wrong = invalid(value, self.schema)
        return Scored(value=wrong is None, reason=wrong or "")


def wrong_fields(fields: tuple[Field, ...]) -> str:
    """The fields that are not as expected, in words."""
    wrong = [each.name for each in fields if each.extra or each.lost]
    return f"not as expected: {', '.join(wrong)}" if wrong else ""
