"""What style sheets and `style` attributes hide: nothing shown, nothing to see, or outside of the window.

It does not know elements beyond their name and attributes, nor any selector but names, classes and ids: a rule that
asks for more, or that only holds on paper, is not read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Hidden = Literal["", "not shown", "made unseen"]
"""Not shown: taken out of the page, which is also what waits for a click. Made unseen: drawn so that nobody can see it,
for which no page that means well has a reason beyond readers of screens."""

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_RULE = re.compile(r"([^{}]*)(\{|\})")
_COMPOUND = re.compile(r"([a-z][a-z0-9]*|\*)?((?:[.#][\w-]+)*)", re.I)
_PART = re.compile(r"([.#])([\w-]+)")
_ZERO = re.compile(r"[+-]?0*\.?0+(?:px|em|rem|pt|%|vh|vw)?")
_FAR = re.compile(r"-\s*\d{3,}(?:\.\d+)?(?:px|em|rem|pt|%|vw|vh)?")
_LITTLE = re.compile(r"[01](?:px)?|0\.\d+(?:px|em)?")
_CLIPPED = re.compile(
    r"rect\((?:\s*[01](?:px)?[\s,]*){4}\)|inset\(\s*(?:[5-9]\d|100)%.*|circle\(\s*0.*|polygon\(\s*(?:0(?:px|%)?[\s,]*)+\)"
)
_MOVED = re.compile(r"translate(?:x|y|3d)?\([^)]*-\s*\d{4,}|scale(?:x|y|3d)?\(\s*0*\.?0+\s*[,)]")
_RELEVANT = re.compile(
    r"display|visibility|opacity|font|clip|indent|color|background|overflow|transform|position", re.I
)
_COLOURS: Mapping[str, str] = {"white": "#ffffff", "black": "#000000"}
_WHOLE = frozenset({"html", "body", "main", "article", "img"})  # a rule that hides these waits for a script
_MAX_RULES = 20_000


def declared(style: str) -> dict[str, str]:
    """The declarations of a `style` attribute or a rule, lower case, the last of each name."""
    pairs = (part.partition(":") for part in style.lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs if value.strip()}


def _verdicts(style: str) -> dict[str, Hidden]:
    """What declarations say of an element's being seen, for each way of hiding it that they touch."""
    if _RELEVANT.search(style) is None:
        return {}
    said = declared(style)
    found: dict[str, Hidden] = {}
    if value := said.get("display"):
        found["display"] = "not shown" if value == "none" else ""
    if value := said.get("visibility"):
        found["visibility"] = "not shown" if value in {"hidden", "collapse"} else ""
    if (value := said.get("opacity")) and not said.keys() & {"transition", "animation"}:
        found["opacity"] = "not shown" if _ZERO.fullmatch(value) else ""
    if value := said.get("font-size") or said.get("font", "").split("/")[0].rpartition(" ")[2]:
        found["font-size"] = "made unseen" if _ZERO.fullmatch(value) else ""
    if said.get("overflow", "").startswith(("hidden", "clip")):
        little = [
            name for name in ("height", "max-height", "width", "max-width") if _LITTLE.fullmatch(said.get(name, ""))
        ]
        found["size"] = ("made unseen" if said.get("position") == "absolute" else "not shown") if little else ""
    if said.get("position") in {"absolute", "fixed"}:
        away = any(_FAR.fullmatch(said.get(side, "")) for side in ("left", "top", "right", "bottom", "margin-left"))
        found["place"] = "made unseen" if away else ""
    if value := said.get("text-indent"):
        found["indent"] = "made unseen" if _FAR.fullmatch(value) else ""
    if value := said.get("clip-path") or said.get("clip"):
        found["clip"] = "made unseen" if _CLIPPED.fullmatch(value) else ""
    if value := said.get("transform"):
        found["transform"] = "made unseen" if _MOVED.search(value) else ""
    if (value := said.get("color")) and not said.keys() & {"background-clip", "-webkit-background-clip"}:
        behind = said.get("background-color") or said.get("background", "").split(" ")[0]
        found["colour"] = "made unseen" if value == "transparent" or _colour(value) == _colour(behind) else ""
    return found


