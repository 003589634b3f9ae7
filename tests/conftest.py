"""What every test may ask for.

Knows nothing of any one room's tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import Postgres


@pytest.fixture(scope="session")
def encoder_cache() -> Path:
    """The cache with the real encoder in it; without one the test is skipped and says what to type."""
    from holdfast.corpus.encoder import DEFAULT_ENCODER, default_cache_dir, installed

    cache_dir = default_cache_dir()
    if DEFAULT_ENCODER not in {manifest.name for manifest in installed(cache_dir)}:
        pytest.skip(f"no encoder in {cache_dir}: run `holdfast models pull`")
    return cache_dir


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this session's own."""
    from tests.postgres import Postgres

    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a database of this test's own, empty and gone afterwards."""
    with postgres.database() as url:
        yield url
