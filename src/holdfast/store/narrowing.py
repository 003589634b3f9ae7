"""From a query for recordings to SQL that both databases take, with its values.

Knows nothing of connections. What an expression means is said by `holdfast.where.holds`; the SQL made here is always
true or false, never unknown, so that `not` turns it round.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from holdfast.store.codec import micros
from holdfast.store.preview import forms
from holdfast.stores import RecordingQuery
from holdfast.where import SCORE, And, Expression, Is, Not, Or

_SPECIAL = re.compile("[!%_]")
_FILTERS: Mapping[str, str] = {
    "feature": "feature = :feature",
    "outcome": "outcome = :outcome",
    "release": "release = :release",
    "subject": "subject = :subject",
    "evaluation": "evaluation = :evaluation",
    "since": "started_at >= :since",
    "until": "started_at < :until",
    "before": "(started_at, n) < (:before_at, :before_n)",
}


def narrowed(sql: Mapping[str, str], query: RecordingQuery) -> tuple[str, dict[str, Any]]:
    """The query `find` with the filters that are asked for, and no others, so that the indexes serve it; and the values
    of all but the place of `before`."""
    making = _Making(sql)
    asked = [text for name, text in _FILTERS.items() if getattr(query, name) is not None]
    if query.live_only:
        asked.append("evaluation IS NULL")
    if query.text:
        asked.append(making.says(("asked",), query.text))
    if query.where is not None:
        asked.append(making.condition(query.where))
    values = {name: getattr(query, name) for name in (*_FILTERS, "tenant", "limit")}
    for bound in ("since", "until"):
        if (at := values[bound]) is not None:
            values[bound] = micros(at)
    statement = sql["find"].replace("/* filters */", "".join(f"AND {text} " for text in asked))
    return statement, values | making.values


@dataclass(slots=True)
class _Making:
    """Makes conditions, and keeps the values they name."""

    sql: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)

    def condition(self, expression: Expression) -> str:
        """The condition that holds where the expression does."""
        match expression:
            case Not(one):
                return f"NOT {self.condition(one)}"
            case And(parts):
                return f"({' AND '.join(map(self.condition, parts))})"
            case Or(parts):
                return f"({' OR '.join(map(self.condition, parts))})"
            case Is("since", _, datetime() as moment):
                return f"(started_at >= {self._value(micros(moment))})"
            case Is("until", _, datetime() as moment):
                return f"(started_at < {self._value(micros(moment))})"
            case Is(("text" | "asked" | "answered") as name, _, str() as words):
                return self.says(("asked", "answered") if name == "text" else (name,), words)
            case Is(name, "!=", value):
                return f"NOT {self.condition(Is(name, '=', value))}"
            case Is("feedback.score" | "feedback.label" as name, sign, value):
                return self._some(self.sql["rated"], f"f.{name.partition('.')[2]}", sign, value)
            case Is(name, sign, value) if name.startswith(SCORE):
                scored = self.sql["scored"].replace(":scorer", self._value(name.removeprefix(SCORE)))
                column = "s.label" if isinstance(value, str) else "s.scorer" if value is None else "s.number"
                return self._some(scored, column, sign, value)
            case Is(name, sign, value):
                return f"({self._is(name, sign, value)})"
        raise AssertionError(expression)

    def says(self, columns: tuple[str, ...], text: str) -> str:
        """That every word of the text occurs in one of the columns, in one of its forms."""
        each = [
            " OR ".join(f"({column} IS NOT NULL AND {self._like(column, form)})" for column in columns for form in word)
            for word in forms(text)
        ]
        return f"({' AND '.join(f'({one})' for one in each) or 'TRUE'})"

    def _like(self, column: str, form: str) -> str:
        value = self._value("%" + _SPECIAL.sub(r"!\g<0>", form) + "%")
        return self.sql["says"].replace("/* column */", column).replace(":word", value)

    def _is(self, column: str, sign: str, value: object) -> str:
        if value is None:
            return f"{column} IS NULL"
        return f"{column} IS NOT NULL AND {column} {sign} {self._value(value)}"

    def _some(self, rows: str, column: str, sign: str, value: object) -> str:
        """That some of the rows is so; where what is missing is asked for, that none of them has it."""
        if value is None:
            return "(NOT " + rows.replace("/* is */", f"{column} IS NOT NULL") + ")"
        return "(" + rows.replace("/* is */", self._is(column, sign, value)) + ")"

    def _value(self, value: object) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"
