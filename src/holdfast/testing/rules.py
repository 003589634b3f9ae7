"""Rules for the scriptable vendor: functions from what is asked to how it is treated, and functions that combine them.

Does not know sockets or dialects. A rule depends on the request alone, its number included, so that a test that asks
the same in the same order gets the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from holdfast.testing.act import Act
from holdfast.testing.asked import Asked
from holdfast.testing.vendor import Rule

Latency: TypeAlias = Callable[[int], float]
"""The time to the first token in ms, of the request with that number."""

Manner: TypeAlias = Literal["exact", "anchor", "restart", "preface"]
"""How a model goes on with an answer that was begun: with the very next character, by first repeating the words that it
was shown as the end, from the beginning again, or with a sentence of its own before."""

_WELL = Act()
_REPEATED_CHARACTERS = 24

# ---------------------------------------------------------------- what is answered


def always(act: Act) -> Rule:
    """The same for every request."""
    return lambda _asked: act


def answers(script: Mapping[str, str | Act], otherwise: str | Act = _WELL) -> Rule:
    """The first entry whose key stands anywhere in the conversation; a text is an answer that goes well."""

    def rule(asked: Asked) -> Act:
        said = asked.everything
        found = next((reply for part, reply in script.items() if part in said), otherwise)
        return Act(text=found) if isinstance(found, str) else found

    return rule


def echo(asked: Asked) -> Act:
    """A rule: the answer is what the user said last."""
    return Act(text=asked.text or "You said nothing.")


def deterministic(text: str, manner: Manner = "exact", act: Act = _WELL) -> Rule:
    """A model that always gives this text, and goes on with it where the request shows the beginning of it.

    The beginning is the last turn of the assistant, if `text` starts with it: as a prefill (the last turn) it is
    continued exactly; before a user's turn that asks for the rest, in this `manner`. Everything else is as in `act`.
    """

    def rule(asked: Asked) -> Act:
        begun = begun_of(asked, text)
        if asked.prefill:
            return replace(act, text=text[len(begun) :], pieces=())
        return replace(act, text=_rest(text, begun, manner, asked.text), pieces=())

    return rule


def begun_of(asked: Asked, text: str) -> str:
    """How much of a text the request already holds as the assistant's own words; empty where it holds another's."""
    said = next((turn.text for turn in reversed(asked.messages) if turn.role == "assistant"), "")
    if said and text.startswith(said):
        return said
    stripped = said.rstrip()  # some dialects refuse a turn of the assistant that ends in space
    return stripped if stripped and text.startswith(stripped) else ""


def _rest(text: str, begun: str, manner: Manner, instruction: str) -> str:
    match manner:
        case "restart":
            return text
        case "anchor":
            return text[len(begun) - len(_shown(begun, instruction)) :]
        case "preface":
            return "Certainly, here is the rest: " + text[len(begun) :] if begun else text
        case _:
            return text[len(begun) :]


def _shown(begun: str, instruction: str) -> str:
    """The longest end of what was said that the instruction quotes, else its last few characters."""
    for length in range(min(len(begun), 400), 3, -1):
        if begun[-length:] in instruction:
            return begun[-length:]
    return begun[-_REPEATED_CHARACTERS:]


# ---------------------------------------------------------------- who is answered, and when


def in_turn(*rules: Rule | Act) -> Rule:
    """Each request takes the next; the last is repeated."""

    def rule(asked: Asked) -> Act:
        return _apply(rules[min(asked.number, len(rules) - 1)], asked)

    return rule


def by_key(keys: Mapping[str, Rule | Act], otherwise: Rule | Act = _WELL) -> Rule:
    """What follows depends on the key that is sent, as with one account out of credit among several."""
    return lambda asked: _apply(keys.get(asked.key, otherwise), asked)


def by_model(models: Mapping[str, Rule | Act], otherwise: Rule | Act = _WELL) -> Rule:
    """What follows depends on the model that is named."""
    return lambda asked: _apply(models.get(asked.model, otherwise), asked)


def without_prefill(rule: Rule) -> Rule:
    """A model that refuses to have its answer begun for it, in its vendor's words; otherwise the rule."""
    return lambda asked: Act(error="prefill") if asked.prefill else rule(asked)


def sometimes(rule: Rule, odds: Mapping[str, float], seed: int = 0) -> Rule:
    """The rule, but with these odds a fault of the catalogue by name (`testing/faults.py`), as in {"cut": 0.03}.

    Drawn from the seed and the request's number alone. A fault that cuts or stalls does so at any piece; one of the
    address changes nothing here.
    """
    from holdfast.testing.faults import FAULTS

    def ruled(asked: Asked) -> Act:
        act = rule(asked)
        chance = random.Random(f"{seed} {asked.number}")
        drawn = chance.random()
        for name, share in odds.items():
            if drawn < share:
                return FAULTS[name].does(act, asked, chance.randrange(len(act.said) + 1))
            drawn -= share
        return act

    return ruled


def late(rule: Rule, latency: Latency) -> Rule:
    """The rule, its first token only after that time."""
    return lambda asked: replace(rule(asked), before_text_ms=latency(asked.number))


def bimodal(usual_ms: float, slow_ms: float, odds: float, seed: int = 0) -> Latency:
    """Mostly one time, and with these odds another."""
    return lambda number: slow_ms if random.Random(f"{seed} {number}").random() < odds else usual_ms


def spread(median_ms: float, sigma: float, seed: int = 0) -> Latency:
    """Log-normal: half of the requests are quicker than the median; at `sigma` 0.5 one in a hundred takes thrice it."""
    return lambda number: median_ms * random.Random(f"{seed} {number}").lognormvariate(0.0, sigma)


def _apply(told: Rule | Act, asked: Asked) -> Act:
    return told if isinstance(told, Act) else told(asked)
