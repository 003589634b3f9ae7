"""Bounds a page before it is parsed: what would cost the parser unbounded time or memory is taken out, the text stays.

It does not know what the tags mean for a reader; `html` does.

An HTML parser walks its stack of open elements at almost every tag, checks each attribute against the ones before it,
and re-creates unclosed formatting elements in every paragraph. All three are quadratic, and a page of 100,000 nested
tags or 200,000 attributes takes lexbor more than 25 seconds. One linear scan, which follows the tokeniser of the HTML
standard, keeps a stack of open elements like the parser's and drops the tags beyond the limits.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_DEPTH = 200
MAX_ATTRIBUTES = 256
_MAX_BLOCKED = 1000  # end tags that the parser may ignore because of what stands open in between
_MAX_FORMATTING = 64
_MAX_RECREATED = 2_000_000  # formatting elements the parser may re-create in one page

_WS = r" \t\n\r\f"  # the white space of HTML: a name may hold any other
_VALUE = rf"""(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^{_WS}"'>][^{_WS}>]*|(?=>))"""
_ATTRIBUTE = rf"""[^{_WS}/>][^{_WS}/>=]*(?:[{_WS}]*=[{_WS}]*{_VALUE})?"""
_ATTRIBUTES = rf"(?:[{_WS}/]+|{_ATTRIBUTE})*+"
_RAW = "script|style|textarea|title|xmp|iframe|noembed|noframes"
_TOKEN = re.compile(
    rf"""<(?:
      (?P<comment>!--(?:-?>|.*?(?:--!?>|\Z)))
    | (?P<raw>(?i:{_RAW}))(?=[{_WS}/>])(?P<rawattrs>{_ATTRIBUTES})(?:>|\Z)
    | (?P<end>/?)(?P<name>[a-zA-Z][^{_WS}/>]*)(?P<attrs>{_ATTRIBUTES})(?:>|\Z)
    | (?P<other>[!?/][^>]*(?:>|\Z))
    )""",
    re.S | re.X,
)
_EACH_ATTRIBUTE = re.compile(_ATTRIBUTE)
_RAW_ENDS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"</{name}(?=[{_WS}/>])[^>]*(?:>|\Z)", re.I) for name in _RAW.split("|")
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements that never stand open beneath another of their kind (the parser closes them itself), or never stand open.
_SHALLOW = _words(
    "p li dt dd tr td th tbody thead tfoot option optgroup colgroup caption rb rt rp rtc html head body"
    " h1 h2 h3 h4 h5 h6 a nobr area base br col embed hr img input link meta param source track wbr keygen bgsound"
    " basefont command image"
)
_FORMATTING = _words("b big code em font i s small strike strong tt u")
_SPECIAL = _words(
    "address applet article aside blockquote button center details dir div dl fieldset figcaption figure footer form"
    " header hgroup iframe listing main marquee menu nav object ol pre search section select summary table"
    " template ul"
)
_BOUNDARY = _words("table object marquee applet template")
_BLOCKING = _words("p li dt dd tr td th tbody thead tfoot caption colgroup h1 h2 h3 h4 h5 h6")  # special, yet shallow
_KNOWN = _SPECIAL | _FORMATTING | _BLOCKING  # the parser closes any other only if nothing special stands open in it
_DROPPED = frozenset({"plaintext", "frameset", "frame"})


# The scan at the speed of one expression, for tags that are written as they should be. The first group names what
# holds no markup, the second any other element; the third is what else follows a `<`, which needs a closer look.
_PROPER_VALUE = rf"""(?:"[^"]*+"|'[^']*+'|[^{_WS}"'=<>`]++)"""
_PROPER = rf"""(?:[{_WS}]++[^{_WS}"'<>/=]++(?:[{_WS}]*+=[{_WS}]*+{_PROPER_VALUE})?){{0,{MAX_ATTRIBUTES}}}[{_WS}]*+"""
_TAGS = re.compile(
    rf"""<(?:(?=[stix])(?:
      (script|style|iframe){_PROPER}>.*?</\1[{_WS}]*>
    | (?:textarea|title){_PROPER}>[^<]*+</(?:textarea|title)>
    )
    | (/?(?!(?:script|style|iframe|textarea|title|xmp|noembed|noframes|plaintext|frameset|frame)[{_WS}/>])
      [a-z][a-z0-9:_-]*+){_PROPER}/?>
    | !--.*?-->
    | !doctype[^<>]*>
    | ([a-z/!?])
    )""",
    re.S | re.X,
)


def is_tame(html: str) -> bool:
    """Whether a page is sure to cost a parser linear time: its elements close in order and are not deep.

    Most pages are; those that are not go through `prune`, which is slower.
    """
    lower = html.lower()
    ends = (("<!--", "-->"), *((f"<{name}", f"</{name}") for name in ("script", "style", "iframe")))
    if "\u212a" in html or any(lower.rfind(start) > lower.rfind(end) for start, end in ends):
        return False  # never closed: looking for the end of each would take quadratic time
    stack: list[str] = []
    strict = 0  # elements open whose end tag the parser ignores if a paragraph or a cell stands open in them
    for raw, name, odd in _TAGS.findall(lower):
        if not name:
            if odd or (raw and ("svg" in stack or "math" in stack)):
                return False
        elif name[0] != "/":
            if name not in _SHALLOW:
                stack.append(name)
                strict += name not in _KNOWN
                if len(stack) > MAX_DEPTH:
                    return False
            elif strict and name in _BLOCKING:
                stack.append(name)
        elif (name := name[1:]) not in _SHALLOW or (strict and name in _BLOCKING):
            if not stack or stack.pop() != name:
                return False
            strict -= name not in _KNOWN
    return not stack


