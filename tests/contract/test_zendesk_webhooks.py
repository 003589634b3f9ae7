"""The simulated Zendesk tells webhooks what happened, signed as Zendesk signs it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json

from holdfast.testing.zendesk import Account, Webhook


class Listener:
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook?x=1"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode().split("\r\n")
        assert first == "POST /hook?x=1 HTTP/1.1"
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.heard.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


def eventful() -> Account:
    account = Account()
    center = account.help_center
    article = center.article("Refunds", "<p>Five days.</p>", center.section("Billing", center.category("Guides")))
    center.publish(article.id, draft=True)
    center.archive(article.id)
    account.support.create("Help", "It broke", account.admin.id)
    return account


async def test_an_event_is_signed_over_its_timestamp_and_body() -> None:
    account, listener = eventful(), Listener()
    async with listener as url:
        assert await Webhook(url, "whsec").send(account.happenings[0]) == [202]
    headers, body = listener.heard[0]
    signed = headers["x-zendesk-webhook-signature-timestamp"].encode() + body
    expected = base64.b64encode(hmac.new(b"whsec", signed, hashlib.sha256).digest()).decode()
    assert headers["x-zendesk-webhook-signature"] == expected
    said = json.loads(body)
    assert said["type"] == "zen:event-type:article.published"
    assert said["subject"] == f"zen:article:{said['detail']['id']}"
    assert said["event"]["locale"] == "en-us"
    assert headers["x-zendesk-account-id"] == str(said["account_id"])


async def test_events_of_articles_and_tickets_come_in_order_backwards_and_again() -> None:
    account, listener = eventful(), Listener()
    kinds = [
        "article.published",
        "article.unpublished",
        "article.unpublished",
        "ticket.created",
        "ticket.comment_added",
    ]
    assert [happening.type for happening in account.happenings] == kinds
    async with listener as url:
        assert await Webhook(url, "whsec").send_all(account.happenings, backwards=True, times=2) == [202] * 10
    heard = [json.loads(body)["type"].removeprefix("zen:event-type:") for _, body in listener.heard]
    assert heard == [kind for kind in kinds[::-1] for _ in range(2)]
    assert listener.heard[0] == listener.heard[1]  # a replay is the same to the byte
    assert listener.heard[1] != listener.heard[2]
