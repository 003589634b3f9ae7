"""What a project may be told, table by table: the fields of holdfast.toml, checked.

Knows nothing of files or of the environment.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from holdfast.durations import seconds_in
from holdfast.messages import Effort, Json
from holdfast.release import OnFail

_SHORTEST_INTERVAL_S = 5


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OpenPart(BaseModel):
    """A part whose further keys belong to what it configures."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @property
    def options(self) -> dict[str, Json]:
        """The keys that this part itself does not know."""
        return dict(self.model_extra or {})


class AppPart(Part):
    """Where the project's own things are; relative paths start at its folder."""

    features: str = Field(default="features.py", description="the file that declares the app")
    database_url: str = Field(
        default="sqlite:///.holdfast/holdfast.db",
        description="where recordings, releases, prompts, feedback and keys are kept",
    )
    storage_url: str = Field(
        default=".holdfast/storage", description="where versions of corpora and bodies over 256 kB are kept"
    )


class ServerPart(Part):
    """How the project is served. `groups` says what a subject may see: subject -> names of groups."""

    host: str = Field(default="127.0.0.1", description="the address to listen on; one that is not loopback needs a key")
    port: int = Field(default=8400, ge=0, le=65535, description="the port; 0 takes a free one")
    max_body_bytes: int = Field(default=2_000_000, ge=1_000, description="the largest request that is read")
    max_concurrency: int = Field(
        default=512, ge=1, description="how many requests may be under way; more are told to come back (503)"
    )
    shutdown_s: float = Field(
        default=30.0, ge=0, description="how long open requests may still take when the server stops"
    )
    write_timeout_s: float = Field(
        default=30.0, gt=0, description="a client that takes nothing of a stream for so long is taken for gone"
    )
    silence_s: float = Field(default=15.0, gt=0, description="after so long without a word a stream sends a comment")
    max_media_bytes: int = Field(
        default=20_000_000, ge=1_000, description="the images, documents and files of a request, all together"
    )
    media_hosts: tuple[str, ...] = Field(
        default=(),
        description="hosts an image may come from although they belong to this machine or to a private network",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="names besides loopback ones that Host and Origin may have while there is no key"
    )
    groups: dict[str, tuple[str, ...]] = Field(
        default={}, description="subject to names of groups: the principals it may see documents as"
    )


class JobsPart(Part):
    """How jobs are done, and how the end of one is told."""

    workers: int = Field(default=4, ge=1, le=64, description="how many jobs are done at a time")
    keep_days: int = Field(default=30, ge=1, description="how long a job is kept after it has ended")
    webhook_secret: str | None = Field(
        default=None, min_length=16, repr=False, description="signs what webhooks are sent, in `Holdfast-Signature`"
    )
    webhook_hosts: tuple[str, ...] = Field(
        default=(),
        description="hosts that a webhook may call although they belong to this machine or to a private network",
    )


class EvalsPart(Part):
    """How cases are used."""

    audit_share: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="the share of the cases that only `holdfast eval --audit` asks; never one that must pass",
    )


class DiagnosisPart(Part):
    """How an answer that is not good is looked into."""

    stronger_model: str | None = Field(
        default=None,
        description="the `provider:model` that is asked to see whether a better model would have answered; none: the "
        "dearest of the project's ladders",
    )
    weaker_model: str | None = Field(
        default=None,
        description="the `provider:model` that a calibration plants as a fault; none: the cheapest of the release's "
        "ladders, where it is cheaper than the one that answers",
    )


class ProviderPart(Part):
    """A vendor, or anything that speaks a vendor's dialect. Built-in names need only a key."""

    dialect: Literal["openai", "openai-responses", "azure", "anthropic", "gemini"] | None = Field(
        default=None, description="the API it speaks; none: that of the built-in name, or `openai`"
    )
    base_url: str | None = Field(default=None, description="where it is, with the version in the path")
    api_key: str | tuple[str, ...] | None = Field(default=None, description="a key, or several that are tried in turn")
    headers: dict[str, str] = Field(default={}, description="headers to send with every request")
    api_version: str | None = Field(default=None, description="for `azure`: the dated version of the API")
    proxy: str | None = Field(default=None, description="the URL of an HTTP proxy; the environment's are not looked at")
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = Field(
        default=None, description="what the bound on a reply is called, in the dialect of OpenAI"
    )
    json_mode: Literal["json_schema", "json_object"] | None = Field(
        default=None, description="whether a schema is accepted, or only `some JSON object` with the schema in words"
    )
    reasoning: Literal["reasoning_effort", "reasoning", "thinking", "none"] | None = Field(
        default=None, description="how effort is asked for: a word, an object, a switch, not at all"
    )
    prefill: Literal["none", "last_message", "prefix_field", "continue_final_message"] | None = Field(
        default=None, description="how an answer that has begun is handed in to be continued"
    )
    images: bool | None = Field(default=None, description="whether images may be sent")
    documents: Literal["file", "document_url", "none"] | None = Field(
        default=None, description="whether documents may be sent, and in which field"
    )
    rerank: Literal["cohere", "jina", "voyage", "tei"] | None = Field(
        default=None, description="the shape of its API for reranking; none: it has none"
    )
    rerank_url: str | None = Field(default=None, description="where it reranks; none: `rerank` below its base_url")


