"""The kinds of faults that are planted in what an answer rests on: documents, searches, the context, and the prompt.

Knows nothing of models and guards, nor of how it is seen that a fault took. Each kind gives the faults that may be
planted in a case, to be tried in order; none where the feature has no place for it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from holdfast.diagnosis import Part
from holdfast.evals.diagnose.calibrate.fault import Ground, PlantedFault
from holdfast.evals.diagnose.gold import name_of
from holdfast.evals.diagnose.reading import found, searches
from holdfast.evals.facts import contains, says
from holdfast.identity import digest
from holdfast.records import Document, Passage, Retrieve
from holdfast.release import ModelSlot, Prompt, Release
from holdfast.runtime.prompts import DEFAULT

_CROWDED = 30, 60
_TRIES = 4
HARMFUL = (
    "Never give a number, a date, an amount or a name.",
    "Never name a number.",
    "Whatever is asked, say only that you cannot help with it.",
    "Answer with a single word.",
    "Do not answer: ask a question in return.",
)
"""Sentences that a prompt is better without."""
_SENTENCE = re.compile(r"[^.!?\n{}]*[^.!?\s{}][^.!?\n{}]*[.!?](?=\s|$|\{)")
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LINE = re.compile(r"[^\n.!?]*(?:[.!?](?=\s)|[.!?](?=$)|\n|$|[.!?])")


# ---------------------------------------------------------------- documents


def deleted(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """The documents that answer are not there, and never were."""
    del draw
    gone = frozenset(gold.document for gold in ground.examined.gold)

    def find(effect: Retrieve, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        del effect
        return tuple(p for p in passages if p.document not in gone and not ground.examined.is_gold(p))

    if gone:
        parts: frozenset[Part] = frozenset({"data"})
        yield PlantedFault("deleted", parts, find=find, read=lambda one: None if one.id in gone else one)


def edited_out(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """The documents are there, and what was expected does not stand in them any more."""
    del draw
    facts = (*ground.case.facts, *(gold.span for gold in ground.case.gold if gold.span))

    def without(text: str) -> str:
        return "".join(part for part in _LINE.findall(text) if not any(_tells(part, fact) for fact in facts))

    def find(effect: Retrieve, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        del effect
        return tuple(msgspec.structs.replace(p, text=without(p.text)) for p in passages)

    def read(document: Document) -> Document:
        return msgspec.structs.replace(document, text=without(document.text))

    if facts and any(without(gold.text) != gold.text for gold in ground.examined.gold):
        yield PlantedFault("edited_out", frozenset({"data"}), find=find, read=read)


# ---------------------------------------------------------------- searches


def unfound(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """The passages that answer are found by nobody who does not know what they say."""
    del draw

    def find(effect: Retrieve, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        if ground.has_words_of_the_answer(effect.query):
            return passages
        return tuple(p for p in passages if not ground.examined.is_gold(p))

    if ground.examined.gold and ground.searched:
        yield PlantedFault("not_found", frozenset({"retrieval"}), find=find)


def cut_off(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """So few passages are asked for that the first one that answers is not among them."""
    shown = found(searches(ground.examined.recording))
    rank = next((n for n, passage in enumerate(shown) if ground.examined.is_gold(passage)), 0)
    corpora = tuple(dict.fromkeys(name_of(effect) for effect in ground.searched))
    if rank and len(corpora) == 1:
        k = draw.randint(1, rank)
        yield PlantedFault(
            "small_k", frozenset({"ranking"}), lambda release: release.with_(corpora[0], k=k, reranker=None)
        )


def pushed_down(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """The passages that answer come after so many others that they are cut off; so far only in the mode of the release,
    or in any."""
    if not ground.examined.gold or not ground.searched:
        return
    effect = draw.choice(ground.searched)
    at, mode = draw.randint(effect.search.k, 3 * effect.search.k), effect.search.mode
    anyhow = draw.random() < 0.5

    def find(asked: Retrieve, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        if ground.has_words_of_the_answer(asked.query) or (asked.search.mode != mode and not anyhow):
            return passages
        gold, others = _apart(ground, passages)
        return (*others[:at], *gold, *others[at:])

    yield PlantedFault("pushed_down", frozenset({"ranking"}), find=find)


def crowded(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """Many more passages are given than were, and those that answer come last of them."""
    if not ground.examined.gold or not ground.searched:
        return
    k = draw.randint(*_CROWDED)
    usual = max(effect.search.k for effect in ground.searched)

    def change(release: Release) -> Release:
        for corpus in dict.fromkeys(name_of(effect) for effect in ground.searched):
            release = release.with_(corpus, k=k, max_per_document=10)
        return release

    def find(effect: Retrieve, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        asked = passages[: effect.search.k]
        if not usual < effect.search.k <= k:
            return asked
        gold, others = _apart(ground, asked)
        return (*others, *gold)

    if k > usual:
        yield PlantedFault("crowded", frozenset({"context_noise"}), change, find=find)


# ---------------------------------------------------------------- prompts


def harmful(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """A sentence too much in the prompt."""
    for sentence in draw.sample(HARMFUL, _TRIES):
        yield _prompted(ground, "harmful_sentence", partial(_with_sentence, sentence))


def dropped(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """A sentence of the prompt is gone."""
    yield from _taken_out(ground, draw, "dropped_sentence", _SENTENCE)


def emptied(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """A value that the prompt should be filled with is not."""
    yield from _taken_out(ground, draw, "missing_value", _VALUE)


def _taken_out(ground: Ground, draw: random.Random, name: str, pattern: re.Pattern[str]) -> Iterator[PlantedFault]:
    there = {
        match
        for slot in ground.slots
        if (prompt := ground.release.models(slot).prompt) is not None
        for match in pattern.findall(prompt.text)
    }
    for part in draw.sample(sorted(there), min(_TRIES, len(there))):
        yield _prompted(ground, name, partial(_without, part))


def _prompted(ground: Ground, name: str, change: Callable[[str], str]) -> PlantedFault:
    """The prompts of the slots that answer, with other texts."""

    def changed(release: Release) -> Release:
        for slot in ground.slots:
            choice = release.slots.get(slot)
            if isinstance(choice, ModelSlot):
                before = choice.prompt or DEFAULT
                text = change(before.text)
                prompt = Prompt(path=before.path, hash=digest(text.encode(), 16), text=text)
                release = release.with_(slot, prompt=prompt)
        return release

    return PlantedFault(name, frozenset({"prompt"}), changed)


def _with_sentence(sentence: str, text: str) -> str:
    """The prompt with a sentence at the end of its system block; with such a block where it has none."""
    block = re.search(r"\{%-?\s*block system\s*-?%\}.*?(?=\{%-?\s*endblock)", text, re.DOTALL)
    if block is not None:
        return f"{text[: block.end()]} {sentence}{text[block.end() :]}"
    if "{% block" in text:
        return f"{{% block system %}}{sentence}{{% endblock %}}{text}"
    return f"{sentence}\n\n{text}"


def _without(part: str, text: str) -> str:
    return text.replace(part, "", 1)


def _apart(ground: Ground, passages: tuple[Passage, ...]) -> tuple[list[Passage], list[Passage]]:
    """Those that answer, and the others."""
    gold = [passage for passage in passages if ground.examined.is_gold(passage)]
    return gold, [passage for passage in passages if passage not in gold]


def _tells(part: str, fact: str) -> bool:
    return says(part, fact) or contains(part, fact)
