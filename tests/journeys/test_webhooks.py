"""A vendor's webhook: signed messages become one job that fetches what they name, and nothing in them is believed."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.job_project import until
from tests.unit.server.serving import Served, serving

from corpora import find, finds
from feeds import DESKS, Desk
from holdfast.job import Job
from holdfast.jobs.asking import SyncAsked, ask_sync_of, new_job
from holdfast.jobs.engine import Engine
from holdfast.keys import new_key
from holdfast.server.signed import signature_of
from holdfast.stores import Jobs
from holdfast.testing import project

SECRET = "a secret of the webhook's own"
CONFIG = f"""
[corpora.kb]
source = "feeds:NamedFeed"
desk = "webhooks"
webhook_secret = "{SECRET}"

[corpora.quiet]
source = "feeds:NamedFeed"
desk = "webhooks"
"""


@pytest.fixture
def desk() -> Desk:
    DESKS["webhooks"] = made = Desk()
    for number in range(15):
        made.put(f"a{number:02}", f"word{number} stands in this article")
    return made


@pytest.fixture
async def served(tmp_path: Path, desk: Desk) -> AsyncIterator[Served]:
    (tmp_path / "holdfast.toml").write_text(CONFIG)
    (tmp_path / "features.py").write_text("import holdfast as hf\n\napp = hf.App()\n")
    async with project(tmp_path, environ={}) as opened:
        await opened.store.keys.add(new_key("somebody", ())[0])
        await opened.sync(["kb"])
        async with serving(opened, loopback=False) as it:
            yield it


def stamp(offset_s: float = 0) -> str:
    return datetime.fromtimestamp(time.time() + offset_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def tell(served: Served, message: Any, corpus: str = "kb", **more: Any) -> httpx.Response:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    at = more.get("at", stamp(more.get("offset_s", 0)))
    signed = more.get("signature", signature_of(more.get("secret", SECRET), at, body))
    headers = {"X-Zendesk-Webhook-Signature": signed, "X-Zendesk-Webhook-Signature-Timestamp": at}
    return await served.http.post(f"/v1/corpora/{corpus}/webhook", content=body, headers=headers)


async def queued(jobs: Jobs) -> list[Job]:
    return [job for job in await jobs.unfinished() if job.kind == "sync"]


async def done(served: Served, job_id: str) -> Job:
    """The job, done by an engine of its own."""

    async def over() -> bool:
        return (await served.project.store.jobs.get(job_id)).ended_at is not None

    async with Engine(served.project).running():
        await until(over)
    return await served.project.store.jobs.get(job_id)


async def test_a_message_is_answered_at_once_and_a_job_fetches_what_it_names(served: Served, desk: Desk) -> None:
    desk.put("a03", "word3 said anew")
    desk.delete("a04")
    desk.asked.clear()
    answer = await tell(served, {"documents": ["a03", "a04"]})
    assert answer.status_code == 202
    job = await done(served, answer.json()["job_id"])
    assert (job.status, job.asked["corpus"], job.asked["only"]) == ("done", "kb", ["a03", "a04"])
    assert desk.asked == ["fetch a03", "fetch a04"]
    corpora = served.project.corpora
    assert (await find(corpora, "word3"))[0].text == "word3 said anew"
    assert "a04" not in await finds(corpora, "word4", k=50)


async def test_a_vendors_own_message_is_understood_by_its_feed_and_any_other_syncs_all(served: Served) -> None:
    answer = await tell(served, {"article": "a07", "type": "article.published"})
    assert (await served.project.store.jobs.get(answer.json()["job_id"])).asked["only"] == ["a07"]
    answer = await tell(served, {"something": "else"})
    assert (await served.project.store.jobs.get(answer.json()["job_id"])).asked["only"] is None


async def test_messages_that_come_twice_late_or_out_of_order_do_no_harm(served: Served, desk: Desk) -> None:
    desk.put("a03", "word3 is the newest text")
    at = stamp(-200)
    first = {"documents": ["a03"], "body": "an older text"}
    for message in (first, {"documents": ["a03"], "body": "deleted"}, first):
        job_id = (await tell(served, message, at=at)).json()["job_id"]
    assert (await done(served, job_id)).status == "done"
    assert (await find(served.project.corpora, "word3"))[0].text == "word3 is the newest text"


async def test_a_burst_becomes_one_job(served: Served) -> None:
    ids = {(await tell(served, {"documents": [f"a{n:02}"]})).json()["job_id"] for n in range(15)}
    (job,) = await queued(served.project.store.jobs)
    assert ids == {job.id}
    assert job.asked["only"] == [f"a{n:02}" for n in range(15)]


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "another secret altogether"},
        {"signature": ""},
        {"signature": "bm90aGluZw=="},
        {"offset_s": -1000},
        {"offset_s": 1000},
        {"at": "soon"},
        {"at": ""},
    ],
    ids=str,
)
async def test_an_unsigned_wrongly_signed_or_old_message_is_refused(served: Served, how: dict[str, Any]) -> None:
    answer = await tell(served, {"documents": ["a03"]}, **how)
    assert (answer.status_code, answer.json()["code"]) == (401, "HF714")
    assert SECRET not in answer.text
    assert await queued(served.project.store.jobs) == []


async def test_the_signature_is_the_one_that_zendesk_documents() -> None:
    import base64
    import hashlib
    import hmac

    expected = hmac.new(b"s3cret-of-the-hook", b"2021-03-25T05:09:27Z" + b'{"a":1}', hashlib.sha256).digest()
    assert signature_of("s3cret-of-the-hook", "2021-03-25T05:09:27Z", b'{"a":1}') == base64.b64encode(expected).decode()


async def test_without_a_secret_there_is_no_webhook_and_every_other_route_still_needs_its_key(served: Served) -> None:
    for corpus in ("quiet", "nothing"):
        answer = await tell(served, {"documents": ["a03"]}, corpus)
        assert (answer.status_code, answer.json()["code"]) == (404, "HF708")
    assert (await served.http.post("/v1/corpora/kb/sync")).status_code == 401
    assert (await served.http.get("/v1/corpora/kb/webhook")).status_code == 401


@pytest.mark.parametrize("message", [b"no JSON", [1], {"documents": "a03"}, {"documents": [3]}, {"documents": [""]}])
async def test_what_cannot_be_read_is_refused(served: Served, message: Any) -> None:
    answer = await tell(served, message)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("HF700", "HF701")


async def test_a_job_that_syncs_everything_and_waits_takes_in_what_is_named(served: Served) -> None:
    jobs = served.project.store.jobs
    whole = await jobs.add(new_job("sync", {"corpus": "kb", "full": False, "only": None}))
    assert (await ask_sync_of(jobs, "kb", ["a01"])).id == whole.id
    assert (await ask_sync_of(jobs, "quiet", ["a01"])).id != whole.id
    many = await ask_sync_of(jobs, "quiet", [str(n) for n in range(2000)])
    assert SyncAsked(**many.asked).only is None
