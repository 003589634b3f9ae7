"""The page of expressions over recordings, from the table of their fields. Knows nothing of how one is read."""

from __future__ import annotations

import inspect

import holdfast.where
from holdfast.where import FIELDS, MOST_CHARACTERS
from holdfast.where.fields import SCORE_FIELD, Field
from tools.reference.markdown import page, table


def where() -> str:
    """Every field with what it is compared with, and the grammar."""
    rows = [(f"`{name}`", *row(field)) for name, field in FIELDS.items()]
    rows.append(("`score.NAME`", *row(SCORE_FIELD)))
    grammar = inspect.cleandoc(inspect.cleandoc(holdfast.where.__doc__ or "").split("\n\n")[2])
    values = (
        'A value with spaces, brackets or operators stands in double quotes, in which `\\"` and `\\\\` stand for '
        "themselves. A time is a date (`2026-11-01`), a moment (`2026-11-01T14:30`, in UTC unless it says so) or how "
        "long ago (`90s`, `15m`, `1h30m`, `7d`). `none` without quotes is a value that is missing. `and` binds more "
        "tightly than `or`; the case of the three keywords does not matter."
    )
    meaning = (
        "Nothing is compared with what is missing: `cost_usd<1` does not hold where the cost is not known, and so "
        "`not cost_usd<1` does. `!=` is always the opposite of `=`. Of several feedbacks or scores, one that fits is "
        "enough. Words are found in the first 160 characters of what was asked and the first 400 of what was answered, "
        "also inside a word, whatever the case of their ASCII letters. A recording that an evaluation asked for is "
        "found only where the expression speaks of `evaluation` or of a score. `answered`, "
        "`degraded`, `blocked` and `failure` are missing in recordings that an older Holdfast kept."
    )
    intro = (
        "An expression says which recordings: for `holdfast recordings list --where`, `holdfast replay --where`, "
        f"`GET /v1/recordings?where=` and the console. It is at most {MOST_CHARACTERS} characters long."
    )
    fields = table(("field", "operators", "none", "what it is"), rows)
    parts = ["## Fields", fields, "## Values", values, "## Meaning", meaning]
    return page("Expressions over recordings", intro, [*parts, "## Grammar", f"```text\n{grammar}\n```"])


def row(field: Field) -> tuple[str, str, str]:
    signs = " ".join(f"`{sign}`" for sign in field.signs)
    return signs, "yes" if field.none else "", field.meaning
