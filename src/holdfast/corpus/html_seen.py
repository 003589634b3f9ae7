"""What an element's attributes say about how a reader sees it: not at all, as decoration, as a callout.

It does not know what the element holds. Of a page's own style sheet it knows what `html_style` reads out of it.
"""

import re
from collections.abc import Mapping
from typing import Literal

from holdfast.corpus.html_style import Styles


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Line numbers beside a listing; MediaWiki's sort keys and edit links, Sphinx's permalinks: never part of what is said.
_APPARATUS = _words(
    "linenos lineno linenodiv line-numbers line-number gutter hljs-ln-numbers sortkey mw-editsection headerlink"
)

_KINDS: Mapping[str, str] = {
    "note": "NOTE", "info": "NOTE", "information": "NOTE", "primary": "NOTE", "secondary": "NOTE",
    "tip": "TIP", "hint": "TIP", "success": "TIP", "important": "IMPORTANT",
    "warning": "WARNING", "warn": "WARNING", "attention": "WARNING",
    "caution": "CAUTION", "danger": "CAUTION", "error": "CAUTION", "critical": "CAUTION",
}  # fmt: skip
_KINDS_ALONE = _words("note tip hint important warning attention caution danger")
_CALLOUTS = _words("callout alert admonition notice infobox noticebox messagebox")
_CALLOUTS_OF_A_KIND = _words("panel message notification banner box block")
_PARTS = _words(
    "title heading header body content text icon inner link close dismissible dismissable container wrapper item items"
    " list group label footer"
)


_TELLING = frozenset({"style", "hidden", "role", "class", "aria-hidden"})

# What a click opens: its body is hidden until then, and yet it is what the page says.
_OPENED = re.compile(
    r"(?:^|[\s_-])(?:accordion|collaps(?:e|ed|ible)|expand(?:able|er)?|toggle|disclosure|faq|tab-?(?:s|pane|panel|content|body)?"
    r"|spoiler)(?:$|[\s_-])",
    re.I,
)


class Seen:
    """What a reader of one page sees: its style sheet and the elements' own attributes, taken together."""

    def __init__(self, sheet: str) -> None:
        self._styles = Styles(sheet)

    def unseen(
        self, name: str, attributes: Mapping[str, str]
    ) -> Literal["", "hidden", "boilerplate", "apparatus", "ornament"]:
        """Why a reader does not see an element, or nothing where they do.

        `hidden` from every reader: by the `hidden` attribute or by style. What a click opens (a tab, an accordion)
        is not hidden. `boilerplate`: navigation. `apparatus`: how a page works rather than what it says, such as line
        numbers. `ornament`: hidden from screen readers, which is worth nothing unless it holds a word.
        """
        if name == "nav":
            return "boilerplate"
        if self._styles.empty and _TELLING.isdisjoint(attributes):
            return ""
        hidden = self._styles.hidden(name, attributes)
        if not attributes:
            return "hidden" if hidden else ""
        if (hidden or "hidden" in attributes) and not (hidden != "made unseen" and _is_opened(attributes)):
            return "hidden"
        if attributes.get("role") == "navigation":
            return "boilerplate"
        classes = attributes.get("class")
        if classes and not _APPARATUS.isdisjoint(classes.split()):
            return "apparatus"
        return "ornament" if attributes.get("aria-hidden") == "true" else ""


def is_hidden(attributes: Mapping[str, str | None]) -> bool:
    """Whether the attributes alone hide an element from every reader."""
    return Seen("").unseen("", {name: value or "" for name, value in attributes.items()}) == "hidden"


def _is_opened(attributes: Mapping[str, str]) -> bool:
    """Whether an element is the body of a tab, an accordion or another disclosure."""
    return attributes.get("role") == "tabpanel" or _OPENED.search(attributes.get("class", "")) is not None


def callout_kind(attributes: Mapping[str, str] | Mapping[str, str | None]) -> str | None:
    """NOTE, TIP, IMPORTANT, WARNING or CAUTION where the classes make an element a callout; None where they do not.

    Reads plain names (`note`), families (`alert alert-warning`, `callout--danger`, `admonition tip`) and Confluence's
    `panel-warning`; leaves the parts of a callout (`callout__body`, `alert-heading`) alone.
    """
    classes = attributes.get("class")
    if not classes:
        return None
    found: str | None = None
    family = False
    for name in classes.lower().split():
        words = [word for word in re.split(r"[-_]+", name) if word]
        if not _PARTS.isdisjoint(words):
            if not _CALLOUTS.isdisjoint(words) or not _KINDS_ALONE.isdisjoint(words):
                return None
            continue
        kind = next((_KINDS[word] for word in words if word in _KINDS), None)
        family = (
            family
            or not _CALLOUTS.isdisjoint(words)
            or (kind is not None and (name in _KINDS_ALONE or not _CALLOUTS_OF_A_KIND.isdisjoint(words)))
        )
        if kind and (found is None or len(words) > 1):
            found = kind
    return (found or "NOTE") if family else None
