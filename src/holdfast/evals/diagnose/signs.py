"""The signature of a failure: how it shows, and which facts hold of it; how far two of them are apart; and in words.

Knows nothing of how a fact is found, and asks no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct

from holdfast.diagnosis import Fact, Grade, Verifier
from holdfast.evals.diagnose.finding_facts import held
from holdfast.evals.diagnose.posterior import CHANCE, Beliefs, Hypothesis, posterior
from holdfast.evals.diagnose.reading import acting_guards
from holdfast.evals.diagnose.tables import PRIOR, TRUSTED
from holdfast.records import Outcome, Recording

_ALONE: tuple[Hypothesis, ...] = (CHANCE, *(frozenset({part}) for part in PRIOR))
_ANYBODY = Verifier(name="anybody", sensitivity=0.95, specificity=0.95)
"""Facts alone do not depend on who judges."""

_WORDS: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("provider_failed", True): "a model failed, broke off, or another one answered",
        ("provider_not_set_up", True): "a model was never asked: it is not set up",
        ("gold_in_corpus", False): "no document says what was expected",
        ("gold_in_candidates", False): "the search does not find what answers",
        ("gold_in_context", False): "what answers did not reach the prompt",
        ("gold_in_context", True): "what answers was in the prompt",
        ("prompt_incomplete", True): "the prompt has holes where values should stand",
        ("prompt_changed", True): "the prompt has changed since the last good answer",
        ("model_changed", True): "the model has changed since the last good answer",
        ("search_changed", True): "the search has changed since the last good answer",
        ("corpus_changed", True): "the corpus has changed since the last good answer",
        ("guard_changed", True): "a guard has changed since the last good answer",
        ("labels_conflict", True): "what is labelled as answering does not say what was expected",
    }
)
"""Facts that are worth a word, in the order in which they are told."""


class Signature(Struct, frozen=True, kw_only=True):
    """How a failure shows (`outcome`, the `guards` that objected, the `code` of its error), whether it `passes` all the
    same (None: that was not asked), why it could not be looked into (`refused`, a code), and the facts that can be
    told, by name. What cannot be told is in none of them."""

    outcome: Outcome
    guards: tuple[str, ...] = ()
    code: str | None = None
    passes: bool | None = None
    refused: str | None = None
    grade: Grade = "none"
    facts: tuple[tuple[str, bool], ...] = ()

    @property
    def shows(self) -> tuple[object, ...]:
        """What has to be the same for two failures to be of one kind."""
        return (self.outcome, self.guards, self.code, self.passes, self.refused)


def signature(
    recording: Recording,
    facts: Sequence[Fact],
    grade: Grade = "none",
    passes: bool | None = None,
    refused: str | None = None,
) -> Signature:
    """The signature of a failure of which these facts were found."""
    return Signature(
        outcome=recording.outcome,
        guards=acting_guards(recording),
        code=None if recording.failure is None else recording.failure.code,
        passes=passes,
        refused=refused,
        grade=grade,
        facts=tuple(sorted(held(facts).items())),
    )


def distance(one: Signature, other: Signature) -> float:
    """How far two failures are apart, in 0..1: 1 where they do not show alike, else the share of what their facts make
    likely that differs (the total variation distance of the posteriors).

    So a fact counts by how much it tells of which part failed, beside all the others; one that cannot be told of one of
    them only counts where it would have told something.
    """
    if one.shows != other.shows:
        return 1.0
    mine, yours = likely(one), likely(other)
    return round(sum(abs(mine[part] - yours[part]) for part in mine) / 2, 6)


@lru_cache(maxsize=4096)
def likely(one: Signature) -> Mapping[Hypothesis, float]:
    """How likely each part is at fault by the facts alone."""
    return posterior(Beliefs(verifier=_ANYBODY, gold=TRUSTED[one.grade]), _ALONE, dict(one.facts), {})


def in_words(members: Mapping[Signature, int]) -> tuple[str, ...]:
    """What failures of these signatures, so many of each, have in common: how they show, then each fact that holds of
    at least half of them, with of how many where it is not all."""
    first = next(iter(members))
    total = sum(members.values())
    said = [_shown(first)]
    for (name, holds), words in _WORDS.items():
        count = sum(many for each, many in members.items() if dict(each.facts).get(name) is holds)
        if count * 2 >= total:
            said.append(words if count == total else f"{words} ({count} of {total})")
    known = sum(many for each, many in members.items() if each.grade != "none")
    if not known and not first.guards and first.outcome == "ok":
        said.append("nothing says which passage answers")
    return tuple(said)


def _shown(one: Signature) -> str:
    guards = ", ".join(f"`{name}`" for name in one.guards)
    match one.outcome:
        case "failed":
            said = f"no answer: {one.code}" if one.code else "no answer"
        case "blocked":
            said = f"guard {guards} stopped the answer"
        case "degraded":
            said = "a lower rung answered"
        case _:
            said = "an answer that is not good"
    if guards and one.outcome != "blocked":
        said += f", to which guard {guards} objected"
    if one.passes:
        said += ", though the scorers find nothing wrong with it"
    return said
