"""Idempotency-Key: the same request sent twice is answered once.

Knows nothing of HTTP. Needs no table: the id of the recording is made from the tenant and the key, so the recording
itself is the memory, also after a restart.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from holdfast.errors import NotFound, Refused
from holdfast.identity import canonical, digest
from holdfast.records import Call, Json, Recording
from holdfast.release import Release
from holdfast.runtime.tape import StillVisible, all_of_them, rests_on_hidden
from holdfast.runtime.who import Who
from holdfast.store.scrubbing import Scrubber
from holdfast.stores import Recordings

POLL_S = 0.02
"""How often a process asks whether another one has finished the same request."""


class Request(Struct, frozen=True):
    """What must be equal for two requests to be the same. `release` is the one the request names, if it does."""

    feature: str
    input: Json
    who: Who
    release: Release | None = None


class Turn(Struct, frozen=True):
    """Either the answer that is there already, or the id to answer under."""

    recording_id: str
    recorded: Recording | None = None


class Once:
    """One turn at a time for each Idempotency-Key, over all processes that serve the project.

    A recording that failed or was cancelled is no answer: the request may be sent again, under the next id made from
    the same key, unless a side effect was begun. Then it stands, because to begin it twice is what the key forbids.
    Nor is one an answer that rests on passages which may not be seen any more: it is answered anew.
    """

    def __init__(
        self,
        recordings: Recordings,
        folder: Path,
        secrets: Sequence[str] = (),
        still_visible: StillVisible = all_of_them,
    ) -> None:
        self._recordings = recordings
        self._still_visible = still_visible
        self._scrubber = Scrubber(secrets)
        self._path = folder / ".holdfast" / "turns.lock"
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}
        self._file: int | None = None

    @asynccontextmanager
    async def turn(self, key: str, request: Request) -> AsyncIterator[Turn]:
        """Wait for the turn of this key and hold it.

        Raises Refused (HF707) when the key came with another request; ReplayDiverged (HF503) where the answer rests on
        passages which may not be seen any more, and a side effect forbids to make another.
        """
        name = digest(canonical((request.who.tenant, key)), 26)
        lock, waiting = self._turns.get(name, (asyncio.Lock(), 0))
        self._turns[name] = (lock, waiting + 1)
        try:
            async with lock:
                offset = int(name[:15], 16)
                await self._lock_file(offset)
                try:
                    yield await self._find(name, request)
                finally:
                    self._unlock_file(offset)
        finally:
            lock, waiting = self._turns.pop(name)
            if waiting > 1:
                self._turns[name] = (lock, waiting - 1)

    async def _find(self, name: str, request: Request) -> Turn:
        attempt = 0
        while True:
            recording_id = f"rec_{name}" if attempt == 0 else f"rec_{name}_{attempt}"
            try:
                recorded = await self._recordings.get(recording_id, request.who.tenant)
            except NotFound:
                return Turn(recording_id)
            if not self._same(recorded, request):
                raise Refused(
                    "HF707",
                    "this Idempotency-Key was used for another request",
                    "use a new key for a new request, or send the same body to the same feature",
                )
            hidden = next(rests_on_hidden(recorded, request.who.principals, self._still_visible), None)
            began = _began_side_effect(recorded)
            if hidden is not None and began:
                raise hidden
            if began or (hidden is None and recorded.outcome not in ("failed", "cancelled")):
                return Turn(recording_id, recorded)
            attempt += 1

    def _same(self, recorded: Recording, request: Request) -> bool:
        """Whether a recording is of this request; its input was kept without secrets."""
        kept = msgspec.json.decode(self._scrubber.scrub(canonical(request.input)))
        return (
            recorded.feature == request.feature
            and recorded.subject == request.who.subject
            and (request.release is None or request.release.id == recorded.release)
            and canonical(recorded.input) == canonical(kept)
        )

    async def _lock_file(self, offset: int) -> None:
        """Lock one byte of a file, which other processes see; the system frees it when this process dies."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            weakref.finalize(self, os.close, self._file)
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
            except BlockingIOError:
                await asyncio.sleep(POLL_S)
            else:
                return

    def _unlock_file(self, offset: int) -> None:
        if self._file is not None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, offset)


def _began_side_effect(recorded: Recording) -> bool:
    return any(isinstance(step.effect, Call) and not step.effect.safe for step in recorded.steps)
