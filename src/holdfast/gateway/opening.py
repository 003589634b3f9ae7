"""From a project's configuration to its gateway.

Knows nothing of requests.
"""

from __future__ import annotations

from dataclasses import replace

from holdfast.config import Config
from holdfast.contracts import Embedder, Models
from holdfast.errors import Misconfigured
from holdfast.gateway.capability import Facts
from holdfast.gateway.ladder import Gateway
from holdfast.gateway.prices import Price, Prices
from holdfast.gateway.provider import BUILT_IN, Provider, speaker

_AUTHENTICATING = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key"})


def open_gateway(config: Config, models: Models, embedder: Embedder | None = None) -> Gateway:
    """The gateway over the providers that are built in or configured, and over models handed in as objects.

    With an `embedder`, answers from sources alone go by meaning as well as by words.

    Raises Misconfigured (HF100). Opens no connection.
    """
    prices = Prices({name: Price(**part.model_dump()) for name, part in config.prices.items()})
    facts = {name: Facts(**part.model_dump(by_alias=True)) for name, part in config.models.items()}
    return Gateway(providers_of(config), models=models, embedder=embedder, prices=prices, facts=facts)


def providers_of(config: Config) -> dict[str, Provider]:
    """The providers that are built in or configured, with their keys. Raises Misconfigured (HF100)."""
    providers: dict[str, Provider] = {name: _with_key(provider, config) for name, provider in BUILT_IN.items()}
    for name, part in config.providers.items():
        given = {field: value for field, value in part if value is not None}
        if name in BUILT_IN:
            providers[name] = _with_its_header(replace(providers[name], **given))
        elif part.base_url is None:
            dialect = "azure" if name == "azure" else "openai"
            fix = f'write dialect = "{part.dialect or dialect}" and base_url = "https://..." under [providers.{name}]'
            raise Misconfigured("HF100", f"provider '{name}' is not built in and has no base_url", fix)
        else:
            # A key that is named but not there is still needed; a provider for which none is named answers without,
            # unless its dialect is one vendor's alone.
            provider = speaker(**{"name": name, "dialect": "azure" if name == "azure" else "openai", **given})
            needs_key = bool(provider.key_variable) or "api_key" in part.model_fields_set
            providers[name] = _with_its_header(_with_key(replace(provider, needs_key=needs_key), config))
    return providers


def _with_key(provider: Provider, config: Config) -> Provider:
    """The provider with the key that its own variable holds, where no key was given."""
    key = config.keys.get(provider.key_variable) if provider.key_variable and not provider.keys else None
    return replace(provider, api_key=key) if key else provider


def _with_its_header(provider: Provider) -> Provider:
    """A provider whose own headers say who asks needs no key besides."""
    own = _AUTHENTICATING & {name.lower() for name in provider.headers}
    return replace(provider, needs_key=False) if own else provider
