"""Webhooks of a simulated account: what happened, sent and signed as Zendesk signs it. Does not know who listens."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from holdfast.testing.zendesk.clock import iso
from holdfast.testing.zendesk.happening import Happening


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that a webhook makes. `send` may make it again: that is a replay, and every byte is the same."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


class Webhook:
    """Sends happenings to an `http://` address, signed with `secret`. Which ones, and in what order, is the test's to
    say: `account.happenings` in their order, turned round, or one of them twice."""

    def __init__(self, url: str, secret: str, *, account_id: int = 10_000_001) -> None:
        self.url = url
        self._secret = secret
        self._account_id = account_id
        self._sent = 0

    def delivery(self, happening: Happening, *, signed_at_s: int | None = None) -> Delivery:
        """The request for it, signed as of when it happened, or as of another moment."""
        self._sent += 1
        body = msgspec.json.encode(
            {
                "account_id": self._account_id,
                "detail": happening.detail,
                "event": happening.event,
                "id": f"01HOLDFAST{self._sent:016d}",
                "subject": happening.subject,
                "time": iso(happening.at_s),
                "type": f"zen:event-type:{happening.type}",
                "zendesk_event_version": "2022-11-06",
            }
        )
        timestamp = iso(happening.at_s if signed_at_s is None else signed_at_s)
        headers = (
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-Zendesk-Account-Id", str(self._account_id)),
            ("X-Zendesk-Webhook-Id", "01HOLDFASTWEBHOOK000000001"),
            ("X-Zendesk-Webhook-Invocation-Id", f"01HOLDFASTINVOKED{self._sent:09d}"),
            ("X-Zendesk-Webhook-Signature", signature(self._secret, timestamp, body)),
            ("X-Zendesk-Webhook-Signature-Timestamp", timestamp),
        )
        return Delivery(headers, body)

    async def send(self, *deliveries: Delivery | Happening) -> list[int]:
        """Make these requests one after the other; the status of each answer. Raises OSError where nobody listens."""
        return [await self._post(one if isinstance(one, Delivery) else self.delivery(one)) for one in deliveries]

    async def send_all(self, happenings: Iterable[Happening], *, backwards: bool = False, times: int = 1) -> list[int]:
        """All of them, each so many times."""
        made = [self.delivery(happening) for happening in happenings]
        ordered = made[::-1] if backwards else made
        return await self.send(*(one for one in ordered for _ in range(times)))

    async def _post(self, delivery: Delivery) -> int:
        split = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(split.hostname, split.port or 80)
        target = (split.path or "/") + (f"?{split.query}" if split.query else "")
        own = (("Host", split.netloc), ("Content-Length", str(len(delivery.body))), ("Connection", "close"))
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in (*own, *delivery.headers)), "", ""]
        try:
            writer.write("\r\n".join(lines).encode("latin-1") + delivery.body)
            await writer.drain()
            first = await reader.readline()
            await reader.read()
        finally:
            writer.close()
        return int(first.split(b" ")[1])


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Zendesk's: the HMAC-SHA256 of the timestamp and the body after it, as base64."""
    return base64.b64encode(hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()).decode()
