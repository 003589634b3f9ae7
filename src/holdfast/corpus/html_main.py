"""The main content of a web page: which part of it is the article, and what in that part is not said by the article.

It does not know Markdown; it takes a page's tokens and gives back those to keep, and the words of those that go.

Every block of text is worth what it says outside of links. From the body downwards the part is followed that holds
nearly all of that worth, until no single part does: that is the article. What in it has the class of something else (a
comment, a share button, a teaser), or is mostly links, goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from holdfast.corpus.html_hints import LEADS_AWAY, SENDS, Kind, kind_of
from holdfast.corpus.html_source import unescaped
from holdfast.corpus.text import normalise
from holdfast.documents import Removed


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _words(
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hgroup legend li main menu nav ol option p picture pre search section"
    " select summary table tbody td tfoot th thead tr ul video audio object noscript template"
)
_CONTAINERS = _words(
    "article body center div details fieldset form main section table tbody td tr ul ol dl dd li header"
)
_PARAGRAPHS = _words("p blockquote pre")
_HEADINGS = _words("h1 h2 h3 h4 h5 h6")
_GROUPS = _words("ul ol div section table dl")
_CELLS = _words("li td th dd")

_WORDS = 200  # characters of a part's own text that are looked at
_MIN_PARAGRAPH = 25  # characters
_COMMA = 20  # characters that a comma is worth: sentences have them, labels have not
_TEASER = 500  # characters of a teaser at most
# Shares of worth. Chosen on every second page of the development half of the article extraction benchmark.
_MOST = 0.5  # of the page's: what holds as much is no sidebar, whatever its class
_NEARLY_ALL = 0.75  # of a part's: what holds as much is gone down to
_DIRECT = 0.04  # of a part's: what its own paragraphs may hold if it is gone down from
_MARKED = (("main", 0.3), ("body", 0.4))  # of the page's: what is marked as the article and holds as much is believed


@dataclass(slots=True, eq=False)
class Part:
    """An element that makes a block, with what stands in it; places are those of its tags among the tokens."""

    name: str
    start: int
    parent: "Part | None"
    kind: Kind = ""
    end: int = 0
    parts: list["Part"] = field(default_factory=list)
    own: int = 0  # characters of text directly in it, in links or not
    linked: int = 0
    commas: int = 0
    words: str = ""  # the first of its own text
    all_text: int = 0
    all_linked: int = 0
    worth: float = 0.0
    lost: float = 0.0  # of its worth, with what was dropped in it
    titles: int = 0  # headings within it that are links, as those of teasers are
    drop: bool = False


def main_content(tokens: Sequence[str]) -> tuple[list[str], list[Removed]]:
    """The tokens of a page's main content, and the words of all else. A page without any comes back whole."""
    root = _tree(tokens)
    parts = _in_order(root)
    _weigh(parts)
    _judge(parts)
    if root.worth <= 0:
        return list(tokens), []
    top = _descend(root, parts)
    _prune(top)
    return _cut(tokens, top)


def _tree(tokens: Sequence[str]) -> Part:
    root = part = Part("", 1, None, end=len(tokens) - 2)
    names: list[str] = []
    links, known = 0, dict[str, tuple[str, Kind]]()
    for place in range(1, len(tokens), 2):
        text, tag = tokens[place - 1], tokens[place]
        if text and not text.isspace():
            part.own += (length := len(text.strip()))
            part.linked += length if links else 0
            part.commas += sum(map(text.count, ",;，、"))
            if len(part.words) < _WORDS:
                part.words += text
        if tag[1] == "/":
            name = tag[2:-1]
            if name == "a":
                links -= links > 0
            elif name in names:
                while names:
                    part.end = place
                    part = part.parent or root
                    if names.pop() == name:
                        break
            continue
        name, kind = known.get(tag) or known.setdefault(tag, kind_of(tag))
        if name == "a":
            links += kind != "anchor"
        elif name in _BLOCKS or (name == "span" and (kind == "other" or "span" in names)):
            outer, part = part, Part(name, place, part, kind, len(tokens) - 2)
            outer.parts.append(part)
            names.append(name)
    return root


def _in_order(root: Part) -> list[Part]:
    """Every part, children after their parents."""
    order, stack = [], [root]
    while stack:
        part = stack.pop()
        order.append(part)
        stack.extend(reversed(part.parts))
    return order


def _weigh(parts: Sequence[Part]) -> None:
    """What each part says, whatever its class."""
    for part in reversed(parts):
        part.all_text = part.own + sum(child.all_text for child in part.parts)
        part.all_linked = part.linked + sum(child.all_linked for child in part.parts)
        part.titles = sum(child.titles for child in part.parts)
        if part.name in _HEADINGS:
            part.titles = int(0 < part.all_text < 1.3 * part.all_linked)
        elif part.own - part.linked >= _MIN_PARAGRAPH:
            part.worth = (part.own - part.linked + _COMMA * part.commas) * (1 - part.linked / part.own) ** 2
        part.worth += sum(child.worth for child in part.parts)
        if _is_teaser(part) and part.name != "p":
            part.worth = 0.0


