"""Reads a text as weighable terms: stems of words, and quantities with their units, normalised so that they compare.

Does not know which text supports which, nor any language model: rules of form and small word lists only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from holdfast.support.vocabulary import BETWEEN_NUMBER_AND_UNIT, MONTHS, NEGATIONS, SCALES, SPELLED, STOP_WORDS, UNITS

_TOKEN = re.compile(
    r"""(?P<date>\d{4}-\d{2}-\d{2})(?!\d)"""
    r"""|(?P<clock>\d{1,2}:\d{1,2})(?::\d{2})?(?P<half>\s?[ap]\.?m\b)?"""
    r"""|(?P<hour>\b\d{1,2})\s?(?P<hourhalf>[ap]\.?m\b)"""
    r"""|(?P<code>[^\W\d_]+\d\w*(?:[.-]\d\w*)*|(?!\d{1,3}(?:\.\d{3})+(?![\d.]))\d+(?:\.\d+){2,})"""
    r"""|(?:(?P<money>[$€£¥])\s?)?(?P<number>(?<![^\W_])\d+(?:[.,]\d+)*)(?P<tail>\s?[%€£¥]|(?:st|nd|rd|th)\b|[^\W\d_]*)(?![\d_])"""
    r"""|(?P<cjk>[぀-ヿ㐀-鿿가-힯]+)"""
    r"""|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*|[^\W_]+)"""
    r"""|(?P<pause>[,;.!?()])""",
    re.IGNORECASE,
)
_REACH = 4  # content words after a negation that it may deny
_ORDINAL = ("st", "nd", "rd", "th", "s")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as written, its unit in canonical form, and its size in that unit ("24 hours": 24, "s", 86400)."""

    value: float
    unit: str = ""
    size: float = 0.0

    def agrees(self, other: Quantity) -> bool:
        """Whether both may be the same: one size in one unit, or one number where a unit is not told."""
        if self.unit and other.unit:
            return self.unit == other.unit and self.size == other.size
        return self.value == other.value


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text says, as far as words show it.

    `stems`: content words in order, a unit after a number in its canonical form; `measures`: those units as written;
    `names`: words with a capital where a sentence does not demand one; `quantities`: numbers; `negated`: stems within
    reach of a negation; `first_person`: the speaker speaks of himself.
    """

    stems: tuple[str, ...] = ()
    measures: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    quantities: tuple[Quantity, ...] = ()
    negated: frozenset[str] = frozenset()
    first_person: bool = False


class Reader:
    """Turns texts into Terms, remembering stems between texts; one serves one set of sources."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def read(self, text: str) -> Terms:
        """The terms of one sentence or short passage."""
        reading = _Reading(self._known)
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "word":
                reading.word(token["word"])
            elif kind == "pause":
                reading.pause(token[0])
                continue
            elif kind == "cjk":
                reading.stems += [token[0][i : i + 2] for i in range(max(1, len(token[0]) - 1))]
            elif kind == "code":
                reading.stems.append(token[0].lower())
                reading.names.add(reading.stems[-1])
            elif kind == "date":
                reading.date(token["date"])
            elif token["clock"] or token["hour"]:
                reading.clock(token["clock"] or token["hour"], token["half"] or token["hourhalf"] or "")
            else:
                reading.number(token["money"] or "", token["number"], token["tail"].strip().lower())
            reading.begun = True
        return reading.done()


