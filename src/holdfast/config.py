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
from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator

from holdfast.errors import Misconfigured
from holdfast.settings import (
    AppPart,
    CorpusPart,
    DiagnosisPart,
    EvalsPart,
    GuardPart,
    JobsPart,
    ModelPart,
    Part,
    PricePart,
    ProviderPart,
    ServerPart,
    SlotPart,
)

FILE = "holdfast.toml"
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_SHORTEST_SECRET = 8
_LONGEST_SECRET = 4096


class Config(Part):
    """Everything a project is told.

    `keys` are the environment's variables whose names end in _API_KEY: built-in providers find theirs there. `secrets`
    are those, and every value that came from `env:` or `file:`: they are never recorded or shown.
    """

    folder: Path
    app: AppPart = AppPart()
    server: ServerPart = ServerPart()
    jobs: JobsPart = JobsPart()
    evals: EvalsPart = EvalsPart()
    diagnosis: DiagnosisPart = DiagnosisPart()
    providers: dict[str, ProviderPart] = Field(default={})
    prices: dict[str, PricePart] = Field(default={})
    models: dict[str, ModelPart] = Field(default={})
    corpora: dict[str, CorpusPart] = Field(default={})
    slots: dict[str, SlotPart] = Field(default={})
    guards: dict[str, GuardPart] = Field(default={})
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
    "evals": EvalsPart,
    "diagnosis": DiagnosisPart,
    "providers": ProviderPart,
    "prices": PricePart,
    "models": ModelPart,
    "corpora": CorpusPart,
    "slots": SlotPart,
    "guards": GuardPart,
}


def _known(path: Sequence[str]) -> set[str]:
    """The keys that may stand at a place of the file."""
    if not path:
        return set(_PARTS)
    part = _PARTS.get(path[0])
    return set() if part is None else {field.alias or name for name, field in part.model_fields.items()}
