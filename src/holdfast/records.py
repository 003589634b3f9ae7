"""The nouns: every value that crosses from one room to another, frozen.

Knows nothing of how an effect is done, where a recording is kept, or who asked.

Values are `msgspec.Struct`s: frozen, tagged by `kind`, and read and written as JSON at the speed the hot path needs
(docs/decisions/0001).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.documents import Chunk as Chunk
from holdfast.documents import Citation as Citation
from holdfast.documents import Document as Document
from holdfast.documents import Passage as Passage
from holdfast.documents import Removed as Removed
from holdfast.documents import Search as Search
from holdfast.documents import Table as Table
from holdfast.messages import File as File
from holdfast.messages import Json as Json
from holdfast.messages import Media as Media
from holdfast.messages import Message as Message
from holdfast.messages import Sampling as Sampling
from holdfast.messages import Tool as Tool
from holdfast.messages import ToolCall as ToolCall

Origin: TypeAlias = Literal["gateway", "provider"]
"""Whose fault it is that no model answered."""

# ---------------------------------------------------------------- what generation speaks of


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens of one attempt, each counted in one bucket only: cached ones are not in `input_tokens`."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False


class AttemptDetail(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What else is known of an attempt. `part` is why it was made; `started_ms` counts from the effect's start.

    `served`, `fingerprint` and `response_id` are the vendor's own words: the model that answered, its build, its name
    for the response. `key` says which of several keys was used, from 0. `dropped` names parameters that were left out
    because the model rejects them. `skipped_events` were no JSON: what text they had is missing.
    """

    part: Literal["first", "retry", "hedge", "rescue"] = "first"
    started_ms: float = 0.0
    served: str | None = None
    fingerprint: str | None = None
    response_id: str | None = None
    key: int | None = None
    dropped: tuple[str, ...] = ()
    skipped_events: int = 0


class Attempt(Struct, frozen=True, kw_only=True):
    """One try of one rung. `error` is None when it answered; `cost_usd` is None when the price is not known."""

    provider: str
    model: str
    rung: int
    ms: float
    first_token_ms: float | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    error: str | None = None
    detail: AttemptDetail = AttemptDetail()


class Verdict(Struct, frozen=True, kw_only=True):
    """What a guard says of a text. `score` is in 0..1, higher is better; `redacted`: the text without what offends."""

    guard: str
    passed: bool
    score: float | None = None
    reason: str | None = None
    redacted: str | None = None


# ---------------------------------------------------------------- effects: the only ways to touch the outside


class Retrieve(Struct, frozen=True, kw_only=True, tag_field="kind", tag="retrieve"):
    """Find passages. `corpus` is pinned, as in `help_center@v12`; `principals` are those allowed to see."""

    corpus: str
    query: str
    search: Search = Search()
    principals: tuple[str, ...] = ()


class Generate(Struct, frozen=True, kw_only=True, tag_field="kind", tag="generate"):
    """Ask a ladder of models. `sources` and `question` serve the extractive rung; `answers` says that the output is a
    text with citations. `first_rung` is how many rungs of the slot's ladder stand before `models`. `tool_choice` is
    `auto`, `none`, `required`, or the name of the one tool to call. `exact`: what is no JSON value that is valid under
    `schema` is no answer; else whoever asks reads it with more patience than a schema has."""

    slot: str
    models: tuple[str, ...]
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    schema: dict[str, Json] | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    sources: tuple[Passage, ...] = ()
    question: str = ""
    answers: bool = True
    first_rung: int = 0
    exact: bool = False


class Embed(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="embed"):
    """Turn texts into vectors with the named encoder; `dimensions` None: as many as it gives by itself."""

    encoder: str
    texts: tuple[str, ...]
    dimensions: int | None = None


class Rerank(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="rerank"):
    """Score texts against a query with the named reranker; `slot` is the corpus that has it, empty: none has."""

    reranker: str
    query: str
    texts: tuple[str, ...]
    slot: str = ""


class Check(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="check"):
    """Have a guard judge a text. `settings` are the release's for that guard."""

    guard: str
    family: str
    text: str
    sources: tuple[str, ...] = ()
    settings: dict[str, Json] = {}


class Call(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="call"):
    """Call a function of the feature's own. Only a `safe` call may run again outside a live request."""

    name: str
    arguments: dict[str, Json] = {}
    safe: bool = False


class Clock(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="clock"):
    """Ask what time it is."""


class Chance(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="chance"):
    """Draw a seed."""


Effect: TypeAlias = Retrieve | Generate | Embed | Rerank | Check | Call | Clock | Chance

# ---------------------------------------------------------------- results: what came of an effect


class Retrieved(Struct, frozen=True, kw_only=True, tag_field="kind", tag="retrieved"):
    """`confidence` is the chance that the best of the passages answer the query; None where it is not known."""

    passages: tuple[Passage, ...]
    confidence: float | None = None


