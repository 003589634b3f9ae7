"""Opens what a command works on, runs the work on an event loop, and closes it again.

Knows nothing of the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.asked import Asked
    from holdfast.records import Json
    from holdfast.stores import Store

T = TypeVar("T")


def in_project(
    asked: Asked,
    work: Callable[[Project], Awaitable[T]],
    changes: Mapping[str, Json] | None = None,
    *,
    encoder: bool = True,
) -> T:
    """What the work gives, in the open project, with changes to its release by name.

    Ctrl-C cancels the work; the project is closed all the same. Work that neither syncs nor searches needs no `encoder`
    and is quicker without.
    """
    from holdfast.app import open_configured

    async def entire() -> T:
        project = await open_configured(asked.config, encoder=encoder, changes=changes)
        try:
            return await work(project)
        finally:
            await project.close()

    return asyncio.run(entire())


def in_store(asked: Asked, work: Callable[[Store], Awaitable[T]]) -> T:
    """What the work gives, with the project's store alone: neither features nor corpora need to be sound."""
    from holdfast.app import open_project_store

    async def entire() -> T:
        store = await open_project_store(asked.config)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(entire())
