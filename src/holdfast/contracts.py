"""The contracts rooms are built to: small protocols and the values only they speak of.

Knows nothing of any implementation. `app.py` hands implementations in; extension is by passing an object.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from msgspec import Struct

from holdfast.evaluation import Case, Scored, ScoreValue
from holdfast.records import (
    Citation,
    Done,
    Effect,
    Generate,
    Json,
    Passage,
    Recording,
    Step,
    ToolCall,
    Usage,
    Verdict,
)

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


class Describe(Protocol):
    """Says what is in an image."""

    @property
    def version(self) -> str:
        """Another where the same image may come out otherwise: what was kept of before is not used any more."""
        ...

    async def image(self, model: str, image: bytes, media_type: str) -> str:
        """Its text and what it shows as Markdown, by `provider:model`; empty where there is nothing to tell.

        Raises EffectFailed, NotFound and Misconfigured.
        """
        ...


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


@runtime_checkable
class Scorer(Protocol):
    """Says how good an answer is: True or False, a number in 0..1 (higher is better), or a label."""

    async def score(self, answered: Answered) -> ScoreValue | Scored | None:
        """The score, or None where this case has nothing to judge by. What it raises is kept as its failure."""
        ...


class Lab(Protocol):
    """What a probe may have done, for one answer. All of it is recorded, paid for, and kept with the evaluation."""

    @property
    def twice(self) -> bool:
        """Whether this answer is of the tenth that is judged a second time, to learn how far the judge varies."""
        ...

    @property
    def rules(self) -> tuple[str, ...]:
        """What whoever owns the feature has decided about answers that could be judged either way, each a sentence."""
        ...

    async def ask(self, feature: str, input: Json) -> Recording:
        """What another feature makes of an input; asking the same again is another sample. Raises NotFound (HF200)."""
        ...

    async def again(self, input: Json, passages: Rearrange | None = None) -> Recording | None:
        """The case once more, with this input in place of its own, or with other passages than were found.

        None where the feature does not take the input. Side effects never happen.
        """
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector of length 1 for each text, from the project's encoder. Raises Misconfigured (HF108) without one."""
        ...


Rearrange: TypeAlias = Callable[[tuple[Passage, ...]], tuple[Passage, ...]]
"""Other passages in place of those that were found."""


class Probe(Protocol):
    """A scorer that has something done to find out: another question asked, or the same one in other words.

    An attribute `only` names the features it is for, none: all. Where the model under test gave no answer it is not
    asked, and scores `lowest`, without that attribute 0.0.
    """

    async def probe(self, answered: Answered, lab: Lab) -> ScoreValue | Scored | None:
        """The score, or None where this case has nothing to judge by. What it raises is kept as its failure."""
        ...


Scorers: TypeAlias = Mapping[str, Scorer | Probe]
"""Scorers by the name they stand under in a bar."""


Models: TypeAlias = Mapping[str, Model]
"""Models handed in as objects, by the provider's name they answer to."""
