"""A release: every choice a feature's code leaves open, as one frozen value with an id.

Knows nothing of where the choices were written or which release answers whom.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from holdfast.errors import Misconfigured, nearest, unknown
from holdfast.identity import canonical, digest
from holdfast.messages import Effort
from holdfast.records import Json, Sampling, Search

LATEST = "latest"
OnFail: TypeAlias = Literal["flag", "redact", "retry", "next_rung", "safe_answer", "block"]


class Prompt(Struct, frozen=True, kw_only=True):
    """A prompt as it was when the release was made: `text` without front matter, `hash` over the whole file."""

    path: str
    hash: str
    text: str


class ModelSlot(Struct, frozen=True, kw_only=True, tag_field="kind", tag="models"):
    """What fills a slot of `ctx.generate`: a ladder, a prompt, how tokens are drawn, how long things may take, and what
    is done when a vendor fails.

    `rescue`: what follows when a stream dies after text was heard (the text is continued, the answer starts again, or
    that is an error). `hedge`: what is asked as well when the first token is later than usual. `floor_chars_per_s`: a
    stream slower than this is taken for dead; 0 for never. `learn_timeouts`: the wait for the first token shrinks to
    what is usual for the route. `upstream`: whether a model is asked to stream always, or only when somebody listens.
    """

    models: tuple[str, ...]
    prompt: Prompt | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    deadline_ms: int = 30_000
    connect_ms: int = 3_000
    first_token_ms: int = 10_000
    idle_ms: int = 10_000
    retries: int = 2
    stream: Literal["checked", "early"] = "checked"
    reasoning_effort: Effort | None = None
    rescue: Literal["continue", "restart", "error"] = "continue"
    hedge: Literal["off", "same", "next"] = "same"
    on_filtered: Literal["error", "next_rung"] = "error"
    floor_chars_per_s: float = 2.0
    learn_timeouts: bool = True
    upstream: Literal["stream", "follow"] = "stream"

    def sampling(self) -> Sampling:
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            seed=self.seed,
            stop=self.stop,
            reasoning_effort=self.reasoning_effort,
        )


class CorpusSlot(Struct, frozen=True, kw_only=True, tag_field="kind", tag="corpus"):
    """What fills a slot of `ctx.retrieve`: which version of the corpus (`latest` or `v12`) and how it is searched.

    With a `reranker`, `rerank_k` passages are found, scored by it within `rerank_ms`, and put in the order of both
    scores, its own having the share `rerank_weight`; where it gives none the order stays. `where` as in `Search`.
    Below `min_confidence` nothing was found.
    """

    version: str = LATEST
    k: int = 6
    mode: Literal["hybrid", "lexical", "vector"] = "hybrid"
    weight: float | None = None
    max_per_document: int = 3
    where: dict[str, str | tuple[str, ...]] = {}
    min_confidence: float = 0.0
    reranker: str | None = None
    rerank_k: int = 20
    rerank_weight: float = 0.5
    rerank_ms: int = 800

    def search(self) -> Search:
        return Search(
            k=self.k,
            mode=self.mode,
            weight=self.weight,
            max_per_document=self.max_per_document,
            where={name: (only,) if isinstance(only, str) else tuple(only) for name, only in self.where.items()},
        )


class GuardSlot(Struct, frozen=True, kw_only=True, tag_field="kind", tag="guard"):
    """What fills a slot of `ctx.guard`: which family of guard, its settings, and what follows when it fails."""

    family: str
    on_fail: OnFail = "flag"
    safe_answer: str | None = None
    max_passes: int = 3
    settings: dict[str, Json] = {}


UNSLOTTED_RERANK_MS = 30_000
"""The time a reranker has that a feature asks by itself."""

Slot: TypeAlias = ModelSlot | CorpusSlot | GuardSlot


class Release(Struct, frozen=True, kw_only=True, dict=True):
    """All slots of a project. Two releases with the same choices have the same `id`, whatever they are called."""

    slots: dict[str, Slot]
    name: str | None = None

    @cached_property  # asked for several times in every request
    def id(self) -> str:
        """`r_` and twelve hex digits of the hash of every choice; a field added later with its default changes none."""
        return "r_" + digest(canonical({name: _chosen(slot) for name, slot in self.slots.items()}), 12)

    def models(self, slot: str) -> ModelSlot:
        """The ladder slot of that name. Raises NotFound (HF201)."""
        found = self.slots.get(slot)
        if isinstance(found, ModelSlot):
            return found
        raise unknown("HF201", "model slot", slot, [n for n, s in self.slots.items() if isinstance(s, ModelSlot)])

    def corpus(self, slot: str) -> CorpusSlot:
        """The corpus slot of that name. Raises NotFound (HF202)."""
        found = self.slots.get(slot)
        if isinstance(found, CorpusSlot):
            return found
        raise unknown("HF202", "corpus", slot, [n for n, s in self.slots.items() if isinstance(s, CorpusSlot)])

    def guard(self, slot: str) -> GuardSlot:
        """The guard slot of that name. Raises NotFound (HF201)."""
        found = self.slots.get(slot)
        if isinstance(found, GuardSlot):
            return found
        raise unknown("HF201", "guard", slot, [n for n, s in self.slots.items() if isinstance(s, GuardSlot)])

    def with_(self, slot: str, /, **fields: Any) -> Release:
        """This release with some fields of one slot replaced, under no name.

        A bare string for `models` is a one-rung ladder. A field a guard does not have goes to the guard's own settings.
        Raises NotFound (HF201) for a slot or field that is not there, Misconfigured (HF100) for a wrong value.
        """
        if slot not in self.slots:
            raise unknown("HF201", "slot", slot, self.slots)
        old = self.slots[slot]
        return Release(slots={**self.slots, slot: _changed(slot, old, fields)})

    def rerank_ms(self, slot: str) -> int:
        """The time for the reranker of a corpus slot; empty: for one that a feature asks. Raises NotFound (HF202)."""
        return self.corpus(slot).rerank_ms if slot else UNSLOTTED_RERANK_MS

    def with_change(self, name: str, value: Json) -> Release:
        """`with_` by a change's name, as in `--set answer.models=...`; a slot's own name may hold dots."""
        slot, _, field = name.rpartition(".")
        if not slot or not field:
            raise Misconfigured(
                "HF100", f"'{name}' does not name a setting", "write SLOT.FIELD=VALUE, as in answer.models=extractive"
            )
        return self.with_(slot, **{field: value})


def _chosen(slot: Slot) -> tuple[str, dict[str, Json]]:
    """What a slot is, and the fields that differ from their defaults."""
    defaults = dict(
        zip(slot.__struct_fields__[-len(slot.__struct_defaults__) :], slot.__struct_defaults__, strict=True)
    )
    fields = {name: getattr(slot, name) for name in slot.__struct_fields__}
    kind = str(slot.__struct_config__.tag)
    return kind, {name: value for name, value in fields.items() if name not in defaults or defaults[name] != value}


def _changed(slot: str, old: Slot, fields: dict[str, Any]) -> Slot:
    """The slot with those fields, checked against their types."""
    content: dict[str, Json] = msgspec.to_builtins(old)
    for field, value in fields.items():
        if field in old.__struct_fields__:
            content[field] = [value] if field == "models" and isinstance(value, str) else value
        elif isinstance(old, GuardSlot):
            content["settings"] = {**content["settings"], field: value}
        else:
            raise unknown("HF201", f"setting of slot '{slot}'", field, old.__struct_fields__)
    try:
        return msgspec.convert(msgspec.to_builtins(content), type(old))
    except msgspec.ValidationError as error:
        known = nearest(next(iter(fields), ""), old.__struct_fields__)
        raise Misconfigured(
            "HF100", f"slot '{slot}' does not take that: {error}", f"check the value; {known}"
        ) from error
