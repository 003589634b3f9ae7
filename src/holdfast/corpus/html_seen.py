"""What an element's attributes say about how a reader sees it: not at all, as decoration, as a callout.

It does not know what the element holds, nor style sheets: only attributes are read.
"""

import re
from collections.abc import Mapping

_UNSEEN = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity)\s*:\s*\.?0[0.]*(?![.\d]))",
    re.I,
)


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


def is_hidden(attributes: Mapping[str, str | None]) -> bool:
    """Whether the attributes hide an element from every reader: `hidden`, or a style that shows nothing."""
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style) and _UNSEEN.search(style or "") is not None


def is_apparatus(attributes: Mapping[str, str | None]) -> bool:
    """Whether an element belongs to how a page works rather than to what it says, such as line numbers."""
    classes = attributes.get("class")
    return bool(classes) and not _APPARATUS.isdisjoint((classes or "").split())


def callout_kind(attributes: Mapping[str, str | None]) -> str | None:
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