class _Reading:
    """The terms of one text as they come in; a number waits for the scale and the unit that may follow it."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self.stems: list[str] = []
        self.names: set[str] = set()
        self.measures: set[str] = set()
        self.negated: set[str] = set()
        self.quantities: list[Quantity] = []
        self.reach = 0
        self.begun = self.first_person = False
        self.value: float | None = None
        self.currency = ""
        self.spelled = False

    def word(self, word: str) -> None:
        """A word: part of a number, a negation, a stop word, or content."""
        lower = word.lower()
        if (self.value is not None or lower in SPELLED or lower in SCALES) and self._counts(lower):
            return
        if lower == "false":
            self.negated.update(self.stems[-2:])  # a field of a record: what is denied stands before
        elif lower in NEGATIONS or lower.endswith("n’t"):
            self.reach = _REACH
        elif lower in STOP_WORDS:
            self.first_person = self.first_person or lower in ("i", "my", "me")
        else:
            for part in (word,) if word[1:].islower() else _CAMEL.split(word):
                self._content(part)

    def pause(self, mark: str) -> None:
        """A denial reaches no further; and in "€6.90, working days 2" the amount is no number of days."""
        self.reach = 0
        if mark not in "()":
            self._settle()

    def _content(self, word: str) -> None:
        lower = word.lower()
        root = self.known.get(lower)
        if root is None:
            root = self.known[lower] = stem(lower)
        self.stems.append(root)
        if self.begun and word[0].isupper():
            self.names.add(root)
        if self.reach:
            self.negated.add(root)
            self.reach -= 1

    def _counts(self, word: str) -> bool:
        """Whether a word belongs to a number: "thirty", "million", "days" after 30."""
        if self.value is None:
            if word == "one" or len(word) == 1:
                return False
            self.value, self.spelled = float(SPELLED.get(word) or SCALES.get(word, 0)), True
            return True
        if word in UNITS:
            self._measure(word)
            return True
        if len(word) > 1 and word in SCALES:
            self.value *= SCALES[word]
            return True
        small = SPELLED.get(word, 100)
        if self.spelled and small < (10 if self.value % 100 else 100) and self.value and not self.value % 10:
            self.value += small
            return True
        if word not in BETWEEN_NUMBER_AND_UNIT:
            self._settle()
        return (word in SPELLED or word in SCALES) and self._counts(word)

    def _measure(self, word: str) -> None:
        assert self.value is not None
        unit, factor = UNITS[word]
        self.stems.append(unit)
        self.measures.add(stem(word))
        self.quantities.append(Quantity(self.value, unit, round(self.value * factor, 6)))
        self.value = None

    def _settle(self) -> None:
        """The number before is complete, with no unit but its currency."""
        if self.value is not None:
            self.quantities.append(Quantity(self.value, self.currency, self.value))
            self.value = None

    def number(self, currency: str, digits: str, tail: str) -> None:
        """Digits, with what stands right before and after them: "$", "%", "k", "GB", "th"."""
        self._settle()
        value = parse_number(digits.rstrip(".,"))
        if value is None or not (not tail or tail in UNITS or tail in SCALES or tail in _ORDINAL):
            self.stems.append(digits + tail)  # a version, an address, a part number: a name, not an amount
            return
        self.value, self.currency, self.spelled = value * SCALES.get(tail, 1), currency, False
        if currency:
            self.stems.append(currency)
        elif tail in UNITS:
            self._measure(tail)

    def date(self, date: str) -> None:
        """A date as in 2024-05-31, read like "31 May 2024"."""
        self._settle()
        year, month, day = date.split("-")
        self.quantities += [Quantity(float(year)), Quantity(float(day))]
        if 1 <= int(month) <= 12:
            self.stems.append(stem(MONTHS[int(month) - 1]))

    def clock(self, time: str, half: str) -> None:
        """A time of day, in minutes: 17:00, 5 pm and 5:00 PM are one."""
        self._settle()
        hour, _, minute = time.partition(":")
        half = half.strip().lower()
        hours = int(hour) % 12 + (12 if half[0] == "p" else 0) if half else int(hour)
        minutes = hours * 60.0 + int(minute or 0)
        self.quantities.append(Quantity(minutes, "clock", minutes))

    def done(self) -> Terms:
        self._settle()
        return Terms(
            tuple(self.stems),
            frozenset(self.measures),
            frozenset(self.names),
            tuple(self.quantities),
            frozenset(self.negated),
            self.first_person,
        )


def parse_number(digits: str) -> float | None:
    """The value of "1,000", "1.000.000", "1.000,50" or "3.5"; None for what is no number ("1.2.3")."""
    if re.fullmatch(r"\d{1,3}(?:,\d{2,3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d+,\d+", digits):
        digits = digits.replace(".", "").replace(",", ".")
    return float(digits) if digits.count(".") <= 1 and "," not in digits else None


def stem(word: str) -> str:
    """A light stem of an English lower-case word: plural, tense, adverb and common nouns of action are undone."""
    word = word.replace("’", "'").partition("'")[0] or word
    if len(word) <= 3 or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix, least in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= least:
            root = word[: -len(suffix)]
            if any(letter in "aeiouy" for letter in root):
                word = root
                break
    if len(word) > 3 and word[-1] == word[-2] and (word[-1] not in "aeiouls" or (word[-1] == "l" and len(word) > 5)):
        word = word[:-1]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if word.endswith("y") and len(word) > 2 and word[-2] not in "aeiou":
        word = word[:-1] + "i"
    return word


_SUFFIXES = (
    ("ization", 3), ("ational", 4), ("ation", 4), ("fulness", 3), ("ment", 4), ("ness", 4), ("ingly", 3), ("edly", 3),
    ("ing", 3), ("ally", 4), ("ily", 4), ("ly", 4), ("ied", 2), ("ed", 3), ("tion", 4), ("able", 4), ("ible", 4),
)  # fmt: skip
