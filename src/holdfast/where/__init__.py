"""The language that says which recordings, the same on the command line, over HTTP and in the console.

Knows nothing of how recordings are kept: a store makes a query of an expression, and `holds` says what it must give.

    expression  = conjunction { "or" conjunction }
    conjunction = condition { "and" condition }
    condition   = "not" condition | "(" expression ")" | FIELD OPERATOR VALUE
    OPERATOR    = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~"

`fields.py` is the table of fields, and docs/how-to/operate/find-recordings.md the page for users.
"""

from __future__ import annotations

from holdfast.where.expression import And, Expression, Is, Not, Or, Value, comparisons, fields_of, joined, with_releases
from holdfast.where.fields import FIELDS, MOST_CHARACTERS, SCORE
from holdfast.where.holding import Seen, holds
from holdfast.where.parsing import parse

__all__ = [
    "FIELDS",
    "MOST_CHARACTERS",
    "SCORE",
    "And",
    "Expression",
    "Is",
    "Not",
    "Or",
    "Seen",
    "Value",
    "comparisons",
    "fields_of",
    "holds",
    "joined",
    "parse",
    "with_releases",
]
