"""Images and documents on their way in: known by their bytes, fetched with care, made to fit."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from PIL import Image

from holdfast.gateway.media_limits import MediaLimits, limits
from holdfast.gateway.provider import BUILT_IN
from holdfast.server import media
from holdfast.server.dialects.asked import Given
from holdfast.server.dialects.wrong import Wrong
from holdfast.server.media import Intake, strictest, taken
from holdfast.server.signature import signature_of

PROGRESSIVE, LOSSLESS = {"progressive": True}, {"lossless": True}
HERE = frozenset({"127.0.0.1"})


def picture(kind: str, size: tuple[int, int] = (3, 2), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def given(data: bytes) -> Given:
    return Given(source=base64.b64encode(data).decode(), encoded=True, param="p")


async def one(it: Given, limits: MediaLimits | None = None, **rest: Any) -> Any:
    limits = limits or MediaLimits()
    intake = Intake(limits, rest.get("hosts", HERE), rest.get("max_bytes", 1_000_000))
    return (await taken([it], intake))[0]


@pytest.mark.parametrize(
    ("kind", "options"),
    [*((kind, {}) for kind in ("PNG", "JPEG", "GIF", "WEBP")), ("JPEG", PROGRESSIVE), ("WEBP", LOSSLESS)],
)
def test_a_picture_is_known_by_its_header_with_its_size(kind: str, options: Any) -> None:
    found = signature_of(picture(kind, (300, 70), **options))
    assert found is not None
    assert (found.media_type, found.width, found.height) == (f"image/{kind.lower()}", 300, 70)


@drawn(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]), st.integers(0, 60), st.binary(max_size=20))
def test_a_header_that_is_cut_or_garbled_is_no_error(kind: str, at: int, noise: bytes) -> None:
    found = signature_of(picture(kind)[:at] + noise)
    assert found is None or found.media_type.startswith(("image/", "application/"))


async def test_what_keeps_every_limit_is_passed_on_byte_for_byte_whatever_it_was_called() -> None:
    data = picture("WEBP")
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    taken_in = await one(Given(source=url, encoded=False, param="p", at=7, name="x"))
    assert (taken_in.media_type, taken_in.data, taken_in.at, taken_in.name) == ("image/webp", data, 7, "x")
    pdf = b"%PDF-1.7\n"
    assert (await one(given(pdf))).media_type == "application/pdf"


async def test_an_image_over_a_limit_is_made_smaller() -> None:
    small = await one(given(picture("PNG", (400, 100))), MediaLimits(max_px=200))
    found = signature_of(small.data)
    assert found is not None
    assert (found.width, found.height) == (200, 50)
    light = await one(given(picture("PNG", (300, 300))), MediaLimits(max_bytes=9_000))
    assert len(light.data) <= 9_000
    other = await one(given(picture("GIF")), MediaLimits(types=frozenset({"image/jpeg"})))
    assert other.media_type == "image/jpeg"


async def test_without_pillow_the_limit_is_named_and_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(Wrong, match="400 pixels; the model takes 200") as raised:
        await one(Given(source=_wide(), encoded=True, param="p"), MediaLimits(max_px=200))
    assert "holdfast[images]" in raised.value.fix
    assert raised.value.code == "HF731"


def _wide() -> str:
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (400).to_bytes(4, "big") + (9).to_bytes(4, "big")
    return base64.b64encode(header).decode()


async def test_a_picture_that_unpacks_to_too_much_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "MAX_PIXELS", 1_000)
    with pytest.raises(Wrong, match="more than 1000 pixels"):
        await one(given(picture("PNG", (200, 200))), MediaLimits(max_px=100))


@pytest.mark.parametrize("source", ["!!!", base64.b64encode(b"text").decode(), ""])
async def test_what_is_no_base64_or_no_picture_is_refused(source: str) -> None:
    with pytest.raises(Wrong):
        await one(Given(source=source, encoded=True, param="p"))


@asynccontextmanager
async def web(answer: Callable[[str], bytes]) -> AsyncIterator[str]:
    """A web server of raw bytes; gives its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(head.decode().split(" ")[1]))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def http(body: bytes, status: str = "200 OK", head: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def test_an_image_is_fetched_from_a_host_that_is_named_and_from_nowhere_a_redirect_leads() -> None:
    data = picture("PNG")
    pages = {"/a.png": http(data), "/b": http(b"", "302 Found", "location: /a.png\r\n"), "/c": http(b"", "404 No")}
    async with web(lambda path: pages[path]) as url:
        assert (await one(Given(source=f"{url}/a.png", encoded=False, param="p"))).data == data
        for path, why in (("/b", "leads elsewhere"), ("/c", "answered 404")):
            with pytest.raises(Wrong, match=why):
                await one(Given(source=url + path, encoded=False, param="p"))
        with pytest.raises(Wrong, match="more than 20 bytes"):
            await one(Given(source=f"{url}/a.png", encoded=False, param="p"), max_bytes=20)
        with pytest.raises(Wrong, match="private network"):
            await one(Given(source=f"{url}/a.png", encoded=False, param="p"), hosts=())


@pytest.mark.parametrize("url", ["ftp://x/y", "file:///etc/passwd", "http://169.254.169.254/", "http://[::1]/", "x"])
async def test_addresses_of_this_machine_and_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(Wrong, match="may not be fetched"):
        await one(Given(source=url, encoded=False, param="p"), hosts=())


async def test_what_the_model_does_not_take_at_all_is_refused() -> None:
    with pytest.raises(Wrong, match="takes no application/pdf"):
        await one(given(b"%PDF-1.7"), MediaLimits(documents=frozenset()))
    with pytest.raises(Wrong, match="there are 2 images"):
        await taken([given(picture("PNG"))] * 2, Intake(MediaLimits(max_count=1), HERE, 1_000_000))


def test_several_vendors_take_what_the_strictest_takes() -> None:
    both = strictest([limits(BUILT_IN[name], "m") for name in ("openai", "anthropic")])
    assert (both.max_bytes, both.max_count) == (3_750_000, 100)
    assert strictest([]) == MediaLimits()
