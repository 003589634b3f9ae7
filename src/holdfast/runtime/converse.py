"""The features that every project has: a slot's ladder alone, one model, one encoder, each under its own name.

Knows nothing of HTTP or of vendors. `slot:NAME` and `provider:model` take a conversation and give a model's turn;
`embed:ENCODER` takes texts. They are features like any other, so what they answer is recorded, replayed and evaluated.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from holdfast.errors import NotFound, nearest, unknown
from holdfast.identity import digest
from holdfast.release import ModelSlot, Release
from holdfast.runtime.code import CodeFacts
from holdfast.runtime.context import Context
from holdfast.runtime.conversation import EMBED, SLOT, Conversation, Spoken, Texts, Vectors
from holdfast.runtime.feature import Feature

_CUT = re.compile("[:/]")
_REMEMBERED = 256


async def converse(ctx: Context, conversation: Conversation) -> Spoken:
    """A model's turn in a conversation: the slot's ladder alone, without prompt, passages or guards."""
    reply = await ctx.converse(conversation)
    return Spoken(text=reply.text, model=reply.model, tool_calls=reply.tool_calls, stop_reason=reply.stop_reason)


async def embed(ctx: Context, texts: Texts) -> Vectors:
    """A vector for each text, from one encoder."""
    vectors = await ctx.encode(texts.texts)
    return Vectors(count=len(vectors), dimensions=len(vectors[0]) if vectors else 0)


class Resolver:
    """Finds the feature of a name, and the release it needs."""

    def __init__(
        self,
        features: Callable[[], Mapping[str, Feature]],
        providers: Callable[[], Collection[str]],
        encoder: Callable[[], str],
    ) -> None:
        self._features = features
        self._providers = providers
        self._encoder = encoder
        self._made: dict[str, tuple[Release, Release]] = {}

    def feature(self, name: str) -> Feature:
        """A declared feature, or the one that stands behind `slot:NAME`, `provider:model` or `embed:ENCODER`.

        Raises NotFound: HF207 where the name is a model of no known provider, else HF200.
        """
        features = self._features()
        if (found := features.get(name)) is not None:
            return found
        if name.startswith(SLOT):
            return _conversing(name)
        if name.startswith(EMBED):
            encoder, own = name[len(EMBED) :], self._encoder()
            cut = _CUT.search(encoder)
            if encoder != own and (cut is None or encoder[: cut.start()] not in self._providers()):
                raise unknown("HF207", "encoder", encoder, [own] if own else [])
            return _embedding(name)
        if (cut := _CUT.search(name)) is None or cut.end() == len(name):
            raise unknown("HF200", "feature", name, features)
        provider, known = name[: cut.start()], self._providers()
        if provider not in known:
            message = f"there is no feature '{name}', and no provider '{provider}'"
            raise NotFound("HF207", message, f"{nearest(provider, known)}; or ask for slot:NAME, or for a feature")
        return _conversing(name)

    def release(self, feature: Feature, release: Release) -> Release:
        """The release under which a feature runs: for a model, with a slot of its own, a ladder of that one rung.

        The same release and model give the same release, so that it is kept once. Raises NotFound (HF201) for a slot
        that is not in it.
        """
        name = feature.name
        if feature.input_type is not Conversation:
            return release
        if name.startswith(SLOT):
            release.models(name[len(SLOT) :])
            return release
        if name in release.slots:
            return release
        made = self._made.get(name)
        if made is None or made[0] is not release:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            slot = ModelSlot(models=(name,), upstream="follow")
            made = self._made[name] = (release, Release(slots={**release.slots, name: slot}))
        return made[1]


@lru_cache(maxsize=_REMEMBERED)
def _conversing(name: str) -> Feature:
    return replace(_built_in(converse, Conversation, Spoken), name=name)


@lru_cache(maxsize=_REMEMBERED)
def _embedding(name: str) -> Feature:
    return replace(_built_in(embed, Texts, Vectors), name=name)


@lru_cache(maxsize=4)
def _built_in(fn: Callable[..., Any], takes: Any, gives: Any) -> Feature:
    """One effect and nothing else: what could be found out of the code of a user's feature is known of it."""
    facts = CodeFacts(hash=digest(inspect.getsource(fn).encode(), 16), guards=False, alone=True, own=True)
    return Feature(
        name=fn.__name__,
        fn=fn,
        input_type=takes,
        output_type=gives,
        bar=None,
        doc=inspect.getdoc(fn) or "",
        facts=facts,
        code_hash=facts.hash,
        _input=TypeAdapter(takes),
        _output=TypeAdapter(gives),
    )
