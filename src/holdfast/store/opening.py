"""From a `database_url` and a storage folder to an open store.

Knows nothing of where the settings were written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from holdfast.errors import Misconfigured
from holdfast.stores import Store

_SQLITE = "sqlite:///"


async def open_store(database_url: str, storage: Path | str, *, secrets: Sequence[str] = ()) -> Store:
    """The store at `database_url`, its large bodies under the folder `storage`; makes what is missing of both.

    The URL is `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://USER:PASSWORD@HOST/DATABASE`, where
    the database must exist. An older schema is brought up to date; several processes may do so at once. Each of
    `secrets` of at least 8 characters is replaced by `[secret]` in whatever is written.
    Raises Misconfigured (HF100, HF107) for a URL it cannot serve, StoreFailed (HF600, HF601, HF602).
    """
    if "://" in str(storage):
        raise Misconfigured(
            "HF107",
            f"large bodies cannot be kept at '{str(storage).partition(':')[0]}': this version keeps them in a folder",
            'write a folder: storage_url = ".holdfast/storage"',
        )
    if database_url.partition("://")[0] in ("postgresql", "postgres"):
        return await asyncio.to_thread(_open_postgres, database_url, Path(storage), secrets)
    from holdfast.store.sqlite import open_sqlite

    return await asyncio.to_thread(open_sqlite, _path(database_url), Path(storage), secrets)


def _open_postgres(database_url: str, storage: Path, secrets: Sequence[str]) -> Store:
    try:
        import psycopg  # noqa: F401  # also fails where it is there, but the client library it needs is not
    except ImportError as error:
        raise Misconfigured(
            "HF107", f"the driver for PostgreSQL is not installed ({error})", "pip install 'holdfast[postgres]'"
        ) from error
    from holdfast.store.postgres import open_postgres

    return open_postgres(database_url, storage, secrets)


def _path(database_url: str) -> Path:
    example = 'write database_url = "sqlite:///.holdfast/holdfast.db", or "postgresql://USER:PASSWORD@HOST/DATABASE"'
    scheme = database_url.partition(":")[0]
    name = database_url.removeprefix(_SQLITE)
    if scheme != "sqlite":
        raise Misconfigured("HF100", f"database_url has an unknown scheme '{scheme}'", example)
    if ":memory:" in database_url:
        raise Misconfigured(
            "HF100",
            "a database in memory would lose every recording at the end of the process",
            f"{example}; in tests use holdfast.testing.MemoryStore()",
        )
    if not database_url.startswith(_SQLITE) or not name or name.endswith("/"):
        raise Misconfigured("HF100", "database_url does not name a file", example)
    return Path(name)
