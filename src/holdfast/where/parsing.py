"""From a text to an expression, or to an error that says where the text is wrong.

Knows nothing of recordings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import get_args

from holdfast.durations import seconds_in
from holdfast.errors import Refused, nearest
from holdfast.records import Outcome
from holdfast.where.expression import And, Expression, Is, Not, Or, Value
from holdfast.where.fields import FIELDS, MOST_CHARACTERS, ORDERED, SCORE, Field, field_of

_TOKEN = re.compile(r'\s*(?:(?P<sign><=|>=|!=|[=<>~()])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()=<>!~"]+))', re.S)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_KEYWORDS = ("and", "or", "not")
_MOST_DEEP = 40
_EXAMPLE = "write it like: outcome=degraded and feature=answer_ticket"


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is sign, quoted or word; `at` is its place in the text, from 0."""

    kind: str
    text: str
    at: int


def parse(text: str, now: datetime | None = None) -> Expression:
    """The expression that a text says. `str` of it parses to an equal one, whenever that is.

    Raises Refused (HF713), which names the character that is wrong, and the nearest field for one that is not there.
    """
    return _Parser(text, now or datetime.now(UTC)).parse()


class _Parser:
    """Reads tokens from left to right, one method for each rule of the grammar."""

    def __init__(self, text: str, now: datetime) -> None:
        self._text = text
        self._now = now
        self._deep = 0
        self._next = 0
        self._tokens = self._split()

    def parse(self) -> Expression:
        found = self._expression()
        if (token := self._peek()) is not None:
            raise self._wrong(f"'{token.text}' was not expected there", token.at)
        return found

    def _split(self) -> list[_Token]:
        text = self._text.rstrip()
        if len(text) > MOST_CHARACTERS:
            raise self._wrong(f"it is longer than {MOST_CHARACTERS} characters", MOST_CHARACTERS)
        tokens, at = list[_Token](), 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                start = at + len(text[at:]) - len(text[at:].lstrip())
                raise self._wrong(f"'{text[start : start + 20]}' cannot be read", start)
            kind = str(found.lastgroup)
            part = found.group(kind)
            said = re.sub(r"\\(.)", r"\1", part, flags=re.S) if kind == "quoted" else part
            tokens.append(_Token(kind, said, found.start(kind) - (kind == "quoted")))
            at = found.end()
        return tokens

    def _expression(self) -> Expression:
        parts = [self._conjunction()]
        while self._took("or"):
            parts.append(self._conjunction())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def _conjunction(self) -> Expression:
        parts = [self._condition()]
        while self._took("and"):
            parts.append(self._condition())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def _condition(self) -> Expression:
        token = self._peek()
        if self._took("not"):
            self._deeper(token)
            found: Expression = Not(self._condition())
        elif self._took("("):
            self._deeper(token)
            found = self._expression()
            if not self._took(")"):
                raise self._wrong("this bracket is not closed", token.at if token is not None else 0)
        else:
            return self._comparison()
        self._deep -= 1
        return found

    def _deeper(self, token: _Token | None) -> None:
        self._deep += 1
        if self._deep > _MOST_DEEP:
            raise self._wrong(f"more than {_MOST_DEEP} levels of brackets", token.at if token is not None else 0)

    def _comparison(self) -> Expression:
        name = self._take("a field")
        if name.kind != "word" or name.text in _KEYWORDS:
            raise self._wrong(f"a field was expected, not '{name.text}'", name.at)
        field = field_of(name.text)
        if field is None:
            known = (*FIELDS, SCORE + "NAME")
            raise self._wrong(f"there is no field '{name.text}'", name.at, nearest(name.text, known))
        sign = self._take(f"an operator after '{name.text}'")
        if sign.kind != "sign" or sign.text not in (*ORDERED, "~"):
            raise self._wrong(f"an operator was expected after '{name.text}', not '{sign.text}'", sign.at)
        if sign.text not in field.signs:
            said = f"'{name.text}' takes {' '.join(field.signs)}, not {sign.text}"
            raise self._wrong(said, sign.at, f"write it like: {name.text}{field.signs[0]}...")
        value = self._take(f"a value after '{name.text}{sign.text}'")
        if value.kind == "sign":
            raise self._wrong(f"a value was expected after '{name.text}{sign.text}', not '{value.text}'", value.at)
        return Is(name.text, sign.text, self._value(name.text, field, sign.text, value))

    def _value(self, name: str, field: Field, sign: str, value: _Token) -> Value:
        bare = value.kind == "word"
        if bare and value.text == "none" and field.none:
            if sign not in ("=", "!="):
                raise self._wrong(f"'none' is neither more nor less: write {name}=none or {name}!=none", value.at)
            return None
        match field.kind:
            case "moment":
                return self._moment(value)
            case "number":
                return self._number(name, value)
            case "score" if bare and value.text in ("true", "false"):
                return float(value.text == "true")
            case "score" if bare and _NUMBER.fullmatch(value.text):
                return self._number(name, value)
            case "score" if sign not in ("=", "!="):
                raise self._wrong(f"'{name}' is more or less than a number, not than '{value.text}'", value.at)
            case "outcome" if value.text not in get_args(Outcome):
                known = nearest(value.text, get_args(Outcome))
                raise self._wrong(f"there is no outcome '{value.text}'", value.at, known)
            case _:
                return value.text

    def _number(self, name: str, value: _Token) -> float:
        if not _NUMBER.fullmatch(value.text) or not isfinite(float(value.text)):
            raise self._wrong(f"'{name}' is compared with a number, not with '{value.text}'", value.at)
        return float(value.text)

    def _moment(self, value: _Token) -> datetime:
        try:
            return self._now.replace(microsecond=0) - timedelta(seconds=seconds_in(value.text))
        except (ValueError, OverflowError):
            pass  # not how long ago: a date, or nothing
        try:
            moment = datetime.fromisoformat(value.text)
            return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            said = f"'{value.text}' is no date, like 2026-11-01, and no time ago, like 2h"
            raise self._wrong(said, value.at) from None

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise self._wrong(f"{wanted} is missing at the end", len(self._text.rstrip()))
        self._next += 1
        return token

    def _took(self, text: str) -> bool:
        """Take a keyword or a bracket if it comes next."""
        token = self._peek()
        taken = token is not None and token.kind != "quoted" and token.text.lower() == text
        self._next += taken
        return taken

    def _wrong(self, what: str, at: int, fix: str = "") -> Refused:
        """`at` counts from 0; people count from 1."""
        return Refused("HF713", f"the expression is wrong at character {at + 1}: {what}", fix or _EXAMPLE)
