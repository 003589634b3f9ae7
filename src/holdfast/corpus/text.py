"""Text as it should have been: bytes decoded, garbled characters restored, invisible ones removed.

It does not know what the text says or how it is marked up.
"""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from holdfast.corpus.cleaned import Finding, findings

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Windows-1252 as browsers read it (WHATWG Encoding Standard): the five bytes it leaves open map to C1 controls.
_CP1252 = tuple(
    bytes([byte]).decode("cp1252", "ignore") or chr(byte)  # "ignore" yields "" for the five open bytes
    for byte in range(256)
)
_TO_BYTE: Mapping[str, int] = {
    **{chr(byte): byte for byte in range(0x80, 0xA0)},  # as a program reads them that takes Latin-1 by its letter
    **{char: byte for byte, char in enumerate(_CP1252)},
}


def _class(low: int, high: int) -> str:
    return "[" + "".join(re.escape(_CP1252[byte]) for byte in range(low, high + 1)) + "]"


_CONT = _class(0x80, 0xBF)[:-1] + "\x80-\x9f]"
_SEQUENCE = f"(?:{_class(0xC2, 0xDF)}{_CONT}|{_class(0xE0, 0xEF)}{_CONT}{{2}}|{_class(0xF0, 0xF4)}{_CONT}{{3}})"
_PAIR = re.compile(f"[\u00c2-\u00f4]{_CONT}")  # found fast, and in every garbled text
_RUN = re.compile(f"{_SEQUENCE}+")
# Pairs that no language writes: â€x (typographic marks), ðŸx (emoji), ï»¿ (a byte-order mark), Â or Ã followed by
# a symbol where no capital precedes it, and a letter before a control character.
_SURE = re.compile(f"â€{_CONT}|[Â-ô][\x80-\x9f]|ðŸ{_CONT}{_CONT}|ï»¿|(?<![A-ZÀ-Þ])[ÂÃ][¡-ª¬-º¼-¿]")
_MANY = re.compile(f"{_SEQUENCE}{{3,}}")

_INVISIBLE = re.compile(
    "[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
_JOINERS = re.compile("(?<![\u0370-\U0010ffff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0370-\U0010ffff])")
_TAG_CHARACTERS = re.compile("(?<![\U0001f3f4\U000e0000-\U000e007f])[\U000e0000-\U000e007f]+")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_SUSPECT = re.compile("[^\n\t\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff]")

# Encodings that write everything in seven bits, which therefore also read as ASCII; and what shows one.
_SEVEN_BITS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("iso2022", re.compile(rb"\x1b[$(][\x28-\x5a]")),
    ("utf-7", re.compile(rb"\+[A-Za-z0-9+/]+-?")),
    ("hz", re.compile(rb"~\{")),
)
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
_NEVER_IN_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Letters and marks that people write in UTF-16: what the wrong order of bytes makes of them lies mostly outside.
_WRITTEN = re.compile(
    "[\t\n\r -~\xa0-\u04ff\u0530-\u06ff\u0900-\u0e7f\u2010-\u203a\u20ac\u2122"
    "\u3001-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff65]"
)


def decode(data: bytes, declared: str | None = None) -> tuple[str, tuple[Finding, ...]]:
    """The text of `data`: by byte-order mark, as UTF-8, as declared, as UTF-16 by its shape, else as Windows-1252.

    Never fails. What was written in seven bits (ISO-2022, UTF-7, HZ) is read as that where it is declared; UTF-8 goes
    before the declaration, since bytes that are valid UTF-8 beyond ASCII are hardly ever anything else. Garbled
    characters are repaired (`repair_mojibake`). Findings: `encoding_guessed`, `bytes_replaced`, `mojibake_repaired`.
    """
    counts: Counter[str] = Counter()
    text, repaired = repair_mojibake(_decoded(data, declared, counts))
    counts["mojibake_repaired"] = repaired
    return text, findings(counts)


def _decoded(data: bytes, declared: str | None, counts: Counter[str]) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, "replace")
            counts["bytes_replaced"] = text.count("\ufffd")
            return text
    seven = _seven_bits(data, declared)
    if seven is not None:
        return seven
    damaged = data.decode("utf-8", "replace")
    strange = _NEVER_IN_TEXT.search(data) is not None
    if not strange and "\ufffd" not in damaged:
        return damaged
    meant = _declared(data, declared)
    if meant is not None:
        return meant
    counts["encoding_guessed"] = 1
    wide = _wide(data) if strange else None
    if wide is not None:
        return wide
    if "\ufffd" not in damaged:
        return damaged
    beyond_ascii = sum(char > "\x7f" for char in damaged)
    lost = damaged.count("\ufffd")
    if lost * 10 <= beyond_ascii - lost:  # nearly all of it is UTF-8: a few lines or bytes are not
        text = "".join(map(_line, data.splitlines(keepends=True)))
        counts["bytes_replaced"] = text.count("\ufffd")
        return text
    return "".join(_CP1252[byte] for byte in data)


