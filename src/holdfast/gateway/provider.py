"""Where a model lives and how to speak to it: providers as values, and the table of those built in.

Does not know HTTP, nor where a key was read from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from holdfast.errors import Misconfigured

Dialect: TypeAlias = Literal["openai", "anthropic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A vendor, or anything else that speaks a vendor's dialect.

    `api_key` is one key or several (tried in turn); with the header values it is a secret and never shown.
    `key_variable` names the environment variable that a user sets; `needs_key` False: it answers without one.
    The last three fields say where a dialect's speakers differ: which field bounds the answer's length, whether usage
    must be asked for in a stream, and whether a JSON Schema is accepted (`json_schema`) or only "some JSON object".
    Raises Misconfigured (HF100) for a key that cannot stand in a header.
    """

    name: str
    base_url: str
    dialect: Dialect = "openai"
    api_key: str | tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_variable: str = ""
    needs_key: bool = True
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    ask_for_usage: bool = True
    json_mode: Literal["json_schema", "json_object"] = "json_schema"

    def __post_init__(self) -> None:
        for key in self.keys:
            if not key.isascii() or not key.isprintable() or " " in key:
                raise Misconfigured(
                    "HF100",
                    f"a key of provider '{self.name}' contains a space, a line break or a character outside ASCII",
                    f"check what {self.key_variable or 'api_key'} holds",
                )

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key; empty when there is none."""
        keys = (self.api_key,) if isinstance(self.api_key, str) else self.api_key
        return tuple(key for key in keys if key)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not show in a message, longest first, so that no part of one is left. A shorter value than eight
        characters is no secret but a placeholder such as "none", which stands in many a message."""
        values = (value for value in (*self.keys, *self.headers.values()) if len(value) >= 8)
        return tuple(sorted(values, key=len, reverse=True))


BUILT_IN: Mapping[str, Provider] = MappingProxyType(
    {
        provider.name: provider
        for provider in (
            Provider(
                name="openai",
                base_url="https://api.openai.com/v1",
                key_variable="OPENAI_API_KEY",
                max_tokens_field="max_completion_tokens",  # its reasoning models refuse max_tokens
            ),
            Provider(
                name="anthropic",
                dialect="anthropic",
                base_url="https://api.anthropic.com/v1",
                key_variable="ANTHROPIC_API_KEY",
            ),
            Provider(name="openrouter", base_url="https://openrouter.ai/api/v1", key_variable="OPENROUTER_API_KEY"),
            Provider(name="groq", base_url="https://api.groq.com/openai/v1", key_variable="GROQ_API_KEY"),
            Provider(
                name="mistral",
                base_url="https://api.mistral.ai/v1",
                key_variable="MISTRAL_API_KEY",
                ask_for_usage=False,  # always sends it, and refuses fields it does not know
            ),
            Provider(
                name="deepseek",
                base_url="https://api.deepseek.com",
                key_variable="DEEPSEEK_API_KEY",
                json_mode="json_object",
            ),
            Provider(name="xai", base_url="https://api.x.ai/v1", key_variable="XAI_API_KEY"),
            Provider(name="ollama", base_url="http://localhost:11434/v1", needs_key=False),
            Provider(name="lmstudio", base_url="http://localhost:1234/v1", needs_key=False),
            Provider(name="vllm", base_url="http://localhost:8000/v1", needs_key=False),
        )
    }
)
"""The providers known by name, without keys. `dataclasses.replace(BUILT_IN[name], api_key=...)` makes one ready."""
