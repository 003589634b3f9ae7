"""Bodies too large for a row, each a file named by its hash.

Knows nothing of recordings, nor of which files are still wanted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


class Files:
    """The folder of one database's large bodies; it is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, content: bytes) -> None:
        """Keep a body, durable on return: its bytes and the folder's entry are synced.

        Run twice, the second replaces the first. Raises OSError, and leaves nothing then; a kill halfway leaves a part.
        """
        if not self._folder.exists():
            self._folder.mkdir(parents=True)
            for above in (self._folder.parent, self._folder.parent.parent):
                _sync_folder(above)
        path = self._folder / name
        try:
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(self._folder)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def read(self, name: str) -> bytes:
        """A body's content. Raises OSError."""
        return (self._folder / name).read_bytes()

    def remove(self, names: Iterable[str]) -> None:
        """Remove the named files, durably; those that are gone already are fine. Raises OSError."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
        if self._folder.exists():
            _sync_folder(self._folder)


def _sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable, which fsync of a file does not."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
