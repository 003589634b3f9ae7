"""What one entry of a ladder stands for: a hosted model, a model handed in as an object, our own, or nothing usable.

Does not ask any of them anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.contracts import Model, Models
from holdfast.errors import nearest
from holdfast.gateway.fault import Fault
from holdfast.gateway.provider import BUILT_IN, Provider

EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class Hosted:
    """A model at a provider, reached over HTTP."""

    provider: Provider
    model: str


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A model that the application gave as an object, under a provider's name."""

    name: str
    model: str
    instance: Model


@dataclass(frozen=True, slots=True)
class Extractive:
    """No model: the best-supported sentences of the sources."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """An entry that cannot be asked, and why."""

    name: str
    model: str
    fault: Fault


Rung: TypeAlias = Hosted | HandedIn | Extractive | Unusable


def resolve(entry: str, providers: Mapping[str, Provider], models: Models) -> Rung:
    """The rung an entry names. Cheap enough for every request: a provider without a key costs a look into a table."""
    if entry == EXTRACTIVE:
        return Extractive()
    name, model = split(entry)
    if name in models:
        return HandedIn(name, model, models[name])
    provider = providers.get(name)
    if provider is None and name in BUILT_IN:
        provider = BUILT_IN[name]
    if not model or provider is None:
        return Unusable(name, model, _unknown(entry, name, model, {*providers, *models, *BUILT_IN}))
    if provider.needs_key and not provider.keys:
        return Unusable(name, model, _no_key(provider))
    return Hosted(provider, model)


def split(entry: str) -> tuple[str, str]:
    """Provider and model: cut at the first colon, or at the first slash where no colon comes before it."""
    colon, slash = entry.find(":"), entry.find("/")
    if slash >= 0 and (colon < 0 or slash < colon):
        return entry[:slash], entry[slash + 1 :]
    if colon < 0:
        return "", entry
    return entry[:colon], entry[colon + 1 :]


def _no_key(provider: Provider) -> Fault:
    section = f"api_key under [providers.{provider.name}]"
    fix = f"set {provider.key_variable}, or {section}" if provider.key_variable else f"set {section}"
    return Fault("no_key", f"provider '{provider.name}' has no key", fix=fix)


def _unknown(entry: str, name: str, model: str, known: set[str]) -> Fault:
    if not name or not model:
        return Fault("no_provider", f"'{entry}' is not provider:model", fix="write it as in openai:gpt-5-mini")
    fix = f"add [providers.{name}] with a base_url, or use one that is there; {nearest(name, known)}"
    return Fault("no_provider", f"there is no provider '{name}'", fix=fix)
