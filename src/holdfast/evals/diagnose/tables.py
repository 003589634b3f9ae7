"""What is believed before anything is measured: which substitution mends which part, and what facts say of parts.

Knows nothing of any feature.

The numbers are probabilities a careful engineer would write down, and are meant to be wrong by a good deal without the
verdicts being so: every verdict rests on several of them, and outcomes are overdispersed (`posterior`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from holdfast.diagnosis import Grade, Part, Substitution

SPOILS = 0.06
"""The chance that a substitution by itself makes an answer fail which would have passed."""


class Effect(Struct, frozen=True):
    """What a substitution does: the chance that it mends a part (`mends`, 0 where it is not named), and the chance that
    it spoils what was right."""

    mends: Mapping[Part, float] = MappingProxyType({})
    spoils: float = SPOILS


class Sign(Struct, frozen=True):
    """What a fact says: the chance that it holds where a part is at fault (`holds`), and where none of these is."""

    holds: Mapping[Part, float]
    otherwise: float


class Words(Struct, frozen=True):
    """How often a good answer, and a bad one, says what was expected by its words."""

    good: float
    bad: float


WORDS = Words(0.9, 0.08)
"""A good answer may say it in other words, and a bad one may have the words in it and be wrong."""

EFFECTS: Mapping[Substitution, Effect] = MappingProxyType(
    {
        "again": Effect({}, 0.0),
        "placebo": Effect({}, 0.03),
        "provider_healthy": Effect({"provider": 0.6}, 0.03),
        "second_endpoint": Effect({"provider": 0.92}, 0.03),
        "guard_off": Effect({"guard": 0.99}, 0.01),
        "gold_added": Effect(
            {"data": 0.85, "retrieval": 0.85, "ranking": 0.85, "context_noise": 0.1}
        ),
        "gold_only": Effect(
            {
                "data": 0.92, "retrieval": 0.92, "ranking": 0.92, "context_noise": 0.92, "model": 0.25,
                "task": 0.5,
            }
        ),
        "gold_removed": Effect({}, 0.85),
        "wider": Effect({"ranking": 0.85, "retrieval": 0.12}, 0.15),
        "narrower": Effect({"context_noise": 0.6, "model": 0.15, "task": 0.3}, 0.2),
        "plain_search": Effect({"ranking": 0.5, "retrieval": 0.4, "context_noise": 0.15}, 0.15),
        "previous_search": Effect({"ranking": 0.7, "retrieval": 0.7, "context_noise": 0.5}, 0.08),
        "gold_query": Effect(
            {"ranking": 0.7, "retrieval": 0.6, "context_noise": 0.4, "task": 0.2}, 0.1
        ),
        "previous_prompt": Effect({"prompt": 0.95}),
        "minimal_prompt": Effect({"prompt": 0.75, "context_noise": 0.05}, 0.12),
        "stronger_model": Effect({"model": 0.93, "prompt": 0.1, "context_noise": 0.4}, 0.03),
        "previous_model": Effect({"model": 0.93}),
        "ceiling": Effect(
            {
                "provider": 0.6, "data": 0.95, "retrieval": 0.95, "ranking": 0.95, "context_noise": 0.95,
                "prompt": 0.9, "model": 0.93, "task": 0.45,
            },
            0.05,
        ),
    }
)  # fmt: skip
"""Of a provider that stays unwell only what asks it more patiently, or another one, mends anything; one that was unwell
for a while is well again whatever is asked (WELL_AGAIN)."""

WELL_AGAIN = 0.92

BARE: Mapping[Substitution, Effect] = MappingProxyType(
    {
        "minimal_prompt": Effect({"prompt": 0.4}, 0.4),
        "ceiling": Effect({"provider": 0.6, "prompt": 0.4}, 0.4),
    }
)
"""What a prompt that only states the task does where nothing is searched: what is to be known then stands in the prompt
itself, and is gone with it."""


def without_search(effects: Mapping[Substitution, Effect]) -> Mapping[Substitution, Effect]:
    """What substitutions do where nothing is searched."""
    return {**effects, **{name: effect for name, effect in BARE.items() if name in effects}}


TRUSTED: Mapping[Grade, float] = MappingProxyType(
    {"labelled": 1.0, "corrected": 0.8, "searched": 0.7, "later_answer": 0.6, "none": 0.0}
)
"""How far it is believed that the passages taken for the answer are it, by how they are known."""

SIGNS: Mapping[str, Sign] = MappingProxyType(
    {
        "provider_failed": Sign({"provider": 0.98}, 0.02),
        "provider_not_set_up": Sign({"provider": 0.3}, 0.0003),
        "stopped_passes": Sign({"guard": 0.93}, 0.06),
        "guard_acted": Sign({"guard": 0.99}, 0.15),
        "gold_in_corpus": Sign({"data": 0.03, "task": 0.85}, 0.98),
        "gold_found": Sign({"data": 0.03, "retrieval": 0.5, "task": 0.7}, 0.97),
        "gold_withheld": Sign({"retrieval": 0.3}, 0.002),
        "gold_in_candidates": Sign({"data": 0.03, "retrieval": 0.15, "task": 0.6}, 0.97),
        "gold_in_context": Sign({"data": 0.03, "retrieval": 0.04, "ranking": 0.05, "task": 0.55}, 0.93),
        "gold_in_prompt": Sign({"prompt": 0.85}, 0.997),
        "prompt_changed": Sign({"prompt": 0.7}, 0.15),
        "prompt_incomplete": Sign({"prompt": 0.3}, 0.02),
        "model_changed": Sign({"model": 0.6}, 0.12),
        "search_changed": Sign({"ranking": 0.5, "retrieval": 0.4, "context_noise": 0.4}, 0.12),
        "query_changed": Sign({"retrieval": 0.4}, 0.05),
        "corpus_changed": Sign({"data": 0.6, "retrieval": 0.3, "ranking": 0.3, "context_noise": 0.3}, 0.2),
        "guard_changed": Sign({"guard": 0.7}, 0.12),
        "prompt_changed_since": Sign({"prompt": 0.95}, 0.12),
        "model_changed_since": Sign({"model": 0.9}, 0.1),
        "query_changed_since": Sign({"retrieval": 0.4}, 0.04),
        "search_changed_since": Sign({"ranking": 0.55, "retrieval": 0.45, "context_noise": 0.45}, 0.1),
        "corpus_changed_since": Sign(
            {"data": 0.95, "retrieval": 0.5, "ranking": 0.4, "context_noise": 0.5, "task": 0.4}, 0.15
        ),
        "guard_changed_since": Sign({"guard": 0.85}, 0.1),
        "never_passed": Sign({"task": 0.5, "verifier": 0.7}, 0.04),
        "labels_conflict": Sign({"task": 0.75}, 0.02),
        "crowded": Sign({"context_noise": 0.4}, 0.04),
        "sources_conflict": Sign({"task": 0.5}, 0.004),
        "verifier_unstable": Sign({"verifier": 0.75}, 0.05),
    }
)

PRIOR: Mapping[Part, float] = MappingProxyType(
    {
        "provider": 1.0, "guard": 1.0, "data": 1.0, "retrieval": 1.0, "ranking": 1.0, "context_noise": 0.8,
        "prompt": 1.0, "model": 1.0, "task": 0.7, "verifier": 0.7,
    }
)  # fmt: skip
"""How likely each part is, one against the other, before anything is known; `intermittent` has INTERMITTENT."""

BY_WORDS = 0.05
"""What becomes of the verifier's share where it only compares words: it is as right or wrong as what it was given."""
INTERMITTENT = 1.0
PAIR = 0.05
"""The weight of two parts at once, against that of either."""
