from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.errors import Misconfigured
from holdfast.gateway.provider import BUILT_IN, Provider
from holdfast.gateway.rung import Extractive, HandedIn, Hosted, Unusable, resolve, split
from holdfast.testing import FakeModel

OPENAI = replace(BUILT_IN["openai"], api_key="sk-the-secret")


@pytest.mark.parametrize(
    ("entry", "parts"),
    [
        ("openai:gpt-5-mini", ("openai", "gpt-5-mini")),
        ("openai/gpt-5-mini", ("openai", "gpt-5-mini")),
        ("openrouter:anthropic/claude-haiku-4.5", ("openrouter", "anthropic/claude-haiku-4.5")),
        ("ollama:llama3:8b", ("ollama", "llama3:8b")),
        ("ollama/llama3:8b", ("ollama", "llama3:8b")),
        ("gpt-5", ("", "gpt-5")),
        ("openai:", ("openai", "")),
    ],
)
def test_an_entry_splits_into_provider_and_model(entry: str, parts: tuple[str, str]) -> None:
    assert split(entry) == parts


def test_what_an_entry_stands_for() -> None:
    fake = FakeModel()
    assert resolve("extractive", {}, {}) == Extractive()
    assert resolve("openai:m", {"openai": OPENAI}, {}) == Hosted(OPENAI, "m")
    assert resolve("openai:m", {"openai": OPENAI}, {"openai": fake}) == HandedIn("openai", "m", fake)
    assert resolve("ollama:m", {}, {}) == Hosted(BUILT_IN["ollama"], "m")


@pytest.mark.parametrize(
    ("entry", "kind", "fix"),
    [
        ("openai:m", "no_key", "OPENAI_API_KEY"),
        ("anthropic:m", "no_key", "ANTHROPIC_API_KEY"),
        ("opnai:m", "no_provider", "did you mean 'openai'"),
        ("gpt-5", "no_provider", "openai:gpt-5-mini"),
        ("openai:", "no_provider", "openai:gpt-5-mini"),
    ],
)
def test_what_cannot_be_asked_says_what_to_set(entry: str, kind: str, fix: str) -> None:
    rung = resolve(entry, {}, {})
    assert isinstance(rung, Unusable)
    assert rung.fault.kind == kind
    assert rung.fault.fix is not None
    assert fix in rung.fault.fix


def test_a_provider_never_shows_its_secrets() -> None:
    provider = replace(OPENAI, headers={"x-auth": "another-secret"})
    assert "secret" not in repr(provider)
    assert "secret" not in str(provider)
    assert "secret" not in repr(Hosted(provider, "m"))
    assert set(provider.secrets) == {"sk-the-secret", "another-secret"}


@pytest.mark.parametrize("key", ["sk-x\n", "sk x", "sk-ü", "\tsk"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        Provider(name="acme", base_url="http://localhost", api_key=("good", key), key_variable="ACME_KEY")
    assert key not in str(refused.value)
    assert "ACME_KEY" in refused.value.fix
