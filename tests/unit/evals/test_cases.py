"""Cases are taken as they are meant, and every mistake is named with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.errors import HoldfastError, Misconfigured, Refused
from holdfast.evals.cases import read_cases
from holdfast.evals.facts import tokens
from holdfast.evaluation import Case, Gold

GOOD = '{"id": "a", "input": 1}'


def parse(value: Any) -> None:
    if value == "bad":
        raise Refused("HF701", "the input does not match: body: missing", "see the schema")


def write(folder: Path, *lines: str) -> Path:
    file = folder / "evals.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    return file


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "object"),
        ('{"id": "b"}', "input"),
        ('{"id": "b", "input": 1, "fact": ["5"]}', "fact"),
        ('{"id": "b", "input": 1, "facts": "5"}', "facts"),
        ('{"id": "b", "input": 1, "gold": [{"doc": "x"}]}', "gold"),
        ('{"id": "b", "input": 1, "facts": ["!?"]}', "neither word nor number"),
        ('{"id": " ", "input": 1}', "empty id"),
        ('{"id": "a", "input": 1}', "another case 'a'"),
        ('{"id": "b", "input": "bad"}', "body: missing"),
        ('{"id": "b", "input": 1, "facts": ["5"], "tags": ["unanswerable"]}', "unanswerable"),
    ],
)
def test_a_line_that_is_wrong_is_named_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    file = write(tmp_path, GOOD, "", line)
    with pytest.raises(Misconfigured) as caught:
        read_cases(file, parse)
    assert caught.value.code == "HF111"
    assert caught.value.message.startswith(f"{file}:3: ")
    assert said in caught.value.message
    assert caught.value.fix


def test_no_file_and_empty_lines_are_no_cases(tmp_path: Path) -> None:
    assert read_cases(tmp_path / "none.jsonl", parse) == ()
    assert read_cases(write(tmp_path, "", "  ", "\r"), parse) == ()


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "evals.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n")
    assert read_cases(file, parse) == (Case(id="a", input=1),)


def test_a_folder_in_the_place_of_the_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="HF109"):
        read_cases(tmp_path, parse)


_words = st.text(min_size=1, max_size=8).filter(lambda text: bool(tokens(text)))
_cases = st.builds(
    Case,
    id=st.text(min_size=1, max_size=8).filter(str.strip),
    input=st.one_of(st.none(), st.integers(-5, 5), st.dictionaries(st.text(max_size=4), st.text(max_size=4))),
    expected=st.one_of(st.none(), st.text(max_size=4), st.booleans()),
    facts=st.lists(_words, max_size=2).map(tuple),
    gold=st.lists(st.builds(Gold, document=st.text(max_size=4), span=st.none() | _words), max_size=2).map(tuple),
    tags=st.lists(st.text(max_size=4), max_size=2).map(tuple),
    must_pass=st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(_cases, max_size=4, unique_by=lambda case: case.id))
def test_cases_come_back_as_they_were_written(tmp_path: Path, cases: list[Case]) -> None:
    file = write(tmp_path, *(msgspec.json.encode(case).decode() for case in cases))
    assert read_cases(file, parse) == tuple(cases)
    file = write(tmp_path, *(json.dumps(msgspec.to_builtins(case)) for case in cases))
    assert read_cases(file, parse) == tuple(cases)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.binary(max_size=60))
def test_any_bytes_are_cases_or_an_error_with_a_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "evals.jsonl"
    file.write_bytes(content)
    try:
        read_cases(file, parse)
    except HoldfastError as error:
        assert error.message.startswith(f"{file}:")  # noqa: PT017
