"""A scorer of dates and numbers that stand in an answer and nowhere in what it rests on.

Knows nothing of arithmetic: a sum of two numbers that the sources have is taken for invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from msgspec import Struct

from holdfast.contracts import Answered
from holdfast.evals.facts import tokens
from holdfast.evaluation import Scored
from holdfast.records import Json, Retrieve

_MONTHS = MappingProxyType(
    {
        name: number
        for number, names in enumerate(
            (
                ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"),
                ("july", "jul"), ("august", "aug"), ("september", "sept", "sep"), ("october", "oct"),
                ("november", "nov"), ("december", "dec"),
            ),
            start=1,
        )
        for name in names
    }
)  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(r"\b(?P<one>\d{1,2})(?P<mark>[./-])(?P<two>\d{1,2})(?P=mark)(?P<y>\d{4}|\d{2})\b"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.?\s(?:of\s)?(?P<name>{_MONTH})\b\.?(?:,?\s(?P<y>\d{{4}}))?", re.I
    ),
    re.compile(rf"\b(?P<name>{_MONTH})\b\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<y>\d{{4}}))?", re.I),
    re.compile(rf"\b(?P<name>{_MONTH})\b\.?,?\s(?P<y>\d{{4}})\b", re.I),
)
_LIST_MARK = re.compile(r"^\s*\(?\d{1,3}[.)]\s", re.MULTILINE)
_LEAD_IN = re.compile(r"\bhere(?:'s| is| are)\b", re.IGNORECASE)
_COUNT = 3
"""A bare number up to this often counts what is listed, and is taken for no claim."""

_DIGITS = 10
"""Digits from which on a number is no count; Python reads no more than some thousands of them."""

Date = tuple[int | None, int, int | None]
"""Year, month and day, as far as they are said."""


class Invented(Struct, frozen=True):
    """The share of the dates and numbers in the text that stand in the passages, or in what was asked.

    A date matches however it is written; bare numbers up to three do not count, nor do those that mark a list or a
    citation, or stand in a lead-in ("Here is a summary in 50 words:"). A text without any has no score, nor has a
    feature that retrieves nothing, unless `without_sources`.
    """

    without_sources: bool = False

    async def score(self, answered: Answered) -> Scored | None:
        retrieves = any(isinstance(step.effect, Retrieve) for step in answered.recording.steps)
        if not (retrieves or self.without_sources):
            return None
        sources = [passage.text for passage in answered.passages]
        sources += [passage.title for passage in answered.passages]
        found, total = invented(answered.text, [*sources, *texts_in(answered.recording.input)])
        if not total:
            return None
        return Scored(value=1 - len(found) / total, reason=f"in no source: {'; '.join(found)}" if found else "")


def invented(text: str, sources: Sequence[str]) -> tuple[list[str], int]:
    """The dates and numbers of a text that no source has, as they are written, and how many it has in all."""
    source = "\n".join(sources)
    known = {date for _, dates in _dates(source) for date in dates}
    text = "\n".join(map(_without_lead_in, text.replace("’", "'").split("\n")))
    wrong, total, rest, end = [], 0, "", 0
    for span, dates in _dates(text):
        total += 1
        rest, end = rest + text[end : span.start] + " ", span.stop
        if not any(_fits(date, other) for date in dates for other in known):
            wrong.append(text[span])
    rest += text[end:]
    there = [token for token in tokens(source) if _is_number(token)]
    for written in _numbers(_LIST_MARK.sub(" ", rest)):
        token = next(iter(each for each in tokens(written) if _is_number(each)))
        total += 1
        if not any(_same(token, other) for other in there):
            wrong.append(written)
    return wrong, total


def _without_lead_in(line: str) -> str:
    """A line without the clause at its end that announces what follows: "Here are three points:"."""
    if not line.rstrip().endswith(":"):
        return line
    before, dot, clause = line.rpartition(".")
    said = _LEAD_IN.search(clause)
    if said is None:
        return line
    return before + dot + clause[: max(clause.rfind(mark, 0, said.start()) for mark in "!?") + 1]


def texts_in(value: Json) -> Iterator[str]:
    """Every text in a JSON value, numbers written out."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


_NUMBER = re.compile(r"(?<![\w.,:])\d++(?:[.,:]\d++)*+")


def _numbers(text: str) -> Iterator[str]:
    """The numbers of a text as they are written, but for citations and small counts."""
    for found in _NUMBER.finditer(re.sub(r"\[\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\]", " ", text)):
        written = found[0]
        signed = text[max(0, found.start() - 1) : found.start()] in ("$", "€", "£")
        if written.isdecimal() and len(written) < _DIGITS and int(written) <= _COUNT and not signed:
            continue
        yield written


def _is_number(token: object) -> bool:
    return isinstance(token, frozenset) or (isinstance(token, str) and token[:1].isdecimal())


def _same(one: object, other: object) -> bool:
    return bool(one & other) if isinstance(one, frozenset) and isinstance(other, frozenset) else one == other


def _dates(text: str) -> list[tuple[slice, tuple[Date, ...]]]:
    """The dates in a text, each with where it stands and what it may mean, in order; none overlaps another."""
    taken = bytearray(len(text))
    found = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(taken[start:end]):
                continue
            if dates := tuple(_read(match.groupdict())):
                taken[start:end] = b"1" * (end - start)
                found.append((start, end, dates))
    return [(slice(start, end), dates) for start, end, dates in sorted(found, key=lambda each: each[0])]


def _read(parts: dict[str, str | None]) -> Iterator[Date]:
    number = {name: int(text) for name, text in parts.items() if text and text.isdecimal()}
    year = number.get("y")
    if year is not None and year < 100:
        year += 2000
    pairs: list[tuple[int, int | None]]
    if (name := parts.get("name")) is not None:
        pairs = [(_MONTHS[name.lower()], number.get("d"))]
    elif "one" in parts:
        pairs = [(number["one"], number["two"]), (number["two"], number["one"])]
    else:
        pairs = [(number["m"], number["d"])]
    for month, day in pairs:
        if 1 <= month <= 12 and (day is None or 1 <= day <= 31):
            yield year, month, day


def _fits(date: Date, other: Date) -> bool:
    """Whether a source's date bears a date out: it says as much, and nothing else."""
    year, month, day = date
    return month == other[1] and (day is None or day == other[2]) and (year is None or other[0] in (year, None))
