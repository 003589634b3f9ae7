"""The dialects by name: how each builds a request and reads what comes back.

Does not know which provider speaks which; a provider says so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from holdfast.gateway.provider import Dialect, Provider
from holdfast.gateway.wire import anthropic_messages, azure, gemini, openai_chat, openai_responses
from holdfast.gateway.wire.anthropic_reader import AnthropicReader
from holdfast.gateway.wire.gemini_reader import GeminiReader
from holdfast.gateway.wire.openai_chat_reader import OpenAIReader
from holdfast.gateway.wire.reading import Reader
from holdfast.gateway.wire.responses_reader import ResponsesReader
from holdfast.records import Generate, Json


class Body(Protocol):
    """Writes a request down. `without` names parameters to leave out, in Holdfast's words: the fields of `Sampling`,
    `schema` and `json_schema`, `stream_options`, `prefill`. A name that means nothing to a dialect changes nothing."""

    def __call__(
        self,
        request: Generate,
        model: str,
        provider: Provider,
        streaming: bool = True,
        without: frozenset[str] = frozenset(),
        /,
    ) -> dict[str, Json]: ...


class Wire(NamedTuple):
    """One dialect: where to post (which may hang on the model and on whether it streams), with which headers and body,
    and a fresh reader for the response."""

    url: Callable[[Provider, str, bool], str]
    headers: Callable[[str | None], dict[str, str]]
    body: Body
    reader: Callable[[Generate], Reader]


WIRES: Mapping[Dialect, Wire] = MappingProxyType(
    {
        "openai": Wire(openai_chat.url, openai_chat.headers, openai_chat.body, lambda _: OpenAIReader()),
        "openai-responses": Wire(
            openai_responses.url, openai_responses.headers, openai_responses.body, lambda _: ResponsesReader()
        ),
        "azure": Wire(azure.url, azure.headers, openai_chat.body, lambda _: OpenAIReader()),
        "anthropic": Wire(
            anthropic_messages.url,
            anthropic_messages.headers,
            anthropic_messages.body,
            lambda request: AnthropicReader(structured=request.schema is not None),
        ),
        "gemini": Wire(gemini.url, gemini.headers, gemini.body, lambda _: GeminiReader()),
    }
)
