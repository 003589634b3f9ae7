"""One connection to the simulated Zendesk: requests in, answers out, and the ways in which they may break off.

Does not know what is asked.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from holdfast.testing.zendesk.exchange import Answer
from holdfast.testing.zendesk.faults import Cut


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it was read."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer to be sent, and where it breaks off."""

    answer: Answer
    headers: tuple[tuple[str, str], ...] = ()
    cut: Cut | None = None
    truncated: bool = False


Respond = Callable[[Incoming], Awaitable[Outgoing]]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, respond: Respond) -> None:
    """Answer the requests of a connection until it ends. A client that goes away is no error."""
    try:
        while (incoming := await _read(reader)) is not None:
            outgoing = await respond(incoming)
            if not await _write(writer, outgoing, head_only=incoming.method == "HEAD"):
                return
            if incoming.headers.get("connection", "").lower() == "close":
                return
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Incoming | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, target, *_ = first.split(" ")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Incoming(method, target, headers, body)


async def _write(writer: asyncio.StreamWriter, outgoing: Outgoing, *, head_only: bool) -> bool:
    """Send the answer, or as much of it as is to arrive. Whether the connection goes on."""
    answer = outgoing.answer
    body = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
    if outgoing.truncated:
        body = body[: len(body) // 2]
    if outgoing.cut == "connection":
        return _reset(writer)
    phrase = HTTPStatus(answer.status).phrase if answer.status in frozenset(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in (*outgoing.headers, *answer.headers)]
    lines += [f"Content-Type: {answer.media_type}"]
    lines += ["Transfer-Encoding: chunked" if outgoing.cut == "chunk" else f"Content-Length: {len(body)}", "", ""]
    head = "\r\n".join(lines).encode("latin-1")
    if outgoing.cut == "headers":
        writer.write(head[: len(head) // 2])
        return await _close(writer)
    if outgoing.cut == "body":
        writer.write(head + body[: len(body) // 2])
        return await _close(writer)
    if outgoing.cut == "chunk":
        part = body[: max(1, len(body) // 2)]
        writer.write(head + b"%x\r\n%b\r\n%x\r\n%b" % (len(part), part, len(body), body[:1]))
        return await _close(writer)
    writer.write(head if head_only else head + body)
    await writer.drain()
    return True


async def _close(writer: asyncio.StreamWriter) -> bool:
    await writer.drain()
    return False


def _reset(writer: asyncio.StreamWriter) -> bool:
    """End the connection as a machine does that lost its power: without a word."""
    taken = writer.get_extra_info("socket")
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False
