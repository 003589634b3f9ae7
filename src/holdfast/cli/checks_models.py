"""Checks of what answers: the encoder, the ladders, a model server on this machine. Does not ask any vendor."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from holdfast.cli.check import Check, fail, failed, ok, warn
from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.config import Config

STANDARD_PORTS = MappingProxyType({"ollama": 11434, "lmstudio": 1234, "vllm": 8000, "llamacpp": 8080})
_OPERATIONS = ("/chat/completions", "/completions", "/responses", "/messages", "/embeddings", "/models")
_TIMEOUT_S = 0.5
_MOST_BYTES = 1_000_000


def encoder() -> Check:
    """Whether it is there, whole, and gives the vectors it must."""
    from holdfast.corpus.encoder import default_cache_dir, installed, load_encoder

    cache = default_cache_dir()
    if not installed(cache):
        return warn("encoder", "there is none: search goes by words only", "holdfast models pull, then holdfast sync")
    try:
        loaded = load_encoder(cache)
    except HoldfastError as error:
        return failed("encoder", error)
    return ok("encoder", f"{loaded.name}: {loaded.dimensions} dimensions, its self-test passes")


def providers(config: Config) -> Iterator[Check]:
    """Each provider of the file: which dialect it speaks, and where it would be asked."""
    from holdfast.gateway.opening import providers_of
    from holdfast.gateway.wire.dialect import WIRES

    try:
        found = providers_of(config)
    except HoldfastError as error:
        yield failed("providers", error)
        return
    for name in config.providers:
        provider = found[name]
        asked = urlsplit(WIRES[provider.dialect].url(provider, "MODEL", True))
        shown = asked._replace(netloc=asked.netloc.rpartition("@")[2]).geturl()
        base = provider.base_url.rstrip("/")
        ending = next((end for end in _OPERATIONS if base.endswith(end)), None)
        if ending is None or (ending == "/models" and provider.dialect == "azure"):
            yield ok(f"provider {name}", f"speaks {provider.dialect}, and is asked at {shown}")
        else:
            fix = f"leave {ending} off base_url under [providers.{name}]"
            yield warn(f"provider {name}", f"would be asked at {shown}", fix)


def rungs(config: Config) -> Iterator[Check]:
    """Each ladder: whether anything on it can answer, and which rungs are passed over."""
    from holdfast.cli.ladders import ladders

    try:
        found = ladders(config)
    except HoldfastError as error:
        yield failed("models", error)
        return
    for ladder in found:
        name = f"slot {ladder.slot}"
        over = [f"{rung.model} is passed over: {rung.why}" for rung in ladder.rungs if not rung.ready]
        ready = [rung.model for rung in ladder.rungs if rung.ready]
        fixes = "\n".join(dict.fromkeys(rung.fix for rung in ladder.rungs if not rung.ready))
        if not ready:
            yield fail(name, f"no rung can answer: {'; '.join(over)}", f'{fixes}\nor add "extractive" as the last rung')
        elif over:
            yield warn(name, f"{ready[0]} answers; {'; '.join(over)}", fixes)
        else:
            yield ok(name, " -> ".join(ready))


def local_servers() -> Iterator[Check]:
    """Servers of models on this machine's standard ports. They are offered, never used by themselves."""
    with ThreadPoolExecutor(len(STANDARD_PORTS)) as threads:
        answers = threads.map(models_at, STANDARD_PORTS.values())
    for (name, port), models in zip(STANDARD_PORTS.items(), answers, strict=True):
        if models is not None:
            model = models[0] if models else "MODEL"
            lines = f'to use it, in holdfast.toml:\n[slots.answer]\nmodels = ["{name}:{model}", "extractive"]'
            had = f"with {', '.join(models[:5])}" if models else "without a model"
            yield Check(name=name, status="ok", what=f"a model server answers on port {port}, {had}", fix=lines)


def models_at(port: int) -> list[str] | None:
    """The models that a server on loopback offers in the dialect of OpenAI; None where there is no such server."""
    try:
        socket.create_connection(("127.0.0.1", port), _TIMEOUT_S).close()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never behind a proxy
        with opener.open(f"http://127.0.0.1:{port}/v1/models", timeout=_TIMEOUT_S) as answer:
            content = json.loads(answer.read(_MOST_BYTES))
        return [str(model["id"]) for model in content["data"]]
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None
