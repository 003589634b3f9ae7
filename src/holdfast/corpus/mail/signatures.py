"""Which lines at the end of a message are none of its words: a farewell and all below it, contacts, disclaimers.

Knows nothing of quotes: it is given what is left without them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from holdfast.corpus.mail.closings import BANNER, CONFIDENTIAL, DEVICE, FAREWELL, FOOTER, OF_THE_MAIL
from holdfast.corpus.mail.lines import LONGEST, SIGNATURE_CLOSES, SIGNATURE_OPENS, Line, words
from holdfast.corpus.mail.splitters import is_rule

Closing = Literal["signature", "footer"]

LINES_BELOW = 12
"""Most lines of a signature; one behind `-- ` may have twice as many."""
PASSES = 6

_DELIMITER = re.compile(r"\\?--\s?|—|\\?- -")
_CONTACT = re.compile(
    r"(?<![\w.])(?:\+?\(?\d[\d "
    r"()./\-–]{6,24}(?!\w)|[^\s@]{1,64}@[\w-]{1,63}\.[\w.]{2,40}|https?://|www\.|[\w-]{2,40}\.(?:com|org|net|io|de|fr)(?!\w)"
    r"|(?:tel|phone|ph|fax|mobile|mob|cell|office|direct|email|e-mail|mail|web|skype|linkedin|telefon|téléphone|tél|teléfono"
    r"|telefono|telefax|mobil|handy|móvil|celular|puh|電話|电话|手机|전화|тел|моб|факс)\s?[.:：]|[tmfpoedw]\s?[.:]{1,2}\s?[+(\d]|x\d{4,5}(?!\w))"
)
_DEFINED = re.compile(r"\[[^\[\]]{1,20}\]:")
_POSTSCRIPT = re.compile(r"(?:^|\s)p\.? ?s(?:\.|:|$)")
_IMAGE = re.compile(r"(?:!?\[!?\[?[^\[\]]{0,120}\]?(?:\([^()\s]{0,300}\))?\]?(?:\([^()\s]{0,300}\))?\s*)+")
_ITEM = re.compile(r"(?:[-*+•]|\d{1,3}[.)])\s")
_INITIAL = re.compile(r"(?:-{1,3}|[–—/~]) ?(?:[^\W\d_]\w{0,20}\.?)(?: [^\W\d_]\w{0,20}\.?){0,2}")
_SELF = re.compile(
    r"(?<![\w'’-])(?:i|i'm|i’m|i've|my|we|our|ich|mein|meine|wir|unser|je|mon|ma|nous|notre|yo|mi|quiero|nosotros|io|mio|eu|meu|ik|mijn|jag|min|jeg|minun"
    r"|moja|mój|можете|я|мой|мы)(?![\w'’-])|\?(?!$)"
)
_CC = re.compile(r"(?:cc|kopie|copie|copia|kopia|抄送)\s?[:：].{0,300}@")
_BEHIND_NAME = re.compile(r"\s*[|,·•]\s*|\s[–—-]\s")
_WORD = re.compile(r"\w")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def closings(lines: Sequence[Line], sender: str = "") -> list[Closing | None]:
    """For each line of one message what it is, None: its words. `sender` is the name of who wrote it, where known.

    Never takes every line that says something: a message of thanks alone is its own words.
    """
    kinds: list[Closing | None] = [None] * len(lines)
    _marked(lines, kinds)
    _banner(lines, kinds)
    names = _names(sender)
    for _ in range(PASSES):
        kept = [at for at, kind in enumerate(kinds) if kind is None]
        while kept and (lines[kept[-1]].blank or is_rule(lines[kept[-1]])):
            kept.pop()
        tail = kept[-4 * LINES_BELOW :]
        found = _closing([lines[at] for at in tail], names)
        if found is None:
            break
        kind, start = found
        if start == 0 and len(tail) == len(kept):
            break
        for at in range(tail[start], len(lines)):
            kinds[at] = kinds[at] or kind
    if not any(kind is None and _WORD.search(line.plain) for line, kind in zip(lines, kinds, strict=True)):
        return [
            kind if kind == "footer" and BANNER.match(line.said) else None
            for line, kind in zip(lines, kinds, strict=True)
        ]
    return kinds


def is_closing(lines: Sequence[Line]) -> bool:
    """Whether a few lines below a quote are only a signature or a footer."""
    said = [line for line in lines if not line.blank]
    if not said or len(said) > 2 * LINES_BELOW:
        return not said
    if _DELIMITER.fullmatch(said[0].plain) or is_rule(said[0]):
        return True
    above = Line("", "…", "…")
    kinds = closings([above, Line("\n", "", ""), *lines])
    return all(kind is not None or line.blank for line, kind in zip(lines, kinds[2:], strict=True))


def _marked(lines: Sequence[Line], kinds: list[Closing | None]) -> None:
    """What the tags of HTML call a signature, with its lines above a quote too."""
    depth = 0
    for at, line in enumerate(lines):
        for mark in line.marks:
            depth = max(0, depth + (mark == SIGNATURE_OPENS) - (mark == SIGNATURE_CLOSES))
        if depth:
            kinds[at] = "signature"


def _banner(lines: Sequence[Line], kinds: list[Closing | None]) -> None:
    """A gateway's warning at the top, to its blank line."""
    at = next((number for number, line in enumerate(lines) if not line.blank), len(lines))
    if at < len(lines) and BANNER.match(lines[at].said):
        while at < len(lines) and not lines[at].blank:
            kinds[at] = "footer"
            at += 1