class ModelPart(Part):
    """What is known of a model, by `provider:model`. What is not written is assumed, and learned from a refusal."""

    context_window: int | None = Field(
        default=None, ge=1, description="the tokens it can read; none: as the table of prices says"
    )
    images: bool | None = Field(default=None, description="whether it takes images")
    documents: bool | None = Field(default=None, description="whether it takes documents")
    tools: bool | None = Field(default=None, description="whether it takes tools")
    schema_: bool | None = Field(default=None, alias="schema", description="whether it can be held to a JSON Schema")
    prefill: Literal["none", "last_message", "prefix_field", "continue_final_message"] | None = Field(
        default=None, description="how it goes on with an answer that broke off; none: as its provider does"
    )
    max_image_px: int | None = Field(default=None, ge=1, description="the longer side of the largest image it takes")
    max_image_bytes: int | None = Field(default=None, ge=1, description="the largest image it takes")


class PricePart(Part):
    """US dollars for a million tokens, by `provider:model`."""

    input_usd_per_mtok: float = Field(ge=0, description="tokens of the request")
    output_usd_per_mtok: float = Field(ge=0, description="tokens of the reply, reasoning included")
    cache_read_usd_per_mtok: float | None = Field(
        default=None, ge=0, description="tokens read from the cache; none: as input"
    )
    cache_write_usd_per_mtok: float | None = Field(
        default=None, ge=0, description="tokens written to the cache; none: as input"
    )


class CorpusPart(OpenPart):
    """Where a corpus comes from, and how it is cut.

    The settings of each kind of source are in docs/how-to/build: connect-your-data.md,
    connect-files-and-web-pages.md, connect-zendesk.md.
    """

    source: str = Field(
        description="`folder`, `rows`, `web`, `zendesk`, or `package.module:Class`; its own settings stand beside it"
    )
    principals: str | tuple[str, ...] | None = Field(
        default=None,
        description="a list: who may see the documents for which the source names nobody; none: everyone, but `staff` "
        "for tickets; for `rows` a text names the column that says so",
    )
    every: str | None = Field(
        default=None, description="how often it is synced while the project is served, as in `15m`"
    )
    language: str = Field(default="english", description="picks the stemmer and the stop words; `none` for neither")
    max_tokens: int = Field(default=150, ge=32, le=200, description="the longest chunk, in the encoder's tokens")
    keep: int = Field(default=5, ge=1, description="how many versions stay besides those that a release names")
    webhook_secret: str | None = Field(
        default=None, min_length=16, repr=False, description="signs what the source's vendor calls its webhook with"
    )
    limits: dict[str, str | int] = Field(
        default={},
        description="the most of a finding that a version may have to be published, by its code: a count of documents, "
        "or a share as in `20%`",
    )
    stale_after: str = Field(
        default="730d", description="a document untouched for so long that speaks of years past is reported as stale"
    )

    @field_validator("limits")
    @classmethod
    def _limits(cls, limits: dict[str, str | int]) -> dict[str, str | int]:
        for code, most in limits.items():
            share = re.fullmatch(r"\d{1,3}(\.\d+)?\s*%", most.strip()) if isinstance(most, str) else None
            if isinstance(most, str) and (share is None or float(most.strip().rstrip("%")) > 100):
                raise ValueError(f"'{most}' is no limit for {code}; write a count as in 5, or a share as in '20%'")
            if not isinstance(most, str) and most < 0:
                raise ValueError(f"the limit for {code} is below 0")
        return limits

    @field_validator("stale_after")
    @classmethod
    def _age(cls, stale_after: str) -> str:
        seconds_in(stale_after)
        return stale_after

    @property
    def stale_after_days(self) -> int:
        return seconds_in(self.stale_after) // 86_400

    @field_validator("every")
    @classmethod
    def _interval(cls, every: str | None) -> str | None:
        if every is not None and seconds_in(every) < _SHORTEST_INTERVAL_S:
            raise ValueError(f"'{every}' is too often; {_SHORTEST_INTERVAL_S}s is the least")
        return every

    @property
    def given(self) -> dict[str, Json]:
        """What the source itself is told."""
        return self.options if self.principals is None else {**self.options, "principals": self.principals}

    @property
    def every_s(self) -> int | None:
        """The interval in seconds; None where the corpus is synced only when somebody says so."""
        return None if self.every is None else seconds_in(self.every)


