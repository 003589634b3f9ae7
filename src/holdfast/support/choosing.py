"""Which sentences make an answer: the best, what it needs to be understood, then what else is nearly as good.

Does not know what is asked, nor where a sentence's merit comes from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from holdfast.support.places import Place

# Settled with the constants of `extraction.py`.
_ENOUGH = 0.75  # share of the best merit that earns a sentence its place
_BESIDE = 0.5  # the same for sentences around the best one: a passage is read more easily than scattered sentences
_AROUND = (1, -1, 2)  # which those are, in the order in which there is room
_MAX_WORDS = 90
_MAX_STEPS = 8  # of one list that are kept together

_REFERS_BACK = re.compile(
    r"(?:this|it|its|they|these|those|that|such|he|she|his|her|their|then|however|therefore|otherwise|also)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\s*\(?\d{1,3}[.)]\s")


class Choice:
    """Chooses among places by their merits; 0 is never chosen. Serves one call and is then dropped."""

    def __init__(self, places: Sequence[Place], merits: Sequence[float], how_to: bool, most: int) -> None:
        self._places = places
        self._merits = merits
        self._how_to = how_to
        self._most = most
        self._chosen: list[int] = []
        self._words = 0
        self._taken = 0

    def made(self) -> list[int]:
        """Positions of the chosen, companions among them, best first. Of equals the first in reading order."""
        order = sorted(range(len(self._places)), key=lambda n: (-self._merits[n], n))
        ranked = [n for n in order if self._merits[n] > 0]
        if not ranked:
            return []
        first, best = ranked[0], self._merits[ranked[0]]
        self._take(first)
        for step in () if self._places[first].span.kind == "row" else _AROUND:
            other = self._beside(first, step)
            if other is not None and self._places[other].span.kind != "row" and self._merits[other] >= _BESIDE * best:
                self._take(other)
        for position in ranked[1:]:
            if self._merits[position] < _ENOUGH * best:
                break
            self._take(position)
        return self._chosen

    def _take(self, position: int) -> None:
        """Add a place with its companions where there is room for them; the first always has room."""
        if position in self._chosen or self._taken >= self._most:
            return
        group = [n for n in self._with_companions(position) if n not in self._chosen]
        words = sum(len(self._places[n].text.split()) for n in group)
        if self._chosen and self._words + words > _MAX_WORDS:
            return
        self._taken += 1
        self._words += words
        self._chosen += group

    def _beside(self, position: int, step: int) -> int | None:
        other = position + step
        if 0 <= other < len(self._places) and self._places[other].passage == self._places[position].passage:
            return other
        return None

    def _with_companions(self, position: int) -> list[int]:
        place = self._places[position]
        match place.span.kind:
            case "prose" if place.text.endswith(":"):
                after = self._beside(position, 1)
                return [position, *(self._run(after) if after is not None and self._places[after].run >= 0 else [])]
            case "prose" if _REFERS_BACK.match(place.text):
                before = self._beside(position, -1)
                return [position, *([before] if before is not None and self._says(before) else [])]
            case "item":
                lead_in = self._beside(position, place.run - 1 - place.index)
                led = lead_in is not None and self._says(lead_in) and self._places[lead_in].text.endswith(":")
                steps = self._run(position) if self._how_to and _NUMBERED.match(place.span.text) else []
                kept = steps if position in steps else [position]
                return [lead_in, *kept] if led and lead_in is not None else kept
        return [position]

    def _says(self, position: int) -> bool:
        return self._places[position].span.kind == "prose" and not self._places[position].silent

    def _run(self, position: int) -> list[int]:
        """The list or table that a place is in, from its first line."""
        run: list[int] = []
        place = self._places[position]
        other = self._beside(position, place.run - place.index)
        while other is not None and self._places[other].run == place.run and len(run) < _MAX_STEPS:
            if not self._places[other].silent:
                run.append(other)
            other = self._beside(other, 1)
        return run
