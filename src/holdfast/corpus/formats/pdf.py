"""PDFs, by way of HTML: headings by the size of their letters, columns in order, what every page repeats left out.

Knows nothing of pictures of text: a page that was only scanned is counted, not read. pdfium gives the characters.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from holdfast.corpus.cleaned import Cleaned, Unreadable, findings
from holdfast.corpus.formats.pdf_layout import Line, Paragraph, ordered, paragraphs
from holdfast.corpus.formats.pdf_page import SOFT_HYPHEN, Page, read_page
from holdfast.corpus.formats.pdf_tables import take_tables
from holdfast.corpus.html import clean_html
from holdfast.documents import Removed

MOST_PAGES = 3000
EDGE = 0.1  # the share of a page, above and below, where what is repeated stands
REPEATED = 0.5  # on that share of the pages, and on at least
REPEATED_PAGES = 3
LARGER = 1.12  # a heading's letters, as a multiple of the text's
HEADING_WORDS = 16
_PAGE_NUMBER = re.compile(
    r"(?:(?:page|seite|p\.)\s*)?[-–]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*[-–]?(?:\s*(?:of|/|von)\s*\d{1,4})?", re.I
)
_LEADER = re.compile(r"(?:\s*\.){5,}\s*(?:\d+|[ivxlc]+)\s*$", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_HYPHENATED = re.compile(r"\w+(?:-\w+)+")
_NUMBER = re.compile(r"\(?(\d{1,3})[.)]")
_ONE_AT_A_TIME = threading.Lock()  # pdfium's state is the process's, and two threads in it crash
_ENDS = (".", ",", ";", ":", "!", "?")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page's columns, what stood at its edges kept apart."""

    columns: tuple[tuple[Line, ...], ...]


def read_pdf(body: bytes) -> Cleaned:
    """The text of a PDF with its headings, lists and ruled tables. Raises Unreadable.

    What most pages repeat at their edges, and page numbers, are `removed`, as is text that nobody can see. Words cut at
    the end of a line are put together.
    """
    import pypdfium2

    counts: Counter[str] = Counter()
    try:
        with _ONE_AT_A_TIME:
            document = pypdfium2.PdfDocument(body)
            try:
                pages, unseen = _pages(document, counts)
                title = (document.get_metadata_value("Title") or "").strip()
            finally:
                document.close()
    except pypdfium2.PdfiumError as error:
        protected = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise Unreadable("it is protected by a password" if protected else f"it is damaged: {error}") from error
    sheets, removed = _without_repeated(pages)
    counts["repeated_line_dropped"] = len(removed)
    removed += [Removed("hidden", text) for text in unseen]
    counts["hidden_text_dropped"] = len(unseen)
    cleaned = clean_html("\n".join(_Writer(sheets).html()))
    noticed = (*cleaned.findings, *findings(counts))
    return Cleaned(cleaned.text, _fit(title) or cleaned.title, noticed, tuple(removed), cleaned.tables)


def _pages(document: Any, counts: Counter[str]) -> tuple[list[Page], list[str]]:
    pages: list[Page] = []
    without = images = 0
    for index in range(min(len(document), MOST_PAGES)):
        page = document[index]
        try:
            read = read_page(page)
        finally:
            page.close()
        without += not read.pieces and bool(read.images)
        images += read.images
        pages.append(read)
    if without and not any(page.pieces for page in pages):
        said = "its only page is an image" if len(pages) == 1 else f"{without} pages are images"
        raise Unreadable(f"no text layer: {said}; have the text recognised first")
    counts["page_without_text"] = without
    counts["end_cut"] = max(0, len(document) - MOST_PAGES)
    return pages, [page.unseen for page in pages if page.unseen]


def _fit(title: str) -> str:
    """A title that somebody wrote, not one that a program did."""
    text = " ".join(title.split())
    written = text.lower().endswith((".doc", ".docx", ".indd", ".dvi", ".tex", ".pdf")) or text.startswith("Microsoft ")
    return "" if written or text.lower() in ("untitled", "(anonymous)") else text


