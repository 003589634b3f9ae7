"""The main content of a web page: which part of it is the article, and what in that part is not said by the article.

It does not know Markdown; it takes a page's tokens and gives back those to keep, and the words of those that go.

Every block of text is worth what it says outside of links. From the body downwards the part is followed that holds
nearly all of that worth, until no single part does: that is the article. What in it has the class of something else (a
comment, a share button, a teaser), or is mostly links, goes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from holdfast.corpus.html_source import VOID, attributes_of, name_of, unescaped
from holdfast.corpus.text import normalise
from holdfast.documents import Removed

_WORDS = 200
_TEASER = 500  # characters of a teaser at most
_MOST = 0.5
_PARAGRAPHS = frozenset({"p", "blockquote", "pre"})
_LISTS = frozenset({"ul", "ol", "div", "section", "table", "dl"})
_HINTS = ("class", "id", "itemprop", "role", "data-component", "data-testid")
_SHARE = 0.75  # of its parent's worth: a part that holds it is gone down to
_MIN_PARAGRAPH = 25  # characters
_DIRECT = 0.04  # of the worth: what may stand in paragraphs beside a part that is gone down to

_BLOCKS = frozenset(
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hgroup legend li main menu nav ol option p picture pre search section select"
    " summary table tbody td tfoot th thead tr ul video audio object noscript template iframe".split()
)
_CONTAINERS = frozenset(
    "article body center div details fieldset form main section table tbody td tr ul ol dl dd li header".split()
)
_NEVER = frozenset("nav footer aside button dialog select noscript template form figcaption".split())
_ROLES = frozenset(
    "navigation complementary menu menubar dialog alertdialog banner contentinfo search toolbar tablist".split()
)


# Classes of what is no part of an article. Names are split into words first: `related-posts`, `ShareBar`, `c_comments`.
_OTHER = re.compile(
    r"(?:^| )(?:comments?|disqus|respond|share|sharing|social|socials|sharebar|sharedaddy|addthis|related|recirc|recirculation"
    r"|recommend\w*|outbrain|taboola|newsletters?|subscribe|subscription|signup|sign up|promo\w*|sponsor\w*|advert\w*|ads?"
    r"|adslot|dfp|banner|cookies?|consent|gdpr|breadcrumbs?|byline|bylines|dateline|timestamp|pubdate|author|authors"
    r"|bio|sidebar|widgets?|footer|footnav|nav|navbar|navigation|menu|masthead|tags?|taglist|pagination|pager"
    r"|prev|next|popular|trending|most read|most viewed|read more|readmore|more stories|more from|toolbar|tools|rating|ratings|votes?"
    r"|captions?|credits?|copyright|disclaimer|popup|modal|overlay|lightbox|skip|hidden|print|meta|metadata|postmeta|entry meta"
    r"|sr only|screen reader\w*|visually hidden|video player|player|gallery|carousel|slideshow|slider|teaser|teasers|toc|login|register"
    r"|paywall|donat\w*|follow|kicker|eyebrow|correction|feedback|report)(?: |$)"
)
# Classes of the article itself, which weigh more than the above.
_BODY = re.compile(
    r"(?:^| )(?:article ?(?:body|content|text|main)|entry ?content|post ?(?:body|content|text)|story ?(?:body|content|text)"
    r"|page ?content|main ?content|rich ?text|body ?(?:copy|text|content)|content ?body)(?: |$)"
)
_SPLIT = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")
# What short blocks begin with that lead away from the article, and what longer ones say.
_LEADS_AWAY = re.compile(
    r"(?:advertisement|ad|share(?: this)?|print|email|tweet|comments?|\d+ comments?|read (?:more|next|also)|see (?:also|more)|also read|related|more from|more on"
    r"|recommended|click here|sign up|subscribe|follow (?:us|him|her|me)|watch(?: now)?|photos?:|image(?: credit)?s?:|image \d+ of|credit:|source:|picture:|tags?:|topics?:|filed under"
    r"|by |written by|posted (?:on|by|in)|published|updated|last updated|copyright|©|all rights reserved|story continues|continue reading"
    r"|you (?:may|might) (?:also )?like|don.t miss|popular |trending|most (?:read|popular)|latest |about the author|leave a (?:comment|reply)"
    r"|this (?:article|story|post) (?:was |originally )|loading|get (?:our|the) |join (?:our|the) |\(?\bimage: )",
    re.I,
)
_SENDS = re.compile(
    r"follow (?:us|me|him|her|them|@)|on twitter|subscribe to|sign up (?:for|to)|our newsletter|originally (?:published|appeared)"
    r"|contributed to this|all rights reserved|\(image: |e-?mail [\w .]+ at ",
    re.I,
)


@dataclass(slots=True, eq=False)
class Part:
    """An element that makes a block, with what stands in it; places are those of its tags among the tokens."""

    name: str
    start: int
    parent: "Part | None"
    kind: str = ""  # what its class or its name says: body, main, other, comments
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
    root = part = Part("body", 1, None, end=len(tokens) - 2)
    names = ["body"]
    links, known = 0, dict[str, tuple[str, str]]()
    for place in range(1, len(tokens), 2):
        text, tag = tokens[place - 1], tokens[place]
        if text and not text.isspace():
            part.own += (length := len(text.strip()))
            part.linked += length if links else 0
            part.commas += sum(map(text.count, ",，、;"))
            if len(part.words) < _WORDS:
                part.words += text
        if tag[1] == "/":
            name = tag[2:-1]
            if name == "a":
                links -= links > 0
            elif name in names[1:] and (name in _BLOCKS or name == "span"):
                while names:
                    part.end = place
                    part = part.parent or root
                    if names.pop() == name:
                        break
            continue
        name, kind = known.get(tag) or known.setdefault(tag, _kind_of(tag))
        if name == "a":
            links += kind != "anchor"
        elif (name in _BLOCKS or kind == "other") and name not in VOID and name not in {"body", "iframe"}:
            part = Part(name, place, part, kind, len(tokens) - 2)
            part.parent.parts.append(part)
            names.append(name)
    return root


def _kind_of(tag: str) -> tuple[str, str]:
    """A start tag's name, and what its attributes say of what it holds."""
    name = name_of(tag)
    if not name:
        return "", ""
    attributes = attributes_of(tag) if " " in tag and name not in {"script", "style", "iframe"} else {}
    if name == "a":
        return name, "anchor" if attributes.get("href", "#").startswith("#") else ""
    if name in _NEVER or attributes.get("role") in _ROLES:
        return name, "other"
    if not attributes or name in {"body", "html"}:
        return name, "main" if name in {"main", "article"} else ""
    hints = " ".join(attributes[key] for key in _HINTS if key in attributes)
    said = " ".join(_SPLIT.split(hints)).strip().lower() if hints else ""
    if _BODY.search(said):
        return name, "body"
    if name in {"main", "article"} or attributes.get("role") == "main":
        return name, "main"
    if _OTHER.search(said) and name not in {"table", "tbody", "tr", "td"}:
        return name, "comments" if "comment" in said or "disqus" in said else "other"
    return name, ""


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
        heading = part.name[0] == "h" and part.name[1:].isdigit()
        part.titles = sum(child.titles for child in part.parts)
        if heading:
            part.titles = int(0 < part.all_text < 1.3 * part.all_linked)
        elif part.own - part.linked >= _MIN_PARAGRAPH:
            part.worth = (part.own - part.linked + 20 * part.commas) * (1 - part.linked / part.own) ** 2
        part.worth += sum(child.worth for child in part.parts)
        if part.titles == 1 and part.all_text < _TEASER and part.name != "p":
            part.worth = 0.0


