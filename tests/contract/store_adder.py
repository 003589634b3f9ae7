"""A process that adds numbered recordings at concurrency and says of each that its add returned.

Knows nothing of who starts or kills it. Arguments: database_url, storage, first number, how many.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tests.contract.store_samples import numbered

from holdfast.store import open_store

_ROOT = Path(__file__).parents[2]


async def add_all(database_url: str, storage: str, first: int, count: int) -> None:
    """Add them eight at a time, printing each number to standard output, unbuffered, once it is kept."""
    store = await open_store(database_url, storage)
    numbers = iter(range(first, first + count))

    async def work() -> None:
        for number in numbers:
            await store.recordings.add(numbered(number))
            os.write(1, b"%d\n" % number)

    await asyncio.gather(*(work() for _ in range(8)))
    await store.close()


def start_adder(
    tmp_path: Path, first: int = 0, count: int = 100_000, url: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a process that adds recordings to the store at `url`, or in a file under `tmp_path`; large bodies there."""
    url = url or f"sqlite:///{tmp_path}/holdfast.db"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.contract.store_adder", url, str(tmp_path / "storage"), str(first), str(count)],
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


if __name__ == "__main__":
    asyncio.run(add_all(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
