"""An invitation (iCalendar, RFC 5545) as a few lines of text.

Knows nothing of recurrence, time zones or who was invited.
"""

from __future__ import annotations

import re

_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPE = re.compile(r"\\([nN,;\\])")
_WANTED = ("SUMMARY", "DTSTART", "LOCATION", "DESCRIPTION")


def invitation(text: str) -> str:
    """What a calendar's first event is about: its summary, when it starts, where, and its description; else nothing."""
    found: dict[str, str] = {}
    inside = False
    for line in _FOLD.sub("", text).splitlines():
        name, _, value = line.partition(":")
        name = name.partition(";")[0].strip().upper()
        if name == "BEGIN":
            inside = value.strip().upper() == "VEVENT"
        elif inside and name in _WANTED and value.strip():
            found.setdefault(name, _ESCAPE.sub(lambda mark: "\n" if mark[1] in "nN" else mark[1], value.strip()))
    start = re.match(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d))?", found.get("DTSTART", ""))
    if start:
        found["DTSTART"] = "-".join(start.groups()[:3]) + (f" {start[4]}:{start[5]}" if start[4] else "")
    return "\n\n".join(found[name] for name in _WANTED if name in found)