def _without_repeated(pages: Sequence[Page]) -> tuple[list[_Sheet], list[Removed]]:
    """The pages' columns without what repeats at their edges, page numbers, and lines of a table of contents."""
    laid = [[list(column) for column in ordered(take_tables(page))] for page in pages]
    edges = _Edges(pages, laid)
    removed: dict[str, Removed] = {}
    sheets: list[_Sheet] = []
    for page, columns in zip(pages, laid, strict=True):
        middles = [line.box.middle for column in columns for line in column]
        outermost = {min(middles), max(middles)} if middles else set()
        kept: list[tuple[Line, ...]] = []
        for column in columns:
            lines: list[Line] = []
            for line in column:
                if edges.repeats(page, line, outermost):
                    removed.setdefault(_DIGITS.sub("#", line.text), Removed("footer", line.text))
                elif _LEADER.search(line.text) and not line.html:
                    removed[line.text] = Removed("boilerplate", line.text)
                else:
                    lines.append(line)
            if lines:
                kept.append(tuple(lines))
        sheets.append(_Sheet(tuple(kept)))
    return sheets, list(removed.values())


class _Edges:
    """What stands at the edges of the pages: places where most have a line, and lines that come again."""

    def __init__(self, pages: Sequence[Page], laid: Sequence[Sequence[Sequence[Line]]]) -> None:
        self._times: Counter[tuple[str, int]] = Counter()
        self._places: Counter[int] = Counter()
        for page, columns in zip(pages, laid, strict=True):
            keys = {key for column in columns for line in column if (key := _edge(page, line))}
            self._times.update(keys)
            self._places.update({place for _, place in keys})
        again = Counter(place for (_, place), times in self._times.items() if times > 1 for _ in range(times))
        self._most = most = max(REPEATED_PAGES, REPEATED * sum(1 for columns in laid if columns))
        self._running = {place for place, times in self._places.items() if times >= most and again[place] >= most}
        self._several = len(pages) > 1

    def repeats(self, page: Page, line: Line, outermost: Collection[float]) -> bool:
        """Whether a line is not the page's own; `outermost` are the middles of its highest and its lowest line."""
        key = _edge(page, line)
        if key is None:
            return False
        if self._several and _PAGE_NUMBER.fullmatch(line.text):
            return True
        often = self._times[key] >= self._most or "#" in key[0] or line.box.middle in outermost
        return key[1] in self._running and self._times[key] > 1 and often


def _edge(page: Page, line: Line) -> tuple[str, int] | None:
    """What a line at the edge of a page says, numbers aside, and where; None for a line elsewhere."""
    if line.html or EDGE * page.height < line.box.middle < (1 - EDGE) * page.height:
        return None
    return _DIGITS.sub("#", line.text.lower()), round(line.box.middle / 6)


