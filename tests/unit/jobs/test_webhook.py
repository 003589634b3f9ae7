"""Webhooks: only public addresses are called, whatever a URL or a name server says, and what is sent can be proven."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from holdfast.addresses import is_public
from holdfast.errors import Refused
from holdfast.job import Job
from holdfast.jobs.webhook import Webhooks, check_url, signature

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/x",
        "file:///etc/passwd",
        "gopher://example.com",
        "javascript:alert(1)",
        "example.com/hook",
        "http://",
        "http://[::1",
        "http://example.com:99999/",
        "https://user:word@example.com/",
        "https://example.com/\x00",
        "https://example.com/" + "x" * 3000,
        "http://localhost/",
        "http://LOCALHOST./",
        "http://api.localhost/",
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://①②⑦.⓪.⓪.①/",
        "http://%31%32%37.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
    ],
)
def test_a_url_that_is_not_public_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(url, ())
    assert refused.value.code == "HF712"


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?x=1", "http://8.8.8.8:8080/", "https://[2606:4700::1111]/", "https://a.b.c1/"]
)
def test_a_public_url_is_taken_and_a_private_one_where_its_host_is_named(url: str) -> None:
    check_url(url, ())
    check_url("http://127.0.0.1:9/", ["127.0.0.1"])
    check_url("http://hooks.localhost/", ["hooks.localhost"])


def test_an_address_is_judged_by_the_one_it_wraps() -> None:
    assert is_public("::ffff:8.8.8.8")
    assert is_public("64:ff9b::808:808")
    assert not is_public("64:ff9b::a00:1")
    assert not is_public("fe80::1%eth0")


@asynccontextmanager
async def receiving(status: int = 204) -> AsyncIterator[tuple[int, list[bytes]]]:
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        came.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 %d X\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n" % status)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1") as server:
        yield server.sockets[0].getsockname()[1], came


def job(url: str) -> Job:
    return Job(
        id="job_1",
        kind="feature",
        asked={"input": "private"},
        created_at=NOW,
        webhook=url,
        status="done",
        result={"recording_id": "rec_1"},
        ended_at=NOW,
    )


async def test_what_is_sent_names_the_job_and_is_signed() -> None:
    async with receiving() as (port, came):
        hooks = Webhooks("a-secret-of-the-webhook", ["127.0.0.1"], clock=lambda: 1000.9)
        assert await hooks.deliver(job(f"http://127.0.0.1:{port}/x?y=1"))
    head, _, body = came[0].partition(b"\r\n\r\n")
    told = json.loads(body)
    assert (told["job_id"], told["status"], told["result"]) == ("job_1", "done", {"recording_id": "rec_1"})
    assert b"private" not in came[0]
    code = hmac.new(b"a-secret-of-the-webhook", b"1000." + body, hashlib.sha256).hexdigest()
    assert signature("a-secret-of-the-webhook", 1000, body) == f"t=1000,v1={code}"
    assert f"Holdfast-Signature: t=1000,v1={code}".encode() in head
    assert head.startswith(b"POST /x?y=1 ")


@pytest.mark.parametrize("status", [301, 307, 400, 500])
async def test_an_answer_that_is_not_2xx_is_not_settled_and_no_redirect_is_followed(status: int) -> None:
    async with receiving(status) as (port, came):
        assert not await Webhooks(None, ["127.0.0.1"]).deliver(job(f"http://127.0.0.1:{port}/"))
    assert len(came) == 1
    assert b"Signature" not in came[0]


async def test_a_name_that_leads_to_this_machine_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as (port, came):

        async def rebound(self: Any, host: str, *_: Any, **__: Any) -> list[dict[str, Any]]:
            return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 0}]

        monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", rebound)
        url = f"http://hooks.example.com:{port}/"
        assert not await Webhooks(None, []).deliver(job(url))
        assert came == []
        assert await Webhooks(None, ["hooks.example.com"]).deliver(job(url))
        assert len(came) == 1


async def test_a_host_that_may_not_be_called_any_more_is_settled_without_a_call() -> None:
    async with receiving() as (port, came):
        assert await Webhooks(None, []).deliver(job(f"http://127.0.0.1:{port}/"))
    assert came == []


async def test_nobody_there_is_not_settled() -> None:
    async with receiving() as (port, _):
        pass
    assert not await Webhooks(None, ["127.0.0.1"]).deliver(job(f"http://127.0.0.1:{port}/"))
