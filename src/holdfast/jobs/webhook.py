"""Telling a URL that a job has ended.

Knows nothing of when, nor of how often it is tried. What is sent names the job and how it ended, never what was asked
or answered: whoever may know that asks for the job. An address of this machine or of a private network is called only
where the configuration names its host; that is decided on the address that is connected to, not on one looked up
before.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Collection
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from holdfast.addresses import public_only, why_not
from holdfast.errors import Refused
from holdfast.job import Job, JobStatus
from holdfast.records import Failure, Json

_log = logging.getLogger("holdfast.jobs")

TIMEOUT_S = 10
SIGNATURE = "Holdfast-Signature"


class JobEnded(Struct, frozen=True, kw_only=True):
    """What a webhook is sent. It may come more than once: `job_id` with `attempt` says whether it is known already."""

    job_id: str
    attempt: int
    kind: str
    status: JobStatus
    result: Json
    failure: Failure | None
    ended_at: datetime | None


def check_url(url: str, allowed_hosts: Collection[str]) -> None:
    """See that a webhook may be called, as far as its URL says. Raises Refused (HF712)."""
    if why := why_not(url, allowed_hosts):
        raise Refused(
            "HF712",
            f"the webhook may not be called: {why}",
            "give a public http(s) URL, or name its host under webhook_hosts in [jobs]",
        )


def signature(secret: str, at: int, body: bytes) -> str:
    """What proves who sent a body and when: `t=SECONDS,v1=HEX`, HEX being HMAC-SHA256 of `SECONDS.BODY`."""
    code = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={code.hexdigest()}"


class Webhooks:
    """Delivers. `secret` signs what is sent; `allowed_hosts` may be private."""

    def __init__(
        self, secret: str | None, allowed_hosts: Collection[str], clock: Callable[[], float] = time.time
    ) -> None:
        self._secret = secret
        self._allowed_hosts = frozenset(allowed_hosts)
        self._clock = clock

    async def deliver(self, job: Job) -> bool:
        """Tell of a job that has ended. Whether that is settled: it was taken (2xx), or may never be sent there.

        Redirects are not followed: they are answers like any other that is not 2xx.
        """
        import aiohttp

        assert job.webhook is not None
        try:
            check_url(job.webhook, self._allowed_hosts)
        except Refused as refused:  # the configuration has changed since it was asked
            _log.error("job %s: %s: %s (fix: %s)", job.id, refused.code, refused.message, refused.fix)
            return True
        said = JobEnded(
            job_id=job.id,
            attempt=job.attempt,
            kind=job.kind,
            status=job.status,
            result=job.result,
            failure=job.failure,
            ended_at=job.ended_at,
        )
        body = msgspec.json.encode(said)
        headers = {"Content-Type": "application/json", "User-Agent": "holdfast", "Holdfast-Job": job.id}
        if self._secret is not None:
            headers[SIGNATURE] = signature(self._secret, int(self._clock()), body)
        try:
            connector = aiohttp.TCPConnector(resolver=public_only(self._allowed_hosts), force_close=True)
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            async with (
                aiohttp.ClientSession(
                    connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
                ) as http,
                http.post(job.webhook, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                if 200 <= answer.status < 300:
                    return True
                why = f"it answered {answer.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            why = str(error) or type(error).__name__
        _log.warning("job %s: its webhook at %s did not take it: %s", job.id, urlsplit(job.webhook).hostname, why)
        return False
