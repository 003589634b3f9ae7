"""The dialects by name: how each builds a request and reads what comes back.

Does not know which provider speaks which; a provider says so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from holdfast.gateway.provider import Dialect, Provider
from holdfast.gateway.wire import anthropic_messages, openai_chat
from holdfast.gateway.wire.reading import Reader
from holdfast.records import Generate, Json


class Wire(NamedTuple):
    """One dialect: where to post, with which headers and body, and a fresh reader for the response."""

    url: Callable[[Provider], str]
    headers: Callable[[str | None], dict[str, str]]
    body: Callable[[Generate, str, Provider], dict[str, Json]]
    reader: Callable[[Generate], Reader]


WIRES: Mapping[Dialect, Wire] = MappingProxyType(
    {
        "openai": Wire(openai_chat.url, openai_chat.headers, openai_chat.body, lambda _: openai_chat.OpenAIReader()),
        "anthropic": Wire(
            anthropic_messages.url,
            anthropic_messages.headers,
            anthropic_messages.body,
            lambda request: anthropic_messages.AnthropicReader(structured=request.schema is not None),
        ),
    }
)
