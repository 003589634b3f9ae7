"""Word, PowerPoint, Excel and CSV keep their words, their structure and every cell in its place."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.corpus.formats import read_format
from holdfast.corpus.formats.cells import shown
from holdfast.corpus.formats.delimited import read_csv
from holdfast.corpus.tables import split_row
from holdfast.corpus.text import normalise, repair_mojibake
from holdfast.documents import Removed
from office import SHEETS, SLIDES, WORD, sheet, slides, word, workbook

# ---------------------------------------------------------------- Word


def test_word_keeps_headings_lists_links_tables_and_title() -> None:
    def write(document: Any) -> None:
        document.core_properties.title = "  The  Guide "
        document.add_heading("Install", 1)
        document.add_paragraph("Do <this> first.")
        for text in ("one", "two"):
            document.add_paragraph(text, style="List Bullet")
        document.add_heading("Limits", 2)
        table = document.add_table(rows=3, cols=3)
        for row, cells in enumerate([["Plan", "Region", "Limit"], ["Pro", "EU", "10"], ["", "US", "20"]]):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text
        table.cell(1, 0).merge(table.cell(2, 0))

    cleaned = read_format(WORD, word(write))
    assert cleaned.title == "The Guide"
    assert cleaned.text == (
        "# Install\n\nDo \\<this> first.\n\n- one\n- two\n\n## Limits\n\n"
        "| Plan | Region | Limit |\n| --- | --- | --- |\n| Pro | EU | 10 |\n| Pro | US | 20 |"
    )


def test_word_table_whose_first_row_is_data_gets_no_header() -> None:
    def write(document: Any) -> None:
        table = document.add_table(rows=2, cols=2)
        for row, cells in enumerate([["Setup fee", "100"], ["Support", "20"]]):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text

    assert "|  |  |\n| --- | --- |\n| Setup fee | 100 |" in read_format(WORD, word(write)).text


def test_word_without_a_word_is_empty() -> None:
    assert read_format(WORD, word(lambda _: None)).text == ""


# ---------------------------------------------------------------- PowerPoint


def test_slides_come_in_order_with_lists_tables_charts_and_notes() -> None:
    def write(deck: Any) -> None:
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE
        from pptx.util import Inches

        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = "Results"
        frame = slide.placeholders[1].text_frame
        frame.text = "first"
        for text, level in (("below", 1), ("second", 0)):
            paragraph = frame.add_paragraph()
            paragraph.text, paragraph.level = text, level
        table = slide.shapes.add_table(2, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
        for place, text in {(0, 0): "Name", (0, 1): "Value", (1, 0): "x", (1, 1): "1|2"}.items():
            table.cell(*place).text = text
        figures = CategoryChartData()
        figures.categories = ["East", "West"]
        figures.add_series("Q1", (1.5, 2))
        slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, Inches(1), Inches(6), Inches(3), Inches(1), figures)
        slide.notes_slide.notes_text_frame.text = "Say it slowly."

    text = read_format(SLIDES, slides(write)).text
    assert text == (
        "## Results\n\n- first\n  - below\n- second\n\n| Name | Value |\n| --- | --- |\n| x | 1\\|2 |\n\n"
        "|  | Q1 |\n| --- | --- |\n| East | 1.5 |\n| West | 2 |\n\n**Notes:**\n\nSay it slowly."
    )


def test_hidden_slide_is_kept_for_display_and_not_in_the_text() -> None:
    def write(deck: Any) -> None:
        for title in ("Shown", "Secret"):
            slide = deck.slides.add_slide(deck.slide_layouts[5])
            slide.shapes.title.text = title
        slide._element.set("show", "0")

    cleaned = read_format(SLIDES, slides(write))
    assert cleaned.text == "## Shown"
    assert cleaned.removed == (Removed("hidden", "## Secret"),)
    assert {finding.code: finding.count for finding in cleaned.findings} == {"hidden_text_dropped": 1}


# ---------------------------------------------------------------- Excel


def test_workbook_copies_merged_cells_joins_headers_and_tells_tables_apart() -> None:
    def write(book: Any) -> None:
        prices = book.active
        prices.title = "Prices"
        prices["A1"] = "Prices in Europe"
        prices.merge_cells("A1:D1")
        rows = [
            ["Plan", "Price", None, "Since"],
            [None, "Month", "Year", None],
            ["Pro", 10.5, 0.125, date(2024, 3, 1)],
            [None, 20, 1, datetime.fromisoformat("2024-03-02T14:30")],
        ]
        for row, cells in enumerate(rows, 3):
            for column, value in enumerate(cells, 1):
                prices.cell(row, column, value)
        for area in ("A3:A4", "B3:C3", "D3:D4", "A5:A6"):
            prices.merge_cells(area)
        prices["B5"].number_format, prices["C5"].number_format, prices["C6"].number_format = '"$"#,##0.00', "0%", "0%"
        prices["A9"], prices["A11"], prices["B11"], prices["A12"], prices["B12"] = (
            "Contacts",
            "Who",
            "Where",
            "Ann",
            "a|b",
        )

    cleaned = read_format(SHEETS, workbook(write))
    first, second = cleaned.tables
    assert first.caption == "Prices in Europe"
    assert first.headings == ("Prices",)
    assert first.header == ("Plan", "Price > Month", "Price > Year", "Since")
    assert first.rows == (("Pro", "$10.50", "12.5%", "2024-03-01"), ("Pro", "20", "100%", "2024-03-02 14:30:00"))
    assert (second.caption, second.header, second.rows) == ("Contacts", ("Who", "Where"), (("Ann", "a|b"),))
    assert cleaned.text.startswith("# Prices\n\nPrices in Europe\n\n| Plan | Price > Month |")
    assert "\n\nContacts\n\n| Who | Where |" in cleaned.text


def test_what_a_reader_of_the_workbook_cannot_see_is_removed_and_counted() -> None:
    def write(book: Any) -> None:
        seen = book.active
        for row in (["Name", "Salary", "Town"], ["Ann", 900, "Rome"], ["Bob", 800, "Oslo"]):
            seen.append(row)
        seen.column_dimensions["B"].hidden = True
        seen.row_dimensions[3].hidden = True
        book.create_sheet("Plans")["A1"] = "poison"
        book["Plans"].sheet_state = "veryHidden"

    cleaned = read_format(SHEETS, workbook(write))
    assert [(table.header, table.rows) for table in cleaned.tables] == [(("Name", "Town"), (("Ann", "Rome"),))]
    assert cleaned.removed == (Removed("hidden", "Salary\n900\nBob\n800\nOslo"), Removed("hidden", "Plans\n\npoison"))
    assert "poison" not in cleaned.text
    assert {finding.code: finding.count for finding in cleaned.findings} == {"hidden_text_dropped": 2}


def test_formulas_that_nobody_calculated_are_counted() -> None:
    cleaned = read_format(SHEETS, sheet([["Name", "Sum"], ["a", "=1+2"], ["b", 4]]))
    assert cleaned.tables[0].rows == (("a", ""), ("b", "4"))
    assert {finding.code: finding.count for finding in cleaned.findings} == {"formula_without_value": 1}


def test_words_below_numbers_after_an_empty_row_begin_another_table() -> None:
    rows = [
        ["Plan", "Price"],
        ["Pro", 10],
        [None, None],
        ["Max", 20],
        [None, None],
        ["City", "Country"],
        ["Rome", "IT"],
    ]
    first, second = read_format(SHEETS, sheet(rows)).tables
    assert first.rows == (("Pro", "10"), ("Max", "20"))
    assert (second.header, second.rows) == (("City", "Country"), (("Rome", "IT"),))


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (3.0, "General", "3"),
        (0.1 + 0.2, "General", "0.3"),
        (1e21, "General", "1e+21"),
        (-12.5, "#,##0.00 [$€-407]", "-12.50 €"),
        (-12.5, '"$"#,##0.00', "-$12.50"),
        (0.123456, "0.0%", "12.3456%"),
        (7, '[$USD] 0', "USD 7"),
        (True, "General", "TRUE"),
        (time(9, 30), "h:mm", "09:30"),
        (datetime.fromisoformat("2024-01-02"), "yyyy-mm-dd", "2024-01-02"),
        ("  two\nlines ", "@", "two\nlines"),
    ],
)  # fmt: skip
def test_cell_is_shown_as_its_reader_sees_it_and_no_digit_is_lost(value: object, form: str, text: str) -> None:
    assert shown(value, form) == text


# ---------------------------------------------------------------- no cell moves

CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Cn", "Co")), max_size=12).map(
    lambda text: " ".join(normalise(repair_mojibake(text)[0]).split())
)


@st.composite
def grids(draw: st.DrawFn) -> list[list[str]]:
    """A header of different names over rows in which at least two cells say something."""
    wide = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(CELL, min_size=wide, max_size=wide), max_size=8))
    full = [row for row in rows if sum(map(bool, row)) > 1]
    return [[f"Name {column}" for column in range(wide)], *full]


def same(tables: Any, text: str, grid: list[list[str]]) -> None:
    """Every cell stands where it was, in the table and in the Markdown."""
    if len(grid) == 1:
        return
    (table,) = tables
    assert [list(row) for row in table.rows] == grid[1:]
    assert list(table.header) == grid[0]
    written = [split_row(line) for line in text.splitlines()]
    assert written[0] == tuple(grid[0])
    assert len(written) == len(grid) + 1
    assert [tuple(cell.replace("\\<", "<") for cell in row) for row in written[2:]] == [
        tuple(cell.replace("\\<", "<") for cell in row) for row in grid[1:]
    ]


@given(grids(), st.sampled_from(",;\t|"))
def test_csv_of_any_delimiter_moves_no_cell(grid: list[list[str]], delimiter: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(grid)
    cleaned = read_csv(file.getvalue().encode())
    same(cleaned.tables, cleaned.text, grid)


@settings(max_examples=30)
@given(grids())
def test_workbook_moves_no_cell(grid: list[list[str]]) -> None:
    def write(book: Any) -> None:
        for row, cells in enumerate(grid, 1):
            for column, text in enumerate(cells, 1):
                if text:
                    cell = book.active.cell(row, column, text)
                    cell.data_type = "s"  # what begins with = is text too

    cleaned = read_format(SHEETS, workbook(write))
    same(cleaned.tables, cleaned.text.partition("\n\n")[2], grid)


def test_csv_in_an_old_encoding_with_uneven_rows_keeps_every_cell() -> None:
    cleaned = read_csv('Größe;Preis\r\nüber 3;1,5\r\n\r\nklein;"2\r\n3";mehr\r\n'.encode("cp1252"))
    assert cleaned.tables[0].header == ("Größe", "Preis", "")
    assert cleaned.tables[0].rows == (("über 3", "1,5", ""), ("klein", "2\n3", "mehr"))
    assert "| klein | 2<br>3 | mehr |" in cleaned.text
    assert {finding.code for finding in cleaned.findings} == {"encoding_guessed", "rows_uneven"}


def test_csv_without_a_header_keeps_its_first_row() -> None:
    assert read_csv(b"1,2\n3,4\n").tables[0].rows == (("1", "2"), ("3", "4"))
    assert read_csv(b"1,2\n3,4\n").tables[0].header == ("", "")
