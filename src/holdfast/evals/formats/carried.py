"""What every codec of cases needs: reading JSON, JSONL or YAML, counting what is left behind, keeping what others lack.

Knows no format of anybody else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from holdfast.errors import Misconfigured
from holdfast.evals.facts import tokens
from holdfast.evaluation import Case
from holdfast.identity import canonical, digest
from holdfast.records import Json

OWN = "holdfast"
"""The key in a case's metadata under which stands what the other format has no place for."""
_FIELDS = frozenset(Case.__struct_fields__)


class Left(Struct, frozen=True, kw_only=True):
    """Something that could not be carried over, how often there was any, and why."""

    name: str
    count: int
    why: str


class Imported(Struct, frozen=True, kw_only=True):
    """The cases that a text holds, and everything else that stood in it."""

    cases: tuple[Case, ...]
    left: tuple[Left, ...] = ()


class Exported(Struct, frozen=True, kw_only=True):
    """Cases as a text, and what of them its readers will not understand."""

    text: str
    left: tuple[Left, ...] = ()


class Codec(Protocol):
    """Cases in another tool's format. What it reads of what it wrote are the same cases, with nothing left behind."""

    def read(self, text: str, *, conversational: bool = False) -> Imported:
        """The cases as they stand there, or a chat whole where the feature is `conversational`.

        Raises Misconfigured (HF111) for a text that is not of this format."""
        ...

    def write(self, cases: Sequence[Case], feature: str) -> Exported: ...


@dataclass(slots=True)
class Tally:
    """Counts what is left behind, by name and reason."""

    _counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def note(self, name: str, why: str, count: int = 1) -> None:
        """One more of it."""
        self._counts[name, why] = self._counts.get((name, why), 0) + count

    def note_keys(self, value: dict[str, Json], known: Collection[str], start: str, why: str) -> None:
        """One more of each key that says something and is not known."""
        for name, part in value.items():
            if name not in known and part not in (None, [], {}):
                self.note(f"{start}{name}", why)

    @property
    def left(self) -> tuple[Left, ...]:
        return tuple(Left(name=name, count=count, why=why) for (name, why), count in self._counts.items())


def items_of(text: str, format: str) -> Json:
    """What a text says as JSON, as JSONL (then a list) or as YAML. Raises Misconfigured (HF111)."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        pass
    try:
        return [msgspec.json.decode(line) for line in text.split("\n") if line.strip()]
    except msgspec.DecodeError:
        return _yaml(text, format)


def _yaml(text: str, format: str) -> Json:
    import yaml

    try:
        return _plain(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise Misconfigured("HF111", f"this is neither JSON nor YAML: {said}", f"give a file of {format}") from error


def _plain(value: Any) -> Json:
    """A value of YAML as JSON has it: dates as texts, names as texts. Raises ValueError for what JSON cannot say."""
    if isinstance(value, dict):
        return {name if isinstance(name, str) else str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError(f"{value!r} is not a JSON value")


def objects(value: Json, format: str) -> list[dict[str, Json]]:
    """A list of objects. Raises Misconfigured (HF111) for anything else."""
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    raise Misconfigured("HF111", f"there is no list of cases as {format} has them", f"give a file of {format}")


def metadata_of(case: Case, own: dict[str, Json]) -> dict[str, Json]:
    """A case's metadata for another format: its tags for everybody to see, and `own` for ourselves."""
    metadata: dict[str, Json] = {"tags": list(case.tags)} if case.tags else {}
    return metadata | ({OWN: own} if own else {})


def own_fields(case: Case, names: Iterable[str]) -> dict[str, Json]:
    """Those fields of a case that say something, as JSON."""
    said = msgspec.to_builtins(case)
    return {name: said[name] for name in names if name in said}


def note_own(tally: Tally, own: dict[str, Json], format: str) -> None:
    """Count what stands only in the metadata and means something; a name, an origin or an exact input does not."""
    for name in own:
        if name not in ("id", "input", "recording"):
            tally.note(name, f"kept as metadata, which {format} does not act on")


def completed(fields: dict[str, Json], metadata: Json, tally: Tally, fix: str) -> Case:
    """The case with these fields, and what its metadata says of it; other metadata is counted.

    Raises Misconfigured (HF111) where our own part of the metadata was changed into something else.
    """
    metadata = metadata if isinstance(metadata, dict) else {}
    own = metadata.get(OWN)
    tags = metadata.get("tags")
    known = [OWN] if isinstance(own, dict) else []
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
        fields = fields | {"tags": tags}
        known.append("tags")
    tally.note_keys(metadata, known, "metadata.", "a case has no other metadata than tags")
    try:
        return msgspec.convert(fields | (own if isinstance(own, dict) else {}), Case)
    except msgspec.ValidationError as error:
        raise Misconfigured("HF111", f"metadata.{OWN} of '{fields['id']}': {error}", fix) from error


def id_of(name: Json, input: Json) -> str:
    """A name as an id; where there is none, one made from the input."""
    return name.strip() if isinstance(name, str) and name.strip() else f"case-{digest(canonical(input), 8)}"


def distinct(cases: Iterable[Case]) -> tuple[Case, ...]:
    """The cases with an id of its own each: the second of a name has a number behind it."""
    given: dict[str, int] = {}
    found = []
    for case in cases:
        name = case.id
        while name in given:
            given[case.id] += 1
            name = f"{case.id}-{given[case.id]}"
        given[name] = 1
        found.append(msgspec.structs.replace(case, id=name))
    return tuple(found)


def is_fact(value: Json) -> bool:
    """Whether a text can be looked for in an answer."""
    return isinstance(value, str) and bool(tokens(value))
