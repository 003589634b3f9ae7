"""Markdown within its lines: inline HTML, references, escapes and entities brought to one form.

It does not know blocks, and leaves inline code alone.
"""

import html
import re
from collections import Counter
from collections.abc import Callable

from holdfast.corpus.blocks import bold
from holdfast.corpus.html import clean_html
from holdfast.corpus.html_flow import escaped
from holdfast.corpus.text import normalise
from holdfast.documents import Removed

_CODE = re.compile(r"(?<![\\`])(`+)(?!`).{1,2000}?(?<!`)\1(?!`)", re.S)
_PAIRED = (
    "a b strong i em u s del strike ins mark kbd code tt samp var sup sub small big font span abbr cite q label button"
)
_SINGLE = "img br wbr input iframe video audio embed hr source"
_DROPPED = (
    f"{_PAIRED} div p section article aside center main header footer details figure figcaption picture form fieldset"
    " object tbody thead tfoot table tr td th ul ol li dl dt dd nav blockquote noscript"
)


def _tag(names: str) -> str:
    return "|".join(sorted(names.split(), key=len, reverse=True))


_ELEMENT = re.compile(
    rf"<({_tag(_PAIRED)})(\s[^<>]*)?(?<!/)>((?:(?!</?\1[\s>]).)*?)</\1\s*>|<(?:{_tag(_SINGLE)})(?:\s[^<>]*)?/?>",
    re.S | re.I,
)
_SUMMARY = re.compile(r"<summary(?:\s[^<>]*)?>(.{0,2000}?)</summary\s*>", re.S | re.I)
_LEFT_OVER = re.compile(rf"</?(?:{_tag(_DROPPED)})(?:\s[^<>]*)?/?>", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_ESCAPE = re.compile(r"\\([-.!&'\",:;/()@%=+~^$?{}])")
_GUARDED = re.compile(r"^[ \t]*(?:[-+=~:]|\d{1,9}[.)]|$)")
_DEFINITION = re.compile(
    r"^ {0,3}\[(?!\^)([^\[\]\n]+)\]:[ \t]*(?:<([^<>\n]*)>|(\S+))"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*$",
    re.M,
)
_REFERENCE = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])+)\](?:\[([^\[\]]*)\]|(?![\[(:]))")


def clean_inline(text: str, counts: Counter[str], removed: list[Removed], *, line_break: str = "  \n") -> str:
    """Lines of Markdown without HTML tags, needless escapes and entities; inline code stays as it is.

    What is hidden goes to `removed`.
    """
    if not any(mark in text for mark in "<&\\"):
        return text
    return outside_code(text, lambda part: _clean(part, counts, removed, line_break))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` applied to all that is not inline code."""
    pieces: list[str] = []
    start = 0
    for code in _CODE.finditer(text):
        pieces += (change(text[start : code.start()]), code[0])
        start = code.end()
    return "".join([*pieces, change(text[start:])])


def _clean(text: str, counts: Counter[str], removed: list[Removed], line_break: str) -> str:
    if "<" in text:
        for _ in range(3):  # elements within elements, from the inside out
            text, found = _ELEMENT.subn(lambda element: _converted(element, counts, removed, line_break), text)
            if not found:
                break
        text = _LEFT_OVER.sub("", _SUMMARY.sub(_summary, text))
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    if "\\" in text:
        text = "\n".join(map(_unescaped, text.split("\n")))
    return text


def _converted(element: re.Match[str], counts: Counter[str], removed: list[Removed], line_break: str) -> str:
    source = element[0]
    if source[:3].lower() == "<br":
        return line_break
    inner = element[3] or ""
    if element[1] and not element[2] and element[1].lower() == "sup" and element.start():
        return ("^" if element.string[element.start() - 1].isalnum() and inner.strip().isdigit() else "") + inner
    cleaned = clean_html(source)
    for finding in cleaned.findings:
        counts[finding.code] += finding.count
    removed += cleaned.removed
    lead = " " if inner[:1].isspace() else ""
    return lead + cleaned.text.replace("\\<", "<") + (" " if lead and inner[-1:].isspace() else "")


def _summary(summary: re.Match[str]) -> str:
    return bold(" ".join(summary[1].replace("**", "").split())) + "\n"


def _character(entity: re.Match[str]) -> str:
    following = entity.string[entity.end() : entity.end() + 1]
    return escaped(normalise(html.unescape(entity[0])) + following).removesuffix(following)


def _unescaped(line: str) -> str:
    """A line without backslashes that guard nothing; the first stays where it keeps the line from being a block."""
    first = _ESCAPE.search(line)
    if first and _GUARDED.match(line[: first.start()] + first[1]):
        return line[: first.end()] + _ESCAPE.sub(r"\1", line[first.end() :])
    return _ESCAPE.sub(r"\1", line)


def resolve_references(text: str) -> str:
    """Reference links (`[text][name]`) as links in place; definitions that were used are gone. Footnotes stay."""
    found = {" ".join(match[1].casefold().split()): match[2] or match[3] for match in _DEFINITION.finditer(text)}
    if not found:
        return text
    used: set[str] = set()

    def link(reference: re.Match[str]) -> str:
        name = " ".join((reference[3] or reference[2]).casefold().split())
        if name not in found:
            return reference[0]
        used.add(name)
        return f"{reference[1]}[{reference[2]}]({found[name]})"

    text = _REFERENCE.sub(link, text)
    return _DEFINITION.sub(lambda match: "" if " ".join(match[1].casefold().split()) in used else match[0], text)