class Generated(Struct, frozen=True, kw_only=True, tag_field="kind", tag="generated"):
    """`rung` counts in the slot's whole ladder; `model` is `provider:model` as the provider named it."""

    text: str
    model: str
    rung: int
    tool_calls: tuple[ToolCall, ...] = ()
    citations: tuple[Citation, ...] = ()  # of the extractive rung, which knows its quotes
    stop_reason: str = "stop"


class Embedded(Struct, frozen=True, kw_only=True, tag_field="kind", tag="embedded"):
    vectors: tuple[tuple[float, ...], ...]


class Reranked(Struct, frozen=True, kw_only=True, tag_field="kind", tag="reranked"):
    scores: tuple[float, ...]


class Checked(Struct, frozen=True, kw_only=True, tag_field="kind", tag="checked"):
    verdict: Verdict


class Called(Struct, frozen=True, kw_only=True, tag_field="kind", tag="called"):
    value: Json


class Told(Struct, frozen=True, kw_only=True, tag_field="kind", tag="told"):
    at: datetime


class Drawn(Struct, frozen=True, kw_only=True, tag_field="kind", tag="drawn"):
    seed: int


class Failed(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="failed"):
    """The effect failed; replaying raises the same error. `origin` and `retry_after_s` as in `EffectFailed`."""

    code: str
    message: str
    fix: str
    origin: Origin | None = None
    retry_after_s: float | None = None


class Cancelled(Struct, frozen=True, kw_only=True, tag_field="kind", tag="cancelled"):
    """The feature stopped waiting before the effect ended."""


Result: TypeAlias = Retrieved | Generated | Embedded | Reranked | Checked | Called | Told | Drawn | Failed | Cancelled


class Done(Struct, frozen=True):
    """What a room gives back for an effect: the result and every attempt made on the way."""

    result: Result
    attempts: tuple[Attempt, ...] = ()


# ---------------------------------------------------------------- the recording


class Step(Struct, frozen=True, kw_only=True):
    """One effect and what came of it, in order of completion. `turn` counts the passes of the function, from 0."""

    key: str
    effect: Effect
    result: Result
    attempts: tuple[Attempt, ...] = ()
    ms: float
    started_at: datetime
    replayed: bool = False
    turn: int = 0


Outcome: TypeAlias = Literal["ok", "degraded", "blocked", "failed", "cancelled"]


class Degraded(Struct, frozen=True, kw_only=True):
    """A lower rung answered: which, and why the ones before it did not."""

    slot: str
    rung: int
    model: str
    reason: str


class Blocked(Struct, frozen=True, kw_only=True):
    guard: str
    reason: str


class Failure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why there is no output. `origin` and `retry_after_s` as in `EffectFailed`."""

    code: str
    message: str
    fix: str
    origin: Origin | None = None
    retry_after_s: float | None = None


class Recording(Struct, frozen=True, kw_only=True):
    """A request from input to outcome. `release` is a release's id; `cost_usd` is None when a price is not known.

    `evaluation` is the id of the evaluation that asked; None: somebody did.
    """

    id: str
    feature: str
    release: str
    input: Json
    output: Json = None
    outcome: Outcome
    degraded: Degraded | None = None
    blocked: Blocked | None = None
    failure: Failure | None = None
    steps: tuple[Step, ...] = ()
    cost_usd: float | None = None
    ms: float
    started_at: datetime
    subject: str | None = None
    tenant: str = ""
    code_hash: str = ""
    replay_of: str | None = None
    evaluation: str | None = None


class RecordingSummary(Struct, frozen=True, kw_only=True):
    """A row of a list of recordings: all but the bodies. `asked` is the input's text, at most 160 characters."""

    id: str
    feature: str
    release: str
    outcome: Outcome
    cost_usd: float | None
    ms: float
    started_at: datetime
    subject: str | None = None
    tenant: str = ""
    replay_of: str | None = None
    evaluation: str | None = None
    asked: str | None = None


class Feedback(Struct, frozen=True, kw_only=True):
    """What somebody thought of an answer. `score` is in -1..1."""

    id: str
    recording_id: str
    at: datetime
    score: float | None = None
    label: str | None = None
    comment: str | None = None
    correction: Json = None
    subject: str | None = None


def total_cost_usd(steps: Iterable[Step]) -> float | None:
    """What the steps that were really done cost together; None when any attempt's price is not known."""
    total = 0.0
    for step in steps:
        if step.replayed:
            continue
        for attempt in step.attempts:
            if attempt.usage is None and attempt.cost_usd is None:
                continue  # never reached a model: nothing to pay
            if attempt.cost_usd is None:
                return None
            total += attempt.cost_usd
    return total
