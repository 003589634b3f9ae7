"""Which cases were made of somebody's recordings: what an erasure does not reach.

Knows nothing of features; a line that is no case is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from holdfast.stores import RecordingQuery, Store

_PAGE = 200


class _Origin(Struct, frozen=True):
    """What a line of a file of cases says of where the case comes from."""

    id: str
    recording: str | None = None


async def cases_of_subject(store: Store, folder: Path, subject: str, *, tenant: str = "") -> tuple[str, ...]:
    """Where the project's cases stand that were made of a subject's recordings, as `FILE:LINE (id)`.

    Raises StoreFailed, and OSError where a file cannot be read.
    """
    origins = dict(_origins(folder))
    found: set[str] = set()
    query = RecordingQuery(subject=subject, tenant=tenant, limit=_PAGE)
    while origins and (page := await store.recordings.find(query)):
        found |= {summary.id for summary in page}
        query = replace(query, before=page[-1].id)
    return tuple(place for place, recording in origins.items() if recording in found)


def _origins(folder: Path) -> Iterator[tuple[str, str]]:
    """Each case that was made of a recording, and of which."""
    decode = msgspec.json.Decoder(_Origin).decode
    for file in sorted((folder / "evals").glob("*.jsonl")):
        for number, line in enumerate(file.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
            try:
                case = decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
            if case.recording is not None:
                yield f"{file}:{number} ({case.id})", case.recording
