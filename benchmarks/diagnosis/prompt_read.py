"""What a prompt says, as the reader sees it: its passages, the task, and which clauses it has.

Knows nothing of templates or slots: only the text that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.records import Generate

_SOURCE = re.compile(r"^\[(\d{1,3})\] ?(.*)$", re.MULTILINE)
_SOURCES = r"(?:passage|source|context|document|material|text|excerpt|information)"
_ONLY = re.compile(
    rf"\b(?:only|solely|nothing but|strictly)\b[^.]{{0,80}}\b{_SOURCES}|\b{_SOURCES}s?[^.]{{0,40}}\b(?:only|alone)\b"
    rf"|\bbased on (?:the|these) [^.]{{0,30}}{_SOURCES}|\bfrom (?:the|these) (?:\w+ )?{_SOURCES}s?\b",
    re.I,
)
_EXACT = re.compile(r"\b(?:exact|exactly|precise|precisely|specific|verbatim|literal|quote)", re.I)
_VAGUE = re.compile(
    r"\bdo not (?:mention|give|state|repeat)[^.]{0,60}(?:name|number|date|detail|term)|\bgeneral terms only", re.I
)
_TERSE = re.compile(r"\b(?:yes or no|one word|a single word)\b", re.I)
_REFUSE = re.compile(
    r"\bnot found\b|\bcould not find\b|\bdo not answer\b|\bdon't know\b|\bdoes not (?:say|answer)", re.I
)
_REWRITE = re.compile(r"\b(?:search query|search words|rewrite|query for)\b", re.I)
_SUBJECT = re.compile(r"\bgeneral subject\b|\bone or two words\b|\bbroad topic\b", re.I)
_LABEL = re.compile(r"^- ([^:\n]{2,60}):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage as it stands in a prompt: its heading line and its text."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """A prompt as it is understood."""

    passages: tuple[Seen, ...]
    around: str  # everything but the passages
    length_words: int
    only: bool
    exact: bool
    vague: bool
    terse: bool
    refuse: bool
    rewrite: bool
    subject: bool
    labels: tuple[str, ...]
    fields: tuple[str, ...]  # of the JSON object that is asked for; none: a text is


def read(request: Generate, questions: Sequence[str]) -> Read:
    """What the messages of a request say. `questions` are those that a passage must not swallow."""
    whole = "\n\n".join(message.text for message in request.messages)
    passages, around = _parted(whole, questions)
    properties = (request.schema or {}).get("properties")
    return Read(
        passages=passages,
        around=around,
        length_words=whole.count(" ") + 1,
        only=bool(_ONLY.search(around)),
        exact=bool(_EXACT.search(around)),
        vague=bool(_VAGUE.search(around)),
        terse=bool(_TERSE.search(around)),
        refuse=bool(_REFUSE.search(around)),
        rewrite=bool(_REWRITE.search(around)),
        subject=bool(_SUBJECT.search(around)),
        labels=tuple(_LABEL.findall(around)),
        fields=tuple(properties) if isinstance(properties, dict) else (),
    )


def _parted(whole: str, questions: Sequence[str]) -> tuple[tuple[Seen, ...], str]:
    """The numbered passages, and the rest. The last passage ends where the question, or a rule of dashes, follows."""
    marks = list(_SOURCE.finditer(whole))
    if not marks:
        return (), whole
    end = len(whole)
    for mark in ("\n---", "\nQuestion:", "\nMessage:"):
        at = whole.find(mark, marks[-1].end())
        end = at if 0 <= at < end else end
    for question in questions:
        at = whole.find(question, marks[-1].end())
        end = at if 0 <= at < end else end
    borders = [*(mark.start() for mark in marks), end]
    passages = tuple(
        Seen(heading=mark[2], text=whole[mark.end() : after].strip())
        for mark, after in zip(marks, borders[1:], strict=True)
    )
    return passages, whole[: marks[0].start()] + "\n" + whole[end:]
