"""Chat completions, responses and messages: from the request's bytes to the answer's, over one project.

Knows how the three differ, and nothing of what stands behind a name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from holdfast.errors import NotFound
from holdfast.records import Message, Recording
from holdfast.release import ModelSlot, Release
from holdfast.runtime.conversation import EMBED, SLOT, Conversation, Spoken
from holdfast.runtime.tape import rests_on_hidden
from holdfast.runtime.who import Who
from holdfast.server.dialects import chat, chat_said, messages, messages_said, responses, responses_said
from holdfast.server.dialects.asked import Asked
from holdfast.server.dialects.fitting import Fit, fit_of, fitted
from holdfast.server.dialects.running import Desk, Runner, Writer
from holdfast.server.dialects.said import Said, said_of, text_of
from holdfast.server.dialects.telling import Framing
from holdfast.server.dialects.wrong import Wrong
from holdfast.server.exchange import JSON, header_text, read_body_of_json, send_body
from holdfast.server.features import RELEASE, Exchange
from holdfast.server.media import Intake, strictest, taken
from holdfast.server.once import Request

Dialect: TypeAlias = Literal["chat", "responses", "messages"]
IMAGE_TOKENS, DOCUMENT_TOKENS, TURN_TOKENS, CHARACTERS_PER_TOKEN = 1_600, 3_000, 4, 4
"""What is assumed where tokens are counted without asking a vendor."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A request understood: the feature's input, and the conversation that it was made of."""

    request: Request
    conversation: Conversation
    spoken: bool


class TalkRoute:
    """Answers the three."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._project = desk.project
        self._runner = Runner(desk)
        self._fits: dict[str, Fit] = {}

    async def answer(self, dialect: Dialect, who: Who, exchange: Exchange) -> None:
        """Run what is asked and answer. What is raised before the first byte is the caller's to say."""
        asked = _parse(dialect, await self._body(exchange))
        plan = await self._plan(asked, who, exchange)
        await self._runner.answer(plan.request, _writer(dialect, asked, plan), exchange)

    async def count(self, exchange: Exchange) -> None:
        """How many input tokens a request of the messages dialect has, as far as can be said without asking."""
        asked = messages.parse_for_count(await self._body(exchange))
        self._project.feature(asked.model)
        body = {"input_tokens": estimated_tokens(asked), "holdfast": {"estimated": True}}
        await send_body(exchange.send, 200, msgspec.json.encode(body), (JSON,))

    async def response(self, response_id: str, who: Who, exchange: Exchange) -> None:
        """A response that was given before. Raises NotFound (HF203)."""
        recording = await self._recorded(response_id, who)
        spoken = self._converses(recording)
        said = said_of(recording, recording.feature, spoken=spoken)
        if said is None:
            raise NotFound("HF203", f"'{response_id}' has no answer", f"see GET /v1/recordings/{recording.id}")
        asked = msgspec.convert(recording.input, Conversation) if spoken else Conversation(messages=())
        extra = (JSON, (b"holdfast-recording", recording.id.encode()))
        await send_body(exchange.send, 200, responses_said.whole(said, asked), extra)

    async def _body(self, exchange: Exchange) -> bytes:
        """The request's bytes. What is attached stands in it as base64, which is a third longer."""
        settings = self._project.config.server
        most = settings.max_body_bytes + settings.max_media_bytes * 4 // 3
        return await read_body_of_json(exchange.headers, exchange.receive, most)

    async def _plan(self, asked: Asked, who: Who, exchange: Exchange) -> Plan:
        if asked.model.startswith(EMBED):
            raise Wrong("model", f"'{asked.model}' turns texts into vectors", "ask it at /v1/embeddings")
        feature = self._project.feature(asked.model)
        named = header_text(exchange.headers, RELEASE)
        release = None if named is None else await self._project.rollout.choose(named)
        turns = await self._with_media(asked, release) if asked.given else asked.turns
        if asked.previous is not None:
            turns = (*await self._before(asked.previous, who), *turns)
        conversation = Conversation(
            messages=turns,
            instructions=asked.instructions,
            tools=asked.tools,
            tool_choice=asked.tool_choice,
            schema=asked.schema,
            sampling=asked.sampling,
        )
        if feature.input_type is Conversation:
            request = Request(feature.name, msgspec.to_builtins(conversation), who, release)
            return Plan(request, conversation, spoken=True)
        if (fit := self._fits.get(feature.name)) is None:
            fit = self._fits[feature.name] = fit_of(feature.input_schema())
        value = fitted(fit, asked, conversation.turns())
        return Plan(Request(feature.name, value, who, release), conversation, spoken=False)

    async def _with_media(self, asked: Asked, release: Release | None) -> tuple[Message, ...]:
        """The turns with what is attached to them, as the models that will see it take it."""
        settings = self._project.config.server
        chosen = release or await self._project.rollout.choose(None)
        slot = chosen.slots.get(asked.model.removeprefix(SLOT))
        models = slot.models if isinstance(slot, ModelSlot) else (asked.model,)
        limits = strictest(each for model in models if (each := self._project.media_limits(model)) is not None)
        media = await taken(asked.given, Intake(limits, settings.media_hosts, settings.max_media_bytes))
        turns = list(asked.turns)
        for given, attached in zip(asked.given, media, strict=True):
            turns[given.turn] = replace(turns[given.turn], media=(*turns[given.turn].media, attached))
        return tuple(turns)

    async def _before(self, response_id: str, who: Who) -> tuple[Message, ...]:
        """The conversation up to the end of an earlier response, without its instructions. Raises Wrong."""
        try:
            recording = await self._recorded(response_id, who)
        except NotFound as error:
            fix = "name a response of this project, or send the whole conversation as input"
            raise Wrong("previous_response_id", f"there is no response '{response_id}'", fix) from error
        return _turns_of(recording, spoken=self._converses(recording))

    def _converses(self, recording: Recording) -> bool:
        """Whether it is of a model's turn and not of a feature's output. Raises NotFound (HF200, HF207)."""
        return self._project.feature(recording.feature).input_type is Conversation

    async def _recorded(self, response_id: str, who: Who) -> Recording:
        """The recording of an answer. One that rests on what its reader may not see now is as good as not there."""
        if not response_id.isascii() or not response_id.replace("_", "").isalnum() or len(response_id) > 80:
            raise NotFound("HF203", "there is no response with that id", "name a response of this project")
        recording_id = responses_said.recording_id_of(response_id)
        recording = await self._project.store.recordings.get(recording_id, who.tenant)
        if next(rests_on_hidden(recording, who.principals, self._project.corpora.still_visible), None) is not None:
            raise NotFound("HF203", "there is no response with that id any more", "ask the question again")
        return recording