def _seven_bits(data: bytes, declared: str | None) -> str | None:
    """The text in a declared encoding of seven bits, or in Japanese that announces itself; None where it is neither."""
    if b"\x1b$" not in data and not declared:
        return None
    try:
        name = codecs.lookup((declared or "iso2022_jp_2").strip().strip("\"'")).name
        if b"\x1b$" in data and not name.startswith("iso2022"):
            name = "iso2022_jp_2"
        if any(name.startswith(start) and shown.search(data) for start, shown in _SEVEN_BITS):
            return data.decode(name)
    except (LookupError, ValueError):
        return None
    return None


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark, in the order of bytes in which it is made of letters; None where it is in neither."""
    if data.count(0) * 5 > len(data):  # every other byte of Western text is zero
        return data.decode("utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be", "replace")
    readings = [data[: len(data) // 2 * 2].decode(name, "replace") for name in ("utf-16-le", "utf-16-be")]
    written = [len(_WRITTEN.findall(text[:4000])) / max(1, len(text[:4000])) for text in readings]
    best = 0 if written[0] >= written[1] else 1
    return readings[best] if written[best] > 0.95 and written[best] > written[1 - best] + 0.05 else None


def _line(line: bytes) -> str:
    """A line of a text in UTF-8; one with no sequence of UTF-8 in it was written in Windows-1252."""
    if not _HIGH.search(line) or _UTF8_SEQUENCE.search(line):
        return line.decode("utf-8", "replace")
    last = line.rstrip(b"\r\n")[-1:]
    if len(_HIGH.findall(line)) == 1 and last >= b"\xc2" and not line.endswith(b"\n"):  # cut off within a character
        return line.decode("utf-8", "replace")
    return "".join(_CP1252[byte] for byte in line)


def _declared(data: bytes, declared: str | None) -> str | None:
    """The text under the declared encoding; None where none is declared, it is unknown, or the bytes do not fit it."""
    if not declared:
        return None
    try:
        name = codecs.lookup(declared.strip()).name
        if name in {"ascii", "iso8859-1", "cp1252"}:  # on the web all three mean Windows-1252
            return "".join(_CP1252[byte] for byte in data)
        return data.decode(name)
    except (LookupError, ValueError):
        return None


def repair_mojibake(text: str) -> tuple[str, int]:
    """`text` with UTF-8 that was decoded as Windows-1252 restored, and how many places were.

    Acts only on evidence: a run of characters is replaced when it round-trips (its Windows-1252 bytes are valid
    UTF-8) and the text holds a pair which no language writes, or three garbled characters in a row. Repeats for text
    garbled twice. Text without such evidence comes back as it is; applying it twice changes nothing more.
    """
    repaired = 0
    if text.isascii():
        return text, 0
    for _ in range(3):
        if _PAIR.search(text) is None or not (_SURE.search(text) or _MANY.search(text)):
            break
        text, count = _RUN.subn(_restored, text)
        repaired += count
    return text, repaired


def _restored(match: re.Match[str]) -> str:
    run = match[0]
    data = bytes(_TO_BYTE[char] for char in run)
    try:
        restored = data.decode("utf-8")
    except UnicodeDecodeError:
        return run
    sure = len(restored) >= 3 or _SURE.search(run) is not None or all(map(_common, restored))
    return restored if sure else run


def _common(char: str) -> bool:
    """Whether a character is a Western letter or a mark of Latin typography, the usual victims of a wrong decoding."""
    return "\u00a0" <= char <= "\u017f" or "\u2010" <= char <= "\u2044" or char in "€™"


def normalise(text: str) -> str:
    """`text` in NFC, with Unix line ends and plain spaces, without invisible characters.

    Removes soft hyphens, zero-width spaces, byte-order marks, direction overrides, control characters and tag
    characters (which can carry unseen instructions). Joiners stay where a script or an emoji needs them.
    Idempotent.
    """
    if _SUSPECT.search(text) is None:
        return text
    text = _SPACES.sub(" ", _LINE_ENDS.sub("\n", text))
    text = unicodedata.normalize("NFC", _TAG_CHARACTERS.sub("", _INVISIBLE.sub("", text)))
    return unicodedata.normalize("NFC", _JOINERS.sub("", text))
