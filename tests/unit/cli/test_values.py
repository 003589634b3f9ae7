"""What is typed becomes values: changes as TOML or text, an input as JSON, a file or a plain text."""

from __future__ import annotations

import io
import json
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from holdfast.cli.values import changes_of, example_of, input_of, text_of, value_of
from holdfast.errors import HoldfastError, Misconfigured, NotFound, Refused


class Inner(BaseModel):
    kind: Literal["a", "b"]
    amount: int = Field(ge=3)


class Ticket(BaseModel):
    subject: str | None = None
    body: str


class Order(BaseModel):
    items: list[Inner]
    note: str
    gift: bool


class Options(BaseModel):
    limit: int = 3


def schema(kind: object) -> dict[str, object]:
    return TypeAdapter(kind).json_schema()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("true", True),
        ('"quoted"', "quoted"),
        ("extractive", "extractive"),
        ("openai:gpt-5-mini", "openai:gpt-5-mini"),
        ('["a:b", "extractive"]', ["a:b", "extractive"]),
        ("v12", "v12"),
        ("", ""),
        ("2026-11-20", "2026-11-20"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1\nother = 2", "1\nother = 2"),
    ],
)
def test_a_value_is_toml_where_that_is_json_and_else_a_text(text: str, value: object) -> None:
    assert value_of(text) == value


@given(st.text(max_size=30))
def test_any_value_is_json_that_means_what_was_typed(text: str) -> None:
    value = value_of(text)
    assert json.loads(json.dumps(value)) == value
    assert value == text or tomllib.loads(f"value = {text}") == {"value": value}


def test_changes_are_split_at_the_first_equals_sign() -> None:
    assert changes_of(["answer.models=a:b=c", "help_center.k = 3"]) == {"answer.models": "a:b=c", "help_center.k": 3}


@pytest.mark.parametrize("setting", ["answer.models", "models=x", "=3", ".k=3", "help_center.=3", ""])
def test_a_change_without_slot_field_and_value_says_how_to_write_it(setting: str) -> None:
    with pytest.raises(Misconfigured, match="HF100") as caught:
        changes_of([setting])
    assert "SLOT.FIELD=VALUE" in caught.value.fix


def test_an_argument_may_stand_for_stdin_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("from stdin: ü".encode())))
    (tmp_path / "in.json").write_text("from a file", "utf-8")
    assert text_of("-") == "from stdin: ü"
    assert text_of(f"@{tmp_path}/in.json") == "from a file"
    assert text_of("itself") == "itself"
    with pytest.raises(NotFound, match="HF207"):
        text_of(f"@{tmp_path}/other.json")
    (tmp_path / "latin.txt").write_bytes("ü".encode("latin-1"))
    for argument in (f"@{tmp_path}/latin.txt", "\udcff"):
        with pytest.raises(Refused, match="HF700: the input is not UTF-8"):
            text_of(argument)
    with pytest.raises(Misconfigured, match="HF109"):
        text_of(f"@{tmp_path}")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('{"body": "x"}', Ticket, {"body": "x"}),
        ("where is my lamp?\n", Ticket, {"body": "where is my lamp?"}),
        ("42", Ticket, {"body": "42"}),
        ('"quoted"', Ticket, {"body": "quoted"}),
        ("42", str, "42"),
        ('"quoted"', str, "quoted"),
        ("plain", str, "plain"),
        ("42", int, 42),
        ("[1, 2]", list[int], [1, 2]),
    ],
)
def test_an_input_is_json_or_the_one_text_that_is_required(text: str, kind: object, value: object) -> None:
    assert input_of(text, schema(kind), "f") == value


@pytest.mark.parametrize("kind", [Order, Options])
def test_a_plain_text_that_names_no_field_is_answered_with_an_example(kind: type[BaseModel]) -> None:
    with pytest.raises(Refused, match="HF701") as caught:
        input_of("a plain text", schema(kind), "f")
    example = caught.value.fix.removeprefix("holdfast run f '").removesuffix("'")
    kind.model_validate_json(example)


def test_broken_json_is_said_to_be_broken_rather_than_taken_as_a_text() -> None:
    with pytest.raises(Refused, match="HF700"):
        input_of('{"body": "x"', schema(Ticket), "f")


@pytest.mark.parametrize("kind", [Ticket, Order, Options, Inner, str, int, list[Inner], bool, Ticket | int])
def test_the_example_of_a_schema_is_valid_by_it(kind: object) -> None:
    found = schema(kind)
    TypeAdapter(kind).validate_python(example_of(found, found))


@given(st.text())
def test_any_text_is_an_input_or_an_error_of_ours(text: str) -> None:
    with suppress(HoldfastError):
        json.dumps(input_of(text, schema(Ticket), "f"))