def _colour(written: str) -> str:
    """A colour in one form, as far as names and the ways of writing hexadecimal go."""
    written = _COLOURS.get(written, "".join(written.split()))
    if numbers := re.fullmatch(r"rgba?\((\d+),(\d+),(\d+)(?:,1(?:\.0+)?)?\)", written):
        return "#" + "".join(f"{min(int(number), 255):02x}" for number in numbers.groups())
    if re.fullmatch(r"#[0-9a-f]{3}", written):
        return "#" + "".join(digit * 2 for digit in written[1:])
    return written


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    classes: frozenset[str]
    ids: frozenset[str]
    weight: tuple[int, int]
    verdicts: Mapping[str, Hidden]


class Styles:
    """The rules of a page's style sheet that bear on whether elements are seen, by what they ask for."""

    def __init__(self, sheet: str) -> None:
        self._rules: dict[str, list[_Rule]] = {}
        for order, rule in enumerate(_rules(sheet) if sheet else ()):
            if order >= _MAX_RULES:
                break
            key = next(
                (f"{mark}{name}" for mark, of in (("#", rule.ids), (".", rule.classes)) for name in of), rule.name
            )
            self._rules.setdefault(key, []).append(rule)

    @property
    def empty(self) -> bool:
        """Whether no rule bears on anything."""
        return not self._rules

    def hidden(self, name: str, attributes: Mapping[str, str]) -> Hidden:
        """How an element of this name with these attributes is hidden, if it is; of two rules the narrower holds."""
        style = attributes.get("style")
        verdicts = self._matched(name, attributes) if self._rules and name not in _WHOLE else {}
        if style:
            verdicts.update(_verdicts(style))
        if not verdicts:
            return ""
        values = set(verdicts.values())
        return "made unseen" if "made unseen" in values else "not shown" if "not shown" in values else ""

    def _matched(self, name: str, attributes: Mapping[str, str]) -> dict[str, Hidden]:
        classes = frozenset(attributes.get("class", "").split())
        own = attributes.get("id", "")
        keys = [name, "*", *(f".{one}" for one in classes), *([f"#{own}"] if own else [])]
        found = [
            rule
            for key in keys
            for rule in self._rules.get(key, ())
            if rule.classes <= classes and rule.ids <= {own} and rule.name in {name, "*"}
        ]
        verdicts: dict[str, Hidden] = {}
        for rule in sorted(found, key=lambda rule: rule.weight):
            verdicts.update(rule.verdicts)
        return verdicts


def _rules(sheet: str) -> Iterator[_Rule]:
    """The rules with a say, their selectors one by one, in order."""
    sheet = _COMMENT.sub(" ", sheet)
    depth = 0  # of blocks that do not count
    selectors = ""
    order = 0
    for found in _RULE.finditer(sheet):
        before, mark = found[1].strip(), found[2]
        if mark == "{":
            if depth or selectors:
                depth += 1
            elif not before.startswith("@"):
                selectors = before.rpartition(";")[2]
            elif not re.match(r"@(?:media\s*(?:all|screen|only screen|\(min-width)|supports|layer)", before, re.I):
                depth = 1
        elif depth:
            depth -= 1
        else:
            verdicts = _verdicts(before) if selectors and before else {}
            for selector in selectors.split(",") if verdicts else ():
                compound = _COMPOUND.fullmatch(selector.strip())
                if compound is None or not compound[0]:
                    continue
                parts = _PART.findall(compound[2])
                classes = frozenset(name for kind, name in parts if kind == ".")
                ids = frozenset(name for kind, name in parts if kind == "#")
                order += 1
                name = (compound[1] or "*").lower()
                weight = (100 * len(ids) + 10 * len(classes) + (name != "*"), order)
                yield _Rule(name, classes, ids, weight, verdicts)
            selectors = ""
