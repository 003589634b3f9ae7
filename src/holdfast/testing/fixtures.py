"""The pytest fixture `recorded`: a feature is run once for real, and replayed from a file ever after.

Does not know what a test asserts. Switch it on in conftest.py: `pytest_plugins = ["holdfast.testing.fixtures"]`.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from holdfast.config import find_project
from holdfast.errors import NotFound, ReplayDiverged, StoreFailed, from_code
from holdfast.identity import canonical, recording_from_json, to_json
from holdfast.records import Json, Recording
from holdfast.runtime.tape import all_of_them
from holdfast.testing.opening import project

FOLDER = Path("tests") / "recordings"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Record(Protocol):
    """What the fixture `recorded` gives."""

    async def __call__(
        self, feature: str, input: Json, *, subject: str | None = None, name: str | None = None
    ) -> Recording:
        """A recording of the feature: made live where `tests/recordings/NAME.json` is absent, else replayed from it.

        A replay runs today's code, prompts and settings and does nothing for real: an effect that was not recorded is
        ReplayDiverged (HF500), which names it. `name` defaults to the test's own. With the variable CI set nothing is
        made: an absent file is NotFound (HF203). A live run that fails raises its failure and leaves no file.
        """
        ...


@pytest.fixture
def recorded(request: pytest.FixtureRequest) -> Record:
    """See `Record`."""
    test = f"{request.path.stem}.{request.node.name}"
    return Recorder(find_project(request.path.parent), _NOT_IN_A_NAME.sub("-", test).strip("-"))


class Recorder:
    """A `Record` for one test of the project in `folder`. Counts its calls, so that each has a file of its own."""

    def __init__(self, folder: Path, test: str) -> None:
        self._folder = folder
        self._test = test
        self._calls = 0

    async def __call__(
        self, feature: str, input: Json, *, subject: str | None = None, name: str | None = None
    ) -> Recording:
        if name is None:
            self._calls += 1
            name = self._test if self._calls == 1 else f"{self._test}.{self._calls}"
        file = self._folder / FOLDER / f"{name}.json"
        if file.is_file():
            return await self._replayed(file, feature, input)
        if os.environ.get("CI", "").lower() not in ("", "0", "false"):
            fix = "run the test once where CI is not set, and commit the file"
            raise NotFound("HF203", f"there is no recording {file}, and in CI none is made", fix)
        return await self._made(file, feature, input, subject)

    async def _made(self, file: Path, feature: str, input: Json, subject: str | None) -> Recording:
        async with project(self._folder, encoder=True) as opened:
            made = await opened.run(feature, input, who=opened.who(subject))
            if made.failure is not None:
                raise from_code(made.failure.code, made.failure.message, made.failure.fix)
            kept = await opened.store.recordings.get(made.id)  # secrets were taken out of it
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}.unfinished")
        unfinished.write_bytes(msgspec.json.format(to_json(kept), indent=2) + b"\n")
        unfinished.replace(file)
        return kept

    async def _replayed(self, file: Path, feature: str, input: Json) -> Recording:
        again = f"if that is wanted: rm {file}, and run the test again to record it anew"
        try:
            kept = recording_from_json(await asyncio.to_thread(file.read_bytes))
        except msgspec.DecodeError as error:
            raise StoreFailed("HF603", f"{file} is not a recording: {error}", again) from error
        if kept.feature != feature or canonical(kept.input) != canonical(input):
            raise ReplayDiverged("HF500", f"the test does not ask what {file.name} recorded", again)
        async with project(self._folder, synced=False) as opened:
            release = opened.release()
            await opened.store.releases.add(release)
            # The passages stand in the test's own file, and there is no corpus to ask whether they still exist.
            # Only the steps are held against today's code and release; both may have changed since.
            today = msgspec.structs.replace(kept, release=release.id, code_hash=opened.feature(feature).code_hash)
            try:
                replay = await opened.replay(today, strict=True, still_visible=all_of_them)
            except ReplayDiverged as miss:
                raise ReplayDiverged(miss.code, f"{file.name}: {miss.message}", again) from miss
        if replay.recording.failure is not None and kept.failure is None:
            failure = replay.recording.failure
            raise ReplayDiverged("HF500", f"{file.name}: the feature fails now: {failure.message}", failure.fix)
        return replay.recording