@dataclass(slots=True)
class _Scan:
    html: str
    counts: Counter[str]
    kept: list[str] = field(default_factory=list)
    copied_to: int = 0
    stack: list[str] = field(default_factory=list)
    opened_at: list[int] = field(default_factory=list)  # for each of the stack: how many blocking elements came before
    blocking: int = 0
    blocked: int = 0
    formatting: int = 0
    max_formatting: int = _MAX_FORMATTING
    outside_table: list[int] = field(default_factory=list)

    def replace(self, start: int, end: int, by: str) -> None:
        self.kept.append(self.html[self.copied_to : start])
        self.kept.append(by)
        self.copied_to = end


def prune(html: str, counts: Counter[str]) -> str:
    """`html` that any parser reads in bounded time, with the same visible text.

    Comments, scripts and styles are gone; tags are at most about `MAX_DEPTH` deep and carry at most `MAX_ATTRIBUTES`
    attributes. Counts `script_dropped`, `depth_cut` and `attributes_cut`. Linear in the length of the page.
    """
    scan = _Scan(html, counts)
    scan.max_formatting = max(4, min(_MAX_FORMATTING, _MAX_RECREATED // (html.count("<") + 1)))
    position = 0
    while token := _TOKEN.search(html, position):
        position = token.end()
        if token["raw"] is not None:
            position = _raw(scan, token)
        elif token["name"] is None:
            if token[0][:9].lower() != "<!doctype":
                scan.replace(token.start(), position, "")
        elif not (_end(scan, token["name"].lower()) if token["end"] else _start(scan, token)):
            scan.replace(token.start(), position, "")
    if not scan.copied_to:
        return html
    return "".join((*scan.kept, html[scan.copied_to :]))


def _raw(scan: _Scan, token: re.Match[str]) -> int:
    """Handles an element whose content is not markup; answers where the scan goes on."""
    name, attributes = token["raw"].lower(), token["rawattrs"]
    if attributes[-2:] in {"/", " /", '"/', "'/"}:
        body, end = "", token.end()  # written as if it could close itself; taking it so loses no text
    elif closed := _RAW_ENDS[name].search(scan.html, token.end()):
        body, end = scan.html[token.end() : closed.start()], closed.end()
    else:
        body, end = scan.html[token.end() :], len(scan.html)
    by = ""
    if name == "script":
        scan.counts["script_dropped"] += 1
    elif name == "iframe":
        by = f"<iframe{_limited(scan, attributes)}></iframe>"
    elif name in {"title", "textarea", "xmp"}:
        tag = "pre" if name == "xmp" else name
        by = f"<{tag}{_limited(scan, attributes)}>{body.replace('<', '&lt;')}</{tag}>"
    scan.replace(token.start(), end, by)
    return end


def _limited(scan: _Scan, attributes: str) -> str:
    if len(attributes) > 2 * MAX_ATTRIBUTES:
        found = _EACH_ATTRIBUTE.findall(attributes)
        if len(found) > MAX_ATTRIBUTES:
            scan.counts["attributes_cut"] += 1
            return " " + " ".join(found[:MAX_ATTRIBUTES])
    return attributes


def _start(scan: _Scan, token: re.Match[str]) -> bool:
    """Opens an element; False where its tag must go."""
    name, attributes = token["name"].lower(), token["attrs"]
    if name in _DROPPED:
        return False
    if name in {"td", "th"} and scan.outside_table:
        scan.formatting = scan.outside_table[-1]  # a cell is closed with everything left open in it
    if name in _FORMATTING:
        if scan.formatting >= scan.max_formatting:
            scan.counts["depth_cut"] += 1
            return False
        scan.formatting += 1
    scan.blocking += name in _BLOCKING
    if name not in _SHALLOW:
        if name == "table":
            scan.outside_table.append(scan.formatting)
        scan.stack.append(name)
        scan.opened_at.append(scan.blocking)
        if len(scan.stack) > MAX_DEPTH:
            scan.counts["depth_cut"] += 1
            return False
    limited = _limited(scan, attributes)
    if limited is not attributes:
        scan.replace(token.start(), token.end(), f"<{name}{limited}>")
    return True


def _end(scan: _Scan, name: str) -> bool:
    """Closes an element as the parser would; False where the tag that opened it went."""
    if name in _DROPPED:
        return False
    if name in _SHALLOW:
        return True
    stack = scan.stack
    for index in range(len(stack) - 1, max(-1, len(stack) - 1 - MAX_DEPTH), -1):
        above = stack[index]
        if above == name:
            break
        if above in _BOUNDARY or (above in _SPECIAL and name not in _SPECIAL and name not in _FORMATTING):
            return len(stack) <= MAX_DEPTH
    else:
        return len(stack) <= MAX_DEPTH
    if name not in _SPECIAL and name not in _FORMATTING and scan.blocking > scan.opened_at[index]:
        scan.blocked += 1
        if scan.blocked > _MAX_BLOCKED:
            return len(stack) <= MAX_DEPTH
    if name in _FORMATTING:
        scan.formatting = max(0, scan.formatting - 1)
    if name == "table" and scan.outside_table:
        scan.formatting = scan.outside_table.pop()
    if name in _FORMATTING and any(above in _SPECIAL for above in stack[index + 1 :]):
        del stack[index], scan.opened_at[index]
    else:
        del stack[index:], scan.opened_at[index:]
    return index < MAX_DEPTH
