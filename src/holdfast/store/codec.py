"""Between a recording and what the database keeps of it: scrubbed, cut, compressed; and back.

Knows nothing of SQL or of files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from holdfast.identity import recording_from_json, to_json
from holdfast.records import Outcome, Recording, RecordingSummary
from holdfast.store.cutting import LARGE_BYTES, cut, fill
from holdfast.store.faults import UNWRITABLE, unwritable
from holdfast.store.preview import answer_preview, preview
from holdfast.store.scrubbing import Scrubber

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEVEL = 3  # level 1 is 2 µs faster per recording and 3 % larger; level 6 takes twice as long for 3 %
_FORMAT = b"\x01"  # zstd with dictionary_1.json; another dictionary is another format

_Summed: TypeAlias = tuple[
    str, str, str, str, Outcome, float | None, float, int, str | None, str | None, str | None, str | None
]
"""tenant, id, feature, release, outcome, cost_usd, ms, started_at, subject, replay_of, evaluation, asked"""


class Row(NamedTuple):
    """A recording's row: what lists show of it, and what it is found by."""

    tenant: str
    id: str
    feature: str
    release: str
    outcome: Outcome
    cost_usd: float | None
    ms: float
    started_at: int
    subject: str | None
    replay_of: str | None
    evaluation: str | None
    asked: str | None
    answered: str | None
    degraded: str | None
    blocked: str | None
    failure: str | None

    @property
    def summary(self) -> RecordingSummary:
        """What a list shows of it."""
        return summary_of(self[:12])


@dataclass(frozen=True, slots=True)
class Body:
    """A piece of a recording's JSON. `hash` is None for a small frame, which no other recording can share."""

    data: bytes
    hash: bytes | None

    @property
    def large(self) -> bool:
        """Whether it is kept as a file."""
        return len(self.data) > LARGE_BYTES


@dataclass(frozen=True, slots=True)
class Packed:
    """A recording ready to be kept: its row, and its bodies, the frame first."""

    row: Row
    bodies: tuple[Body, ...]


class Codec:
    """Packs and unpacks recordings. Belongs to one thread."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        import zstandard

        self._scrubber = Scrubber(secrets)
        content = (Path(__file__).parent / "dictionary_1.json").read_bytes()
        dictionary = zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        dictionary.precompute_compress(level=_LEVEL)
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary, write_checksum=True)
        self._decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)
        self._error: type[Exception] = zstandard.ZstdError

    def pack(self, recording: Recording) -> Packed:
        """What is kept of a recording. Raises StoreFailed (HF600) when it is not JSON all through."""
        try:
            data = to_json(recording)
            if (scrubbed := self._scrubber.scrub(data)) is not data:
                data, recording = scrubbed, recording_from_json(scrubbed)
            frame, pieces = cut(recording, data)
            if _doubtful(frame):
                recording_from_json(data)
            row = _row(recording)
            bodies = (
                Body(frame, hash_of(recording.tenant, frame) if len(frame) > LARGE_BYTES else None),
                *(Body(piece, hash_of(recording.tenant, piece)) for piece in pieces),
            )
        except UNWRITABLE as error:
            raise unwritable(f"the recording '{recording.id}'", error) from error
        return Packed(row, bodies)

    def scrubbed(self, data: bytes) -> bytes:
        """JSON without the configured secrets."""
        return self._scrubber.scrub(data)

    def unpack(self, tenant: str, bodies: Sequence[tuple[bytes | None, bytes]]) -> Recording:
        """The recording from (hash, content) of each body, the frame first. Raises ValueError when one is damaged."""
        pieces = []
        for expected, content in bodies:
            data = self._decompress(content)
            if expected is not None and hash_of(tenant, data) != expected:
                raise ValueError("a body is not the one its hash says")
            pieces.append(data)
        try:
            return recording_from_json(fill(pieces[0], pieces[1:]))
        except (IndexError, msgspec.MsgspecError) as error:
            raise ValueError(str(error)) from error

    def compress(self, data: bytes) -> bytes:
        """A body's content."""
        return _FORMAT + self._compressor.compress(data)

    def _decompress(self, content: bytes) -> bytes:
        if not content.startswith(_FORMAT):
            raise ValueError("a body has an unknown format")
        try:
            return self._decompressor.decompress(content[1:])
        except self._error as error:
            raise ValueError(str(error)) from error


def hash_of(tenant: str, data: bytes) -> bytes:
    """What names a body within its tenant. JSON holds no NUL, so no two pairs run together."""
    return hashlib.sha256(tenant.encode() + b"\x00" + data).digest()


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC; a time without a zone is taken as UTC."""
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def at_micros(count: int) -> datetime:
    """The moment so many microseconds after 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=count)


def summary_of(row: _Summed) -> RecordingSummary:
    """What a list shows of a recording; its `started_at` is in UTC."""
    tenant, id_, feature, release, outcome, cost_usd, ms, started_at, subject, replay_of, evaluation, asked = row
    return RecordingSummary(
        id=id_,
        feature=feature,
        release=release,
        outcome=outcome,
        cost_usd=cost_usd,
        ms=ms,
        started_at=at_micros(started_at),
        subject=subject,
        tenant=tenant,
        replay_of=replay_of,
        evaluation=evaluation,
        asked=asked,
    )


def _row(recording: Recording) -> Row:
    return Row(
        recording.tenant,
        recording.id,
        recording.feature,
        recording.release,
        recording.outcome,
        recording.cost_usd,
        recording.ms,
        micros(recording.started_at),
        recording.subject,
        recording.replay_of,
        recording.evaluation,
        preview(recording.input),
        answer_preview(recording.output),
        recording.degraded.slot if recording.degraded is not None else None,
        recording.blocked.guard if recording.blocked is not None else None,
        recording.failure.code if recording.failure is not None else None,
    )


def _doubtful(frame: bytes) -> bool:
    """Whether a number may have been written as null: NaN and infinity are, and could not be read back."""
    return b'"ms":null' in frame or b'"score":null' in frame or b"[null" in frame or b",null" in frame
