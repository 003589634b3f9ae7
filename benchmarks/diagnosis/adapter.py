"""What a diagnoser is to the bench: one function, and the verdict that it answers with.

Knows no diagnoser. `--diagnoser package.module:function` names one that is as `Diagnoser` says.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from msgspec import Struct

from holdfast.app import Project
from holdfast.evaluation import Case
from holdfast.records import Json, Recording

VERDICTS = (
    "provider", "guard", "data", "retrieval", "ranking", "context_noise", "prompt", "model", "task", "verifier",
    "intermittent", "interaction", "unknown",
)  # fmt: skip
UNKNOWN, INTERACTION, INTERMITTENT = "unknown", "interaction", "intermittent"

Verify: TypeAlias = Callable[[Recording, Case], Awaitable[bool]]
"""Says whether an answer to the case is right. It errs, alike each time on the same text."""


@dataclass(frozen=True, slots=True)
class Nominal:
    """How often the verifier passes what is right (`sensitivity`) and fails what is wrong (`specificity`)."""

    sensitivity: float
    specificity: float


class Fix(Struct, frozen=True, kw_only=True):
    """A change that is said to mend it: `changes` are values by `slot.field`, as `Project.changed` takes them.

    Empty where somebody must do it by hand. `breaks_low` and `breaks_high` bound the share of requests that went well
    and do not with the fix; None where nothing is said of it.
    """

    changes: Mapping[str, Json]
    breaks_low: float | None = None
    breaks_high: float | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """`verdict` is one of `VERDICTS`; `parts` are those blamed, by the same words: two or more for an interaction.

    `fixes` come best first. `calls` is how often a model was asked to find out.
    """

    verdict: str
    parts: tuple[str, ...]
    probability: float
    fixes: tuple[Fix, ...] = ()
    calls: int = 0


class Diagnoser(Protocol):
    """Finds out why a recording failed."""

    async def __call__(
        self, project: Project, recording_id: str, case: Case, verify: Verify, nominal: Nominal
    ) -> Verdict:
        """The verdict on the recording of that id in the project's store, which answered the case and failed."""
        ...


def load(name: str) -> Diagnoser:
    """The function named as `package.module:function`."""
    module, _, function = name.partition(":")
    return cast("Diagnoser", getattr(importlib.import_module(module), function))


async def diagnosed(
    diagnoser: Diagnoser, project: Project, recording_id: str, case: Case, verify: Verify, nominal: Nominal
) -> Verdict:
    """What a diagnoser says, with the parts of a simple verdict filled in and its words checked.

    Raises ValueError for a word that is no verdict.
    """
    said = await diagnoser(project, recording_id, case, verify, nominal)
    parts = said.parts or (() if said.verdict in (UNKNOWN, INTERACTION) else (said.verdict,))
    for word in (said.verdict, *parts):
        if word not in VERDICTS:
            raise ValueError(f"'{word}' is no verdict; there are {', '.join(VERDICTS)}")
    return Verdict(verdict=said.verdict, parts=parts, probability=said.probability, fixes=said.fixes, calls=said.calls)
