"""Scorers of texts, patterns, fields and schemas, the last beside jsonschema."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.evals.made import answered_of, recording

from holdfast.errors import Misconfigured
from holdfast.evals.fields import at, by_value, f1
from holdfast.evaluation import Scored
from holdfast.judgement import Field, Fields
from holdfast.scorers import Contains, Extraction, Matches, SameFields, Schema
from holdfast.support.schemas import check_schema, invalid

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
SCHEMAS = st.recursive(
    st.booleans()
    | st.fixed_dictionaries({"type": st.sampled_from(["object", "array", "string", "number", "integer", "null"])})
    | st.fixed_dictionaries({"enum": st.lists(JSON, min_size=1, max_size=3)})
    | st.fixed_dictionaries({"const": JSON})
    | st.fixed_dictionaries({"minimum": st.integers(-5, 5), "exclusiveMaximum": st.integers(-5, 9)})
    | st.fixed_dictionaries({"minLength": st.integers(0, 2), "maxLength": st.integers(1, 3)})
    | st.fixed_dictionaries({"pattern": st.sampled_from(["^a", "b$", "ab"])}),
    lambda inner: (
        st.fixed_dictionaries({"properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2)})
        | st.fixed_dictionaries({"required": st.lists(st.sampled_from("abc"), max_size=2, unique=True)})
        | st.fixed_dictionaries({"additionalProperties": inner, "maxProperties": st.integers(0, 3)})
        | st.fixed_dictionaries({"items": inner, "minItems": st.integers(0, 2), "uniqueItems": st.booleans()})
        | st.fixed_dictionaries({"prefixItems": st.lists(inner, min_size=1, max_size=2), "items": inner})
        | st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2), "not": inner})
    ),
    max_leaves=6,
)


async def said(scorer: Any, output: Any, expected: Any = None, **case: Any) -> Any:
    score = await scorer.score(answered_of(output, expected, **case))
    return score.value if isinstance(score, Scored) else score


@pytest.mark.parametrize(
    ("scorer", "text", "holds"),
    [
        (Contains(("5 days", "by post")), "It takes 5 days, by POST.", True),
        (Contains(("5 days", "by post")), "It takes 5 days.", False),
        (Contains(("5 days", "by post"), any=True), "It takes 5 days.", True),
        (Contains(("refund",), absent=True), "No refunds here.", False),
        (Contains("sorry", absent=True), "We ship on Monday.", True),
        (Contains("!", absent=True), "We ship on Monday!", False),
        (Contains("!"), "We ship on Monday.", False),
        (Matches(r"ORD-\d{4}"), "Your order ORD-1234.", True),
        (Matches(r"ORD-\d{4}", absent=True), "Your order ORD-1234.", False),
        (Matches(r"^4", field="n"), {"n": 42}, True),
        (Matches(r"x"), None, False),
    ],
)
async def test_texts_and_patterns_are_found_or_not(scorer: Any, text: Any, holds: bool) -> None:
    assert await said(scorer, text) is holds


async def test_a_reason_says_what_is_not_said() -> None:
    score = await Contains(("by post",)).score(answered_of("By mail."))
    assert score.reason == "does not say by post"


def test_a_pattern_that_is_none_is_refused_when_it_is_declared() -> None:
    with pytest.raises(Misconfigured, match="HF110"):
        Matches("(")


async def test_fields_are_compared_one_by_one_and_said() -> None:
    expected = {"total": 10.0, "to": {"name": "Ada", "city": "Rome"}, "items": [1, 2]}
    output = {"total": 10.004, "to": {"name": "Ada ", "zip": "1"}, "items": [2, 1], "more": True}
    score = await SameFields(tolerance=0.01).score(answered_of(output, expected))
    assert score is not None
    assert score.value == 0.5
    assert score.reason == "not as expected: to.city, items"
    assert isinstance(score.detail, Fields)
    assert Field(name="to.city", lost=1) in score.detail.fields
    assert Field(name="items", extra=1, lost=1) in score.detail.fields
    assert await said(SameFields(tolerance=0.01, whole=True), output, expected) == pytest.approx(2 / 6)
    assert await said(SameFields(), True, 1) == 0.0
    assert await said(SameFields(), "x") is None


async def test_extraction_counts_values_in_any_order() -> None:
    expected = {"names": ["Ada", "Bo"], "total": 5, "note": None}
    assert await said(Extraction(), {"names": ["bo", "ADA "], "total": 5.0, "note": ""}, expected) == 1.0
    assert await said(Extraction(), {"names": ["Ada", "Cy"], "total": 5}, expected) == pytest.approx(2 / 3)
    assert await said(Extraction(fields=("total",)), {"names": [], "total": 5}, expected) == 1.0
    assert await said(Extraction(), None, expected) == 0.0
    assert await said(Extraction(), {"note": None}, {"note": None}) == 1.0
    assert await said(Extraction(), {"a": 1}) is None


@given(JSON, JSON)
def test_extraction_is_symmetric_whole_for_itself_and_a_share(one: Any, other: Any) -> None:
    assert f1(by_value(one, one)) in (None, 1.0)
    there, back = f1(by_value(one, other)), f1(by_value(other, one))
    assert there == back
    assert there is None or 0 <= there <= 1


@pytest.mark.parametrize(("path", "found"), [("a.1.b", 2), ("a.9", None), ("", {"a": [1, {"b": 2}]}), ("a.x", None)])
def test_a_path_leads_to_a_field_or_to_nothing(path: str, found: Any) -> None:
    assert at({"a": [1, {"b": 2}]}, path) == found


@given(SCHEMAS, JSON)
def test_a_value_is_valid_where_jsonschema_says_so(schema: Any, value: Any) -> None:
    check_schema(schema)
    assert (invalid(value, schema) is None) == jsonschema.Draft202012Validator(schema).is_valid(value)


async def test_a_schema_says_the_first_thing_that_is_wrong() -> None:
    schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
        "$defs": {"item": {"type": "object", "required": ["name"]}},
    }
    score = await Schema(schema).score(answered_of({"items": [{"name": 1}, {}]}))
    assert (score.value, score.reason) == (False, "the output.items[1] has no 'name'")
    assert await said(Schema(schema), '{"items": []}') is True
    assert await said(Schema(schema), "no json") is False


@pytest.mark.parametrize(
    "schema", [{"typo": 1}, {"properties": {"a": 3}}, {"$ref": "https://x"}, {"$ref": "#/$defs/no"}, {"pattern": "("}]
)
def test_a_schema_that_is_not_understood_is_refused_when_it_is_declared(schema: Any) -> None:
    with pytest.raises(Misconfigured, match="HF110"):
        Schema(schema)


async def test_a_recording_without_an_output_is_compared_as_nothing() -> None:
    assert recording(None).output is None
    assert await said(SameFields(), None, {"a": 1}) == 0.0
