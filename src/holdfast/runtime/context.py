"""The context: the verbs a feature has, each of which becomes an effect.

Knows nothing of how effects are done. Choices are resolved here, before the tape sees the effect: corpus versions are
pinned, prompts rendered, ladders and settings read from the release.
"""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, overload

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from pydantic_core import PydanticSerializationError, to_jsonable_python

from holdfast.contracts import Hear, deaf
from holdfast.errors import EffectFailed, GuardBlocked, HoldfastError, Misconfigured
from holdfast.records import (
    Call,
    Called,
    Chance,
    Check,
    Checked,
    Citation,
    Clock,
    Done,
    Drawn,
    Embed,
    Embedded,
    Generate,
    Generated,
    Json,
    Message,
    Passage,
    Rerank,
    Reranked,
    Told,
    Tool,
    ToolCall,
    Verdict,
)
from holdfast.release import GuardSlot, Release
from holdfast.runtime import prompts
from holdfast.runtime.citing import cite
from holdfast.runtime.conversation import EMBED, SLOT, Conversation, over
from holdfast.runtime.feature import Feature
from holdfast.runtime.passing import Pass
from holdfast.runtime.retrieving import Passages, Where, retrieve
from holdfast.runtime.shape import Shape, Unreadable, shape_of
from holdfast.runtime.stream import Stream
from holdfast.runtime.tape import Tape
from holdfast.runtime.who import Who
from holdfast.runtime.world import World, ended
from holdfast.support.mending import mending

T = TypeVar("T")
_TEXT = shape_of(str)
SAFE_ANSWER = "I cannot answer this reliably. Please ask a person."


class Completion(Struct, frozen=True, kw_only=True):
    """What `ctx.generate` gives when no output type is asked for: a text, or the tools a model wants called."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What stays the same over all passes of one request."""

    feature: Feature
    release: Release
    tape: Tape
    world: World
    who: Who
    stream: Stream

    @property
    def guarded(self) -> bool:
        """Whether a guard may still change a text that a model has written."""
        return self.feature.facts.guards


@dataclass(frozen=True, slots=True)
class _Written:
    """A generation of this pass, so that a guard can find what wrote the text it judges."""

    key: str
    effect: Generate
    rung: int
    text: str


