"""holdfast.toml and the environment become one frozen Config.

Knows nothing of the rooms that the settings are for; `app.py` hands each its part.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from holdfast.errors import Misconfigured
from holdfast.records import Json
from holdfast.release import OnFail

FILE = "holdfast.toml"
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_DURATION = re.compile(r"(\d+)\s*([smhd])")
_SECONDS = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 86400})
_SHORTEST_INTERVAL_S = 5
_SHORTEST_SECRET = 8
_LONGEST_SECRET = 4096


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _OpenPart(BaseModel):
    """A part whose further keys belong to what it configures."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @property
    def options(self) -> dict[str, Json]:
        """The keys that this part itself does not know."""
        return dict(self.model_extra or {})


class AppPart(_Part):
    """Where the project's own things are; relative paths start at its folder."""

    features: str = Field(default="features.py", description="the file that declares the app")
    database_url: str = Field(
        default="sqlite:///.holdfast/holdfast.db",
        description="where recordings, releases, prompts, feedback and keys are kept",
    )
    storage_url: str = Field(
        default=".holdfast/storage", description="where versions of corpora and bodies over 256 kB are kept"
    )


class ServerPart(_Part):
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
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="names besides loopback ones that Host and Origin may have while there is no key"
    )
    groups: dict[str, tuple[str, ...]] = Field(
        default={}, description="subject to names of groups: the principals it may see documents as"
    )


class JobsPart(_Part):
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


class ProviderPart(_Part):
    """A vendor, or anything that speaks a vendor's dialect. Built-in names need only a key."""

    dialect: Literal["openai", "anthropic"] | None = Field(
        default=None, description="the API it speaks; none: that of the built-in name, or `openai`"
    )
    base_url: str | None = Field(default=None, description="where it is, with the version in the path")
    api_key: str | tuple[str, ...] | None = Field(default=None, description="a key, or several that are tried in turn")
    headers: dict[str, str] = Field(default={}, description="headers to send with every request")


class PricePart(_Part):
    """US dollars for a million tokens, by `provider:model`."""

    input_usd_per_mtok: float = Field(ge=0, description="tokens of the request")
    output_usd_per_mtok: float = Field(ge=0, description="tokens of the reply, reasoning included")
    cache_read_usd_per_mtok: float | None = Field(
        default=None, ge=0, description="tokens read from the cache; none: as input"
    )
    cache_write_usd_per_mtok: float | None = Field(
        default=None, ge=0, description="tokens written to the cache; none: as input"
    )


class CorpusPart(_OpenPart):
    """Where a corpus comes from, and how it is cut."""

    source: str = Field(description="`folder`, `rows`, or `package.module:Class`; its own settings stand beside it")
    every: str | None = Field(
        default=None, description="how often it is synced while the project is served, as in `15m`"
    )
    language: str = Field(default="english", description="picks the stemmer and the stop words; `none` for neither")
    max_tokens: int = Field(default=150, ge=32, le=200, description="the longest chunk, in the encoder's tokens")
    keep: int = Field(default=5, ge=1, description="how many versions stay besides those that a release names")

    @field_validator("every")
    @classmethod
    def _interval(cls, every: str | None) -> str | None:
        if every is not None and seconds_in(every) < _SHORTEST_INTERVAL_S:
            raise ValueError(f"'{every}' is too often; {_SHORTEST_INTERVAL_S}s is the least")
        return every

    @property
    def every_s(self) -> int | None:
        """The interval in seconds; None where the corpus is synced only when somebody says so."""
        return None if self.every is None else seconds_in(self.every)


class SlotPart(_Part):
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

    def given(self) -> dict[str, Json]:
        """Only what was written."""
        return self.model_dump(exclude_none=True)


class GuardPart(_OpenPart):
    """Which family of guard it is, and what a failed verdict leads to."""

    family: str | None = Field(
        default=None, description="`grounded` or `shape`, with its own settings beside it; none: the guard's name"
    )
    on_fail: OnFail = Field(default="flag", description="what a failed verdict leads to")
    safe_answer: str | None = Field(
        default=None, description="what is answered instead; none: a sentence that asks for a person"
    )
    max_passes: int = Field(default=3, ge=1, le=10, description="how often the feature may be run for one request")


class Config(_Part):
    """Everything a project is told.

    `keys` are the environment's variables whose names end in _API_KEY: built-in providers find theirs there. `secrets`
    are those, and every value that came from `env:` or `file:`: they are never recorded or shown.
    """

    folder: Path
    app: AppPart = AppPart()
    server: ServerPart = ServerPart()
    jobs: JobsPart = JobsPart()
    providers: dict[str, ProviderPart] = {}
    prices: dict[str, PricePart] = {}
    corpora: dict[str, CorpusPart] = {}
    slots: dict[str, SlotPart] = {}
    guards: dict[str, GuardPart] = {}
    secrets: tuple[str, ...] = Field(default=(), repr=False)
    keys: Mapping[str, str] = Field(default={}, repr=False)

    @field_validator("corpora", "slots", "guards")
    @classmethod
    def _names(cls, parts: dict[str, Any]) -> dict[str, Any]:
        for name in parts:
            if not _NAME.match(name):
                raise ValueError(f"'{name}' is not a name; use lower-case letters, digits and _")
        return parts

    @property
    def database_url(self) -> str:
        """The database's URL, with a relative SQLite path made absolute."""
        url = self.app.database_url
        path = url.removeprefix("sqlite:///")
        return url if path == url or path == ":memory:" else f"sqlite:///{self.folder / path}"

    @property
    def shown_database_url(self) -> str:
        """The database's URL as it may be shown: without a password, and without its parameters."""
        scheme, mark, rest = self.app.database_url.partition("://")
        return scheme + mark + re.sub(r"^([^/:@]*):[^/@]*(?=@)", r"\1", rest).partition("?")[0]

    @property
    def storage(self) -> str:
        """Where versions of corpora and large bodies are kept: a URL, or an absolute path."""
        url = self.app.storage_url
        return url if "://" in url else str(self.folder / url)

    @property
    def state(self) -> Path:
        """The folder of what the project keeps for itself: locks, the database by default."""
        return self.folder / ".holdfast"


