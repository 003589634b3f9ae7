"""The rules of a feature: read as people write them, added to without touching what they wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.errors import Misconfigured
from holdfast.evals.rules import put_rule, rules_file, rules_of


def test_without_a_file_there_are_no_rules(tmp_path: Path) -> None:
    assert rules_of(tmp_path, "answer") == ()


def test_rules_are_the_lines_that_begin_with_a_dash_and_what_is_indented_below_them(tmp_path: Path) -> None:
    file = rules_file(tmp_path, "answer")
    file.parent.mkdir()
    file.write_text(
        "# Rules\nprose\n\n- One <!-- dg_1 -->\n* Two goes\n  on here\n\n<!-- - hidden\n- too -->\nmore\n-no\n- \n"
    )
    assert rules_of(tmp_path, "answer") == ("One", "Two goes on here")


def test_a_rule_is_added_once_and_another_answer_to_the_same_diagnosis_takes_its_place(tmp_path: Path) -> None:
    file = rules_file(tmp_path, "answer")
    put_rule(tmp_path, "answer", "Count from delivery.", "dg_1")
    with file.open("a") as opened:
        opened.write("- By hand.")  # without an end of line
    put_rule(tmp_path, "answer", "Say days, not weeks.", "dg_2")
    before = file.read_bytes()
    put_rule(tmp_path, "answer", "Count from delivery.", "dg_1")
    put_rule(tmp_path, "answer", "By hand.", "dg_3")
    assert file.read_bytes() == before
    put_rule(tmp_path, "answer", "Count from the order.", "dg_1")
    assert rules_of(tmp_path, "answer") == ("Count from the order.", "By hand.", "Say days, not weeks.")
    assert file.read_bytes() == before.replace(b"Count from delivery.", b"Count from the order.")


def test_a_file_that_is_no_text_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = rules_file(tmp_path, "answer")
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="cannot be read"):
        rules_of(tmp_path, "answer")
    with pytest.raises(Misconfigured, match="cannot be read"):
        put_rule(tmp_path, "answer", "One.", "dg_1")
    assert file.read_bytes() == b"\xff\xfe"