class Context:
    """Handed to a feature as its first argument; the only way it touches the outside."""

    def __init__(self, request: Request, pass_: Pass) -> None:
        self._request = request
        self._pass = pass_
        self._written: list[_Written] = []
        self.redacted: dict[str, str] = {}
        """Texts a guard had redacted, by what they were."""

    @property
    def subject(self) -> str | None:
        """Who asks, as far as known."""
        return self._request.who.subject

    async def retrieve(self, corpus: str, query: str, *, k: int | None = None, where: Where | None = None) -> Passages:
        """Passages of a corpus that answer a query, best first; at most `k`, or what the release says.

        `where` lets only documents pass that have, for each name, one of the values given: a name of their metadata,
        `id`, `locale`, or `section` as in `Billing/Refunds`, which holds what is below it. The release may add more.
        The passages know how sure it is that they answer (`confidence`), and there are none where that is less than the
        release's `min_confidence`. A reranker that fails leaves the order, and the outcome is `degraded`.

        Raises NotFound (HF202) for an unknown corpus, EffectFailed (HF308).
        """
        return await retrieve(self._request, self._pass, corpus, query, k=k, where=where)

    @overload
    async def generate(self, slot: str, output: type[T], /, **values: Any) -> T: ...
    @overload
    async def generate(self, slot: str, /, **values: Any) -> Completion: ...
    async def generate(self, slot: str, output: Any = None, /, **values: Any) -> Any:
        """What the slot's ladder makes of its prompt and these values, as an `output`.

        `values` fill the prompt; passages among them are the sources, and files are attached. Two names are special:
        `tools`, a sequence of `hf.Tool`, and `history`, a sequence of `hf.Message` that follows the prompt. With tools,
        or without `output`, a `Completion` comes back, and the feature calls the tools through `ctx.call`.

        A reply that does not match `output` is sent back once with what is wrong, then the next rung is asked. Raises
        EffectFailed: HF301 no rung answered, HF302 out of time, HF303 no reply matches.
        """
        tools: Sequence[Tool] = values.pop("tools", ())
        history: Sequence[Message] = values.pop("history", ())
        shape = _TEXT if output is None or tools else shape_of(output)
        effect = self._generation(slot, shape, values, tuple(tools), tuple(history))
        reply = await self._reply(effect, shape, streams=output is not None and output is self._output_type())
        if output is None or tools:
            text, citations = (reply.text, reply.citations) if reply.citations else cite(reply.text, effect.sources)
            return Completion(text=text, tool_calls=reply.tool_calls, citations=citations)
        try:
            return self._read(shape, reply, effect)
        except Unreadable as problem:
            return await self._mended(effect, shape, reply, problem)

    async def _mended(self, effect: Generate, shape: Shape, reply: Generated, problem: Unreadable) -> Any:
        """What was asked for, after a reply that does not match: the same is asked to mend it, then the next rung."""
        kind = getattr(shape.type, "__name__", shape.type)
        asked: Generate | None = replace(effect, messages=(*effect.messages, *mending(reply.text, problem)))
        failed = ""
        while asked is not None and not failed:
            self._request.stream.reset("the reply did not match what was asked for")
            try:
                reply = await self._reply(asked, shape, streams=shape.type is self._output_type())
                return self._read(shape, reply, asked)
            except Unreadable as still:
                problem = still
                used = reply.rung - effect.first_rung + 1
                effect = replace(effect, models=effect.models[used:], first_rung=reply.rung + 1)
                asked = effect if effect.models else None
            except (EffectFailed, Misconfigured) as error:
                if asked is not effect:
                    raise
                failed = f"; then {error.message}"  # the reply that did not match is why that rung was asked at all
        raise EffectFailed(
            "HF303",
            f"slot '{effect.slot}' ({reply.model}) gave a reply that is not a {kind}: {problem}{failed}",
            f"simplify the output type, or put a stronger model first in slots.{effect.slot}.models",
        ) from problem

    async def converse(self, conversation: Conversation) -> Generated:
        """What the ladder that the feature is named after makes of a conversation, as it is: no prompt is added.

        An answer that must match a schema is shown when it is known to, unless the slot streams `early`: half of one
        that is given up is of no use to anybody.
        """
        slot = self._request.feature.name.removeprefix(SLOT)
        choice = self._request.release.models(slot)
        effect = Generate(
            slot=slot,
            models=choice.models,
            messages=conversation.turns(),
            sampling=over(conversation.sampling, choice.sampling()),
            schema=conversation.schema,
            tools=conversation.tools,
            tool_choice=conversation.tool_choice,
            answers=False,
            exact=conversation.schema is not None,
        )
        request = self._request
        hear: Hear = deaf
        if request.world.hear is not deaf:
            hidden = effect.exact and choice.stream == "checked"
            hear = request.stream.aside if hidden else request.stream.verbatim
        _, result = await self._pass.do(effect, hear)
        assert isinstance(result, Generated)
        return result

    async def guard(self, name: str, text: str, *, sources: Sequence[Passage | str] = ()) -> Verdict:
        """A guard's verdict on a text. What a failed one leads to is the release's choice (`guards.NAME.on_fail`):
        nothing (`flag`), the text redacted in the output, another try of what wrote it (`retry`, `next_rung`), a safe
        answer, or a block. Raises NotFound (HF201) for an unknown guard, GuardBlocked (HF400)."""
        slot = self._request.release.guard(name)
        texts = tuple(source.text if isinstance(source, Passage) else source for source in sources)
        effect = Check(guard=name, family=slot.family, text=text, sources=texts, settings=slot.settings)
        _, result = await self._pass.do(effect, deaf)
        assert isinstance(result, Checked)
        verdict = result.verdict
        if verdict.passed or slot.on_fail == "flag":
            return verdict
        if slot.on_fail == "redact" and verdict.redacted is not None:
            self.redacted[text] = verdict.redacted
            return verdict
        if slot.on_fail in ("retry", "next_rung"):
            self._another_try(slot, text, verdict)
        reason = verdict.reason or "the guard failed"
        raise self._pass.stop(
            GuardBlocked(
                "HF400",
                f"guard '{name}' stopped the answer: {reason}",
                f"see the recording's steps; guards.{name}.on_fail says what a failed verdict leads to",
                guard=name,
                reason=reason,
                safe_answer=None if slot.on_fail == "block" else slot.safe_answer or SAFE_ANSWER,
            )
        )

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of length 1 for each text, from the project's encoder. Raises Misconfigured (HF108) without one."""
        return [list(vector) for vector in await self._vectors(self._request.world.encoder, texts)]

    async def encode(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """A vector for each text, from the encoder that the feature is named after."""
        return await self._vectors(self._request.feature.name.removeprefix(EMBED), texts)

    async def _vectors(self, encoder: str, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        _, result = await self._pass.do(Embed(encoder=encoder, texts=tuple(texts)), deaf)
        assert isinstance(result, Embedded)
        return result.vectors

    async def rerank(self, query: str, passages: Sequence[Passage]) -> list[Passage]:
        """The passages in a new order, best first, each with the reranker's score."""
        texts = tuple(passage.text for passage in passages)
        effect = Rerank(reranker=self._request.world.reranker, query=query, texts=texts)
        _, result = await self._pass.do(effect, deaf)
        assert isinstance(result, Reranked)
        scored = [replace(passage, score=score) for passage, score in zip(passages, result.scores, strict=True)]
        return sorted(scored, key=lambda passage: -passage.score)

    async def call(self, name: str, fn: Callable[..., Any], *args: Any, safe: bool = False, **kwargs: Any) -> Json:
        """What a function of the feature's own gives, as JSON. Unless `safe`, only a live request does it.

        Arguments and value must be JSON, or what pydantic can make JSON of. Raises EffectFailed: HF306 when the
        function raises, HF307 when a side effect is asked for outside a live request.
        """
        arguments = {str(at): value for at, value in enumerate(args)} | kwargs

        async def by() -> Done:
            outcome = await ended(_called(fn, args, kwargs))
            if isinstance(outcome.error, HoldfastError):
                raise outcome.error
            if outcome.error is not None:
                raise EffectFailed(
                    "HF306",
                    f"'{name}' raised {type(outcome.error).__name__}: {outcome.error}",
                    f"catch it in the function given to ctx.call('{name}', ...), or mend the cause",
                ) from outcome.error
            return Done(Called(value=_json(name, outcome.value)))

        _, result = await self._pass.do(Call(name=name, arguments=_json(name, arguments), safe=safe), deaf, by)
        assert isinstance(result, Called)
        return result.value

    def now(self) -> datetime:
        """What time it is, in UTC; a replay is told the time of the recording."""
        result = self._pass.at_once(Clock())
        assert isinstance(result, Told)
        return result.at

    def random(self) -> random.Random:
        """A generator of its own, with a recorded seed; a replay draws the same numbers."""
        result = self._pass.at_once(Chance())
        assert isinstance(result, Drawn)
        return random.Random(result.seed)

    def _output_type(self) -> Any:
        return self._request.feature.output_type

    def _generation(
        self, slot: str, shape: Shape, values: dict[str, Any], tools: tuple[Tool, ...], history: tuple[Message, ...]
    ) -> Generate:
        """The effect, with everything the release leaves to choose filled in."""
        choice = self._request.release.models(slot)
        rendered = prompts.render(choice.prompt or prompts.DEFAULT, values)
        return Generate(
            slot=slot,
            models=choice.models,
            messages=(*prompts.with_files(rendered, values), *history),
            sampling=choice.sampling(),
            schema=shape.schema,
            tools=tools,
            sources=prompts.sources_of(values),
            question=prompts.question_of(values),
            answers=shape.answers and not tools,
        )

    async def _reply(self, effect: Generate, shape: Shape, *, streams: bool) -> Generated:
        stream = self._request.stream
        hear: Hear = stream.aside
        if streams and (self._request.release.models(effect.slot).stream == "early" or not self._request.guarded):
            hear = stream.answer(as_json=shape.schema is not None, passages=len(effect.sources))
        key, result = await self._pass.do(effect, hear)
        assert isinstance(result, Generated)
        self._written.append(_Written(key, effect, result.rung, result.text))
        return result

    def _read(self, shape: Shape, reply: Generated, effect: Generate) -> Any:
        value = shape.read(reply, effect.sources)
        text = value if isinstance(value, str) else getattr(value, "text", None)
        if isinstance(text, str):
            last = self._written[-1]
            self._written[-1] = _Written(last.key, last.effect, last.rung, text)
        return value

    def _another_try(self, slot: GuardSlot, text: str, verdict: Verdict) -> None:
        """End the pass so that what wrote the text is asked for again, if a pass and a rung are left."""
        writers = [written for written in self._written if written.text == text] or self._written
        if not writers or self._pass.turn + 1 >= slot.max_passes:
            return
        written = writers[-1]
        effect, reason = written.effect, verdict.reason or "it failed a check"
        if slot.on_fail == "retry":
            changed = replace(effect, messages=(*effect.messages, *mending(written.text, reason)))
        else:
            used = written.rung - effect.first_rung + 1
            if used >= len(effect.models):
                return
            changed = replace(effect, models=effect.models[used:], first_rung=written.rung + 1)
        self._request.stream.reset(f"guard '{verdict.guard}': {reason}")
        raise self._pass.again(written.key, changed)


async def _called(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function's value; one that blocks runs on a thread."""
    if inspect.iscoroutinefunction(fn):
        return await fn(*args, **kwargs)
    value = await asyncio.to_thread(fn, *args, **kwargs)
    return await value if inspect.isawaitable(value) else value


def _json(name: str, value: Any) -> Json:
    """A value as JSON, exactly as a replay will see it. Raises EffectFailed (HF306)."""
    try:
        return msgspec.json.decode(msgspec.json.encode(to_jsonable_python(value)))
    except (PydanticSerializationError, TypeError, ValueError) as error:
        raise EffectFailed(
            "HF306",
            f"an argument or the value of '{name}' is not JSON: {error}",
            "pass and return JSON or pydantic models",
        ) from error
