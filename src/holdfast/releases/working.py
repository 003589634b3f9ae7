"""The working tree's release: what holdfast.toml and the prompt files say now.

Knows nothing of releases that were kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.config import Config
from holdfast.errors import Misconfigured, nearest
from holdfast.records import Json
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot, Prompt, Release, Slot
from holdfast.runtime.prompts import read_prompt
from holdfast.settings import SlotPart
from holdfast.stores import Prompts

GUARDS = ("grounded", "shape")
"""Guards that need no configuration: they flag."""
_FOR_CORPORA = frozenset(CorpusSlot.__struct_fields__)
_FOR_MODELS = frozenset(ModelSlot.__struct_fields__)
_NUMBERED = re.compile(r"(?P<path>.+)@(?P<number>[0-9]{1,9})")


class WorkingTree:
    """Gives the release of the working tree, with `changes` by name, read again when a prompt file has changed."""

    def __init__(self, config: Config, changes: Mapping[str, Json] | None = None) -> None:
        self._config = config
        self._changes = dict(changes or {})
        self._seen: dict[Path, tuple[int, int]] = {}
        self._release: Release | None = None

    def release(self) -> Release:
        """The release as of now. Raises Misconfigured (HF100, HF103) naming the slot or the prompt that is wrong.

        A prompt that cannot be read any more does not replace one that could: the error is raised until it is mended.
        """
        stamps = {file: _stamp(file) for file in self._files()}
        if self._release is None or stamps != self._seen:
            self._release, self._seen = self.changed(self._read(), self._changes), stamps
        return self._release

    def changed(self, release: Release, changes: Mapping[str, Json]) -> Release:
        """A release with changes by name; a `prompt` is given as a path in the project."""
        for name, value in changes.items():
            slot, _, field = name.rpartition(".")
            wanted: Any = value
            if field == "prompt" and isinstance(value, str):
                wanted = read_prompt(self._config.folder, value)
            release = release.with_change(f"{slot}.{field}", wanted)
        return release

    def _files(self) -> list[Path]:
        return [self._config.folder / slot.prompt for slot in self._config.slots.values() if slot.prompt is not None]

    def _read(self) -> Release:
        slots: dict[str, Slot] = {name: CorpusSlot() for name in self._config.corpora}
        slots |= {name: GuardSlot(family=name) for name in GUARDS}
        for name, guard in self._config.guards.items():
            slots[name] = GuardSlot(
                family=guard.family or name,
                on_fail=guard.on_fail,
                safe_answer=guard.safe_answer,
                max_passes=guard.max_passes,
                settings=guard.options,
            )
        for name, part in self._config.slots.items():
            slots[name] = self._slot(name, part)
        return Release(slots=slots)

    def _slot(self, name: str, part: SlotPart) -> Slot:
        given = part.given()
        is_corpus = name in self._config.corpora
        allowed = _FOR_CORPORA if is_corpus else _FOR_MODELS
        for field in given:
            if field not in allowed:
                kind = "a corpus" if is_corpus else "a ladder of models"
                fix = f"remove it; {nearest(field, allowed)}"
                raise Misconfigured("HF100", f"slots.{name}.{field} is not a setting of {kind}", fix)
        if is_corpus:
            return CorpusSlot(**given)
        if part.models is None:
            corpora = ", ".join(self._config.corpora) or "none"
            fix = f'write models = ["extractive"], or name the slot like a corpus (there are: {corpora})'
            raise Misconfigured("HF100", f"slots.{name} has no models", fix)
        models = (part.models,) if isinstance(part.models, str) else tuple(part.models)
        prompt: Prompt | None = None if part.prompt is None else read_prompt(self._config.folder, part.prompt)
        return ModelSlot(**{**given, "models": models, "prompt": prompt, "stop": tuple(part.stop or ())})


async def with_prompts(changes: Mapping[str, Json], prompts: Prompts) -> dict[str, Any]:
    """The changes with each prompt that is named `path@N` by the text that was used there as the Nth.

    Raises NotFound (HF201).
    """
    found: dict[str, Any] = dict(changes)
    for name, value in changes.items():
        if name.endswith(".prompt") and isinstance(value, str) and (numbered := _NUMBERED.fullmatch(value)):
            found[name] = await prompts.get(numbered["path"], int(numbered["number"]))
    return found


def _stamp(file: Path) -> tuple[int, int]:
    """What changes when a file does: its modification time in ns and its size; zeros where there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
