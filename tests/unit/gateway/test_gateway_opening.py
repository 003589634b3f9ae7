from __future__ import annotations

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from holdfast.config import load_config
from holdfast.contracts import deaf
from holdfast.errors import Misconfigured
from holdfast.gateway.capability import Facts
from holdfast.gateway.opening import open_gateway
from holdfast.gateway.provider import Dialect, Provider
from holdfast.gateway.rung import Hosted, Unusable, resolve
from holdfast.records import Generate, Usage
from holdfast.release import ModelSlot
from holdfast.settings import ProviderPart
from holdfast.testing import FakeModel

KEY = "sk-a-key-of-some-length"


def project(folder: Path, text: str) -> Path:
    (folder / "holdfast.toml").write_text(text)
    return folder


def test_keys_are_found_by_their_variable_or_where_the_file_says(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        """
        [providers.anthropic]
        api_key = "env:CLAUDE"
        [providers.acme]
        base_url = "https://llm.acme.example/v1"
        api_key = ["env:ACME_ONE", "env:ACME_TWO"]
        [providers.local]
        base_url = "http://127.0.0.1:9000/v1"
        """,
    )
    environ = {"OPENAI_API_KEY": KEY, "CLAUDE": KEY + "-2", "ACME_ONE": KEY + "-3", "ACME_TWO": KEY + "-4"}
    providers = open_gateway(load_config(folder, environ), {}).providers
    assert providers["openai"].keys == (KEY,)
    assert providers["anthropic"].keys == (KEY + "-2",)
    assert providers["acme"].keys == (KEY + "-3", KEY + "-4")
    assert isinstance(resolve("local:m", providers, {}), Hosted)
    assert KEY not in repr(providers)


def test_a_key_that_is_named_but_not_there_is_missed_before_anything_is_asked(tmp_path: Path) -> None:
    folder = project(tmp_path, '[providers.acme]\nbase_url = "https://llm.acme.example/v1"\napi_key = "env:ACME"\n')
    rung = resolve("acme:m", open_gateway(load_config(folder, {}), {}).providers, {})
    assert isinstance(rung, Unusable)
    assert rung.fault.kind == "no_key"


def test_a_provider_that_is_not_built_in_needs_an_address(tmp_path: Path) -> None:
    folder = project(tmp_path, '[providers.acme]\napi_key = "some-long-key"\n')
    with pytest.raises(Misconfigured) as failed:
        open_gateway(load_config(folder, {}), {})
    assert "acme" in failed.value.message


async def test_prices_and_objects_are_handed_on(tmp_path: Path) -> None:
    folder = project(tmp_path, '[prices]\n"own:m" = { input_usd_per_mtok = 1.0, output_usd_per_mtok = 2.0 }\n')
    gateway = open_gateway(load_config(folder, {}), {"own": FakeModel("Hi.")})
    assert gateway.prices.cost_usd("own", "m", Usage(input_tokens=1_000_000)) == 1.0
    done = await gateway.generate(Generate(slot="a", models=("own:m",), messages=()), ModelSlot(models=("x",)), deaf)
    assert done.attempts[0].error is None


def test_every_dialect_is_set_up_with_its_own_ways(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        """
        [providers.openai]
        dialect = "openai-responses"
        [providers.azure]
        base_url = "https://acme.openai.azure.com"
        api_version = "2024-10-21"
        [providers.team]
        dialect = "anthropic"
        base_url = "https://claude.acme.example"
        proxy = "env:TEAM_PROXY"
        [providers.deepseek]
        base_url = "https://api.deepseek.com/beta"
        prefill = "prefix_field"
        """,
    )
    environ = {
        **{name: KEY for name in ("OPENAI_API_KEY", "AZURE_API_KEY", "GEMINI_API_KEY")},
        "TEAM_PROXY": "http://user:a-password@proxy.acme.example:3128",
    }
    config = load_config(folder, environ)
    providers = open_gateway(config, {}).providers
    assert (providers["openai"].dialect, providers["openai"].keys) == ("openai-responses", (KEY,))
    assert (providers["azure"].dialect, providers["azure"].keys) == ("azure", (KEY,))
    assert (providers["gemini"].dialect, providers["gemini"].keys) == ("gemini", (KEY,))
    assert (providers["team"].prefill, providers["team"].documents) == ("last_message", "file")
    assert providers["deepseek"].prefill == "prefix_field"
    assert "a-password" not in repr(providers)
    assert providers["team"].proxy in config.secrets
    assert isinstance(resolve("team:m", providers, {}), Hosted)


def test_azure_without_a_key_is_missed_before_anything_is_asked(tmp_path: Path) -> None:
    folder = project(tmp_path, '[providers.azure]\nbase_url = "https://acme.openai.azure.com"\n')
    rung = resolve("azure:m", open_gateway(load_config(folder, {}), {}).providers, {})
    assert isinstance(rung, Unusable)
    assert "AZURE_API_KEY" in (rung.fault.fix or "")


def test_a_proxy_that_is_none_of_http_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path, '[providers.openai]\nproxy = "socks5://user:a-password@127.0.0.1:1080"\n')
    with pytest.raises(Misconfigured) as failed:
        open_gateway(load_config(folder, {}), {})
    assert "a-password" not in str(failed.value)


def test_a_header_that_says_who_asks_stands_in_for_a_key(tmp_path: Path) -> None:
    lines = '[providers.azure]\nbase_url = "https://acme.openai.azure.com"\n'
    folder = project(tmp_path, lines + 'headers = { Authorization = "Bearer a-token-of-azure" }\n')
    rung = resolve("azure:m", open_gateway(load_config(folder, {}), {}).providers, {})
    assert isinstance(rung, Hosted)
    assert rung.provider.keys == ()


@pytest.mark.parametrize("dialect", ["vertex", "bedrock", "cohere", "mistral"])
def test_a_dialect_that_is_not_spoken_is_refused_with_those_that_are(tmp_path: Path, dialect: str) -> None:
    folder = project(tmp_path, f'[providers.acme]\ndialect = "{dialect}"\nbase_url = "https://acme.example"\n')
    with pytest.raises(Misconfigured) as failed:
        load_config(folder, {})
    assert failed.value.code == "HF100"
    assert "providers.acme.dialect" in failed.value.message
    assert "'gemini'" in failed.value.message


def test_the_dialects_of_the_file_are_those_of_the_gateway() -> None:
    assert set(get_args(get_args(get_type_hints(ProviderPart)["dialect"])[0])) == set(get_args(Dialect))
    assert set(ProviderPart.model_fields) <= set(get_type_hints(Provider))


def test_what_the_file_says_of_a_model_is_known_to_the_gateway(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        """
        [models."openai:gpt-5-mini"]
        context_window = 272000
        schema = false
        prefill = "none"
        """,
    )
    facts = open_gateway(load_config(folder, {}), {}).facts["openai:gpt-5-mini"]
    assert facts == Facts(context_window=272_000, schema=False, prefill="none")
    (folder / "holdfast.toml").write_text('[models."openai:m"]\nschemas = true\n')
    with pytest.raises(Misconfigured, match=r"unknown key models\.") as refused:
        load_config(folder, {})
    assert "did you mean 'schema'" in refused.value.fix
