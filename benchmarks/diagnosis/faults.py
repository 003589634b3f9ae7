"""The faults: each breaks one part of a world, as it breaks in life. What is broken is really broken.

Knows nothing of how a fault may be found. `FAULTS` is the list; `fault` finds one by its name.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.diagnosis import faults_corpus as corpus
from benchmarks.diagnosis import prompts
from benchmarks.diagnosis.corpora import Known
from benchmarks.diagnosis.reader import Hidden
from benchmarks.diagnosis.wording import telling
from benchmarks.diagnosis.worlds import KINDS, SORTING, World

Plant = Callable[[World, Known, random.Random], None]
Wants = Callable[[World, Known], bool]
Suits = Callable[[Hidden], bool]
ANSWERING = ("answer", "rewritten", "extract")
FOUND = (*ANSWERING, "sort_alike")
GUARDED = ("answer", "rewritten")


def any_case(world: World, known: Known) -> bool:
    """Every case will do."""
    return True


def any_reader(hidden: Hidden) -> bool:
    """Every reader can fail of it."""
    return True


@dataclass(frozen=True, slots=True)
class Fault:
    """`verdict` is the right answer to why it fails; `general`: other cases fail of it too.

    `suits` says of a reader whether trying is worth the while: others hardly ever fail of this.
    """

    name: str
    verdict: str
    plant: Plant
    kinds: tuple[str, ...] = KINDS
    general: bool = False
    wants: Wants = any_case
    needs_meaning: bool = False
    suits: Suits = any_reader


# ---------------------------------------------------------------- provider


def deadline(world: World, known: Known, draw: random.Random) -> None:
    for one in world.readers.values():
        one.ailing.late_ms = draw.uniform(35, 60)
    world.settings["answer"]["deadline_ms"] = draw.randint(5, 12)


def length(world: World, known: Known, draw: random.Random) -> None:
    world.settings["answer"]["max_tokens"] = draw.randint(3, 10)


def outage(world: World, known: Known, draw: random.Random) -> None:
    world.readers["reader"].ailing.down = draw.uniform(0.9, 1.0)


def blank(world: World, known: Known, draw: random.Random) -> None:
    world.readers["reader"].ailing.blank = draw.uniform(0.95, 1.0)


def swapped(world: World, known: Known, draw: random.Random) -> None:
    world.readers["reader"].ailing.serves = "mini"


# ---------------------------------------------------------------- guard


def strict(world: World, known: Known, draw: random.Random) -> None:
    on_fail = draw.choice(("safe_answer", "block"))
    world.guards["grounded"] = {"on_fail": on_fail, "threshold": round(draw.uniform(0.85, 1.0), 2)}


def false_alarm(world: World, known: Known, draw: random.Random) -> None:
    """A pattern meant for something else, which the answer to this question happens to have."""
    word = max(telling(known.sentence), key=lambda one: (one in telling(known.fact), len(one)))
    on_fail = draw.choice(("safe_answer", "block"))
    world.guards["shape"] = {"on_fail": on_fail, "must_not_match": [rf"(?i)\b{word}\b"]}


def longest(world: World, known: Known, draw: random.Random) -> None:
    world.guards["shape"] = {"on_fail": draw.choice(("safe_answer", "block")), "max_chars": draw.randint(15, 30)}


# ---------------------------------------------------------------- retrieval and ranking, as far as settings go


def filtered(world: World, known: Known, draw: random.Random) -> None:
    """The search is narrowed to sections among which the document's is not."""
    own = world.rows[known.document].topic
    others = sorted({row.topic for row in world.rows.values() if row.topic and row.topic != own})
    kept = draw.sample(others, max(1, len(others) * 2 // 3))
    world.settings["docs"]["where"] = {"section": kept}


def bad_query(world: World, known: Known, draw: random.Random) -> None:
    world.rewrite = prompts.rewriting(prompts.SUBJECT)


def small_k(world: World, known: Known, draw: random.Random) -> None:
    world.settings["docs"]["k"] = draw.randint(1, max(1, world.rank(known)))


def bad_rerank(world: World, known: Known, draw: random.Random) -> None:
    world.settings["docs"] |= {"reranker": "sentences", "rerank_weight": 1.0, "rerank_k": 40, "rerank_ms": 20_000}
    world.settings["docs"]["k"] = draw.randint(1, 3)


def bad_weight(world: World, known: Known, draw: random.Random) -> None:
    world.settings["docs"] |= {"weight": draw.choice((0.0, 1.0)), "k": draw.randint(1, 3)}


def one_each(world: World, known: Known, draw: random.Random) -> None:
    world.settings["docs"]["max_per_document"] = 1


def ranked_below(world: World, known: Known) -> bool:
    return world.rank(known) >= 1


def behind_its_own(world: World, known: Known) -> bool:
    return known.id in world.place.behind


# ---------------------------------------------------------------- context


def large_k(world: World, known: Known, draw: random.Random) -> None:
    world.settings["docs"]["k"] = draw.randint(40, 90)
    world.settings["docs"]["max_per_document"] = 10


# ---------------------------------------------------------------- prompt


def dropped_only(world: World, known: Known, draw: random.Random) -> None:
    world.prompt = world.prompt.without("only")


def dropped_exact(world: World, known: Known, draw: random.Random) -> None:
    world.prompt = world.prompt.without("exact")


def dropped_labels(world: World, known: Known, draw: random.Random) -> None:
    world.prompt = replace(world.prompt, labels=())


def harmful(world: World, known: Known, draw: random.Random) -> None:
    choices = prompts.HARMFUL[2:] if world.kind in SORTING else prompts.HARMFUL
    world.prompt = replace(world.prompt, harmful=draw.choice(choices))


def no_question(world: World, known: Known, draw: random.Random) -> None:
    world.prompt = replace(world.prompt, question=False)


def no_sources(world: World, known: Known, draw: random.Random) -> None:
    world.prompt = replace(world.prompt, sources=False)


# ---------------------------------------------------------------- model, task, verifier, chance


def weaker(world: World, known: Known, draw: random.Random) -> None:
    ladder = world.settings["answer"]["models"]
    assert isinstance(ladder, list)
    world.settings["answer"]["models"] = ["reader:mini", *ladder[1:]]


def wrong_label(world: World, known: Known, draw: random.Random) -> None:
    """The case expects what is the answer to another question, and may name that one's document as well."""
    others = [one for one in world.place.material.known if one.document != known.document]
    if world.kind in SORTING:
        others = [one for one in others if one.label != known.label]
    world.expected[known.id] = draw.choice(others)
    world.wrong_gold = draw.random() < 0.5


def wrong_verifier(world: World, known: Known, draw: random.Random) -> None:
    world.verifier.wrong_on.add(known.id)


def wavers(world: World, known: Known, draw: random.Random) -> None:
    for one in world.readers.values():
        one.wavering[known.id] = draw.uniform(0.5, 0.8)


FAULTS: tuple[Fault, ...] = (
    Fault("deadline", "provider", deadline, general=True),
    Fault("length", "provider", length, general=True),
    Fault("outage", "provider", outage, general=True),
    Fault("blank", "provider", blank, general=True),
    Fault("swapped_model", "provider", swapped, general=True, suits=lambda hidden: hidden.skill["mini"] < 0),
    Fault("strict_guard", "guard", strict, GUARDED, general=True),
    Fault("false_alarm", "guard", false_alarm, ("answer", "rewritten", "extract")),
    Fault("short_limit", "guard", longest, ("answer", "rewritten", "extract"), general=True),
    Fault("deleted", "data", corpus.deleted, FOUND),
    Fault("edited_out", "data", corpus.edited_out, ANSWERING),
    Fault("stale", "data", corpus.stale, ANSWERING),
    Fault("torn_text", "retrieval", corpus.torn_text, ANSWERING),
    Fault("not_allowed", "retrieval", corpus.not_allowed, FOUND),
    Fault("filtered_out", "retrieval", filtered, FOUND, general=True),
    Fault("bad_query", "retrieval", bad_query, ("rewritten",), general=True),
    Fault("small_k", "ranking", small_k, FOUND, general=True, wants=ranked_below),
    Fault("flooded", "ranking", corpus.flooded, ANSWERING),
    Fault("bad_rerank", "ranking", bad_rerank, ANSWERING, general=True),
    Fault("bad_weight", "ranking", bad_weight, ANSWERING, general=True, needs_meaning=True),
    Fault("one_each", "ranking", one_each, ANSWERING, wants=behind_its_own),
    Fault(
        "large_k",
        "context_noise",
        large_k,
        ANSWERING,
        general=True,
        suits=lambda hidden: hidden.distraction + hidden.lazy + hidden.lost > 4.5,
    ),
    Fault(
        "distractors",
        "context_noise",
        corpus.distractors,
        ANSWERING,
        suits=lambda hidden: hidden.distraction + hidden.decoyed > 6,
    ),
    Fault(
        "dropped_only", "prompt", dropped_only, ANSWERING, general=True, suits=lambda hidden: hidden.needs_only > 0.75
    ),
    Fault(
        "dropped_exact",
        "prompt",
        dropped_exact,
        ANSWERING,
        general=True,
        suits=lambda hidden: hidden.needs_exact > 0.75,
    ),
    Fault(
        "dropped_labels",
        "prompt",
        dropped_labels,
        SORTING,
        general=True,
        suits=lambda hidden: hidden.needs_labels > 0.75,
    ),
    Fault("contradiction", "prompt", harmful, general=True, suits=lambda hidden: hidden.obeys > 0.75),
    Fault("no_question", "prompt", no_question, general=True),
    Fault("no_sources", "prompt", no_sources, ANSWERING, general=True),
    Fault("weaker_model", "model", weaker, general=True, suits=lambda hidden: hidden.skill["mini"] < 0),
    Fault("wrong_label", "task", wrong_label),
    Fault("disagreement", "task", corpus.disagreement, ANSWERING),
    Fault("verifier_errs", "verifier", wrong_verifier),
    Fault("wavers", "intermittent", wavers),
)
STAYING = frozenset(
    {"outage", "blank", "swapped_model", "deleted", "not_allowed", "wrong_label", "verifier_errs", "wavers"}
)
"""Faults that the release of before would not undo: they are outside of it. What was deleted, or is not for everyone
any more, is not found in an earlier version of its corpus either."""
PAIRED: tuple[tuple[str, ...], tuple[str, ...]] = (
    ("deleted", "torn_text", "not_allowed", "small_k", "flooded", "false_alarm", "short_limit", "length"),
    ("dropped_exact", "contradiction", "no_question", "weaker_model", "short_limit", "false_alarm", "length"),
)
"""Faults that are planted together, one of each, where their verdicts differ."""


def fault(name: str) -> Fault:
    """The fault of that name."""
    return next(one for one in FAULTS if one.name == name)
