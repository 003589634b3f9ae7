"""The peer of the gateway's own cost: the least relay in Python that does the same job, ASGI and aiohttp.

    python relay.py UPSTREAM_URL DATABASE PORT

Passes a request on to one vendor and the answer back, whole or streamed, bytes as they are; reads the usage out of it,
and writes one row for each request to SQLite, many to a commit. No keys, no ladder, no limits, no recording of what was
said.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from typing import Any

import aiohttp
import msgspec
import uvicorn


class Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Answer(msgspec.Struct):
    usage: Usage | None = None


class Relay:
    def __init__(self, upstream: str, database: str) -> None:
        self.upstream = upstream
        self.rows: list[tuple[float, int, int]] = []
        self.database = sqlite3.connect(database, check_same_thread=False)
        self.database.execute("pragma journal_mode=wal")
        self.database.execute("create table if not exists requests (at real, asked integer, answered integer)")
        self.session: aiohttp.ClientSession | None = None
        self.decoder = msgspec.json.Decoder(Answer)
        self.writing: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if self.session is None:
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
            self.writing = asyncio.get_running_loop().create_task(self.write())
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {"content-type": "application/json", "authorization": "Bearer upstream"}
        async with self.session.post(self.upstream, data=body, headers=headers) as response:
            kind = response.headers["content-type"].encode()
            await send({"type": "http.response.start", "status": response.status, "headers": [(b"content-type", kind)]})
            usage = None
            if kind.startswith(b"text/event-stream"):
                async for chunk in response.content.iter_any():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    if b'"usage"' in chunk:
                        usage = self.usage_in(chunk)
                await send({"type": "http.response.body", "body": b""})
            else:
                whole = await response.read()
                usage = self.decoder.decode(whole).usage
                await send({"type": "http.response.body", "body": whole})
        if usage is not None:
            self.rows.append((time.time(), usage.prompt_tokens, usage.completion_tokens))

    def usage_in(self, chunk: bytes) -> Usage | None:
        for line in chunk.split(b"\n"):
            if line.startswith(b"data: {") and b'"usage"' in line:
                return self.decoder.decode(line[6:]).usage
        return None

    async def write(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            if self.rows:
                rows, self.rows = self.rows, []
                await asyncio.to_thread(self._write, rows)

    def _write(self, rows: list[tuple[float, int, int]]) -> None:
        with self.database:
            self.database.executemany("insert into requests values (?, ?, ?)", rows)


if __name__ == "__main__":
    relay = Relay(sys.argv[1], sys.argv[2])
    print(json.dumps({"port": int(sys.argv[3])}), flush=True)
    uvicorn.run(relay, host="127.0.0.1", port=int(sys.argv[3]), log_level="critical", access_log=False, lifespan="off")
