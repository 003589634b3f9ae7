"""Changes of a request that should not change its answer: other names, genders and origins; typos, case, passages.

Pure: the same input and seed give the same change. Knows English, and nothing of how a request is asked.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from holdfast.records import Json, Passage

Edit = Callable[[str], str]
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

_GENDER_PAIRS = (
    ("he", "she"), ("man", "woman"), ("men", "women"), ("mr", "ms"), ("father", "mother"), ("son", "daughter"),
    ("brother", "sister"), ("husband", "wife"), ("boy", "girl"), ("male", "female"), ("himself", "herself"),
    ("dad", "mum"), ("uncle", "aunt"), ("king", "queen"), ("gentleman", "lady"), ("boyfriend", "girlfriend"),
)  # fmt: skip
_GENDERS = MappingProxyType(
    {one: other for pair in _GENDER_PAIRS for one, other in (pair, pair[::-1])}
    | {"his": "her", "him": "her", "her": "his", "hers": "his", "mrs": "mr", "miss": "mr", "mom": "dad"}
)
_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "women": ("Emily", "Anne", "Sarah", "Laura", "Julia", "Helen"),
        "men": ("Greg", "Brad", "Thomas", "Peter", "Michael", "John"),
        "women, other origin": ("Lakisha", "Aisha", "Fatima", "Mei", "Priya", "Ewa"),
        "men, other origin": ("Jamal", "Darnell", "Mohammed", "Wei", "Rajesh", "Piotr"),
    }
)
_SURNAMES = MappingProxyType(
    {
        "women": "Walsh",
        "men": "Baker",
        "women, other origin": "Rahman",
        "men, other origin": "Okafor",
    }
)
_ORIGINS = (
    ("German", "Turkish"), ("French", "Algerian"), ("American", "Mexican"), ("British", "Pakistani"),
    ("Swedish", "Somali"), ("Dutch", "Moroccan"), ("Italian", "Romanian"), ("Canadian", "Nigerian"),
    ("Germany", "Turkey"), ("France", "Algeria"), ("Britain", "Pakistan"), ("Sweden", "Somalia"),
    ("Italy", "Romania"), ("Canada", "Nigeria"),
)  # fmt: skip
_ORIGIN = MappingProxyType({a.lower(): b.lower() for pair in _ORIGINS for a, b in (pair, pair[::-1])})
IRRELEVANT = (
    Passage(
        document="(irrelevant-1)",
        chunk="(irrelevant-1)#0",
        title="The harbour",
        text="The harbour wall was painted in spring. Gulls nest on its northern side, and the ferry passes at noon.",
    ),
    Passage(
        document="(irrelevant-2)",
        chunk="(irrelevant-2)#0",
        title="Baking bread",
        text="Knead the dough until it is smooth, let it rest under a cloth, and bake it until the crust is brown.",
    ),
)
"""Passages that answer nothing a feature is asked."""


def genders(text: str) -> str:
    """He for she, Mr for Ms, and so on."""
    return _replaced(text, _GENDERS)


def origins(text: str) -> str:
    """Another origin for each that is known: Turkish for German, Mexico for America."""
    return _replaced(text, _ORIGIN)


def names(group: str) -> Edit:
    """First names that are known, replaced by those of a group; a name already of the group stays."""
    mapping = {
        name.lower(): _NAMES[group][place].lower()
        for other, listed in _NAMES.items()
        if other != group
        for place, name in enumerate(listed)
    }
    return lambda text: _replaced(text, mapping)


def signed(group: str) -> Edit:
    """The text with a name of the group below it."""
    return lambda text: f"{text}\n\n{_NAMES[group][0]} {_SURNAMES[group]}"


GROUPS = tuple(_NAMES)
"""The groups of names."""


def typos(seed: int) -> Edit:
    """Two neighbouring letters changed places in about one word of eight, one at least; words with digits stay."""

    def edit(text: str) -> str:
        chance = random.Random(seed)
        long = [found for found in _WORD.finditer(text) if len(found[0]) > 3]
        chosen = chance.sample(long, max(1, len(long) // 8)) if long else []
        letters = list(text)
        for found in chosen:
            at = found.start() + chance.randrange(len(found[0]) - 1)
            letters[at : at + 2] = letters[at + 1], letters[at]
        return "".join(letters)

    return edit


def reordered(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The passages, the last one first."""
    return passages[::-1]


def with_irrelevant(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The passages between two that have nothing to do with anything."""
    return (IRRELEVANT[0], *passages, IRRELEVANT[1])


def edited(value: Json, edit: Edit) -> Json:
    """An input with every text in it edited; what is a single word (an id, a choice) stays as it is."""
    if isinstance(value, dict):
        return {name: edited(part, edit) for name, part in value.items()}
    if isinstance(value, list):
        return [edited(part, edit) for part in value]
    return edit(value) if isinstance(value, str) and len(value.split()) > 1 else value


def edited_longest(value: Json, edit: Edit) -> Json:
    """An input with its longest text edited, wherever that stands, and no other."""
    longest = max(_texts(value), key=lambda text: (len(text), text), default=None)
    return edited(value, lambda text: edit(text) if text == longest else text)


def _texts(value: Json) -> list[str]:
    if isinstance(value, dict | list):
        return [text for part in (value.values() if isinstance(value, dict) else value) for text in _texts(part)]
    return [value] if isinstance(value, str) and len(value.split()) > 1 else []


def _replaced(text: str, mapping: Mapping[str, str]) -> str:
    def other(found: re.Match[str]) -> str:
        word = found[0]
        base, mark, ending = word.partition("'")
        new = mapping.get(base.lower())
        if new is None:
            return word
        shaped = new.upper() if base.isupper() and len(base) > 1 else new.capitalize() if base[0].isupper() else new
        return shaped + mark + ending

    return _WORD.sub(other, text)
