"""Gets a project ready for its first requests while it begins to serve.

Knows nothing of what a gateway loads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from holdfast.server.needs import Project


@asynccontextmanager
async def warming(project: Project) -> AsyncIterator[None]:
    """Load, in threads, what the first call to a model would wait for or be held up by. Serving does not wait for it;
    at the end it is given up."""
    task = asyncio.create_task(project.warm())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