class SlotPart(Part):
    """The choices for one slot of a feature: a ladder of models, or the settings of a corpus."""

    models: str | tuple[str, ...] | None = Field(
        default=None, description="a ladder, tried in order; one text is a ladder of one rung"
    )
    prompt: str | None = Field(default=None, description="the prompt file, a Jinja2 template")
    temperature: float | None = Field(default=None, description="none: the provider's own")
    top_p: float | None = Field(default=None, description="none: the provider's own")
    max_tokens: int | None = Field(default=None, ge=1, description="the longest reply")
    seed: int | None = Field(default=None, description="for providers that take one")
    stop: tuple[str, ...] | None = Field(default=None, description="texts at which a reply ends")
    deadline_ms: int | None = Field(default=None, ge=1, description="the time for the whole ladder")
    connect_ms: int | None = Field(default=None, ge=1, description="the time to reach a provider")
    first_token_ms: int | None = Field(default=None, ge=1, description="the time until the first token")
    idle_ms: int | None = Field(default=None, ge=1, description="the longest silence within a reply")
    retries: int | None = Field(default=None, ge=0, le=10, description="how often one rung is tried again")
    stream: Literal["checked", "early"] | None = Field(
        default=None, description="`checked`: text flows after the guards; `early`: at once, and may be taken back"
    )
    reasoning_effort: Effort | None = Field(default=None, description="how much a model may reason before it answers")
    rescue: Literal["continue", "restart", "error"] | None = Field(
        default=None, description="what follows when a stream dies after text was heard"
    )
    hedge: Literal["off", "same", "next"] | None = Field(
        default=None,
        description="what is asked too when a first token is late: nothing, the rung again, the next",
    )
    on_filtered: Literal["error", "next_rung"] | None = Field(
        default=None, description="what follows when a provider's content filter refuses"
    )
    floor_chars_per_s: float | None = Field(default=None, ge=0, description="a slower stream is left; 0: never")
    learn_timeouts: bool | None = Field(default=None, description="wait for a first token no longer than is usual")
    upstream: Literal["stream", "follow"] | None = Field(
        default=None, description="ask models to stream always, or only when somebody listens"
    )
    version: str | None = Field(default=None, description="for a corpus: `latest`, or a version such as `v12`")
    k: int | None = Field(default=None, ge=1, le=200, description="for a corpus: how many passages are found")
    mode: Literal["hybrid", "lexical", "vector"] | None = Field(
        default=None, description="for a corpus: by words, by vectors, or both"
    )
    weight: float | None = Field(
        default=None, ge=0, le=1, description="for a corpus: the share of the vectors' score; none: the corpus's own"
    )
    max_per_document: int | None = Field(
        default=None, ge=1, description="for a corpus: passages of one document at most"
    )
    where: dict[str, str | tuple[str, ...]] | None = Field(
        default=None,
        description="for a corpus: only documents whose metadata, `section`, `locale` or `id` has one of these values",
    )
    min_confidence: float | None = Field(
        default=None, ge=0, le=1, description="for a corpus: below it, nothing was found"
    )
    reranker: str | None = Field(
        default=None,
        description="for a corpus: `sentences`, `onnx:FOLDER`, or `provider:model`; `none`: the order of the search",
    )
    rerank_k: int | None = Field(default=None, ge=1, le=200, description="for a corpus: how many passages it reads")
    rerank_weight: float | None = Field(
        default=None, ge=0, le=1, description="for a corpus: the share of its scores beside those of the search"
    )
    rerank_ms: int | None = Field(
        default=None, ge=1, description="for a corpus: the time it has; after that the order stays as it was"
    )

    def given(self) -> dict[str, Json]:
        """Only what was written."""
        return self.model_dump(exclude_none=True)


class GuardPart(OpenPart):
    """Which family of guard it is, and what a failed verdict leads to."""

    family: str | None = Field(
        default=None, description="`grounded` or `shape`, with its own settings beside it; none: the guard's name"
    )
    on_fail: OnFail = Field(default="flag", description="what a failed verdict leads to")
    safe_answer: str | None = Field(
        default=None, description="what is answered instead; none: a sentence that asks for a person"
    )
    max_passes: int = Field(default=3, ge=1, le=10, description="how often the feature may be run for one request")
