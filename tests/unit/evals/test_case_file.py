"""Cases are added whole or not at all, and nothing else of the file changes."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.evals.case_samples import case_lists

from holdfast.errors import Misconfigured, Refused, StoreFailed
from holdfast.evals.case_file import add_cases, put_case
from holdfast.evals.cases import read_cases
from holdfast.evaluation import Case


def parse(value: Any) -> None:
    if value == "bad":
        raise Refused("HF701", "the input does not match", "see the schema")


def named(*ids: str) -> list[Case]:
    return [Case(id=each, input=each) for each in ids]


KEPT = b'\xef\xbb\xbf{"id": "one",  "input": 1}\r\n\r\n  {"input":2,"id":"two"}'


@pytest.mark.parametrize("kept", [b"", KEPT, KEPT + b"\n", KEPT + b"\r\n\n"])
def test_what_stands_in_the_file_stays_byte_for_byte(tmp_path: Path, kept: bytes) -> None:
    file = tmp_path / "evals" / "answer.jsonl"
    if kept:
        file.parent.mkdir()
        file.write_bytes(kept)
        file.chmod(0o640)
    add_cases(file, named("three", "four"), parse)
    assert file.read_bytes().startswith(kept)
    before = ["one", "two"] if kept else []
    assert [case.id for case in read_cases(file, parse)] == [*before, "three", "four"]
    assert os.listdir(file.parent) == ["answer.jsonl"]
    if kept:
        assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("cases", "code"),
    [
        (named("new", "one"), "HF720"),
        (named("new", "new"), "HF720"),
        ([*named("new"), Case(id="b", input="bad")], "HF111"),
        ([*named("new"), Case(id="b", input=1, facts=("!",))], "HF111"),
    ],
)
def test_one_that_cannot_be_added_leaves_the_file_as_it_was(tmp_path: Path, cases: list[Case], code: str) -> None:
    file = tmp_path / "answer.jsonl"
    file.write_bytes(KEPT)
    with pytest.raises((Refused, Misconfigured)) as caught:
        add_cases(file, cases, parse)
    assert caught.value.code == code
    assert file.read_bytes() == KEPT


def test_a_file_that_is_wrong_is_said_before_anything_is_written(tmp_path: Path) -> None:
    file = tmp_path / "answer.jsonl"
    file.write_text("{")
    with pytest.raises(Misconfigured, match=r"answer.jsonl:1: "):
        add_cases(file, named("a"), parse)
    assert file.read_text() == "{"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "evals").write_text("")
    with pytest.raises(StoreFailed, match="HF601"):
        add_cases(tmp_path / "evals" / "answer.jsonl", named("a"), parse)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.jsonl").write_bytes(KEPT)
    (tmp_path / "answer.jsonl").symlink_to("real.jsonl")
    add_cases(tmp_path / "answer.jsonl", named("a"), parse)
    assert (tmp_path / "answer.jsonl").is_symlink()
    assert len(read_cases(tmp_path / "real.jsonl", parse)) == 3


def _add(file: Path, start: int) -> None:
    for number in range(start, start + 10):
        add_cases(file, named(str(number)), parse)


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "answer.jsonl"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_add, args=(file, start)) for start in (0, 10, 20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(int(case.id) for case in read_cases(file, parse)) == list(range(30))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(case_lists.filter(bool), st.integers(0, 2**32))
def test_cases_come_back_as_they_were_added(tmp_path: Path, cases: list[Case], number: int) -> None:
    file = tmp_path / str(number) / "answer.jsonl"
    file.unlink(missing_ok=True)
    add_cases(file, cases, lambda value: None)
    assert read_cases(file, lambda value: None) == tuple(cases)


def test_a_case_takes_the_place_of_the_one_with_its_id_and_every_other_byte_stays(tmp_path: Path) -> None:
    file = tmp_path / "evals" / "answer.jsonl"
    file.parent.mkdir()
    rest = b'\r\n\n{ "id" : "b", "input": {"body": "y"} }\n{"id":"c","input":1}'
    file.write_bytes(b'\xef\xbb\xbf{"id":"a","input":{"body":"x"}}' + rest)
    put_case(file, Case(id="a", input={"body": "x"}, expected="z"), lambda value: value)
    assert file.read_bytes() == b'\xef\xbb\xbf{"id":"a","input":{"body":"x"},"expected":"z"}' + rest
    before = file.stat().st_mtime_ns
    put_case(file, Case(id="a", input={"body": "x"}, expected="z"), lambda value: value)
    assert file.stat().st_mtime_ns == before
    put_case(file, Case(id="d", input=2), lambda value: value)
    assert file.read_bytes().endswith(rest + b'\n{"id":"d","input":2}\n')