def seconds_in(duration: str) -> int:
    """The seconds in a duration such as `90s`, `15m`, `1h30m` or `2d`. Raises ValueError for anything else."""
    text = duration.strip().lower()
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise ValueError(f"'{duration}' is not a duration; write it like 90s, 15m, 1h30m or 2d")
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


def find_project(start: Path) -> Path:
    """The nearest folder from `start` upward that holds a holdfast.toml. Raises Misconfigured (HF101)."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise Misconfigured(
        "HF101", f"there is no {FILE} in {start} or above it", "cd into a project, or: holdfast new DIR"
    )


def load_config(folder: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration of the project in `folder`. `environ` None: the process's environment, read now.

    Raises Misconfigured: HF101 no file, HF100 a mistake in it (with its line or its key), HF104 a name it refers to.
    """
    folder = folder.resolve()
    file = folder / FILE
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise Misconfigured("HF101", f"there is no {FILE} in {folder}", f"holdfast new {folder}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise Misconfigured("HF100", f"{file} cannot be read: {error}", "mend that place in the file") from error
    environ = dict(os.environ) if environ is None else environ
    resolver = _Resolver(folder, environ)
    content = resolver.resolved(raw, ())
    keys = {name: value for name, value in environ.items() if name.endswith("_API_KEY") and value}
    secrets = tuple(sorted({*resolver.secrets, *keys.values()}, key=len, reverse=True))
    try:
        return Config(**{**content, "folder": folder, "secrets": secrets, "keys": keys})
    except ValidationError as error:
        raise _mistake(file, error) from error


class _Resolver:
    """Replaces `env:NAME` and `file:PATH` by what they stand for, and remembers what must stay secret."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = environ
        self.secrets: set[str] = set()

    def resolved(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {name: self.resolved(part, (*path, str(name))) for name, part in value.items()}
        if isinstance(value, list):
            parts = [self.resolved(part, path) for part in value]
            return [part for part in parts if part is not None]
        if not isinstance(value, str):
            return value
        text = self._text(value, path)
        if text is not None and (text is not value or path[-1:] == ("api_key",)):
            self._keep_secret(text)
        return text

    def _text(self, value: str, path: tuple[str, ...]) -> str | None:
        if value.startswith("env:"):
            found = self._environ.get(value[4:])
            if not found and path[-1:] == ("api_key",):
                return None  # a ladder may do without this provider; whoever asks it is told what to set
            if found is None:
                raise Misconfigured(
                    "HF104",
                    f"{'.'.join(path)} needs the variable {value[4:]}, which is not set",
                    f"export {value[4:]}=...",
                )
            return found
        if value.startswith("file:"):
            file = self._folder / value[5:]
            try:
                return file.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise Misconfigured(
                    "HF104", f"{'.'.join(path)} needs the file {file}, which cannot be read: {error}", f"create {file}"
                ) from error
        return value

    def _keep_secret(self, text: str) -> None:
        if _SHORTEST_SECRET <= len(text) <= _LONGEST_SECRET:
            self.secrets.add(text)


def _mistake(file: Path, error: ValidationError) -> Misconfigured:
    """The first mistake pydantic found, with the nearest key where a key is unknown."""
    item = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = [str(part) for part in item["loc"]]
    where = ".".join(path)
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if item["type"] == "extra_forbidden":
        known = sorted(_known(path[:-1]))
        close = difflib.get_close_matches(path[-1], known, n=1)
        fix = (f"did you mean '{close[0]}'? " if close else "") + f"keys here: {', '.join(known)}"
        return Misconfigured("HF100", f"{file.name} has an unknown key {where}{more}", fix)
    return Misconfigured("HF100", f"{file.name}: {where}: {item['msg']}{more}", f"mend {where} in {file}")


_PARTS: Mapping[str, type[BaseModel]] = {
    "app": AppPart,
    "server": ServerPart,
    "jobs": JobsPart,
    "providers": ProviderPart,
    "prices": PricePart,
    "corpora": CorpusPart,
    "slots": SlotPart,
    "guards": GuardPart,
}


def _known(path: Sequence[str]) -> set[str]:
    """The keys that may stand at a place of the file."""
    if not path:
        return set(_PARTS)
    part = _PARTS.get(path[0])
    return set(part.model_fields) if part is not None else set()