def _judge(parts: Sequence[Part]) -> None:
    """Drops what is of another kind, unless it holds most of what the page says; worth is what is left."""
    total = parts[0].worth
    for part in parts:
        part.drop = part.kind == "comments" or (part.kind == "other" and part.worth < _MOST * total)
    if all(part.drop or part.worth <= 0 for part in _top_parts(parts[0])):
        for part in parts:
            part.drop = part.drop and part.kind == "other" and part.worth < _MOST * total
    for part in reversed(parts):
        part.lost = sum(child.worth + child.lost if child.drop else child.lost for child in part.parts)
        part.worth = max(0.0, part.worth - part.lost)


def _top_parts(root: Part) -> Sequence[Part]:
    """The parts at the top of a page, its one body stepped into."""
    return root.parts[0].parts if len(root.parts) == 1 else root.parts


def _descend(root: Part, parts: Sequence[Part]) -> Part:
    """The smallest part that holds nearly all of what the page says."""
    part = root
    for kind, share in _MARKED:
        marked = [one for one in parts if one.kind == kind and not one.drop and _within(one, part)]
        best = max(marked, key=lambda one: one.worth, default=part)
        if best.worth >= share * part.worth:
            part = best
    while part.kind != "body" and part.parts:
        best = max(part.parts, key=lambda child: child.worth * (not child.drop))
        direct = sum(child.worth for child in part.parts if child.name in _PARAGRAPHS and not child.drop)
        if (
            best.drop
            or best.name not in _CONTAINERS
            or best.worth < _NEARLY_ALL * part.worth
            or direct > _DIRECT * part.worth
        ):
            break
        part = best
    return part


def _within(part: Part, top: Part) -> bool:
    return top.start <= part.start and part.end <= top.end


def _prune(top: Part) -> None:
    """Drops what within the main content leads away from it."""
    stack = [top]
    while stack:
        part = stack.pop()
        teasers = sum(map(_is_teaser, part.parts))
        for child in part.parts:
            child.drop = child.drop or _leads_away(child, top) or (teasers > 1 and _is_teaser(child))
        after_dropped = True
        for child in reversed(part.parts):
            if child.name in _HEADINGS and after_dropped and part.name in _CONTAINERS:
                child.drop = True
            after_dropped = child.drop or (after_dropped and child.all_text == 0)
        stack.extend(child for child in part.parts if not child.drop)


def _is_teaser(part: Part) -> bool:
    return part.titles == 1 and part.all_text < _TEASER


def _leads_away(part: Part, top: Part) -> bool:
    if part.name == "h1":
        return True
    if not part.all_text:
        return False
    words = " ".join(normalise(unescaped(part.words)).split())
    density = part.all_linked / part.all_text
    if part.name in _GROUPS and density > 0.5 and part.worth < 0.2 * top.worth:
        return True
    if part.titles > 2 and part.worth < 0.3 * top.worth and part.titles * _TEASER > part.all_text:
        return True
    if (part.name == "p" or part.name in _HEADINGS) and part.all_text > 15 and density > 0.9:
        return True
    if part.all_text < 120 and not part.parts and part.name not in _CELLS:
        return LEADS_AWAY.match(words) is not None
    return part.all_text < 300 and part.name == "p" and SENDS.search(words) is not None


def _cut(tokens: Sequence[str], top: Part) -> tuple[list[str], list[Removed]]:
    """The tokens of `top` without what was dropped in it, and the words of all that is not kept, in their order."""
    gone: list[tuple[int, int]] = []
    stack = [top]
    while stack:
        part = stack.pop()
        if part.drop and part is not top:
            gone.append((part.start, part.end))
        else:
            stack.extend(part.parts)
    start, end = (1, len(tokens)) if top.parent is None else (top.start, top.end + 1)
    removed = [tokens[0:start:2]] if start > 1 else []
    kept: list[str] = [tokens[0] if start == 1 else ""]
    for first, last in sorted(gone):
        kept += tokens[start:first]
        removed.append(tokens[first + 1 : last : 2])
        if last + 1 < end:
            kept[-1] += tokens[last + 1]
        start = last + 2
    kept += tokens[start:end]
    if end < len(tokens):
        kept.append("")
        removed.append(tokens[end::2])
    texts = (" ".join(normalise(unescaped(" ".join(pieces))).split()) for pieces in removed)
    return kept, [Removed("boilerplate", text) for text in texts if any(map(str.isalnum, text))]