class _Writer:
    """Writes paragraphs as HTML, with what the whole document says of letters and words at hand."""

    def __init__(self, sheets: Sequence[_Sheet]) -> None:
        self._sheets = sheets
        letters: Counter[float] = Counter()
        self._hyphenated: set[str] = set()
        for sheet in sheets:
            for line in (line for column in sheet.columns for line in column):
                letters[round(line.size * 2) / 2] += len(line.text)
                self._hyphenated.update(word.lower() for word in _HYPHENATED.findall(line.text))
        self._body = max(letters.items(), key=lambda item: item[1])[0] if letters else 0.0
        sizes = sorted((size for size in letters if size >= LARGER * self._body), reverse=True)
        self._levels: dict[float, int] = {}
        level, before = 0, 0.0
        for size in sizes:
            if not before or size < before * 0.95:
                level, before = min(level + 1, 4), size
            self._levels[size] = level
        self._bold_level = min(level + 1, 5)

    def html(self) -> Iterator[str]:
        items: list[tuple[str, str]] = []
        for paragraph in self._joined():
            level = self._level(paragraph)
            if paragraph.item and not level:
                if items and bool(_NUMBER.fullmatch(items[-1][0])) != bool(_NUMBER.fullmatch(paragraph.item)):
                    yield from _listed(items)
                    items = []
                items.append((paragraph.item, self._text(paragraph)))
                continue
            yield from _listed(items)
            items = []
            if paragraph.lines[0].html:
                yield paragraph.lines[0].html
            elif level:
                yield f"<h{level}>{escape(f'{paragraph.item} {self._text(paragraph)}'.strip())}</h{level}>"
            else:
                yield f"<p>{escape(self._text(paragraph))}</p>"
        yield from _listed(items)

    def _joined(self) -> Iterator[Paragraph]:
        """All paragraphs, one that a column or a page cut in two put together."""
        held: Paragraph | None = None
        for sheet in self._sheets:
            for column in sheet.columns:
                for index, paragraph in enumerate(paragraphs(column)):
                    if held is not None and not index and self._goes_on(held, paragraph):
                        held = Paragraph((*held.lines, *paragraph.lines), held.item)
                        continue
                    if held is not None:
                        yield held
                    held = paragraph
        if held is not None:
            yield held

    @staticmethod
    def _goes_on(held: Paragraph, following: Paragraph) -> bool:
        last, first = held.lines[-1], following.lines[0]
        if last.html or first.html or following.item or abs(last.size - first.size) > 0.12 * last.size:
            return False
        return first.text[:1].islower() and not last.text.endswith(_ENDS)

    def _level(self, paragraph: Paragraph) -> int:
        """A heading's level, 0 for what is none."""
        first = paragraph.lines[0]
        text = " ".join(line.text for line in paragraph.lines)
        if first.html or len(paragraph.lines) > 3 or not any(map(str.isalpha, text)):
            return 0
        by_size = self._levels.get(round(first.size * 2) / 2, 0)
        if by_size and len(text.split()) <= 2 * HEADING_WORDS:
            return by_size
        bold = all(line.bold for line in paragraph.lines) and first.size >= 0.95 * self._body
        numbered = not paragraph.item or _NUMBER.fullmatch(paragraph.item)
        short = len(paragraph.lines) < 3 and len(text.split()) <= HEADING_WORDS and not text.endswith(_ENDS)
        return self._bold_level if bold and numbered and short else 0

    def _text(self, paragraph: Paragraph) -> str:
        text = ""
        for line in paragraph.lines:
            text = self._with(text, line.text) if text else line.text
        return text.replace(SOFT_HYPHEN, "-")

    def _with(self, text: str, line: str) -> str:
        """The text with a further line; a word cut in two is put together, unless it has its hyphen elsewhere too."""
        if text[-1] not in ("-", SOFT_HYPHEN) or len(text) < 2 or not text[-2].isalpha() or not line[:1].isalpha():
            return f"{text} {line}"
        start, end = text[:-1].split()[-1].lstrip("([\"'“„«"), line.split()[0].rstrip(".,;:!?)]\"'”“»")
        keeps = not line[0].islower() or f"{start}-{end}".lower() in self._hyphenated
        return f"{text[:-1]}-{line}" if keeps else text[:-1] + line


def _listed(items: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Items that follow each other as a list; numbers where the marks are numbers that count up, else their marks."""
    if not items:
        return
    numbers = [int(found[1]) if (found := _NUMBER.fullmatch(mark)) else None for mark, _ in items]
    first = numbers[0]
    if first is not None and numbers == list(range(first, first + len(numbers))):
        lines = "".join(f"<li>{escape(text)}</li>" for _, text in items)
        yield f'<ol start="{first}">{lines}</ol>'
    else:
        marked = (f"{mark} {text}" if any(map(str.isalnum, mark)) and mark != "o" else text for mark, text in items)
        yield f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in marked)}</ul>"
