"""The contracts rooms are built to: small protocols and the values only they speak of.

Knows nothing of any implementation. `app.py` hands implementations in; extension is by passing an object.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from msgspec import Struct

from holdfast.evaluation import Case, CaseResult, Evaluation, ScoreValue
from holdfast.records import (
    Citation,
    Done,
    Effect,
    Feedback,
    Generate,
    Json,
    Outcome,
    Passage,
    Recording,
    RecordingSummary,
    Step,
    ToolCall,
    Usage,
    Verdict,
)
from holdfast.release import Prompt, Release

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]
    """What an Embedder gives: one vector a row; also one of those rows. For annotations only."""

# ---------------------------------------------------------------- listening: streaming is a listener on the one path


class Delta(Struct, frozen=True, tag_field="event", tag="delta"):
    """More text of the answer."""

    text: str


class Reset(Struct, frozen=True, tag_field="event", tag="reset"):
    """Every delta so far is void; the answer starts again."""

    reason: str


class StepDone(Struct, frozen=True, tag_field="event", tag="step"):
    """An effect ended and stands in the recording."""

    step: Step


Event: TypeAlias = Delta | Reset | StepDone
Hear: TypeAlias = Callable[[Event], None]
"""Called from the event loop, in order, never concurrently; must return at once and not raise."""


def deaf(event: Event) -> None:
    """The listener of a request that nobody streams."""


Perform: TypeAlias = Callable[[Effect, Hear], Awaitable[Done]]
"""Does an effect for real. Raises EffectFailed, NotFound or Misconfigured when it cannot be done."""

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told of long work: stage, how many are done, how many there are (None while unknown)."""


def silent(stage: str, done: int, total: int | None) -> None:
    """The progress nobody watches."""


# ---------------------------------------------------------------- models


class Answer(Struct, frozen=True, kw_only=True):
    """What a model gave. `model` is the name the provider answered with; `usage` None: the provider did not say."""

    text: str
    model: str
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: str = "stop"
    usage: Usage | None = None


class Model(Protocol):
    """One way to have text generated. Also what a test or a user hands in under a provider's name."""

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        """Answer `request` with the named model, telling `hear` of each piece of text as it comes.

        Raises EffectFailed when it cannot. Cancelling it stops the call.
        """
        ...


class Embedder(Protocol):
    """Turns texts into vectors. Synchronous, CPU-bound, safe from several threads; the caller picks the thread."""

    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions), each of length 1."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many of the encoder's tokens each text has, not cut at `max_tokens`."""
        ...


class Reranker(Protocol):
    """Scores texts against a query; higher is better, scores are comparable within one call."""

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]: ...


class Guard(Protocol):
    """Judges a text, with the sources it should rest on. The same input gives the same verdict."""

    async def check(self, text: str, sources: Sequence[str]) -> Verdict: ...


# ---------------------------------------------------------------- scorers


class Answered(Struct, frozen=True, kw_only=True):
    """A case and what came of it: everything a scorer may look at.

    `text` is the output's text, empty where it has none; `passages` is everything that was found, each chunk once;
    `same_as` pairs a document that was cited with one of the case's gold that has the same text.
    """

    case: Case
    recording: Recording
    text: str = ""
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    same_as: tuple[tuple[str, str], ...] = ()


class Scorer(Protocol):
    """Says how good an answer is: True or False, a number in 0..1 (higher is better), or a label."""

    async def score(self, answered: Answered) -> ScoreValue | None:
        """The score, or None where this case has nothing to judge by. What it raises is kept as its failure."""
        ...


Scorers: TypeAlias = Mapping[str, Scorer]
"""Scorers by the name they stand under in a bar."""


# ---------------------------------------------------------------- sources of a corpus


class RawDocument(Struct, frozen=True, kw_only=True, tag_field="kind", tag="document"):
    """A document as its source holds it, not yet cleaned. `id` is the source's own and stays the same over time."""

    id: str
    body: str | bytes
    media_type: Literal["text/html", "text/markdown", "text/plain"]
    title: str | None = None
    url: str | None = None
    section: tuple[str, ...] = ()
    locale: str | None = None
    updated_at: datetime | None = None
    principals: tuple[str, ...] = ()
    metadata: dict[str, Json] = {}


class Passed(Struct, frozen=True, kw_only=True, tag_field="kind", tag="passed"):
    """Something the source holds that does not become a document, and why (`draft`, `empty body`)."""

    id: str
    reason: str


class Source(Protocol):
    """Where documents come from. Reads everything that is there now; what is not read any more was deleted."""

    def read(self) -> AsyncIterator[RawDocument | Passed]:
        """Every item once. Raises Misconfigured (HF109) when the source as a whole cannot be read."""
        ...


# ---------------------------------------------------------------- stores


class RecordingQuery(Struct, frozen=True, kw_only=True):
    """Which recordings: newest first, at most `limit`, older than the one named by `before`.

    Those of the evaluation that is named; without one, those that no evaluation asked for.
    """

    feature: str | None = None
    outcome: Outcome | None = None
    release: str | None = None
    subject: str | None = None
    tenant: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50
    evaluation: str | None = None


