"""A world for tests of the runtime: effects answered by small rules, every one of them counted."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from typing import Any

from holdfast.contracts import Event, Hear
from holdfast.errors import EffectFailed
from holdfast.records import (
    Check,
    Checked,
    Done,
    Effect,
    Embed,
    Embedded,
    Generate,
    Generated,
    Passage,
    Rerank,
    Reranked,
    Retrieve,
    Retrieved,
    Verdict,
)
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot, Release
from holdfast.runtime.world import World


class Outside:
    """Performs effects and counts them. `versions` says which text each corpus version holds."""

    def __init__(self, seed: int = 0, slow: bool = False, versions: dict[str, str] | None = None) -> None:
        self.chance = random.Random(seed)
        self.slow = slow
        self.done: list[Effect] = []
        self.heard: list[Event] = []
        self.version = "v1"
        self.versions = versions or {}
        self.judge: Callable[[Check], bool] = lambda check: True
        self.reply: Callable[[Generate], str] | None = None

    def world(self) -> World:
        return World(perform=self.perform, pin=self.pin, hear=self.heard.append, encoder="e1", reranker="r1")

    def pin(self, name: str, version: str) -> str:
        return f"{name}@{self.version if version == 'latest' else version}"

    async def perform(self, effect: Effect, hear: Hear) -> Done:
        self.done.append(effect)
        if self.slow:
            for _ in range(self.chance.randrange(4)):
                await asyncio.sleep(0)
            if self.chance.random() < 0.5:
                await asyncio.sleep(self.chance.random() / 500)
        if self.slow and self.chance.random() < 0.1:
            raise EffectFailed("HF308", f"no luck {self.chance.randrange(100)}", "try again")
        return Done(self.result(effect))

    def result(self, effect: Effect) -> Any:
        salt = self.chance.randrange(10**9) if self.slow else 0
        match effect:
            case Retrieve():
                text = self.versions.get(effect.corpus, f"text of {effect.query}")
                passages = (Passage(document="d1", chunk="c1", title="T", text=text, score=0.5 + salt / 10**10),)
                return Retrieved(passages=passages)
            case Generate():
                text = self.reply(effect) if self.reply else f"{digest(effect)}-{salt}"
                return Generated(text=text, model=effect.models[0], rung=effect.first_rung)
            case Embed():
                return Embedded(vectors=tuple((float(len(text)), 1.0) for text in effect.texts))
            case Rerank():
                return Reranked(scores=tuple(float(len(text)) for text in effect.texts))
            case Check():
                passed = self.judge(effect) if not self.slow else self.chance.random() < 0.6
                return Checked(verdict=Verdict(guard=effect.guard, passed=passed, score=0.5, reason="no support"))
        raise AssertionError(effect)


def digest(effect: Generate) -> str:
    seen = (effect.models, [(m.role, m.text) for m in effect.messages])
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:8]


def release(**guard: Any) -> Release:
    return Release(
        slots={
            "answer": ModelSlot(models=("a:one", "b:two", "extractive")),
            "kb": CorpusSlot(),
            "grounded": GuardSlot(family="grounded", **guard),
        }
    )