def _names(sender: str) -> frozenset[str]:
    """How a sender may sign: the whole name, the first, the first with an initial."""
    parts = [part for part in re.split(r"[\s,.]+", sender.lower().strip("\"' ")) if part and "@" not in part]
    if not parts or len(parts) > 5:
        return frozenset()
    return frozenset({" ".join(parts), parts[0], f"{parts[0]} {parts[-1][0]}", "".join(part[0] for part in parts)})


def _closing(tail: Sequence[Line], names: frozenset[str]) -> tuple[Closing, int] | None:
    """What ends these lines, and from which on; None where it is the message's words."""
    if not tail:
        return None
    start = _footer(tail)
    if start is not None:
        return "footer", start
    for find in (_delimited, _device, _farewell):
        start = find(tail)
        if start is not None:
            return "signature", start
    start = _signed(tail, names)
    start = _contacts(tail) if start is None else start
    start = _framed(tail) if start is None else start
    return None if start is None else ("signature", start)


def _paragraph(tail: Sequence[Line], end: int) -> int:
    """Where the paragraph starts whose last line stands before `end`."""
    while end > 0 and not tail[end - 1].blank:
        end -= 1
    return end


def _footer(tail: Sequence[Line]) -> int | None:
    start = _paragraph(tail, len(tail))
    text = " ".join(line.raw[:4000].strip().lower() for line in tail[start:])[:6000]
    if _CC.match(tail[start].said):
        return start
    if text.startswith(("disclaimer", "confidentiality notice", "legal notice")):
        return start
    if sum(phrase in text for phrase in CONFIDENTIAL) >= 2 and any(phrase in text for phrase in OF_THE_MAIL):
        return start if len(words(text)) >= 10 else None
    if len(text) < 700 and any(phrase in text for phrase in FOOTER) and not _SELF.search(text):
        return start
    return None


def _delimited(tail: Sequence[Line]) -> int | None:
    """Where `-- ` stands (RFC 3676, 4.3) with no more below it than a signature holds, and nothing like a listing."""
    said = 0
    fits = True
    for at in range(len(tail) - 1, -1, -1):
        line = tail[at]
        if _DELIMITER.fullmatch(line.plain):
            exact = line.raw.rstrip("\r\n").endswith("-- ")
            return at if exact or fits else None
        if line.raw.startswith(("--", "```", "**", "==", "    ")):
            return None
        said += not line.blank
        fits = fits and (line.blank or _fits(line))
        if said > 2 * LINES_BELOW:
            break
    return None


def _device(tail: Sequence[Line]) -> int | None:
    last = tail[-1]
    if len(last.said) > 130 or not DEVICE.match(last.said.lstrip("[(<")) or len(words(last.said)) > 16:
        return None
    at = len(tail) - 1
    above = tail[at - 1] if at else None
    named = above is not None and _is_name(above) and " " in above.plain and (at == 1 or tail[at - 2].blank)
    return at - 1 if named else at


def _farewell(tail: Sequence[Line]) -> int | None:
    """The last farewell below which nothing but a signature stands."""
    below: list[Line] = []
    for at in range(len(tail) - 1, -1, -1):
        line = tail[at]
        if line.blank or _is_picture(line):
            continue
        if _is_farewell(line):
            if not _is_signature(below):
                return None
            while at > 0 and _is_farewell(tail[at - 1]):
                at -= 1
            return at
        if not _fits(line) or len(below) >= LINES_BELOW:
            return None
        below.insert(0, line)
    return None


def _is_farewell(line: Line) -> bool:
    if len(line.said) > 90:
        return False
    found = FAREWELL.match(line.said)
    if found is None:
        return False
    rest = line.plain[found.end() :].strip(" ,.!;:-–—")
    return not rest or (_is_named(rest) and "," not in rest) or (rest.isalpha() and len(rest) <= 12)


