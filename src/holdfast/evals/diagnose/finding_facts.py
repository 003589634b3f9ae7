"""What can be told without asking a model: from the recording, the corpora as they are, and what has changed since.

Knows nothing of what follows from a fact; `tables.SIGNS` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from holdfast.diagnosis import Fact
from holdfast.evals.diagnose.examined import Examined, Host
from holdfast.evals.diagnose.gold import WIDE, Located, wide
from holdfast.evals.diagnose.reading import acting_guards, answers, failed, found, said_to_models, searches
from holdfast.evals.diagnose.substituting import SEARCH, Earlier
from holdfast.evals.facts import Token, missing, tokens
from holdfast.records import Generate, Generated, Passage, Recording, Retrieve, Step
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot

_NOT_SET_UP = ("no_key", "no_provider", "no_model")
_UNFINISHED = ("length", "content_filter", "error")
_EMPTY_VALUE = re.compile(r"(?m)^\s*(?:None|null|undefined|\{\{.*\}\}|\{%.*%\})\s*$")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
CROWD = 10
"""Passages that a prompt seldom has more of: beyond it an answer is easily lost among them."""
_TELLING_CHARS = 200
_LEAST_ALIKE = 4
"""Words of a sentence, what was expected aside, that another one must all have to speak of the same: fewer say too
little to be known by, and one word more or less is the next model or place."""


async def facts_of(host: Host, examined: Examined, located: Located, earlier: Earlier) -> tuple[Fact, ...]:
    """Every fact, in the order in which an answer comes about. `earlier` is what went before."""
    recording = examined.recording
    return (
        *_corpus(located),
        *await _search(host, examined, located),
        *_context(examined),
        *_conflict(examined),
        *_models(recording),
        *_prompts(recording),
        *_guards(recording),
        *_changes(examined, earlier),
        *_of_the_past(earlier),
    )


def _corpus(located: Located) -> Iterator[Fact]:
    if located.grade == "none":
        yield Fact(name="gold_in_corpus", holds=None, said="nothing says which passage answers")
        return
    if located.withheld:
        yield Fact(name="gold_in_corpus", holds=True, said="a document says it that whoever asked may not see")
        yield Fact(name="gold_withheld", holds=True, said="a document says it that whoever asked may not see")
        return
    where = ", ".join(sorted({passage.document for passage in located.passages})) or "nowhere"
    said = f"the answer stands in {where}" if located.in_corpus else "no document of the corpus says what was expected"
    name = "gold_in_corpus" if located.grade == "labelled" else "gold_found"
    yield Fact(name=name, holds=located.in_corpus, said=said)


async def _search(host: Host, examined: Examined, located: Located) -> list[Fact]:
    """Where the passages that answer stand among the first WIDE, as whoever asked may see them now."""
    if not located.in_corpus or located.withheld:
        return []
    best: tuple[int, Passage] | None = None
    for step in searches(examined.recording):
        assert isinstance(step.effect, Retrieve)
        for rank, passage in enumerate(await wide(host, step.effect), start=1):
            if examined.is_gold(passage) and (best is None or rank < best[0]):
                best = rank, passage
    if best is None:
        return [Fact(name="gold_in_candidates", holds=False, said=f"it is not among the first {WIDE} that are found")]
    return [
        Fact(name="gold_in_candidates", holds=True, said=f"`{best[1].document}` is number {best[0]} of what is found")
    ]


def _context(examined: Examined) -> Iterator[Fact]:
    """Whether the passage that answers reached the prompt, which may hold fewer than were found, or none of them."""
    if not examined.gold:
        return
    shown, sent = found(searches(examined.recording)), said_to_models(examined.recording)
    reached = [passage for passage in shown if passage.text[:_TELLING_CHARS] in sent]
    if shown and sent and not reached:
        yield Fact(name="gold_in_prompt", holds=False, said="passages were found, and the prompt leaves them out")
    elif sent:
        yield Fact(name="gold_in_prompt", holds=True)
        shown = tuple(reached)
    yield Fact(name="crowded", holds=len(shown) > CROWD)
    holds = any(examined.is_gold(passage) for passage in shown)
    count = f"{len(shown)} passages were given"
    yield Fact(name="gold_in_context", holds=holds, said=f"{count}, {'it' if holds else 'none of them'} among them"
               if holds else f"{count}, and it is not among them")  # fmt: skip


def _conflict(examined: Examined) -> Iterator[Fact]:
    """Whether a passage that was given says the same as the one that answers, with something else in the place of what
    was expected."""
    case = examined.case
    if not examined.gold or not case.facts:
        return
    spans = [gold.span for gold in case.gold if gold.span] or [gold.text for gold in examined.gold]
    told = [one for span in spans for one in _SENTENCES.split(span) if not missing(one, case.facts[:1])]
    expected = {token for fact in case.facts for token in tokens(fact)}
    looked_for = [wanted for one in told if len(wanted := {*tokens(one)} - expected) >= _LEAST_ALIKE]
    if not looked_for:
        return
    answering = {gold.document for gold in case.gold} | {gold.document for gold in examined.gold}
    others = [
        passage.document
        for passage in found(searches(examined.recording))
        if passage.document not in answering and missing(passage.text, case.facts) and _alike(passage.text, looked_for)
    ]
    named = ", ".join(f"`{name}`" for name in dict.fromkeys(others))
    said = f"{named} says the same with something else in its place" if others else ""
    yield Fact(name="sources_conflict", holds=bool(others), said=said)


def _alike(text: str, looked_for: Sequence[set[Token]]) -> bool:
    there = [{*tokens(one)} for one in _SENTENCES.split(text)]
    return any(wanted <= one for wanted in looked_for for one in there)


def _models(recording: Recording) -> Iterator[Fact]:
    """What a provider did wrong: failed, answered from a lower rung, broke off, gave nothing, or was another model."""
    wrong: list[str] = []
    for step in answers(recording):
        errors = [attempt.error for attempt in step.attempts if attempt.error]
        if failed(step):
            wrong.append(f"no model answered ({'; '.join(errors[:2]) or 'see the step'})")
        elif isinstance(step.result, Generated):
            assert isinstance(step.effect, Generate)
            if step.result.stop_reason in _UNFINISHED:
                wrong.append(f"the answer ended with `{step.result.stop_reason}`")
            if step.result.rung > step.effect.first_rung:
                wrong.append(f"rung {step.result.rung + 1} answered: {'; '.join(errors[:2])}")
            if not step.result.text.strip() and not step.result.tool_calls:
                wrong.append("the answer is empty")
            wrong += [f"asked for {asked}, served {served}" for asked, served in _served(step) if _other(asked, served)]
    if recording.failure is not None and recording.failure.code in ("HF301", "HF302", "HF304", "HF311", "HF312"):
        wrong.append(recording.failure.message)
    said = "; ".join(dict.fromkeys(wrong)) or "every model answered, whole and at once"
    yield Fact(name="provider_failed", holds=bool(wrong), said=said)
    unset = [error for step in answers(recording) for error in _errors(step) if error.startswith(_NOT_SET_UP)]
    if unset:
        yield Fact(name="provider_not_set_up", holds=True, said=f"a model was never asked: {unset[0]}")


def _errors(step: Step) -> Iterator[str]:
    return (attempt.error for attempt in step.attempts if attempt.error)


def _served(step: Step) -> Iterator[tuple[str, str]]:
    """The model that was asked for and the one that says it answered, of each attempt and of the answer."""
    assert isinstance(step.effect, Generate)
    assert isinstance(step.result, Generated)
    yield from ((one.model, one.detail.served) for one in step.attempts if one.detail.served)
    place = step.result.rung - step.effect.first_rung
    if 0 <= place < len(step.effect.models) and ":" in step.result.model:
        yield step.effect.models[place].partition(":")[2], step.result.model.partition(":")[2]


def _other(asked: str, served: str) -> bool:
    """Whether two names are of different models; a dated name of the same is none."""
    return not served.startswith(asked) and not asked.startswith(served)


def _prompts(recording: Recording) -> Iterator[Fact]:
    """Whether what the models were sent has holes where a value should stand."""
    hole = _EMPTY_VALUE.search(said_to_models(recording))
    said = f"the prompt has `{hole.group().strip()}` where a value should stand" if hole else "the prompt is filled in"
    yield Fact(name="prompt_incomplete", holds=hole is not None, said=said)


def _guards(recording: Recording) -> Iterator[Fact]:
    names = acting_guards(recording)
    said = f"guard {', '.join(names)} did not pass it" if names else "no guard objected"
    yield Fact(name="guard_acted", holds=bool(names), said=said)


def _changes(examined: Examined, earlier: Earlier) -> Iterator[Fact]:
    """What is not as it was when an answer was good; `..._since` where that was one to the same input."""
    now, before = examined.release, earlier.release
    if before is None:
        return
    changed: dict[str, list[str]] = {"prompt_changed": [], "model_changed": [], "query_changed": [],
                                     "search_changed": [], "corpus_changed": [], "guard_changed": []}  # fmt: skip
    answering = {step.effect.slot for step in answers(examined.recording) if isinstance(step.effect, Generate)}
    for name in sorted({*now.slots, *before.slots}):
        new, old = now.slots.get(name), before.slots.get(name)
        if isinstance(new, ModelSlot) and isinstance(old, ModelSlot):
            answers_by = name in answering or not answering
            if new.prompt != old.prompt:
                changed["prompt_changed" if answers_by else "query_changed"].append(f"{name}.prompt")
            if (new.models, new.sampling()) != (old.models, old.sampling()):
                changed["model_changed" if answers_by else "query_changed"].append(f"{name}.models")
        elif isinstance(new, CorpusSlot) and isinstance(old, CorpusSlot):
            fields = [field for field in SEARCH if getattr(new, field) != getattr(old, field)]
            changed["search_changed"] += [f"{name}.{field}" for field in fields]
            if earlier.answer is None and new.version != old.version:
                changed["corpus_changed"].append(f"{name}.version")
        elif isinstance(new, GuardSlot) and new != old:
            changed["guard_changed"].append(name)
    if earlier.answer is not None:
        searched, used = _versions(examined.recording), _versions(earlier.answer)
        changed["corpus_changed"] = sorted(name for name in searched if used.get(name, "") != searched[name])
    good = "the last good answer" if earlier.answer is None else f"{earlier.answer.id}, the good answer to the same"
    for fact, names in changed.items():
        said = f"changed since {good}: {', '.join(names)}" if names else f"as it was at {good}"
        yield Fact(name=fact if earlier.answer is None else f"{fact}_since", holds=bool(names), said=said)


def _versions(recording: Recording) -> dict[str, str]:
    """The versions of corpora that were searched, by the corpora's names."""
    effects = (step.effect for step in searches(recording))
    pinned = (effect.corpus.partition("@") for effect in effects if isinstance(effect, Retrieve))
    return {name: version for name, _, version in pinned}


def _of_the_past(earlier: Earlier) -> Iterator[Fact]:
    """Whether an older answer to the same input, of which nobody complained, does not pass either."""
    if earlier.answer is not None or earlier.unlike is not None:
        other = earlier.unlike.id if earlier.answer is None and earlier.unlike is not None else None
        said = f"{other} is an older answer to the same, nobody complained of it, and it does not pass either"
        yield Fact(name="never_passed", holds=other is not None, said=said if other else "")


def held(facts: Sequence[Fact]) -> dict[str, bool]:
    """What can be told, by name."""
    return {fact.name: fact.holds for fact in facts if fact.holds is not None}
