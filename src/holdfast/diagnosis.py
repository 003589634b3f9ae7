"""A diagnosis: what was found out about an answer that is not good, and what would have made it good.

Knows nothing of how anything is found out.

The words are careful on purpose: a substitution shows that the answer passes *with* it, never that what it replaced is
the one cause.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.judgement import Interval
from holdfast.records import Json, Passage

Part: TypeAlias = Literal[
    "provider", "guard", "data", "retrieval", "ranking", "context_noise", "prompt", "model", "task", "verifier"
]
"""What may be at fault. `data`: the corpus does not say it; `retrieval`: it does, and the search does not find it;
`ranking`: it is found, and does not reach the prompt; `context_noise`: it reaches the prompt, among too much else;
`task`: what was expected is wrong or undecided; `verifier`: whoever said that the answer is bad erred."""

Verdict: TypeAlias = Part | Literal["intermittent", "interaction", "unknown"]
"""`intermittent`: the same request passes when it is asked again; `interaction`: two parts at once; `unknown`: not sure
enough to say."""

Substitution: TypeAlias = Literal[
    "again",
    "placebo",
    "provider_healthy",
    "second_endpoint",
    "guard_off",
    "gold_added",
    "gold_only",
    "gold_removed",
    "wider",
    "narrower",
    "plain_search",
    "previous_search",
    "gold_query",
    "previous_prompt",
    "minimal_prompt",
    "stronger_model",
    "previous_model",
    "ceiling",
]
"""One step or slot replaced; `again` replaces nothing, and is what the others are held against."""

Grade: TypeAlias = Literal["labelled", "corrected", "searched", "later_answer", "none"]
"""How it is known which passages answer: labels, a person's correction, a wide search, or a later good answer."""


class Fact(Struct, frozen=True, kw_only=True):
    """What the recording and the corpora say without a model being asked. `holds` None: it cannot be told."""

    name: str
    holds: bool | None
    said: str = ""


class Tried(Struct, frozen=True, kw_only=True):
    """A substitution that was made: `passed` of `asked` answers pass with it. `changes` as a replay takes them.

    `beside` is another one that was made together with it. `in_words` of the answers say by their words what was
    expected, `both` say it and pass; None where words cannot tell.
    """

    substitution: Substitution
    passed: int
    asked: int
    beside: Substitution | None = None
    in_words: int | None = None
    both: int = 0
    said: str = ""
    changes: dict[str, Json] = {}
    recordings: tuple[str, ...] = ()
    spent_usd: float | None = 0.0


class SideEffects(Struct, frozen=True, kw_only=True):
    """What a fix does to requests that went well: of `asked` of them, `broken` pass no more."""

    asked: int
    broken: int
    share: Interval
    recordings: tuple[str, ...] = ()


class Fix(Struct, frozen=True, kw_only=True):
    """A change with which the answer passes, as in "with `help_center.k=30` it passes". The cheapest come first.

    `changes` can be tried and released as they are; where a fix is not a setting they are empty, and `advice` says what
    to do. `cost_usd` is what an answer costs more with it, None where a price is not known.
    """

    part: Part
    advice: str
    passed: int
    asked: int
    share: Interval
    also: Part | None = None
    restores: bool = False
    changes: dict[str, Json] = {}
    cost_usd: float | None = None
    side_effects: SideEffects | None = None


class NextTest(Struct, frozen=True, kw_only=True):
    """What would tell most, for what it costs: so many calls of models, and dollars where prices are known."""

    substitution: Substitution | None
    said: str
    calls: int = 0
    cost_usd: float | None = None


class Reading(Struct, frozen=True, kw_only=True):
    """One of two answers that can both be defended, with what it rests on."""

    text: str
    rests_on: tuple[Passage, ...] = ()


Right: TypeAlias = Literal["expected", "answered", "neither"]
"""Which of two readings is right: what was expected, what was answered, or neither of them."""


class Decision(Struct, frozen=True, kw_only=True):
    """What whoever owns a feature says to the question of a diagnosis. `rule` is one sentence that tells the next such
    answer good from bad. `expected` is what a good answer says, None: the reading that is right."""

    right: Right
    rule: str
    expected: Json = None
    by: str = ""


class Decided(Struct, frozen=True, kw_only=True):
    """A decision, when it was made, and where in the project it stands: the case by its id, and both files."""

    decision: Decision
    at: datetime
    case: str
    file: str
    rules_file: str


class Planted(Struct, frozen=True, kw_only=True):
    """How often a fault that was planted in this feature was named, by what was planted and what was said."""

    planted: str
    said: str
    count: int


class Verifier(Struct, frozen=True, kw_only=True):
    """Who says whether an answer passes, how often a good one is found good, and a bad one bad."""

    name: str
    sensitivity: float
    specificity: float
    measured_on: int = 0


class Diagnosis(Struct, frozen=True, kw_only=True):
    """What is known of one answer. `probabilities` add up to 1; `verdict` is `unknown` where the likeliest is below
    `sure_at`; `by_facts` are what the facts alone make likely, before anything was tried.

    `gold` are the passages that answer, and `grade` is how they are known. `readings` and `question` are set where the
    task itself is in doubt: the owner is asked once, and `decided` is the answer. `known` says what it was begun with:
    the case, who judges, what went well before. `planted` is what the procedure said of faults that were planted
    in this feature, empty without a calibration.
    """

    id: str
    recording: str
    feature: str
    tenant: str = ""
    started_at: datetime
    finished_at: datetime | None = None
    verdict: Verdict
    parts: tuple[Part, ...] = ()
    probability: float = 0.0
    probabilities: dict[str, float] = {}
    by_facts: dict[str, float] = {}
    sure_at: float
    because: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    tried: tuple[Tried, ...] = ()
    fixes: tuple[Fix, ...] = ()
    gold: tuple[Passage, ...] = ()
    grade: Grade = "none"
    verifier: Verifier
    next_test: NextTest | None = None
    readings: tuple[Reading, ...] = ()
    question: str | None = None
    decided: Decided | None = None
    planted: tuple[Planted, ...] = ()
    known: tuple[str, ...] = ()
    calls: int = 0
    spent_usd: float | None = 0.0
    stopped: str | None = None
