"""The language of `--where`: which recordings.

Knows nothing of how recordings are kept.

    expression  = conjunction { "or" conjunction }
    conjunction = condition { "and" condition }
    condition   = "not" condition | "(" expression ")" | FIELD OPERATOR VALUE
    OPERATOR    = "=" | "!=" | "<" | "<=" | ">" | ">="

Fields: feature, outcome, release, subject take = and != (a subject may be `none`); cost_usd and ms take every operator
(a cost may be `none`, which only = and != compare with); since and until take =, with a date (`2026-11-01`), a moment
(`2026-11-01T14:30`, UTC unless it says so) or how long ago (`2h`, `7d`). A value with spaces or brackets stands in
double quotes. As in `outcome=degraded and not feature=summarize and since=24h`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias, get_args

from holdfast.errors import Misconfigured, nearest, unknown
from holdfast.records import Outcome, RecordingSummary
from holdfast.settings import seconds_in
from holdfast.stores import RecordingQuery

Value: TypeAlias = str | float | datetime | None

TEXTS, NUMBERS, TIMES = ("feature", "outcome", "release", "subject"), ("cost_usd", "ms"), ("since", "until")
FIELDS = (*TEXTS, *NUMBERS, *TIMES)
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_TOKEN = re.compile(r'\s*(?:(?P<sign><=|>=|!=|[=<>()])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()=<>!"]+))')
_PLAIN = re.compile(r'^[^\s()=<>!"]+$')
_KEYWORDS = ("and", "or", "not")
_EXAMPLE = "write it like: outcome=degraded and feature=answer_ticket"


@dataclass(frozen=True, slots=True)
class Is:
    """A field compared with a value."""

    field: str
    sign: str
    value: Value

    def __str__(self) -> str:
        return f"{self.field}{self.sign}{_written(self.value)}"


@dataclass(frozen=True, slots=True)
class Not:
    one: Expression

    def __str__(self) -> str:
        return f"not ({self.one})"


@dataclass(frozen=True, slots=True)
class Both:
    first: Expression
    second: Expression

    def __str__(self) -> str:
        return f"({self.first}) and ({self.second})"


@dataclass(frozen=True, slots=True)
class Either:
    first: Expression
    second: Expression

    def __str__(self) -> str:
        return f"({self.first}) or ({self.second})"


Expression: TypeAlias = Is | Not | Both | Either


def parse(text: str, now: datetime | None = None) -> Expression:
    """The expression that a text says. `str` of it parses to an equal one.

    Raises NotFound (HF201) for an unknown field, naming the nearest; Misconfigured (HF100) for everything else.
    """
    return _Parser(text, now or datetime.now(UTC)).parse()


def matches(expression: Expression, summary: RecordingSummary) -> bool:
    """Whether the expression holds for a recording."""
    match expression:
        case Not(one):
            return not matches(one, summary)
        case Both(first, second):
            return matches(first, summary) and matches(second, summary)
        case Either(first, second):
            return matches(first, summary) or matches(second, summary)
        case Is("since", _, datetime() as moment):
            return summary.started_at >= moment
        case Is("until", _, datetime() as moment):
            return summary.started_at < moment
        case Is(field, sign, value):
            found = getattr(summary, field)
            if sign not in ("=", "!=") and (found is None or value is None):
                return False
            return _OPERATORS[sign](found, value)
    raise AssertionError(expression)


EVERYTHING = RecordingQuery()


def narrowed(expression: Expression | None, query: RecordingQuery = EVERYTHING) -> RecordingQuery:
    """A query that finds at least what the expression holds for, so that a store can do most of the work."""
    from msgspec.structs import replace

    match expression:
        case Both(first, second):
            return narrowed(second, narrowed(first, query))
        case Is("since", _, datetime() as moment):
            return replace(query, since=max(moment, query.since or moment))
        case Is("until", _, datetime() as moment):
            return replace(query, until=min(moment, query.until or moment))
        case Is("feature" | "outcome" | "release" | "subject" as field, "=", str() as value):
            return query if getattr(query, field) is not None else replace(query, **{field: value})
    return query


class _Parser:
    """Reads tokens from left to right, one function for each rule of the grammar."""

    def __init__(self, text: str, now: datetime) -> None:
        self._text = text
        self._now = now
        self._tokens = self._split()
        self._at = 0

    def parse(self) -> Expression:
        found = self._expression()
        if (kind_text := self._peek()) is not None:
            raise self._wrong(f"'{kind_text[1]}' was not expected there")
        return found

    def _split(self) -> list[tuple[str, str]]:
        """Tokens as (kind, text), the kinds being sign, quoted and word."""
        tokens, at = [], 0
        text = self._text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._wrong(f"'{text[at:].strip()[:20]}' cannot be read")
            kind = str(found.lastgroup)
            part = found.group(kind)
            tokens.append((kind, re.sub(r"\\(.)", r"\1", part) if kind == "quoted" else part))
            at = found.end()
        return tokens

    def _expression(self) -> Expression:
        found = self._conjunction()
        while self._took("or"):
            found = Either(found, self._conjunction())
        return found

    def _conjunction(self) -> Expression:
        found = self._condition()
        while self._took("and"):
            found = Both(found, self._condition())
        return found

    def _condition(self) -> Expression:
        if self._took("not"):
            return Not(self._condition())
        if self._took("("):
            found = self._expression()
            if not self._took(")"):
                raise self._wrong("a bracket is not closed")
            return found
        kind, field = self._next("a field")
        if kind != "word" or field in _KEYWORDS:
            raise self._wrong(f"a field was expected, not '{field}'")
        if field not in FIELDS:
            raise unknown("HF201", "field", field, FIELDS)
        kind, sign = self._next(f"an operator after '{field}'")
        if kind != "sign" or sign not in _OPERATORS:
            raise self._wrong(f"an operator was expected after '{field}', not '{sign}'")
        kind, value = self._next(f"a value after '{field}{sign}'")
        if kind == "sign":
            raise self._wrong(f"a value was expected after '{field}{sign}', not '{value}'")
        return self._comparison(field, sign, value, quoted=kind == "quoted")

    def _comparison(self, field: str, sign: str, text: str, *, quoted: bool) -> Is:
        allowed = ("=",) if field in TIMES else ("=", "!=") if field in TEXTS else tuple(_OPERATORS)
        if sign not in allowed:
            raise self._wrong(f"'{field}' takes {' and '.join(allowed)}, not {sign}")
        if field in TIMES:
            return Is(field, sign, self._moment(text))
        if text == "none" and not quoted and field in ("subject", "cost_usd"):
            return Is(field, sign, None)
        if field == "outcome" and text not in get_args(Outcome):
            raise unknown("HF201", "outcome", text, get_args(Outcome))
        return Is(field, sign, self._number(field, text) if field in NUMBERS else text)

    def _number(self, field: str, text: str) -> float:
        if not re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", text):
            raise self._wrong(f"'{field}' is compared with a number, not '{text}'")
        return float(text)

    def _moment(self, text: str) -> datetime:
        try:
            return self._now - timedelta(seconds=seconds_in(text))
        except (ValueError, OverflowError):
            pass  # not how long ago: a date, or nothing
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self._wrong(f"'{text}' is no date, like 2026-11-01, and no time ago, like 2h") from None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, wanted: str) -> tuple[str, str]:
        token = self._peek()
        if token is None:
            raise self._wrong(f"{wanted} is missing at the end")
        self._at += 1
        return token

    def _took(self, text: str) -> bool:
        """Take a keyword or a bracket if it comes next."""
        token = self._peek()
        taken = token is not None and token[0] != "quoted" and token[1].lower() == text
        self._at += taken
        return taken

    def _wrong(self, what: str) -> Misconfigured:
        return Misconfigured("HF100", f"--where '{self._text}': {what}", f"{_EXAMPLE}; {nearest('', FIELDS)}")


def _written(value: Value) -> str:
    """A value as it would be typed."""
    if value is None:
        return "none"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    if _PLAIN.match(value) and value != "none":
        return value
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
