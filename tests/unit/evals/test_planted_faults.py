"""The bench for diagnoses breaks what it says it breaks, and its reader sees only what it is sent.

On a small corpus that is written here; `benchmarks/diagnosis` itself reads real ones.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.diagnosis import planting, reader, running, scorecard, verifying, worlds
from benchmarks.diagnosis.adapter import Nominal
from benchmarks.diagnosis.corpora import Known, Material, Row
from benchmarks.diagnosis.faults import STAYING
from benchmarks.diagnosis.places import place_folder, sync_once
from benchmarks.diagnosis.reader import Reader
from benchmarks.diagnosis.running import Mended, Outcome, Said
from benchmarks.diagnosis.verifying import Verifier
from benchmarks.diagnosis.worlds import Options

from holdfast.evaluation import Case
from holdfast.messages import Message
from holdfast.records import Generate, Recording

THINGS = ("kettle", "grinder", "toaster", "blender", "juicer", "steamer", "freezer", "griddle", "smoker", "mixer")
PARTS = {
    "gasket": "The genuine gasket of a {thing} carries the marking {colour} on its inside.",
    "filter": "Look for {colour} printed along the rim before ordering another filter for your {thing}.",
    "handle": "A {thing} handle, when replaced by our workshop, comes painted {colour} throughout.",
    "burner": "Technicians recognise each {thing} burner through its ring, which glows {colour} after ignition.",
    "switch": "Beneath the {thing} switch lies a wire whose insulation shows {colour} stripes.",
}
COLOURS = ("amber", "cobalt", "crimson", "emerald", "indigo", "magenta", "scarlet", "turquoise", "vermilion", "ochre")


def material() -> Material:
    """Fifty pages, each of one part of one machine, and a question to each."""
    rows, known = [], []
    for nth, thing in enumerate(THINGS):
        for other, (part, said) in enumerate(PARTS.items()):
            colour = f"{COLOURS[(nth + other) % 10]} {COLOURS[(3 * nth + 7 * other + 1) % 10]}"
            sentence = said.format(thing=thing, colour=colour)
            text = f"Whoever repairs a {thing} needs patience and tools. {sentence} Clean it before mounting."
            one = f"{thing}-{part}"
            rows.append(Row(one, f"{thing.title()} {part}", text, topic=thing))
            known.append(Known(one, f"What colour has the {part} of the {thing}?", one, sentence, colour, ""))
    return Material("machines", tuple(rows), tuple(known))


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    root = tmp_path_factory.mktemp("corpora")
    syncing = sync_once(material(), place_folder(root, "machines", meaning=False), meaning=False)
    with ThreadPoolExecutor(1) as thread:  # an event loop of its own
        thread.submit(asyncio.run, syncing).result()
    return Options(root, tmp_path_factory.mktemp("worlds"), ("machines",))


def able(**changed: Any) -> reader.Hidden:
    """A reader without weaknesses, but for those that are given."""
    skill = {"mini": 9.0, "small": 9.0, "large": 9.0}
    without = {"mini": 0.0, "small": 0.0, "large": 0.0}
    plain = reader.Hidden(
        skill=skill, memory=without, distraction=0.0, decoyed=0.0, lost=0.0, lazy=0.0, spread=0.0,
        needs_only=1.0, needs_exact=1.0, obeys=1.0, refuses=0.0, needs_labels=1.0,
    )  # fmt: skip
    return replace(plain, **changed)


def request(known: Known, *texts: str, clauses: str = "Answer only from the sources. Be exact.") -> Generate:
    sources = "\n\n".join(f"[{at}] Page\n{text}" for at, text in enumerate(texts, start=1))
    message = Message(role="user", text=f"{clauses}\n\n{sources}\n\nMessage: {known.question}")
    return Generate(slot="answer", models=("reader:small",), messages=(message,))


async def answers(hidden: reader.Hidden, asked: Generate, count: int = 30) -> list[str]:
    one = Reader("seed", hidden, material().known)
    return [(await one.generate("small", asked, lambda text: None)).text for _ in range(count)]


async def test_the_reader_says_a_fact_only_where_the_prompt_has_it() -> None:
    known, other = material().known[:2]
    there = await answers(able(), request(known, other.sentence, known.sentence))
    gone = await answers(able(), request(known, other.sentence))
    assert all(known.fact in text for text in there)
    assert not any(known.fact in text for text in gone)


async def test_the_reader_needs_its_clauses_and_obeys_those_that_harm() -> None:
    known = material().known[0]
    for clauses in ("Be exact.", "Answer only from the sources.", "Only the sources, exactly. Do not mention names."):
        said = await answers(able(), request(known, known.sentence, clauses=clauses))
        assert not any(known.fact in text for text in said), clauses


async def test_many_passages_that_are_like_the_question_draw_a_distractible_reader_away() -> None:
    known, *others = material().known[:40]
    few = await answers(able(distraction=4.0, skill={"small": 4.0}), request(known, known.sentence))
    many = [f"{known.question} {one.sentence}" for one in others]
    lost = await answers(able(distraction=4.0, skill={"small": 4.0}), request(known, *many, known.sentence))
    assert sum(known.fact in text for text in lost) < 10 < sum(known.fact in text for text in few)


async def test_the_same_seed_and_call_give_the_same_answer_and_another_call_another() -> None:
    known = material().known[0]
    first, second = [await answers(able(), request(known, known.sentence)) for _ in range(2)]
    assert first == second
    assert len(set(first)) > 5


async def test_the_verifier_errs_as_often_as_it_says_and_alike_on_the_same_text(options: Options) -> None:
    made = worlds.world("verifier:0", "answer", options)
    await made.publish()
    try:
        recording = await made.ask(made.place.material.known[0])
    finally:
        await made.leave()
    case = Case(id="c", input={}, facts=("amber",))
    verifier = Verifier("seed", Nominal(0.9, 0.95))
    rates: Counter[bool] = Counter()
    for nth in range(2_000):
        for text in (f"It is amber, {nth}.", f"It is ochre, {nth}."):
            answer = _saying(recording, text)
            passed = await verifier(answer, case)
            assert passed == await verifier(answer, case)
            rates[verifying.right(answer, case)] += passed
    assert 0.87 < rates[True] / 2_000 < 0.93
    assert 0.03 < rates[False] / 2_000 < 0.07


def _saying(recording: Recording, text: str) -> Recording:
    from msgspec.structs import replace as with_

    return with_(recording, outcome="ok", output={"text": text})


@pytest.mark.parametrize("name", ["length", "false_alarm", "deleted", "torn_text", "flooded", "no_question", "stale"])
async def test_a_fault_breaks_a_case_that_passed(name: str, options: Options) -> None:
    seed = next(n for n in range(5_000) if [one.name for one in planting.chosen(n, options)] == [name])
    found = await planting.planted(seed, options)
    assert found is not None
    undone = 0 if name in STAYING else 4
    try:
        case = found.world.case(found.known)
        assert await found.world.rights(found.known, 6) <= 2
        assert not verifying.right(found.recording, case)
        kept = await found.world.opened.store.recordings.get(found.recording.id)
        assert kept == found.recording
        assert found.world.before is not None
        assert await found.world.rights(found.known, 6, release=found.world.before) >= undone
    finally:
        await found.world.leave()


def test_a_seed_plants_the_same_again_and_both_naive_methods_answer(options: Options) -> None:
    names = ["benchmarks.diagnosis.naive:first_that_passes", "benchmarks.diagnosis.naive:hard_rules"]
    seed = next(n for n in range(5_000) if [one.name for one in planting.chosen(n, options)] == ["length"])
    one, other = (running.run(seed, options, names) for _ in range(2))
    assert [(said.verdict, said.asked) for said in one.said.values()] == [
        (said.verdict, said.asked) for said in other.said.values()
    ]
    assert all(said.asked == said.said_calls for said in one.said.values())
    assert one.undone is not None


def test_the_two_splits_plant_every_verdict_about_as_often(options: Options) -> None:
    for first in (0, 1_000_000):
        faults = [planting.chosen(seed, options) for seed in range(first, first + 600)]
        counts = Counter("interaction" if len(one) > 1 else one[0].verdict for one in faults)
        assert len(counts) == 12
        assert min(counts.values()) > 40
        assert max(counts.values()) < 80


def outcome(planted: str, touched: tuple[str, ...], verdict: str, *parts: str, mended: Mended | None = None) -> Outcome:
    said = Said(verdict=verdict, parts=parts, probability=0.9, said_calls=3, asked=3, seconds=0.1, mended=mended)
    return Outcome(seed=0, name="+".join(touched), verdict=planted, touched=touched, said={"d": said})


def test_the_card_counts_what_was_right_who_was_blamed_and_what_was_mended() -> None:
    fix = Mended(cases=10, passing=9, asked=40, broken=2, low=0.0, high=0.1)
    pair = ("prompt", "guard")
    found = scorecard.card("d", [
        outcome("guard", ("guard",), "guard", "guard", mended=fix),
        outcome("guard", ("guard",), "prompt", "prompt"),
        outcome("guard", ("guard",), "unknown"),
        outcome("guard", ("guard",), "intermittent", "intermittent"),
        outcome("interaction", pair, "interaction", "guard", "prompt"),
        outcome("interaction", pair, "interaction", "guard", "model"),
        outcome("interaction", pair, "guard", "guard"),
    ])  # fmt: skip
    assert (found.answered.count, found.answered.n) == (6, 7)
    assert (found.precision.count, found.precision.n) == (2, 6)
    assert (found.precision_single.count, found.precision_single.n) == (1, 3)
    assert (found.pairs_one_part.count, found.pairs_right.count, found.pairs_right.n) == (1, 1, 3)
    assert (found.untouched_blamed.count, found.untouched_blamed.n) == (2, 7)
    assert (found.fixes.count, found.side_effects_held.count, found.side_effects_inside.count) == (1, 1, 1)
    assert found.confusion["guard"] == {"guard": 1, "prompt": 1, "unknown": 1, "intermittent": 1}


def test_a_draw_of_hidden_parameters_is_broad() -> None:
    drawn = [reader.drawn(random.Random(seed)) for seed in range(200)]
    for value in (lambda one: one.needs_only, lambda one: one.obeys):
        assert min(map(value, drawn)) < 0.2
        assert max(map(value, drawn)) > 0.9
    assert max(one.skill["mini"] for one in drawn) > min(one.skill["small"] for one in drawn)


def test_a_world_leaves_nothing_behind(options: Options) -> None:
    running.run(3, options, [])
    assert not [one for one in Path(options.scratch).rglob("holdfast.toml")]
