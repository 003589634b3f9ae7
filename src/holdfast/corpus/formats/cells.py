"""The value of a spreadsheet's cell as a reader sees it. Knows nothing of the cells around it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

_CURRENCY = re.compile(r'\[\$([^\]-]+)[^\]]*\]|"\s*([$€£¥]|[A-Z]{3})\s*"|([$€£¥])')
_DECIMALS = re.compile(r"[0#]\.(0+)")
_TEXT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')


def shown(value: object, number_format: str) -> str:
    """The value as text: whole numbers without a point, percentages and money as formatted, dates in ISO 8601."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, (number_format or "General").split(";")[0])
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes" if not value.second else "seconds")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return "" if value is None else str(value).strip()


def _number(value: float, form: str) -> str:
    bare = _TEXT.sub("", form)
    if "%" in bare:
        return f"{_digits(value * 100, bare)}%"
    money = _CURRENCY.search(form)
    if money is None:
        return _plain(value)
    sign = next(group for group in money.groups() if group).strip()
    amount = _digits(value, bare)
    before = form.find(sign) < next((form.find(mark) for mark in "#0" if mark in form), len(form))
    if before:
        return f"{'-' if amount.startswith('-') else ''}{sign}{' ' if sign.isalpha() else ''}{amount.lstrip('-')}"
    return f"{amount} {sign}"


def _digits(value: float, form: str) -> str:
    """As many decimals as the format shows, and no digit of the value beyond it lost."""
    decimals = _DECIMALS.search(form)
    wanted = len(decimals[1]) if decimals else 0
    exact = _plain(value)
    if "e" in exact or len(exact.partition(".")[2]) > wanted:
        return exact
    return f"{value:.{wanted}f}"


def _plain(value: float) -> str:
    """The shortest text for what a spreadsheet holds: fifteen digits, which is all it keeps."""
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
