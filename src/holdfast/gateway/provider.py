"""Where a model lives and how to speak to it: providers as values, and the table of those built in.

Does not know HTTP, nor where a key was read from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from holdfast.errors import Misconfigured

Dialect: TypeAlias = Literal["openai", "openai-responses", "azure", "anthropic", "gemini"]
Prefill: TypeAlias = Literal["none", "last_message", "prefix_field", "continue_final_message"]
RerankShape: TypeAlias = Literal["cohere", "jina", "voyage", "tei"]
Reasoning: TypeAlias = Literal["reasoning_effort", "reasoning", "thinking", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A vendor, or anything else that speaks a vendor's dialect.

    `api_key` is one key or several (tried in turn); with the header values and the proxy it is a secret and never
    shown. `key_variable` names the environment variable that a user sets; `needs_key` False: it answers without one.
    `api_version` is Azure's. `proxy` is the URL of an HTTP proxy that every call goes through.

    The other fields say where a dialect's speakers differ. `max_tokens_field` and `seed_field` are the names of two
    parameters; `ask_for_usage`: usage must be asked for in a stream; `json_mode`: a JSON Schema is accepted, or only
    "some JSON object"; `reasoning`: how effort is asked for (a word, an object with the word, a switch, not at all);
    `prefill`: how an answer that has begun is handed in to be continued; `images` and `documents`: what may be
    attached, and how a document is; `nine_letter_ids`: names of tool calls must be nine letters or digits long;
    `embed_inputs` and `embed_tokens`: the most of one request for vectors; `rerank`: the shape of its API for
    reranking, if it has one, at `rerank_url`, else beside the others.

    Raises Misconfigured (HF100) for a key that cannot stand in a header, and for a proxy that is none of HTTP.
    """

    name: str
    base_url: str
    dialect: Dialect = "openai"
    api_key: str | tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_variable: str = ""
    needs_key: bool = True
    api_version: str = ""
    proxy: str = field(default="", repr=False)
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    seed_field: Literal["seed", "random_seed"] = "seed"
    ask_for_usage: bool = True
    json_mode: Literal["json_schema", "json_object"] = "json_schema"
    reasoning: Reasoning = "reasoning_effort"
    prefill: Prefill = "none"
    images: bool = True
    documents: Literal["file", "document_url", "none"] = "none"
    nine_letter_ids: bool = False
    embed_inputs: int = 256
    embed_tokens: int = 250_000
    rerank: RerankShape | None = None
    rerank_url: str = ""

    def __post_init__(self) -> None:
        for key in self.keys:
            if not key.isascii() or not key.isprintable() or " " in key:
                raise Misconfigured(
                    "HF100",
                    f"a key of provider '{self.name}' contains a space, a line break or a character outside ASCII",
                    f"check what {self.key_variable or 'api_key'} holds",
                )
        if self.proxy and not self.proxy.startswith(("http://", "https://")):
            fix = f'write proxy = "http://HOST:PORT" under [providers.{self.name}]'
            raise Misconfigured("HF100", f"the proxy of provider '{self.name}' is not a URL of HTTP", fix)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key; empty when there is none."""
        keys = (self.api_key,) if isinstance(self.api_key, str) else self.api_key
        return tuple(key for key in keys if key)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not show in a message, longest first, so that no part of one is left. A shorter value than eight
        characters is no secret but a placeholder such as "none", which stands in many a message."""
        values = (value for value in (*self.keys, *self.headers.values(), self.proxy) if len(value) >= 8)
        return tuple(sorted(values, key=len, reverse=True))


_OF_DIALECT: Mapping[Dialect, Mapping[str, Any]] = MappingProxyType(
    {
        "openai": {},
        "openai-responses": {"documents": "file"},
        "azure": {
            "key_variable": "AZURE_API_KEY",
            "max_tokens_field": "max_completion_tokens",
            "documents": "file",
        },
        "anthropic": {"prefill": "last_message", "documents": "file"},
        "gemini": {"documents": "file", "embed_inputs": 100, "embed_tokens": 20_000},
    }
)


def speaker(name: str, base_url: str, dialect: Dialect = "openai", **fields: Any) -> Provider:
    """A provider with its dialect's own defaults, where `fields` do not say otherwise. Raises Misconfigured (HF100)."""
    return Provider(name=name, base_url=base_url, dialect=dialect, **{**_OF_DIALECT[dialect], **fields})


BUILT_IN: Mapping[str, Provider] = MappingProxyType(
    {
        provider.name: provider
        for provider in (
            speaker(
                "openai",
                "https://api.openai.com/v1",
                key_variable="OPENAI_API_KEY",
                max_tokens_field="max_completion_tokens",  # its reasoning models refuse max_tokens
                documents="file",
            ),
            speaker("anthropic", "https://api.anthropic.com/v1", "anthropic", key_variable="ANTHROPIC_API_KEY"),
            speaker(
                "gemini",
                "https://generativelanguage.googleapis.com/v1beta",
                "gemini",
                key_variable="GEMINI_API_KEY",
            ),
            speaker(
                "openrouter",
                "https://openrouter.ai/api/v1",
                key_variable="OPENROUTER_API_KEY",
                reasoning="reasoning",
                documents="file",
            ),
            speaker("groq", "https://api.groq.com/openai/v1", key_variable="GROQ_API_KEY", prefill="last_message"),
            speaker(
                "mistral",
                "https://api.mistral.ai/v1",
                key_variable="MISTRAL_API_KEY",
                ask_for_usage=False,  # always sends it, and refuses fields it does not know
                seed_field="random_seed",
                prefill="prefix_field",
                documents="document_url",
                nine_letter_ids=True,
                embed_inputs=128,
                embed_tokens=12_000,
            ),
            speaker(
                "deepseek",
                "https://api.deepseek.com",
                key_variable="DEEPSEEK_API_KEY",
                json_mode="json_object",
                reasoning="thinking",
                images=False,
            ),
            speaker("xai", "https://api.x.ai/v1", key_variable="XAI_API_KEY"),
            speaker(
                "cohere",
                "https://api.cohere.ai/compatibility/v1",  # its own dialect only for reranking
                key_variable="COHERE_API_KEY",
                rerank="cohere",
                rerank_url="https://api.cohere.com/v2/rerank",
            ),
            speaker("jina", "https://api.jina.ai/v1", key_variable="JINA_API_KEY", rerank="jina"),
            speaker("voyage", "https://api.voyageai.com/v1", key_variable="VOYAGE_API_KEY", rerank="voyage"),
            speaker("ollama", "http://localhost:11434/v1", needs_key=False),
            speaker("lmstudio", "http://localhost:1234/v1", needs_key=False),
            speaker(
                "vllm",
                "http://localhost:8000/v1",
                needs_key=False,
                prefill="continue_final_message",
                rerank="jina",
            ),
            speaker("llamacpp", "http://localhost:8080/v1", needs_key=False, prefill="last_message"),
        )
    }
)
"""The providers known by name, without keys. `dataclasses.replace(BUILT_IN[name], api_key=...)` makes one ready."""
