"""The lines by which a mail client says that another message follows.

Knows nothing of what is then done with that message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.corpus.mail.lines import HEADER_FOLLOWS, LONGEST, Line
from holdfast.corpus.mail.phrases import DELIMITER, FIELD, FORWARDED, LEAD, ORIGINAL, WROTE

_ADDRESS = re.compile(r"[^\s@<>()\[\]]{1,64}@[\w-]{1,63}\.?[\w.-]{0,190}")
_TIME = re.compile(r"\d{1,2} ?[:.h：点時시] ?\d{2}|\d{1,2} ?[ap]\.?m\b")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d{2}(?!\d)|(?<!\d)\d{1,2} ?[./-] ?\d{1,2}(?!\d)|\d{1,2}[月월]"
    r"|(?<!\d)\d{1,2}\.? [^\W\d_]{3,20}|[^\W\d_]{3,20}\.? \d{1,2}(?!\d)"
)
_BOLD_FIELD = re.compile(r"\W{0,4}\*\*[^*\n]{1,30}[:：]\s*\*\*|\W{0,4}\*\*[^*\n]{1,30}\*\*\s?[:：]")
_RULE = re.compile(r"[-_=*\s\\]{3,}")
_NAME_BEFORE = re.compile(r"([^\W\d_]+)\W*$")
_LABELLED = re.compile(r"[^\W\d_][\w ()/-]{0,30}[:：]\s+\S")
WINDOW = 5
HEADER_LINES = 14


@dataclass(frozen=True, slots=True)
class Splitter:
    """Lines `start` to `end` (not included) that announce a message. `wrote` is a sentence, `header` repeats headers,
    `original` and `forward` are titles, `delimiter` is a help desk's line above which to answer."""

    kind: Literal["wrote", "header", "original", "forward", "delimiter"]
    start: int
    end: int


def splitters(lines: Sequence[Line]) -> Iterator[Splitter]:
    """Every one outside of `>`, in order. Looks at each line a bounded number of times."""
    index = 0
    while index < len(lines):
        found = None if lines[index].blank or lines[index].quoted else _at(lines, index)
        if found is not None:
            yield found
        index = found.end if found is not None else index + 1


def _at(lines: Sequence[Line], index: int) -> Splitter | None:
    line = lines[index]
    if len(line.raw) <= LONGEST:
        if DELIMITER.match(line.said):
            return Splitter("delimiter", index, index + 1)
        if FORWARDED.match(line.said) and _is_title(line):
            return Splitter("forward", index, index + 1)
        if ORIGINAL.match(line.said) and _is_title(line):
            return Splitter("original", index, index + 1)
    end = header_end(lines, index)
    if end:
        return Splitter("header", index, end)
    end = _attribution_end(lines, index)
    return Splitter("wrote", index, end) if end else None


def _is_title(line: Line) -> bool:
    """A title stands between dashes, or is said and nothing else; a sentence with its words is none."""
    return line.plain.startswith(("--", "__", "==")) or (
        len(line.plain) < 60 and line.plain.rstrip().endswith((":", "：")) and len(line.said.split()) <= 6
    )


def header_end(lines: Sequence[Line], index: int) -> int:
    """Where the headers of a message, repeated from `index` on, end; 0 where there are none."""
    line = lines[index]
    trusted = HEADER_FOLLOWS in line.marks or (index > 0 and _announced(lines, index))
    first = _role(line)
    if not trusted and index > 0 and _LABELLED.match(lines[index - 1].plain) and _role(lines[index - 1]) is None:
        return 0  # a form that somebody filled in
    if first is None and not (trusted and _BOLD_FIELD.match(line.raw)):
        return 0
    within = {found.lastgroup for found in FIELD.finditer(line.said)}
    if first == "from" and {"from", "sent"} < within and within & {"to", "subject"}:
        return index + 1
    roles: set[str] = set()
    fields = blanks = others = 0
    end = index
    address = False
    for at in range(index, min(index + HEADER_LINES, len(lines))):
        line = lines[at]
        role = _role(line)
        if line.blank:
            blanks += 1
            if blanks > 1:
                break
            continue
        if role is None and not _BOLD_FIELD.match(line.raw):
            others += 1
            if others > 2 or blanks:
                break
            continue
        roles |= {role} - {None, "more"} if role else set()
        fields += 1
        blanks = others = 0
        address = address or "@" in line.raw[:LONGEST]
        end = at + 1
    sure = "from" in roles and len(roles) >= 3 and ("subject" in roles or address)
    likely = trusted and fields >= 2 and (fields >= 3 or "from" in roles)
    return end if sure or likely else 0


def _announced(lines: Sequence[Line], index: int) -> bool:
    """Whether a line of dashes or an "Original message" stands before, a blank line between or none."""
    for at in range(index - 1, max(index - 3, -1), -1):
        if not lines[at].blank:
            said = lines[at].said
            return len(said) <= LONGEST and bool(
                ORIGINAL.match(said) or FORWARDED.match(said) or lines[at].raw.startswith("_____")
            )
    return False


def _role(line: Line) -> str | None:
    found = FIELD.match(line.said) if ":" in line.said[:40] or "：" in line.said[:40] else None
    return found.lastgroup if found else None


def _attribution_end(lines: Sequence[Line], index: int) -> int:
    """Where a sentence such as `On Monday, Ann wrote:` that starts at `index` ends, over several lines; else 0."""
    if not LEAD.match(lines[index].said) or len(lines[index].raw) > LONGEST:
        return 0
    window = ""
    for at in range(index, min(index + WINDOW, len(lines))):
        line = lines[at]
        if line.blank or line.quoted or len(window) + len(line.plain) > LONGEST:
            return 0
        window = f"{window} {line.plain}" if window else line.plain
        if window.endswith((":", "：")):
            return at + 1 if _is_attribution(window, _quote_follows(lines, at + 1)) else 0
        if _quote_follows(lines, at + 1):
            return at + 1 if WROTE.search(window.lower()) and _dated(window) else 0
    return 0


def _quote_follows(lines: Sequence[Line], index: int) -> bool:
    for line in lines[index : index + 3]:
        if not line.blank:
            return line.quoted
    return False


def _dated(text: str) -> bool:
    return _DATE.search(text.lower()) is not None


def _is_attribution(text: str, quote_follows: bool) -> bool:
    said = text.lower()
    verb = WROTE.search(said)
    address = _ADDRESS.search(said) is not None
    date, time = _DATE.search(said) is not None, _TIME.search(said) is not None
    if date and time and address and (quote_follows or "<" in text):
        return True
    if quote_follows:
        return (verb is not None and (date or address or len(said.split()) <= 8)) or address
    if verb is None or not (address or (date and time)):
        return False
    return address or _somebody(text, verb)


def _somebody(text: str, verb: re.Match[str]) -> bool:
    """Whether the word before the verb, or behind it, is written as a name: a server that wrote a file is not."""
    before = _NAME_BEFORE.search(text[: verb.start()])
    after = text[verb.end() :].lstrip()
    return bool(before and not before[1].islower()) or bool(after and not after[0].islower() and after[0].isalpha())


def is_rule(line: Line) -> bool:
    """Whether a line is only dashes or the like."""
    return _RULE.fullmatch(line.raw.strip()) is not None if len(line.raw) <= LONGEST else False
