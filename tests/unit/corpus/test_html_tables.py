"""Tables in HTML: no value moves to another row or column, and every row can be read alone."""

import pytest

from holdfast.corpus.chunk import chunk_markdown
from holdfast.corpus.html import clean_html


def md(html: str) -> str:
    return clean_html(html).text


def records(html: str) -> list[str]:
    (chunk,) = chunk_markdown(md(html), title="")
    return chunk.index_text.split("\n")


SPANNED = (
    "<table><tr><th>Plan</th><th>Region</th><th>Limit</th></tr>"
    "<tr><td rowspan=2>Pro</td><td>EU</td><td>10</td></tr><tr><td>US</td><td>20</td></tr></table>"
)


def test_a_spanned_value_is_said_in_every_row() -> None:
    assert md(SPANNED).split("\n")[-1] == "| Pro | US | 20 |"
    assert records(SPANNED) == ["Plan: Pro; Region: EU; Limit: 10", "Plan: Pro; Region: US; Limit: 20"]


def test_two_header_rows_are_joined() -> None:
    html = (
        "<table><thead><tr><th rowspan=2>Plan</th><th colspan=2>Price</th></tr>"
        "<tr><th>Month</th><th>Year</th></tr></thead>"
        "<tr><td>Pro</td><td>10</td><td>100</td></tr></table>"
    )
    assert md(html) == "| Plan | Price > Month | Price > Year |\n| --- | --- | --- |\n| Pro | 10 | 100 |"
    assert records(html) == ["Plan: Pro; Price > Month: 10; Price > Year: 100"]


def test_a_nested_table_follows_under_a_number() -> None:
    html = (
        "<table><tr><th>Step</th><th>Do</th></tr><tr><td>1</td><td>Reset"
        "<table><tr><th>Key</th><th>Hold</th></tr><tr><td>A</td><td>5 s</td></tr></table></td></tr></table>"
        "<p>After.</p>"
    )
    assert md(html) == (
        "| Step | Do |\n| --- | --- |\n| 1 | Reset<br>(see table 1 below) |\n\n"
        "Table 1:\n\n| Key | Hold |\n| --- | --- |\n| A | 5 s |\n\nAfter."
    )


def test_data_is_never_promoted_to_a_header() -> None:
    html = "<table><tr><td>EU</td><td>10</td></tr><tr><td>US</td><td>20</td></tr></table>"
    assert md(html) == "|  |  |\n| --- | --- |\n| EU | 10 |\n| US | 20 |"
    assert records(html) == ["EU; 10", "US; 20"]


def test_row_headers_name_their_rows() -> None:
    html = "<table><tr><th>Weight</th><td>2 kg</td></tr><tr><th>Width</th><td>30 cm</td></tr></table>"
    assert md(html).endswith("| **Weight** | 2 kg |\n| **Width** | 30 cm |")
    assert records(html) == ["Weight: 2 kg", "Width: 30 cm"]


def test_a_first_row_all_in_bold_is_the_header() -> None:
    html = "<table><tr><td><b>Plan</b></td><td><b>Limit</b></td></tr><tr><td>Pro</td><td>20</td></tr></table>"
    assert md(html) == "| Plan | Limit |\n| --- | --- |\n| Pro | 20 |"


def test_lists_code_breaks_and_pipes_stay_in_their_cell() -> None:
    html = (
        "<table><tr><th>A</th><th>B</th></tr><tr><td><ul><li>read<li>write</ul></td><td>x|y<br>z</td></tr>"
        "<tr><td><pre>def f():\n  return 1</pre></td><td><code>a|b</code></td></tr></table>"
    )
    assert md(html).split("\n")[2:] == [
        r"| - read<br>- write | x\|y<br>z |",
        r"| `def f():`<br>`  return 1` | `a\|b` |",
    ]
    assert records(html) == ["A: read, write; B: x|y, z", "A: def f():, return 1; B: a|b"]


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td><h2>Setup</h2><p>Plug it in.</p></td></tr></table>",
        "<table><tr><td>menu</td><td><h2>Setup</h2><p>Plug it in.</p></td></tr></table>",
        "<table role=presentation><tr><th>a</th><td><h2>Setup</h2><p>Plug it in.</p></td></tr></table>",
    ],
)
def test_a_layout_table_is_unwrapped(html: str) -> None:
    assert md(html).endswith("## Setup\n\nPlug it in.")
    assert "|" not in md(html)


def test_a_caption_and_a_title_row_stand_before_the_table() -> None:
    html = (
        "<table><caption>Limits</caption><tr><th colspan=2>Per plan</th></tr>"
        "<tr><th>P</th><th>L</th></tr><tr><td>a</td><td>b</td></tr></table>"
    )
    assert md(html) == "Limits\n\nPer plan\n\n| P | L |\n| --- | --- |\n| a | b |"


def test_spans_end_with_their_row_group() -> None:
    html = "<table><tbody><tr><td rowspan=9>a<td>b</tr></tbody><tbody><tr><td>c<td>d</tr></tbody></table>"
    assert md(html).endswith("| a | b |\n| c | d |")


def test_columns_in_which_no_cell_starts_do_not_exist() -> None:
    html = "<table><tr><th>A<th>B</tr><tr><td colspan=100>all of it</td></tr><tr><td>1<td>2</tr></table>"
    assert md(html) == "| A | B |\n| --- | --- |\n| **all of it** | **all of it** |\n| 1 | 2 |"
    assert records(html) == ["all of it", "A: 1; B: 2"]


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><td rowspan=65534>x" * 5_000,
        "<tr><td colspan=1000>x<td colspan=1000>y" * 5_000,
        "<tr>" + "<td colspan=1000 rowspan=65534>x" * 2_000 + "<tr><td>y" * 2_000,
    ],
)
def test_hostile_spans_are_ignored_and_reported(rows: str) -> None:
    cleaned = clean_html(f"<table>{rows}</table>")
    assert {finding.code for finding in cleaned.findings} == {"table_span_cut"}
    assert len(cleaned.text) < 3_000_000
    assert cleaned.text.count("x") >= 1


def test_a_huge_table_keeps_every_cell() -> None:
    html = "<table><tr><th>N<th>V</tr>" + "".join(f"<tr><td>n{i}<td>v{i}</tr>" for i in range(5_000)) + "</table>"
    lines = md(html).split("\n")
    assert len(lines) == 5_002
    assert lines[-1] == "| n4999 | v4999 |"
