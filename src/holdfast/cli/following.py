"""A job that the server of this project does, followed until it ends. Knows nothing of what the job is."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from holdfast.errors import EffectFailed

if TYPE_CHECKING:
    from pathlib import Path

    from holdfast.contracts import Progress
    from holdfast.job import Job
    from holdfast.stores import Store

POLL_S = 0.2
PATIENCE_S = 10.0
"""How long nobody may hold the project's lock before the job is left: a server that is restarted is back sooner."""


def is_served(folder: Path) -> bool:
    """Whether a server does this project's jobs."""
    from holdfast.server.lock import holder

    return holder(folder) is not None


async def followed(store: Store, job: Job, folder: Path, progress: Progress) -> Job:
    """Ask for the job and give it back once it has ended. Leaving early does not stop it.

    Raises EffectFailed (HF310) when the server has gone; the job goes on when the project is served again.
    """
    from holdfast.jobs.asking import ask

    job = await ask(store.jobs, job)
    served_at = time.monotonic()
    while job.ended_at is None:
        await asyncio.sleep(POLL_S)
        job = await store.jobs.get(job.id, None)
        if job.progress is not None:
            progress(job.progress.stage, job.progress.done, job.progress.total)
        if is_served(folder):
            served_at = time.monotonic()
        elif time.monotonic() - served_at > PATIENCE_S:
            raise EffectFailed(
                "HF310",
                f"the server that does the job {job.id} has gone",
                f"holdfast up goes on with it; or: holdfast jobs cancel {job.id}",
            )
    return job
