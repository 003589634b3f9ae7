"""Faults of documents: gone, changed, unreadable to a search, hidden, crowded out, or contradicted.

Knows the rows of a corpus; the sync that follows is the world's.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace

from benchmarks.diagnosis.corpora import Known, Row
from benchmarks.diagnosis.wording import says, sentences, squashed, telling, torn, words
from benchmarks.diagnosis.worlds import World

_REST_WORDS = 60


def deleted(world: World, known: Known, draw: random.Random) -> None:
    del world.rows[known.document]


def edited_out(world: World, known: Known, draw: random.Random) -> None:
    """Every sentence of the document that says the fact is taken out of it."""
    row = world.rows[known.document]
    kept = [one for one in sentences(row.text) if squashed(known.fact) not in squashed(one)]
    world.rows[row.id] = replace(row, text=" ".join(kept) or "To be written.")


def stale(world: World, known: Known, draw: random.Random) -> None:
    """The document says what is the answer to another question, in the same place."""
    row = world.rows[known.document]
    world.rows[row.id] = replace(row, text=_replaced(row.text, known.fact, _other(world, known, draw)))


def torn_text(world: World, known: Known, draw: random.Random) -> None:
    """A bad export tore every word of the document in two: it can be read, and not found."""
    row = world.rows[known.document]
    world.rows[row.id] = replace(row, text=torn(row.text), title=torn(row.title))


def not_allowed(world: World, known: Known, draw: random.Random) -> None:
    row = world.rows[known.document]
    world.rows[row.id] = replace(row, principals=("staff",))


def flooded(world: World, known: Known, draw: random.Random) -> None:
    """Copies of a page that is all question and no answer stand before it in every search."""
    row = world.rows[known.document]
    count = world.k + draw.randint(1, 4)
    for nth in range(count):
        rest = draw.sample(words(known.question), len(words(known.question)))
        text = f"{known.question}\n\n{known.question} {' '.join(rest)}. This page is being written, edition {nth}."
        _add(world, Row(f"{row.id}-draft-{nth}", known.question, text, row.label, topic=row.topic))


def distractors(world: World, known: Known, draw: random.Random) -> None:
    """Notes that have the question's words and say something else; the document is still among what is found."""
    for nth in range(draw.randint(1, max(1, world.k - 1 - world.rank(known)))):
        other = draw.choice([one for one in world.place.material.known if one.document != known.document])
        asked = " ".join(words(known.question))
        text = (
            f"As to {asked}: see {other.fact}. {asked.capitalize()} was asked before, and the answer was {other.fact}."
        )
        _add(world, Row(f"note-{known.id}-{nth}", f"Note {nth}", text, topic=world.rows[known.document].topic))


def disagreement(world: World, known: Known, draw: random.Random) -> None:
    """Other documents say the same with another value, as firmly."""
    row, other = world.rows[known.document], _other(world, known, draw)
    for nth in range(draw.randint(3, 5)):
        text = " ".join([_replaced(known.sentence, known.fact, other), *_around(row, known)])
        _add(world, Row(f"{row.id}-office-{nth}", f"{row.title}, office {nth + 1}", text, row.label, topic=row.topic))


def _add(world: World, row: Row) -> None:
    world.rows[row.id] = row


def _other(world: World, known: Known, draw: random.Random) -> str:
    """The answer to another question, in words that this document does not have."""
    text = world.rows[known.document].text
    count = len(known.fact.split())
    others = sorted({one.fact for one in world.place.material.known if not says(text, one.fact)})
    alike = [one for one in others if abs(len(one.split()) - count) <= 1]
    return draw.choice(alike or others)


def _replaced(text: str, fact: str, other: str) -> str:
    """The text with the fact's words, however they are punctuated, replaced."""
    pattern = r"[\W_]+".join(re.escape(word) for word in words(fact))
    return re.sub(rf"(?<![^\W_]){pattern}(?![^\W_])", other, text, flags=re.IGNORECASE)


def _around(row: Row, known: Known) -> list[str]:
    """Some of what else the document says, without the fact."""
    rest = [one for one in sentences(row.text) if not says(one, known.fact)]
    near = sorted(rest, key=lambda one: -len(telling(known.question) & telling(one)))
    kept: list[str] = []
    for one in near:
        if sum(len(part.split()) for part in kept) < _REST_WORDS:
            kept.append(one)
    return kept
