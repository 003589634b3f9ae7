"""Asks a simulated Zendesk by plain HTTP, with nothing of Holdfast in between."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from holdfast.testing.zendesk import Account, ZendeskServer


def desk(tickets: int = 5) -> Account:
    """An account with a few tickets, a minute apart, and an hour later."""
    account = Account()
    customer = account.people.user("Kim", "kim@example.com")
    for number in range(1, tickets + 1):
        account.clock.advance(60)
        account.support.create(f"Subject {number}", f"Words {number}", customer.id)
    account.clock.advance(3600)
    return account


@dataclass
class Got:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def ask(url: str, method: str, headers: dict[str, str], body: bytes | None) -> Got:
    split = urlsplit(url)
    connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=10)
    try:
        connection.request(method, f"{split.path}?{split.query}" if split.query else split.path, body, headers)
        answer = connection.getresponse()
        return Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


async def post(url: str, body: Any) -> Got:
    return await asyncio.to_thread(ask, url, "POST", {"Content-Type": "application/json"}, json.dumps(body).encode())


async def get(server: ZendeskServer, target: str, auth: str | None = "", **headers: str) -> Got:
    """A path under the API's root, or a whole address. `auth`: "" the server's own, None nobody, else the header."""
    url = target if target.startswith("http") else server.url + target
    if auth is not None:
        headers["Authorization"] = auth or basic(*server.auth)
    return await asyncio.to_thread(ask, url, "GET", headers, None)


async def every(server: ZendeskServer, target: str, rows: str, following: str = "next_page") -> list[Any]:
    """The rows of all pages; `following` is the key of the next page's address, as in `links.next`."""
    found: list[Any] = []
    url: str | None = target
    while url:
        said = (await get(server, url)).json
        found += said[rows]
        if said.get("end_of_stream"):
            return found
        for key in following.split("."):
            said = said[key]
        url = said
    return found