def _parse(dialect: Dialect, body: bytes) -> Asked:
    match dialect:
        case "chat":
            return chat.parse(body)
        case "responses":
            return responses.parse(body)
        case "messages":
            return messages.parse(body)


def _writer(dialect: Dialect, asked: Asked, plan: Plan) -> Writer:
    """What writes the answer to a request, in its dialect."""
    model, conversation, previous = asked.model, plan.conversation, asked.previous
    whole: Callable[[Said], bytes]
    framing: Callable[[str], Framing]
    match dialect:
        case "chat":
            whole = chat_said.whole

            def framing(number: str) -> Framing:
                return chat_said.ChatFraming(number, model, include_usage=asked.include_usage)

        case "responses":

            def whole(said: Said) -> bytes:
                return responses_said.whole(said, conversation, previous)

            def framing(number: str) -> Framing:
                return responses_said.ResponsesFraming(number, model, conversation, previous)

        case "messages":
            whole = messages_said.whole

            def framing(number: str) -> Framing:
                return messages_said.MessagesFraming(number, model)

    return Writer(
        said=lambda recording: said_of(recording, model, spoken=plan.spoken),
        whole=whole,
        framing=framing if asked.stream else None,
        undivided=asked.schema is not None,
        anthropic=dialect == "messages",
    )


def _turns_of(recording: Recording, *, spoken: bool) -> tuple[Message, ...]:
    """What was said up to the end of a recording: by the client, and by what answered."""
    if spoken:
        said = msgspec.convert(recording.output or {"text": "", "model": ""}, Spoken)
        answer = Message(role="assistant", text=said.text, tool_calls=said.tool_calls)
        return (*msgspec.convert(recording.input, Conversation).messages, answer)
    text, _ = text_of(recording.output)
    answer = Message(role="assistant", text=text)
    given = recording.input
    if isinstance(given, dict) and "messages" in given:
        return (*msgspec.convert(given["messages"], tuple[Message, ...]), answer)
    texts = [value for value in given.values() if isinstance(value, str)] if isinstance(given, dict) else [given]
    shown = texts[0] if len(texts) == 1 and isinstance(texts[0], str) else msgspec.json.encode(given).decode()
    return (Message(role="user", text=shown), answer)


def estimated_tokens(asked: Asked) -> int:
    """Input tokens by rule: one for four characters of everything that is text, four for each turn and tool, and fixed
    numbers for an image and a document. No vendor's tokens differ from it by so much that a budget would be moot, and
    none is asked."""
    texts = [asked.instructions, *(turn.text for turn in asked.turns)]
    calls = [msgspec.json.encode(call.arguments).decode() for turn in asked.turns for call in turn.tool_calls]
    tools = [f"{each.name}{each.description}{msgspec.json.encode(each.parameters).decode()}" for each in asked.tools]
    characters = sum(map(len, (*texts, *calls, *tools)))
    documents = sum("pdf" in each.source[:40] or each.name.lower().endswith(".pdf") for each in asked.given)
    images = len(asked.given) - documents
    turns = len(asked.turns) + len(asked.tools) + bool(asked.instructions)
    media = images * IMAGE_TOKENS + documents * DOCUMENT_TOKENS
    return math.ceil(characters / CHARACTERS_PER_TOKEN) + turns * TURN_TOKENS + media