def _judge(parts: Sequence[Part]) -> None:
    """Drops what is of another kind, unless it holds most of what the page says; worth is what is left."""
    total = parts[0].worth
    for part in parts:
        part.drop = part.kind == "comments" or (part.kind == "other" and part.worth < _MOST * total)
    if all(part.drop or part.worth <= 0 or part.name == "body" for part in parts[0].parts):
        for part in parts:
            part.drop = part.drop and part.kind == "other" and part.worth < _MOST * total
    for part in reversed(parts):
        part.lost = sum(child.worth + child.lost if child.drop else child.lost for child in part.parts)
        part.worth = max(0.0, part.worth - part.lost)


def _descend(root: Part, parts: Sequence[Part]) -> Part:
    """The smallest part that holds nearly all of what the page says."""
    part = root
    for kind, share in (("main", 0.3), ("body", 0.4)):
        marked = [one for one in parts if one.kind == kind and not one.drop and _within(one, part)]
        best = max(marked, key=lambda one: one.worth, default=part)
        if best.worth >= share * part.worth:
            part = best
    while part.kind != "body":
        best = max(part.parts, key=lambda child: child.worth * (not child.drop), default=part)
        direct = sum(child.worth for child in part.parts if child.name in _PARAGRAPHS and not child.drop)
        if best.name not in _CONTAINERS or best.worth < _SHARE * part.worth or direct > _DIRECT * part.worth:
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
        teasers = [child for child in part.parts if child.titles == 1 and child.all_text < _TEASER]
        for child in part.parts:
            child.drop = child.drop or _leads_away(child, top) or (len(teasers) > 1 and child in teasers)
        after_dropped = True
        for child in reversed(part.parts):
            heading = child.name[0] == "h" and child.name[1:].isdigit()
            if heading and after_dropped and (part.name in _CONTAINERS):
                child.drop = True
            after_dropped = child.drop or (after_dropped and child.all_text == 0)
        stack.extend(child for child in part.parts if not child.drop)


