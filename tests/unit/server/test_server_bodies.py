from __future__ import annotations

import asyncio
import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.server.double import Double
from tests.unit.server.serving import Served, request, serving

from holdfast.errors import Refused
from holdfast.server.exchange import MAX_DEPTH, parsed
from holdfast.server.listening import MAX_UNWANTED_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b'{"body": NaN}',
        b'{"body": Infinity}',
        b"[-Infinity]",
        b"[1e999]",
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"9" * 5000,
        b"[" * 5000,
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b'"\\ud800"',
    ],
)
async def test_what_is_not_json_is_400_with_its_code(served: Served, body: bytes) -> None:
    response = await served.http.post("/v1/features/echo", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "HF700")


def test_nesting_is_taken_up_to_the_limit_and_no_further() -> None:
    assert parsed(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(Refused) as refused:
        parsed(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
    assert refused.value.code == "HF700"
    assert len(parsed(b"[" + b"[]," * 500 + b"[]]")) == 501


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_value_or_refused(body: bytes) -> None:
    try:
        value = parsed(body)
    except Refused as error:
        refused = error
    else:
        assert json.loads(json.dumps(value)) == value
        return
    assert refused.code == "HF700"


async def test_a_declared_length_over_the_limit_is_refused_unread(served: Served) -> None:
    reader, writer = await served.raw(request("/v1/features/echo", b"", content_length="20000"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")
    assert b'"code":"HF702"' in await reader.readuntil(b"}")
    writer.close()


async def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large(served: Served) -> None:
    head = b"POST /v1/features/echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    reader, writer = await served.raw(head + (b"%x\r\n" % 6000 + b"x" * 6000 + b"\r\n") * 2)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")
    assert b'"code":"HF702"' in await reader.readuntil(b"}")
    writer.close()
    assert served.project.runs == []


async def test_a_client_that_sends_all_of_a_large_body_still_learns_why_it_was_refused(served: Served) -> None:
    headers = {"content-type": "application/json"}
    response = await served.http.post("/v1/features/echo", content=b"x" * 20_000_000, headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "HF702")
    assert (await served.ask("echo")).status_code == 200


async def pushed(writer: asyncio.StreamWriter, most: int) -> int:
    """How many bytes the server took, at most `most`, until it closed the connection."""
    sent = 0
    with suppress(ConnectionError):
        while sent < most:
            writer.write(b"x" * 1_000_000)
            await writer.drain()
            sent += 1_000_000
    return sent


async def test_a_body_that_does_not_end_is_not_read_for_ever(served: Served) -> None:
    _, writer = await served.raw(request("/v1/features/echo", b"", content_length=str(10**12)))
    assert await pushed(writer, 10 * MAX_UNWANTED_BYTES) < 2 * MAX_UNWANTED_BYTES


async def test_a_chunked_body_within_the_limit_is_taken(served: Served) -> None:
    head = b"POST /v1/features/echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    reader, writer = await served.raw(head + b'8\r\n{"body":\r\n5\r\n"hi"}\r\n0\r\n\r\n')
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_body_declared_as_something_else_is_415(served: Served) -> None:
    response = await served.http.post("/v1/features/echo", content=b"{}", headers={"content-type": "text/plain"})
    assert (response.status_code, response.json()["code"]) == (415, "HF709")
    typed = {"content-type": "application/vnd.acme+json; charset=utf-8"}
    assert (await served.http.post("/v1/features/echo", content=b'{"body":""}', headers=typed)).status_code == 200


async def test_a_client_that_leaves_while_sending_its_body_runs_nothing(served: Served) -> None:
    _, writer = await served.raw(request("/v1/features/echo", b'{"bo', content_length="100"))
    writer.transport.abort()
    assert (await served.http.get("/livez")).status_code == 200
    assert served.project.runs == []


async def test_a_head_that_is_too_long_is_a_clear_refusal(served: Served) -> None:
    reader, writer = await served.raw(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx: ")
    writer.write(b"y" * 70_000)
    said = await reader.read()
    assert said.startswith(b"HTTP/1.1 431")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "HF702"
    writer.close()


async def test_a_head_without_end_is_not_kept_in_memory(served: Served) -> None:
    _, writer = await served.raw(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx: ")
    assert await pushed(writer, 100_000_000) < 20_000_000
    assert (await served.http.get("/livez")).status_code == 200


METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
ID = "/v1/recordings/rec_1"
FIXED = ["/", "/livez", "/readyz", "/metrics", "/openapi.json", "/v1/features", "/v1/feedback", "/v1/recordings"]
NAMED = ["/v1/features/echo", ID, f"{ID}/replay", "/v1/features/", "/v1/features/%00", "/v1/recordings/%00%ff"]
PATHS = st.sampled_from([*FIXED, *NAMED, "//", "/%"])
QUERIES = st.sampled_from(["", "?", "?limit=x", "?limit=99999999999999999999", "?since=%00", "?%ff=%ff", "?before=%00"])
HEADERS = st.dictionaries(
    st.sampled_from(
        ["accept", "content-type", "idempotency-key", "holdfast-subject", "authorization", "origin", "x-api-key"]
    ),
    st.binary(max_size=30).filter(lambda value: not set(value) & {0, 10, 13}),
    max_size=3,
)
BODIES = st.one_of(
    st.binary(max_size=100),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ).map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries({"recording_id": st.just("rec_1"), "score": st.floats(), "comment": st.text()}).map(
        lambda value: json.dumps(value).encode()
    ),
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server in a thread of its own, for many examples."""
    ports: queue.Queue[int] = queue.Queue()
    ended = threading.Event()

    async def serve() -> None:
        async with serving(Double(tmp_path_factory.mktemp("served"))) as served:
            ports.put(served.port)
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    yield ports.get(timeout=20)
    ended.set()
    thread.join()


def exchanged(port: int, *packets: bytes) -> bytes:
    """All that the server says to these bytes; empty when it resets the connection."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, suppress(OSError):
        for packet in packets:
            connection.sendall(packet)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(1 << 16):
            said += part
    return said


@given(METHODS, PATHS, QUERIES, HEADERS, BODIES)
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_to_any_route_is_never_a_bug(
    port: int, method: str, path: str, query: str, headers: dict[str, bytes], body: bytes
) -> None:
    raw = [(name.encode(), value) for name, value in headers.items()]
    raw += [(b"host", b"127.0.0.1"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in raw)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{method} {path}{query} HTTP/1.1\r\n".encode() + lines + b"\r\n" + body)
        said = b""
        while part := connection.recv(1 << 16):
            said += part
    status = int(said.split(b" ", 2)[1])
    assert status < 500, said
    if status >= 400 and method != "HEAD" and b"text/plain" not in said:
        problem = json.loads(said.partition(b"\r\n\r\n")[2])
        assert {"type", "title", "status", "detail", "code", "fix", "recording_id"} <= set(problem)


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_bytes_that_are_no_http_are_never_a_bug(port: int, packets: list[bytes]) -> None:
    assert b"HTTP/1.1 5" not in exchanged(port, *packets)
    assert httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False).status_code == 200
