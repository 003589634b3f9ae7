"""Markdown as the plain words an index needs: link texts without addresses, no marks, no escapes.

It does not know blocks; it is given one piece of text at a time.
"""

import re
from functools import lru_cache

_CODE = re.compile(r"(?<!`)(`+)(?!`)(.{1,2000}?)(?<!`)\1(?!`)", re.S)
_LINK = re.compile(
    r"!?\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\((?:<[^<>]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+\"[^\"]*\")?\)"
)
_AUTOLINK = re.compile(r"<((?:https?|mailto|ftp):[^<>\s]+)>")
_STARS = re.compile(r"(?<![\\*\w])(\*{1,3})(?=\S)|(?<=[^\s\\])(\*{1,3})(?![*\w])|(?<=\w)\*\*(?=\w)|~~")
_UNDERSCORES = re.compile(r"(?<![\w\\])(_{1,3})(?=[^\s_])(.{1,300}?)(?<=[^\s_\\])\1(?!\w)", re.S)
_CALLOUT = re.compile(r"^\[!(\w+)\][ \t]*", re.M)
_LINE_START = re.compile(r"^(?:[ \t]*>)*[ \t]*(?:(?:[-*+]|:)[ \t]+)?(?:\[[ xX]\][ \t]+)?", re.M)
_MARKS = re.compile(r"[\[<*`~_\\>\n\-+:]")
_STARTS = frozenset(" \t>-*+:[")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_SHORT = 100
_BREAK = re.compile(r"[ \t]*<br ?/?>[ \t]*(?:[-*+] )?", re.I)


def plain(text: str) -> str:
    """`text` without Markdown: what a reader would see of it, white space collapsed to single spaces.

    The address of a link or an image is left out, its text kept; an address that stands for itself is kept. A callout
    keeps its kind as a word. Inline code keeps its content.
    """
    return _known(text) if len(text) < _SHORT else _bare(text)


def _bare(text: str) -> str:
    if _MARKS.search(text) is None:
        return " ".join(text.split())
    if text[0] in _STARTS or "\n" in text:
        text = _LINE_START.sub("", text)
    if "[!" in text:
        text = _CALLOUT.sub(lambda kind: kind[1].capitalize() + ": ", text)
    if "`" not in text:
        return " ".join(_unmarked(text).split())
    pieces: list[str] = []
    start = 0
    for code in _CODE.finditer(text):
        pieces += (_unmarked(text[start : code.start()]), code[2])
        start = code.end()
    return " ".join("".join([*pieces, _unmarked(text[start:])]).split())


_known = lru_cache(8192)(_bare)  # cells and names, which are asked for as values, as records and again in other rows


def _first(found: re.Match[str]) -> str:
    return found[1]


def _unmarked(text: str) -> str:
    for _ in range(2):  # an image inside a link
        if "](" in text:
            text = _LINK.sub(_first, text)
    if "<" in text:
        text = _AUTOLINK.sub(r"\1", _BREAK.sub(", ", text))
    if "*" in text or "~~" in text:
        text = _STARS.sub("", text)
    if "_" in text:
        text = _UNDERSCORES.sub(r"\2", text)
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text
