"""What is known of an answer before anything is looked at: the case, who judges, and what went well before.

Knows nothing of how any of it was found.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from holdfast.diagnosis import Planted, Verifier
from holdfast.evals.diagnose.posterior import Beliefs
from holdfast.evals.diagnose.substituting import Earlier
from holdfast.evals.diagnose.verifying import Bill
from holdfast.evaluation import Case
from holdfast.records import Recording

Verify = Callable[[Recording, Case], Awaitable[bool]]
"""Whether an answer passes; asked again it may say otherwise, where it is a model."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before anything is looked at: the case, the verifier, and what went well before.

    `good` are recordings of the same feature that went well, for side effects; `later` is a good answer to this input.
    `by_words`: the verifier itself only compares words, so that they are no second opinion. `bill` is what `verify`
    spends, `notes` say how all this is known.
    """

    case: Case
    verify: Verify
    verifier: Verifier
    earlier: Earlier = field(default_factory=Earlier)
    later: Recording | None = None
    good: Sequence[Recording] = ()
    beliefs: Beliefs | None = None
    planted: tuple[Planted, ...] = ()
    by_words: bool = False
    bill: Bill = field(default_factory=Bill)
    notes: tuple[str, ...] = ()