def _leads_away(part: Part, top: Part) -> bool:
    if part.name == "h1":
        return True
    if not part.all_text:
        return False
    words = " ".join(normalise(unescaped(part.words)).split())
    density = part.all_linked / part.all_text
    if part.name in _LISTS and density > 0.5 and part.worth < 0.2 * top.worth:
        return True
    if part.titles > 2 and part.worth < 0.3 * top.worth and part.titles * _TEASER > part.all_text:
        return True
    if part.name in {"p", "h2", "h3", "h4", "h5"} and part.all_text > 15 and density > 0.9:
        return True
    if part.all_text < 120 and not part.parts and part.name not in {"li", "td", "th", "dd"}:
        return _LEADS_AWAY.match(words) is not None
    return part.all_text < 300 and part.name == "p" and _SENDS.search(words) is not None


def _cut(tokens: Sequence[str], top: Part) -> tuple[list[str], list[Removed]]:
    gone: list[tuple[int, int]] = []
    stack = [top]
    while stack:
        part = stack.pop()
        if part.drop and part is not top:
            gone.append((part.start, part.end))
        else:
            stack.extend(part.parts)
    gone.sort()
    if top.parent is not None:
        gone = [(1, top.start - 2), *gone, (top.end + 2, len(tokens) - 2)]
    kept: list[str] = [tokens[0] if top.parent is None else ""]
    removed: list[Removed] = []
    place = 1
    for start, end in gone:
        kept += tokens[place:start]
        text = " ".join(
            normalise(
                unescaped(
                    " ".join(
                        tokens[start - 1 : end + 2 : 2]
                        if top.parent is None or start == 1
                        else tokens[start + 1 : end : 2]
                    )
                )
            ).split()
        )
        if any(map(str.isalnum, text)):
            removed.append(Removed("boilerplate", text))
        if end >= start and end + 1 < len(tokens):
            kept[-1] += tokens[end + 1]
        place = end + 2
    kept += tokens[place:]
    return kept, removed
