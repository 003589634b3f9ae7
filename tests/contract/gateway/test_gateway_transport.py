"""What can happen to one POST between two machines has a name, and a connection is used as long as it may be."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from holdfast.gateway.fault import Broken
from holdfast.gateway.transport import Transport

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Server:
    """Answers each request with what it was given; remembers heads of requests and counts connections."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers) or [OK]
        self.heads: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.port = 0
        self.hold = asyncio.Event()
        self.hold.set()
        self.changed = asyncio.Event()

    async def until(self, so: Callable[[], bool]) -> None:
        while not so():
            self.changed.clear()
            await self.changed.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/chat/completions"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                self.changed.set()
                if b"content-length: " in head.lower():
                    await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                await self.hold.wait()
                answer = self.answers[min(len(self.heads), len(self.answers)) - 1]
                writer.write(answer)
                await writer.drain()
                if b"content-length" not in answer or b"x-then: close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            self.changed.set()
            writer.close()


@asynccontextmanager
async def serving(*answers: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(*answers)
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


@asynccontextmanager
async def transport(**limits: float) -> AsyncIterator[Transport]:
    sending = Transport(**limits)  # type: ignore[arg-type]  # whole numbers where they must be
    try:
        yield sending
    finally:
        await sending.close()


async def body_of(
    sending: Transport, url: str, *, fresh: bool = False, proxy: str = "", connect_s: float = 2.0
) -> bytes:
    headers = {"content-type": "application/json", "authorization": "Bearer a-key"}
    async with sending.post(url, headers, b"{}", connect_s, fresh, proxy) as response:
        return await response.body()


async def kind_of(url: str, **how: str) -> tuple[str, str]:
    async with transport() as sending:
        with pytest.raises(Broken) as broken:
            await body_of(sending, url, **how)
        return broken.value.fault.kind, broken.value.fault.message


def answer(body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = [b"HTTP/1.1 200 OK", *(header.encode() for header in headers), b"x-then: close"]
    head.append(b"content-length: %d" % (len(body) if length is None else length))
    return b"\r\n".join(head) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param(answer(b"{}", length=20), "broken_off", id="ends before its length"),
        pytest.param(answer(b"no gzip", "content-encoding: gzip"), "garbled", id="broken gzip"),
        pytest.param(answer(b"no deflate", "content-encoding: deflate"), "garbled", id="broken deflate"),
        pytest.param(b"", "broken_off", id="closed before headers"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", "garbled", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "garbled", id="broken chunks"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", "broken_off", id="ends in a chunk"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", "broken_off", id="ends in the headers"),
    ],
)
async def test_a_response_that_is_not_whole_or_not_http_is_a_fault(said: bytes, kind: str) -> None:
    async with serving(said) as server:
        assert (await kind_of(server.url))[0] == kind


async def test_bytes_beyond_the_length_do_not_become_the_next_answer() -> None:
    async with serving(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong", OK) as server, transport() as sending:
        assert await body_of(sending, server.url) == b"{}"
        for _ in range(3):
            with suppress(Broken):
                assert await body_of(sending, server.url) == b"{}"


async def test_nobody_there_is_told_apart_from_nobody_answering() -> None:
    async with serving() as server:
        gone = server.url
    assert (await kind_of(gone))[0] == "unreachable"
    assert (await kind_of("http://a-name-that-is-not.invalid/v1"))[0] == "unreachable"
    assert (await kind_of("no url at all"))[0] == "unreachable"
    assert (await kind_of("http://[::1/v1"))[0] == "unreachable"


async def test_a_certificate_that_is_not_trusted_is_named(certificate: ssl.SSLContext) -> None:
    async with serving(tls=certificate) as server:
        kind, message = await kind_of(f"https://127.0.0.1:{server.port}/v1")
    assert kind == "unreachable"
    assert "certificate" in message


async def test_a_server_without_tls_is_a_fault_where_tls_is_asked_for() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        assert (await kind_of(f"https://127.0.0.1:{port}/v1"))[0] == "unreachable"


async def test_a_redirect_is_handed_back_and_not_followed() -> None:
    said = b"HTTP/1.1 307 Over there\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n"
    async with serving(said) as server, transport() as sending:
        async with sending.post(server.url, {}, b"{}", 2.0) as response:
            assert response.status == 307
        assert server.connections == 1


async def test_a_connection_is_used_again_unless_a_fresh_one_is_asked_for() -> None:
    async with serving() as server, transport() as sending:
        for _ in range(3):
            await body_of(sending, server.url)
        assert server.connections == 1
        for _ in range(2):
            await body_of(sending, server.url, fresh=True)
        assert server.connections == 3
        await body_of(sending, server.url)
        assert server.connections == 3


async def test_connections_are_renewed_with_age_and_calls_under_way_are_left_alone() -> None:
    async with serving() as server, transport(life_s=0.0) as sending:
        server.hold.clear()
        slow = asyncio.create_task(body_of(sending, server.url))
        await server.until(lambda: len(server.heads) == 1)
        late = asyncio.create_task(body_of(sending, server.url))
        await server.until(lambda: len(server.heads) == 2)
        server.hold.set()
        assert await asyncio.gather(slow, late) == [b"{}", b"{}"]
        assert server.connections == 2
        await body_of(sending, server.url)
        await server.until(lambda: server.open == 1)  # nothing goes over the two before any more
        assert server.connections == 3


async def test_a_route_has_so_many_connections_and_a_call_beyond_them_waits_no_longer_than_to_connect() -> None:
    async with serving() as server, transport(most_per_route=1) as sending:
        server.hold.clear()
        first = asyncio.create_task(body_of(sending, server.url))
        await server.until(lambda: len(server.heads) == 1)
        with pytest.raises(Broken) as broken:
            await body_of(sending, server.url, connect_s=0.05)
        assert broken.value.fault.kind == "connect_timeout"
        server.hold.set()
        assert await first == b"{}"
        assert await body_of(sending, server.url) == b"{}"


async def test_a_proxy_is_used_where_one_is_named() -> None:
    async with serving() as proxy, transport() as sending:
        assert await body_of(sending, "http://vendor.invalid/v1", proxy=f"http://127.0.0.1:{proxy.port}") == b"{}"
        assert proxy.heads[0].startswith(b"POST http://vendor.invalid/v1 HTTP/1.1")


async def test_a_proxy_that_refuses_or_is_not_there_is_named() -> None:
    async with serving(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n") as proxy:
        kind, message = await kind_of("https://vendor.invalid/v1", proxy=f"http://127.0.0.1:{proxy.port}")
    assert (kind, "proxy" in message) == ("unreachable", True)
    kind, message = await kind_of("https://vendor.invalid/v1", proxy=f"http://127.0.0.1:{proxy.port}")
    assert (kind, "proxy" in message) == ("unreachable", True)


async def test_the_environments_proxies_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving() as server, transport() as sending:
        assert await body_of(sending, server.url) == b"{}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that nobody vouches for, made by this machine's openssl."""
    import shutil
    import subprocess

    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl here")
    folder: Path = tmp_path_factory.mktemp("certificate")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run(
        [*command, "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
