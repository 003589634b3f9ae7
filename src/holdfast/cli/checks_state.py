"""Checks of what the project keeps: its database, its storage, its corpora. Knows nothing of what it says.

Each of them writes for real, and leaves nothing behind that was not there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli import words
from holdfast.cli.check import Check, fail, failed, ok, warn
from holdfast.cli.leaving import INFRASTRUCTURE
from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.config import Config

_LITTLE, _TOO_LITTLE = 2_000_000_000, 200_000_000
"""Free bytes below which a warning is due, and below which a sync is likely to fail."""


def database(config: Config) -> Check:
    """Opened as a request would, and written to: the working tree's release, which the first request keeps anyway."""
    from holdfast.app import open_project_store
    from holdfast.releases.working import WorkingTree

    async def write() -> None:
        store = await open_project_store(config)
        try:
            await store.ping()
            await store.releases.add(WorkingTree(config).release())
        finally:
            await store.close()

    try:
        asyncio.run(write())
    except HoldfastError as error:
        return failed("database", error)
    return ok("database", f"{config.shown_database_url} answers and takes writes")


def storage(config: Config) -> Check:
    """Whether the storage is there, can be written, and has room."""
    if "://" in config.storage:
        return warn("storage", f"{config.app.storage_url} is not looked into", "holdfast sync tries it")
    folder = Path(config.storage)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        what = f"{folder} cannot be written: {error.strerror}"
        return fail("storage", what, "make it writable, or name another storage_url", INFRASTRUCTURE)
    said = f"{config.app.storage_url} takes writes, {words.size(free)} free"
    if free < _TOO_LITTLE:
        return fail("storage", said, "make room, or name another storage_url", INFRASTRUCTURE)
    return warn("storage", said, "make room") if free < _LITTLE else ok("storage", said)


def corpora(config: Config) -> Iterator[Check]:
    """Each corpus: whether it was synced, what it holds, how old it is, and whether it is searched as it could be."""
    from holdfast.corpus.encoder import default_cache_dir, installed
    from holdfast.corpus.opening import open_corpora

    try:
        room = open_corpora(config, None)
    except HoldfastError as error:
        yield failed("corpora", error)
        return
    has_encoder = bool(installed(default_cache_dir()))
    for name in room.names:
        try:
            versions = room.versions(name)
        except HoldfastError as error:
            yield failed(f"corpus {name}", error)
            continue
        current = next((version for version in versions if version.current), None)
        if current is None:
            yield warn(f"corpus {name}", "was never synced", f"holdfast sync {name}")
            continue
        made = f"{current.name} made {words.age(current.created_at)}"
        said = f"{made}: {words.counted(current.documents, 'document')}, {words.counted(current.chunks, 'chunk')}"
        if current.encoder is None and has_encoder:
            yield warn(f"corpus {name}", f"{said}; searched by words only", f"holdfast sync {name}")
        else:
            yield ok(f"corpus {name}", said)
    room.close()
