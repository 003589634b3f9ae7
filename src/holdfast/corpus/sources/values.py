"""What people write into the fields of rows and front matter, as what a document holds.

Knows nothing of which field it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from holdfast.records import Json


def text_of(value: object) -> str:
    """A scalar as text; nothing for null and for what is not a scalar."""
    if isinstance(value, bool) or value is None:
        return ""
    return str(value).strip() if isinstance(value, str | int | float) else ""


def names_of(value: object) -> tuple[str, ...]:
    """Names written as a list, or as one text with commas between."""
    parts = value if isinstance(value, list | tuple) else text_of(value).split(",")
    return tuple(name for part in parts if (name := text_of(part)))


def path_of(value: object) -> tuple[str, ...]:
    """A section's path written as a list, or as one text with ` > ` or `/` between."""
    if isinstance(value, list | tuple):
        return tuple(name for part in value if (name := text_of(part)))
    text = text_of(value)
    return tuple(name for part in text.split(">" if " > " in text else "/") if (name := part.strip()))


def moment_of(value: object) -> datetime | None:
    """A date or a time, ISO 8601 where it is text; in UTC where no zone is named. None for anything else."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def plain(value: object) -> Json:
    """A value as JSON: dates as text, keys as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def truth_of(value: object) -> bool:
    """Whether somebody meant yes."""
    return value.strip().lower() in ("true", "yes", "1", "on") if isinstance(value, str) else bool(value)


def parts_of(value: object) -> list[object]:
    """The parts of a list; none of anything else."""
    return list(value) if isinstance(value, list | tuple) else []
