"""From a project's configuration to its gateway. Knows nothing of requests."""

from __future__ import annotations

from dataclasses import replace

from holdfast.gateway.ladder import Gateway
from holdfast.gateway.prices import Price, Prices
from holdfast.gateway.provider import BUILT_IN, Provider

from holdfast.config import Config
from holdfast.contracts import Models
from holdfast.errors import Misconfigured


def open_gateway(config: Config, models: Models) -> Gateway:
    """The gateway over the providers that are built in or configured, and over models handed in as objects.

    Raises Misconfigured (HF100). Opens no connection.
    """
    providers: dict[str, Provider] = dict(BUILT_IN)
    for name, provider in BUILT_IN.items():
        if provider.key_variable and (key := config.keys.get(provider.key_variable)):
            providers[name] = replace(provider, api_key=key)
    for name, part in config.providers.items():
        given = {field: value for field, value in part if value is not None}
        if name in BUILT_IN:
            providers[name] = replace(providers[name], **given)
        elif part.base_url is None:
            fix = f'write dialect = "openai" and base_url = "https://..." under [providers.{name}]'
            raise Misconfigured("HF100", f"provider '{name}' is not built in and has no base_url", fix)
        else:
            providers[name] = Provider(name=name, needs_key=part.api_key is not None, **given)
    prices = Prices({name: Price(**part.model_dump()) for name, part in config.prices.items()})
    return Gateway(providers, models=models, prices=prices)
