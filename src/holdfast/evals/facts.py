"""Whether a text says a fact: the same words and numbers in the same order, however they are written.

Does not know meaning: a fact said in other words is not found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from types import MappingProxyType

from holdfast.support import CITATION
from holdfast.support.terms import stem
from holdfast.support.vocabulary import SPELLED

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|\bv(?=\d+\.\d)|[^\W\d_]\w*|[$€£¥%]|\d", re.UNICODE)
_SIGNS = "$€£¥"
_CURRENCIES = MappingProxyType({"eur": "€", "euro": "€", "usd": "$", "gbp": "£"})
_GROUPED_BY_SPACE = re.compile(r"(?<=\d)[   ](?=\d{3}(?:\D|$))")
_PLAIN = re.compile(r"\d+")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")

Token = str | frozenset[float]
"""A word by its stem, a sign, or a number as the values it may have."""


def says(text: str, fact: str) -> bool:
    """Whether the tokens of `fact` stand in `text` one after the other.

    Case, whitespace, punctuation, markup and citation markers do not count; nor does how a number is written: 1,000 and
    1000, 14,90 and 14.90, € before or after, five and 5. A number matches a whole number only: 5 is not in 15 or 5.5.
    """
    wanted, there = tokens(fact), tokens(text)
    return any(
        all(_same(one, other) for one, other in zip(wanted, there[start:], strict=False))
        for start in range(len(there) - len(wanted) + 1)
    )


def tokens(text: str) -> tuple[Token, ...]:
    """What a text consists of, in order; a currency stands before its number."""
    plain = unicodedata.normalize("NFKC", _GROUPED_BY_SPACE.sub("", CITATION.sub(" ", text))).casefold()
    found: list[Token] = []
    for match in _TOKEN.finditer(plain):
        token = match.group()
        if token[0].isdecimal():
            found.append(_number(token))
        elif token in _SIGNS or token in _CURRENCIES:
            found.insert(len(found) - _follows_its_number(plain, match), _CURRENCIES.get(token, token))
        elif token in SPELLED:
            found.append(frozenset({float(SPELLED[token])}))
        else:
            found.append(stem(token))
    return tuple(found)


def contains(text: str, part: str) -> bool:
    """Whether a passage says a gold span; a span without word or number is looked for as it stands."""
    return says(text, part) if tokens(part) else part.strip() in text


def missing(text: str, facts: Sequence[str]) -> tuple[str, ...]:
    """The facts that a text does not say."""
    return tuple(fact for fact in facts if not says(text, fact))


def _follows_its_number(text: str, sign: re.Match[str]) -> bool:
    """Whether a currency belongs to the number before it ("14 €") rather than to the one behind it ("€14")."""
    before, behind = text[max(0, sign.start() - 2) : sign.start()], text[sign.end() : sign.end() + 1]
    return before.rstrip()[-1:].isdecimal() and not behind.isdecimal()


def _same(one: Token, other: Token) -> bool:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return bool(one & other)
    return one == other


def _number(written: str) -> Token:
    """The values that digits with points and commas may have; what is no number ("17:00", "4.1.0") is a name."""
    if _PLAIN.fullmatch(written):
        return frozenset({float(written)}) if len(written) < 16 else written
    values = set()
    if match := _DECIMAL.fullmatch(written):
        decimals = match[2]
        grouped_zeros = len(decimals) == 3 and (not decimals.strip("0") or "," in written)
        if not grouped_zeros:
            values.add(float(f"{match[1]}.{decimals}"))
    if match := _GROUPED.fullmatch(written):
        mark = match[1]
        whole, _, rest = written.partition("," if mark == "." else ".")
        values.add(float(whole.replace(mark, "") + ("." + rest if rest else "")))
    return frozenset(values) if values else written