class Deleted(Struct, frozen=True, kw_only=True):
    """What an erasure removed."""

    recordings: int = 0
    bodies: int = 0
    files: int = 0
    feedback: int = 0


class Recordings(Protocol):
    """Recordings by id. What `add` returned for is on disk, whole, whatever happens next."""

    async def add(self, recording: Recording) -> None:
        """Keep a recording; returns once it is durable. Adding the same id again changes nothing.

        Raises StoreFailed (HF600, HF601).
        """
        ...

    async def get(self, recording_id: str, tenant: str = "") -> Recording:
        """The whole recording. Raises NotFound (HF203); StoreFailed (HF603) when it is damaged."""
        ...

    async def find(self, query: RecordingQuery) -> tuple[RecordingSummary, ...]:
        """Summaries by `started_at`, newest first; of those that started together, the one that arrived last.

        `since` is included, `until` is not. Raises NotFound (HF203) when `before` names no recording of the tenant.
        """
        ...

    async def delete_subject(self, subject: str, tenant: str = "") -> Deleted:
        """Erase recordings, the bodies only they used, and feedback of a subject. Run twice, removes nothing more."""
        ...


class Releases(Protocol):
    """Releases by id; a release never changes once it is kept."""

    async def add(self, release: Release) -> None: ...

    async def get(self, release_id: str) -> Release:
        """By id, or by name (the newest of that name). Raises NotFound (HF204)."""
        ...


class Prompts(Protocol):
    """Texts of prompts by hash, kept at first use, numbered from 1 for each path."""

    async def note(self, prompt: Prompt) -> int:
        """Keep the text at its first use and give its number N, as in `path@N`."""
        ...

    async def get(self, path: str, number: int) -> Prompt:
        """The Nth text used under that path. Raises NotFound (HF201)."""
        ...


class Feedbacks(Protocol):
    async def add(self, feedback: Feedback, tenant: str = "") -> None:
        """Keep what somebody thought. Raises NotFound (HF203) when there is no such recording."""
        ...

    async def of(self, recording_id: str, tenant: str = "") -> tuple[Feedback, ...]: ...


class Key(Struct, frozen=True, kw_only=True):
    """Who may call. `id` is public and part of the key's text; only the SHA-256 of the secret part is kept."""

    id: str
    name: str
    secret_hash: str
    created_at: datetime
    scopes: tuple[str, ...] = ()
    tenant: str = ""
    revoked_at: datetime | None = None


class Keys(Protocol):
    """Keys of callers by their public id; none is ever removed, so that a recording can say who called."""

    async def add(self, key: Key) -> None: ...

    async def get(self, key_id: str) -> Key | None: ...

    async def all(self) -> tuple[Key, ...]: ...

    async def revoke(self, key_id: str, at: datetime) -> Key:
        """Mark it revoked and give it back. Raises NotFound (HF205). A second time changes nothing."""
        ...


class Evaluations(Protocol):
    """Evaluations by id, with their cases and what came of each. Each result is kept as soon as there is one."""

    async def add(self, evaluation: Evaluation, cases: Sequence[Case]) -> None:
        """Keep an evaluation that begins. The same id again changes nothing."""
        ...

    async def change(self, evaluation: Evaluation) -> None:
        """Replace what is kept of an evaluation, but not its cases and results. Raises NotFound (HF208)."""
        ...

    async def add_result(self, evaluation_id: str, result: CaseResult, tenant: str = "") -> None:
        """Keep what came of a case; a second result of the same case and repeat changes nothing.

        Raises NotFound (HF208).
        """
        ...

    async def get(self, evaluation_id: str, tenant: str = "") -> Evaluation:
        """Raises NotFound (HF208)."""
        ...

    async def cases(self, evaluation_id: str, tenant: str = "") -> tuple[Case, ...]:
        """The cases as they were when it began. Raises NotFound (HF208)."""
        ...

    async def results(self, evaluation_id: str, tenant: str = "") -> tuple[CaseResult, ...]:
        """What came of the cases, in order of arrival. Raises NotFound (HF208)."""
        ...

    async def find(self, query: EvaluationQuery) -> tuple[Evaluation, ...]:
        """Newest first by id. Raises NotFound (HF208) when `before` names no evaluation of the tenant."""
        ...


class EvaluationQuery(Struct, frozen=True, kw_only=True):
    """Which evaluations: newest first, at most `limit`, older than the one named by `before`."""

    feature: str | None = None
    tenant: str = ""
    before: str | None = None
    limit: int = 50


class Store(Protocol):
    """All small stores over one database."""

    @property
    def recordings(self) -> Recordings: ...
    @property
    def releases(self) -> Releases: ...
    @property
    def prompts(self) -> Prompts: ...
    @property
    def feedback(self) -> Feedbacks: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def evaluations(self) -> Evaluations: ...

    async def ping(self) -> None:
        """Prove that the database answers. Raises StoreFailed."""
        ...

    async def close(self) -> None:
        """Write out what was acknowledged and let go of every file. A second time does nothing."""
        ...


Models: TypeAlias = Mapping[str, Model]
"""Models handed in as objects, by the provider's name they answer to."""
