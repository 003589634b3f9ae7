"""Which dialect a request is in: told by its path, whatever stands before it.

Does not know sockets, nor any dialect's fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holdfast.messages import Json
from holdfast.testing.asked import Asked, DialectName
from holdfast.testing.speech import embeddings
from holdfast.testing.speech.anthropic_messages import ANTHROPIC
from holdfast.testing.speech.dialect import Dialect
from holdfast.testing.speech.gemini import GEMINI
from holdfast.testing.speech.openai_chat import AZURE, OPENAI
from holdfast.testing.speech.openai_responses import RESPONSES

DIALECTS: Mapping[DialectName, Dialect] = MappingProxyType(
    {"openai": OPENAI, "openai-responses": RESPONSES, "azure": AZURE, "anthropic": ANTHROPIC, "gemini": GEMINI}
)


def heard(path: str, headers: Mapping[str, str], body: Json) -> Asked | None:
    """What is asked for; None for a path that no dialect has."""
    route = path.partition("?")[0]
    if route.endswith(("/embeddings", ":embedContent", ":batchEmbedContents")):
        return embeddings.read(path, headers, body)
    if route.endswith("/chat/completions"):
        return OPENAI.read(path, headers, body)
    if route.endswith("/responses"):
        return RESPONSES.read(path, headers, body)
    if route.endswith(("/messages", "/messages/count_tokens")):
        return ANTHROPIC.read(path, headers, body)
    if route.endswith((":generateContent", ":streamGenerateContent", ":countTokens")):
        return GEMINI.read(path, headers, body)
    if route.endswith("/models"):
        return Asked(dialect="openai", path=path, purpose="list", body=body, headers=headers)
    return None
