"""The webhook of a corpus: its source's vendor says that something changed, and a job fetches it.

Knows nothing of what a message means. Nothing of it is believed but which documents to ask the source for, so a message
that comes twice, late or out of order does no harm. It needs no key: its signature says who sends it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from msgspec import Struct

from holdfast.identity import to_json
from holdfast.jobs.asking import ask_sync_of
from holdfast.server.exchange import parsed, read_body
from holdfast.server.jobs import JobTaken
from holdfast.server.needs import Project
from holdfast.server.openapi import gives, takes
from holdfast.server.problems import HttpRefused
from holdfast.server.signed import check_signed

_PATH = re.compile(r"^/v1/corpora/[^/]+/webhook$")


def is_webhook(method: str, path: str) -> bool:
    """Whether a request is a vendor's message, which carries a signature in place of a key."""
    return method == "POST" and _PATH.match(path) is not None


class WebhookMessage(Struct, frozen=True):
    """The ids of documents that may have changed. A vendor's own message is taken as well."""

    documents: tuple[str, ...]


class WebhookRoutes:
    """The endpoint, over one project."""

    def __init__(self, project: Project, clock: Callable[[], float] = time.time) -> None:
        self._project = project
        self._clock = clock

    async def take(self, request: Request, name: str) -> Response:
        """Take a message that documents have changed. They are synced soon; a burst of messages becomes one job."""
        headers = dict(request.scope["headers"])
        part = self._project.config.corpora.get(name)
        if part is None or part.webhook_secret is None:
            raise HttpRefused(
                "HF708",
                f"there is no webhook of a corpus '{name}'",
                "set webhook_secret in the [corpora.NAME] it is for",
                status=404,
            )
        body = await read_body(headers, request.receive, self._project.config.server.max_body_bytes)
        check_signed(headers, body, part.webhook_secret, self._clock())
        ids = await asyncio.to_thread(self._project.corpora.heard, name, parsed(body))
        job = await ask_sync_of(self._project.store.jobs, name, ids)
        return Response(to_json(JobTaken(job.id)), 202, None, "application/json")


def declare_webhooks(api: FastAPI, project: Project) -> None:
    """Add the route."""
    route = {**gives(JobTaken, 202), **takes(WebhookMessage)}
    api.post("/v1/corpora/{name}/webhook", **route)(WebhookRoutes(project).take)
