"""The stores that must keep every promise of the contracts, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.store_samples import SECRET

from holdfast.store import open_store
from holdfast.stores import Store
from holdfast.testing import MemoryStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened: Store
    if request.param == "memory":
        opened = MemoryStore(secrets=[SECRET])
    else:
        sqlite = request.param == "sqlite"
        url = f"sqlite:///{tmp_path}/holdfast.db" if sqlite else request.getfixturevalue("postgres_url")
        opened = await open_store(url, tmp_path / "storage", secrets=[SECRET])
    yield opened
    await opened.close()
