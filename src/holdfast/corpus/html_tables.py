"""Tables in HTML, through a grid: spans resolved, header rows joined, layout told from data.

It does not know what stands in a cell, nor how a Markdown table is written.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.corpus.blocks import Block, bold, cell_text, resolve
from holdfast.corpus.html_page import Close, Opener, Page, Tag, done
from holdfast.corpus.tables import Table, write_table

_MAX_COLSPAN = 1000  # both limits are those of the HTML standard
_MAX_ROWSPAN = 65534
_MAX_TITLE = 80  # characters of a row that is one cell: a title if it is short, a note if it is longer


@dataclass(slots=True, eq=False)
class Cell:
    """One `td` or `th` with its content as blocks; spans as written, 0 rows meaning all that follow."""

    blocks: list[Block]
    heads: bool
    columns: int = 1
    rows: int = 1
    text: str = ""


@dataclass(slots=True)
class Row:
    """One `tr`: its cells, and the number of the row group (`thead`, `tbody`, `tfoot`) which ends its spans."""

    cells: list[Cell]
    group: int
    heads: bool


@dataclass(slots=True)
class HtmlTable:
    """A table while it is read."""

    rows: list[Row] = field(default_factory=list)
    caption: list[Block] = field(default_factory=list)
    group: int = 0
    heads: bool = False
    presentation: bool = False


def _table(page: Page, tag: Tag) -> Close:
    table = HtmlTable(presentation=tag.attributes.get("role") in {"presentation", "none"})
    page.push("table", table)

    def close() -> None:
        parent, _ = page.pop()
        parent.blocks.extend(_blocks(table, page))

    return close


def _group(page: Page, tag: Tag) -> None:
    table = page.flow.data
    if isinstance(table, HtmlTable):
        table.group += 1
        table.heads = tag.name == "thead"


def _row(page: Page, _tag: Tag) -> None:
    table = page.flow.data
    if isinstance(table, HtmlTable):
        table.rows.append(Row([], table.group, table.heads))


def _cell(page: Page, tag: Tag) -> Close | None:
    table = page.flow.data
    if (text := page.only_text(tag)) is not None and isinstance(table, HtmlTable) and table.rows:
        table.rows[-1].cells.append(_made(tag, [Block("paragraph", text)] if text else []))
        return done
    page.push("cell")

    def close() -> None:
        parent, blocks = page.pop()
        if not isinstance(table, HtmlTable) or not table.rows:
            parent.blocks.extend(blocks)
            return
        table.rows[-1].cells.append(_made(tag, blocks))

    return close


def _made(tag: Tag, blocks: list[Block]) -> Cell:
    if not tag.attributes:
        return Cell(blocks, tag.name == "th")
    columns = min(max(_span(tag.attributes.get("colspan")), 1), _MAX_COLSPAN)
    return Cell(blocks, tag.name == "th", columns, min(_span(tag.attributes.get("rowspan")), _MAX_ROWSPAN))


def _span(written: str | None) -> int:
    """A `rowspan` or `colspan` attribute; 1 where it is absent or no plain number."""
    digits = (written or "").strip()
    return int(digits[:6]) if digits.isascii() and digits.isdigit() else 1


def _caption(page: Page, _tag: Tag) -> Close:
    table = page.flow.data
    page.push("caption")

    def close() -> None:
        parent, blocks = page.pop()
        (table.caption if isinstance(table, HtmlTable) else parent.blocks).extend(blocks)

    return close


TABLES: Mapping[str, Opener] = {
    **dict.fromkeys(("thead", "tbody", "tfoot"), _group),
    **dict.fromkeys(("td", "th"), _cell),
    "table": _table,
    "tr": _row,
    "caption": _caption,
}
"""Openers by tag."""


def _blocks(table: HtmlTable, page: Page) -> list[Block]:
    """The blocks a table comes to: its caption and one Markdown table, or, for a layout, what its cells hold.

    A value that spans rows or columns is copied into each cell it covers, and header rows are joined ("Price >
    Month"), so that every row can be read alone. A table inside a cell follows as a block of its own, under a number
    that the cell refers to. Time and memory are linear in the cells.
    """
    if _is_layout(table):
        return [*table.caption, *(block for row in table.rows for cell in row.cells for block in cell.blocks)]
    nested: list[Block] = []
    for row in table.rows:
        for cell in row.cells:
            cell.text = _text(cell, page, nested)
    grid = _grid(table.rows, page.counts)
    caption = [*table.caption]
    while len(grid) > 1 and (title := _title_row(grid)):
        caption.append(Block("paragraph", title.replace("**", "")))
        del grid[0]
    if not grid:
        return [*caption, *nested]
    return [*caption, Block("table", write_table(_headed(grid, table))), *nested]


def _is_layout(table: HtmlTable) -> bool:
    cells = [cell for row in table.rows for cell in row.cells]
    if table.presentation or len(cells) <= 1:
        return True
    if table.caption or any(cell.heads for cell in cells):
        return False
    if any(block.kind == "heading" for cell in cells for block in cell.blocks):
        return True
    if len(table.rows) > 3:
        return False
    weights = [(sum(len(block.text) for block in cell.blocks), len(cell.blocks)) for cell in cells]
    total = sum(weight for weight, _ in weights)
    return any(weight > 0.8 * total and blocks > 2 for weight, blocks in weights)


def _text(cell: Cell, page: Page, nested: list[Block]) -> str:
    blocks = cell.blocks
    if len(blocks) == 1 and blocks[0].kind == "paragraph" and "\n" not in blocks[0].text:
        return blocks[0].text
    inline = []
    for block in resolve(blocks, headings=False):
        if block.kind == "table":
            page.tables_hoisted += 1
            nested += [Block("paragraph", f"Table {page.tables_hoisted}:"), block]
            inline.append(Block("paragraph", f"(see table {page.tables_hoisted} below)"))
        else:
            inline.append(block)
    return cell_text(inline)


def _grid(rows: Sequence[Row], counts: Counter[str]) -> list[list[Cell | None]]:
    """Rows of cells with spans copied; only columns in which a cell starts, only rows that hold text."""
    cells = sum(len(row.cells) for row in rows)
    placed, starts = _placed(rows, 50_000 + 8 * cells, counts)
    full = [line for line in placed if any(cell.text for cell in line.values())]
    if len(full) * len(starts) > 250_000 + 16 * cells:  # filling rows up would dwarf the cells
        return [[line[column] for column in sorted(line) if column in starts] for line in full]
    columns = sorted(starts)
    return [[line.get(column) for column in columns] for line in full]


def _placed(rows: Sequence[Row], copies: int, counts: Counter[str]) -> tuple[list[dict[int, Cell]], set[int]]:
    """Each row as its cells by column, and the columns in which a cell starts.

    Of copies of cells, a long cell counting for several, at most about `copies` are made; after them spans are ignored.
    """
    placed: list[dict[int, Cell]] = []
    starts: set[int] = set()
    below: dict[int, tuple[Cell, int]] = {}  # by column: the cell that reaches into the next rows, and how far
    group = -1
    for row in rows:
        if row.group != group:
            below, group = {}, row.group
        if not below and all(cell.columns == 1 == cell.rows for cell in row.cells):
            starts.update(range(len(row.cells)))
            placed.append(dict(enumerate(row.cells)))
            continue
        line = {column: cell for column, (cell, _) in below.items()}
        copies -= sum(1 + len(cell.text) // 64 for cell in line.values())
        below = {column: (cell, left - 1) for column, (cell, left) in below.items() if left > 1}
        column = 0
        for cell in row.cells:
            while column in line:
                column += 1
            starts.add(column)
            width = min(cell.columns, max(1, copies))
            counts["table_span_cut"] += width < cell.columns
            copies -= (width - 1) * (1 + len(cell.text) // 64)
            for covered in range(column, column + width):
                if covered in line:
                    break
                line[covered] = cell
                if cell.rows != 1:
                    below[covered] = (cell, (cell.rows or _MAX_ROWSPAN) - 1)
            column += width
        if copies <= 0 and below:
            counts["table_span_cut"] += 1
            below = {}
        placed.append(line)
    return placed, starts


def _title_row(grid: Sequence[Sequence[Cell | None]]) -> str:
    """The text of a first row that is one cell across the whole table; else nothing."""
    first = grid[0]
    same = len(first) > 1 and first[0] is not None and all(cell is first[0] for cell in first)
    return first[0].text if same and first[0] is not None and first[0] not in grid[1] else ""


def _headed(grid: Sequence[Sequence[Cell | None]], table: HtmlTable) -> Table:
    width = max(map(len, grid))
    depth = _header_rows(grid, table)
    header = tuple(_path(row[column] if column < len(row) else None for row in grid[:depth]) for column in range(width))
    names_rows = not depth and all(row[0] is not None and row[0].heads for row in grid)
    rows = []
    for row in grid[depth:]:
        cells = [cell.text if cell is not None else "" for cell in row]
        if len(row) > 1 and len(cells[0]) <= _MAX_TITLE and all(cell is row[0] for cell in row):
            cells = [bold(cells[0])] * len(cells)  # a title over the rows below it
        elif names_rows:
            cells[0] = bold(cells[0])
        rows.append(tuple(cells))
    return Table(header, tuple(rows))


def _header_rows(grid: Sequence[Sequence[Cell | None]], table: HtmlTable) -> int:
    """How many first rows are the header: those of `thead`, else those all of `th`, else one all in bold."""
    if len(grid) < 2:
        return 0
    marked = {id(cell) for row in table.rows if row.heads for cell in row.cells}
    for is_head in (lambda cell: id(cell) in marked, lambda cell: cell.heads):
        depth = _leading(grid, is_head)
        if depth:
            return depth if depth < len(grid) else 1
    return 1 if len(grid[0]) > 1 and _leading(grid, _is_bold) == 1 else 0


def _leading(grid: Sequence[Sequence[Cell | None]], is_head: Callable[[Cell], bool]) -> int:
    """How many first rows hold cells that all are heads."""
    for index, row in enumerate(grid):
        if not all(cell is None or is_head(cell) for cell in row):
            return index
    return len(grid)


def _is_bold(cell: Cell) -> bool:
    text = cell.text
    return len(text) > 4 and text.startswith("**") and text.find("**", 2) == len(text) - 2


def _path(cells: Iterable[Cell | None]) -> str:
    """Header cells from top to bottom as "Price > Month", a name that spans rows said once."""
    names: list[str] = []
    for cell in cells:
        name = cell.text.replace("**", "").replace("<br>", " ") if cell is not None else ""
        if name and name not in names[-1:]:
            names.append(name)
    return " > ".join(names)
