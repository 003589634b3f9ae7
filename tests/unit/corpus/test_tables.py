"""Markdown tables: written, read back, told as records."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.corpus.tables import Table, is_delimiter, record, split_row, starts_table, write_table

cell = st.text(st.sampled_from("ab |\\`*<br>"), max_size=12).map(lambda text: " ".join(text.split()))


@given(st.lists(cell, min_size=1, max_size=4))
@example(["a\\|b", "\\\\|", "|"])
@example(["ends with \\", "x"])
def test_a_row_is_read_as_it_was_written(cells: list[str]) -> None:
    row = tuple(cells)
    written = write_table(Table(row, (row,))).split("\n")
    assert split_row(written[0]) == split_row(written[2]) == row
    assert starts_table(written, 0)


@pytest.mark.parametrize("line", ["| --- | :-: |", "---|---", "|-|", ":--"])
def test_a_delimiter_line_is_known(line: str) -> None:
    assert is_delimiter(line)


@pytest.mark.parametrize("line", ["| - a |", "|", "", "a --- b", "- " + " " * 50_000 + "x"])
def test_other_lines_are_no_delimiters(line: str) -> None:
    assert not is_delimiter(line)


def test_a_record_says_all_that_its_row_says() -> None:
    assert record(("Plan", "Region", "Limit"), ("Pro", "US", "20")) == "Plan: Pro; Region: US; Limit: 20"
    assert record(("Plan", "", "Limit"), ("Pro", "beta", "", "extra")) == "Plan: Pro; beta; extra"
    assert record(("", ""), ("**Weight**", "2 kg")) == "Weight: 2 kg"
    assert record(("A", "B"), ("**All plans**", "**All plans**")) == "All plans"
    assert record(("Free", "Pro"), ("10", "10")) == "Free: 10; Pro: 10"
    assert record(("A<br>b",), ("x<br>y",)) == "A b: x, y"