def _is_signature(below: Sequence[Line]) -> bool:
    """Whether lines under a farewell are a name and what belongs to it."""
    below = [line for line in below if line.plain.strip("|-: ")]
    if not below or _is_card(below[0]):
        return True
    first = below[0].plain.strip(" ,.-–—*")
    named = _is_named(first) or (len(first.split()) <= 2 and first.replace(" ", "").isalpha()) or _is_contact(below[0])
    return named and (len(below) <= 4 or any(map(_is_contact, below)))


def _signed(tail: Sequence[Line], names: frozenset[str]) -> int | None:
    """A line that is the sender's name with nothing but a signature below, or a dash and a name at the end."""
    at = len(tail) - 1
    last = tail[at].plain
    if at and _INITIAL.fullmatch(last) and _is_named(last.strip("-–—/~ ")) and not _ITEM.match(tail[at - 1].plain):
        glued = not _ITEM.match(last)  # `- Apples` is an item
        if glued:
            return at
    for seen, at in enumerate(range(len(tail) - 1, -1, -1)):
        line = tail[at]
        if names and line.said.strip(" ,.-–—~*/") in names:
            return at
        if seen > LINES_BELOW or not (line.blank or _fits(line)):
            return None
    return None


def _contacts(tail: Sequence[Line]) -> int | None:
    """A name with at least a number, an address or a link under it, set apart from what is said above."""
    contacts = said = 0
    for at in range(len(tail) - 1, 0, -1):
        line = tail[at]
        if line.blank or _is_picture(line):
            continue
        if not _fits(line) or said >= LINES_BELOW:
            return None
        apart = tail[at - 1].blank
        above = next((other for other in reversed(tail[:at]) if not other.blank), None)
        alone = apart and at + 1 < len(tail) and not tail[at + 1].blank
        if contacts >= (1 if alone else 2) and apart and _is_name(line) and " " in line.plain and above is not None:
            return None if above.plain.endswith((":", "：")) else at
        said += 1
        contacts += _is_contact(line)
    return None


def _framed(tail: Sequence[Line]) -> int | None:
    """Contacts below a line of dashes, as signatures stand in East Asia."""
    contacts = 0
    for seen, at in enumerate(range(len(tail) - 1, 0, -1)):
        line = tail[at]
        if is_rule(line):
            return at if contacts else None
        if seen >= LINES_BELOW or line.raw.startswith("|") or not (line.blank or _fits(line)):
            return None
        contacts += _is_contact(line)
    return None


def _is_contact(line: Line) -> bool:
    return _CONTACT.match(line.said) is not None or (
        _CONTACT.search(line.said) is not None and len(line.said.split()) <= 8
    )


def _is_card(line: Line) -> bool:
    """Whether a row of a table is a business card: a picture or several lines in a cell, and contacts; or no words."""
    if not line.raw.startswith("|"):
        return False
    laid_out = "![" in line.raw or "<br>" in line.raw
    return not line.plain.strip("|-: ") or (laid_out and _CONTACT.search(line.said.replace("<br>", " ")) is not None)


def _is_picture(line: Line) -> bool:
    return line.raw.lstrip().startswith(("![", "[![")) and _IMAGE.fullmatch(line.raw[:LONGEST].strip()) is not None


def _fits(line: Line) -> bool:
    """Whether a line may belong to a signature: short, no sentence, no item of a list."""
    if line.raw.startswith("|"):
        return _is_card(line)
    if len(line.raw) > 160 or line.raw.lstrip().startswith(("#", "```", "[ ]")):
        return False
    if _DEFINED.match(line.plain) or _POSTSCRIPT.search(line.said):
        return False
    if _is_contact(line) or is_rule(line):
        return True
    if any(mark in line.plain for mark in "|·•") and not _ITEM.match(line.plain):
        return True
    count = len(line.plain.split())
    if _ITEM.match(line.plain) or line.plain.endswith(("?", ":", "：", ";")) or count > 12:
        return False
    return not (line.plain.endswith((".", "!", "。", "！")) and (count >= 6 or len(_CJK.findall(line.plain)) > 12))


def _is_name(line: Line) -> bool:
    return _is_named(_BEHIND_NAME.split(line.plain, 1)[0].strip(" ,.-–—*"))


def _is_named(text: str) -> bool:
    """One to five words that begin as names do, or a few characters of a script without capitals."""
    parts = text.split()
    if not 0 < len(parts) <= 5 or any(char.isdigit() or char in ":：@" for char in text) or text.endswith(("?", "!")):
        return False
    if _CJK.search(text):
        return len(text) <= 14
    particles = {
        "de",
        "von",
        "van",
        "der",
        "da",
        "di",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "and",
        "&",
        "|",
        "-",
        "del",
        "den",
        "und",
    }
    return (
        all(part[0].isupper() or part in particles or not part[0].isascii() for part in parts)
        and parts[0] not in particles
    )
