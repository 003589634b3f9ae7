"""Again: what a recording is run again with. Knows nothing of where recordings and releases are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from holdfast.errors import ReplayDiverged
from holdfast.records import Json, Recording
from holdfast.runtime.feature import Feature
from holdfast.runtime.tape import Tape


@dataclass(frozen=True, slots=True)
class Again:
    """`changes` to the recorded release by name, kinds of effect that are done `fresh`, and whether a step that is not
    on the tape is an error."""

    changes: Mapping[str, Json] = field(default_factory=dict)
    fresh: Collection[str] = ()
    strict: bool = False

    def tape(self, recording: Recording) -> Tape:
        """The tape that remembers the recording. A corpus whose version is changed is not pinned to the recorded one.

        Raises Misconfigured (HF100) for an unknown kind of effect.
        """
        tape = Tape.of(recording, strict=self.strict, fresh=self.fresh)
        for name in self.changes:
            slot, _, setting = name.rpartition(".")
            if setting == "version":
                tape = tape.without_pin(slot)
        return tape

    def code_changed(self, feature: Feature, recording: Recording) -> bool:
        """Whether the feature is not what was recorded. Raises ReplayDiverged (HF501) where it must be."""
        changed = feature.code_hash != recording.code_hash
        if self.strict and changed:
            raise ReplayDiverged(
                "HF501", f"the code of '{feature.name}' is not the code that was recorded", "replay without --strict"
            )
        return changed
