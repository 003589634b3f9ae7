"""Images and documents on their way in: fetched or decoded, recognised by their bytes, made to fit what a model takes.

Knows nothing of dialects or models; it is told where each stands in the request, and the limits.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec import Struct

from holdfast.addresses import public_only, why_not
from holdfast.gateway.media_limits import MediaLimits
from holdfast.records import Media
from holdfast.server.dialects.asked import Given
from holdfast.server.dialects.wrong import Wrong
from holdfast.server.signature import Signature, signature_of

if TYPE_CHECKING:
    from PIL.Image import Image

TIMEOUT_S = 10.0
MAX_PIXELS = 100_000_000
"""A picture that unpacks to more is not opened: a few kilobytes may stand for gigabytes."""
_INSTALL = "pip install 'holdfast[images]'"
_SMALLEST_PX = 64
"""A picture is not drawn smaller than this to save bytes: nothing could be made out in it."""
_QUALITIES = (85, 70, 50)


class Intake(Struct, frozen=True):
    """What a request's media must keep to. `hosts` may be private; `max_bytes` is for all of them together."""

    limits: MediaLimits
    hosts: Collection[str]
    max_bytes: int


def strictest(limits: Iterable[MediaLimits]) -> MediaLimits:
    """What every one of these takes; where there are none, what vendors take as a rule."""
    found = tuple(limits) or (MediaLimits(),)
    return MediaLimits(
        types=frozenset.intersection(*(each.types for each in found)),
        max_bytes=min(each.max_bytes for each in found),
        max_px=min(each.max_px for each in found),
        max_count=min(each.max_count for each in found),
        documents=frozenset.intersection(*(each.documents for each in found)),
    )


async def taken(given: Sequence[Given], intake: Intake) -> list[Media]:
    """The media in order, ready for a model. Works on a thread, and fetches all at once.

    Raises Wrong (HF731) naming the first that cannot be taken, and the limit it does not keep.
    """
    most = intake.limits.max_count
    if len(given) > most:
        raise _refused(given[most], f"there are {len(given)} images and documents", f"send at most {most}")
    fetched = await asyncio.gather(*(_data(each, intake) for each in given))
    size = sum(map(len, fetched))
    if size > intake.max_bytes:
        raise _refused(given[0], f"the images and documents have {size} bytes", f"send at most {intake.max_bytes}")
    return [
        await asyncio.to_thread(_fitted, each, data, intake.limits) for each, data in zip(given, fetched, strict=True)
    ]


def _refused(given: Given, what: str, fix: str) -> Wrong:
    return Wrong(given.param, f"{given.param}: {what}", fix, "HF731")


async def _data(given: Given, intake: Intake) -> bytes:
    """The bytes, wherever they are."""
    if given.encoded:
        return await asyncio.to_thread(_decoded, given, given.source)
    if given.source.startswith("data:"):
        head, comma, body = given.source.partition(",")
        if not comma:
            raise _refused(given, "it is no data URL", "write data:image/png;base64,...")
        if not head.endswith(";base64"):
            return unquote_to_bytes(body)
        return await asyncio.to_thread(_decoded, given, body)
    return await _fetched(given, intake)


def _decoded(given: Given, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused(given, f"it is not base64: {error}", "encode the file as base64, without line breaks") from error


async def _fetched(given: Given, intake: Intake) -> bytes:
    """What stands at a URL: of a public address only, whole within the time and the size, from where it says."""
    import aiohttp

    if why := why_not(given.source, intake.hosts):
        fix = "give a public http(s) URL, send the file as base64, or name its host under media_hosts in [server]"
        raise _refused(given, f"it may not be fetched: {why}", fix)
    host = urlsplit(given.source).hostname
    fix = "check the URL, or send the file as base64"
    try:
        connector = aiohttp.TCPConnector(resolver=public_only(intake.hosts), force_close=True)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.get(given.source, allow_redirects=False, headers={"User-Agent": "holdfast"}) as answer,
        ):
            if answer.status != 200:
                what = "it leads elsewhere" if 300 <= answer.status < 400 else f"{host} answered {answer.status}"
                raise _refused(given, f"it cannot be fetched: {what}", fix)
            parts, size = list[bytes](), 0
            async for part in answer.content.iter_chunked(1 << 16):
                size += len(part)
                if size > intake.max_bytes:
                    raise _refused(given, f"it has more than {intake.max_bytes} bytes", "send a smaller one")
                parts.append(part)
            return b"".join(parts)
    except TimeoutError as error:
        raise _refused(given, f"it did not come within {TIMEOUT_S:g} s", fix) from error
    except (aiohttp.ClientError, OSError) as error:
        raise _refused(given, f"it cannot be fetched: {error}", fix) from error


def _fitted(given: Given, data: bytes, limits: MediaLimits) -> Media:
    """The file as it may be sent on. What keeps to every limit stays as it is, byte for byte."""
    found = signature_of(data)
    if found is None:
        kinds = "PNG, JPEG, GIF, WebP or PDF"
        raise _refused(given, f"it is none of {kinds}, or its header is damaged", f"send {kinds}")
    if not found.media_type.startswith("image/"):
        if found.media_type not in limits.documents:
            raise _refused(given, f"the model takes no {found.media_type}", "leave it out, or ask another model")
        if len(data) > limits.max_bytes:
            what = f"the document has {len(data)} bytes; the model takes {limits.max_bytes}"
            raise _refused(given, what, "send fewer pages")
    elif over := _over(found, data, limits):
        data = _made_smaller(given, data, limits, over)
        found = signature_of(data) or found
    return Media(media_type=found.media_type, data=data, name=given.name, at=given.at)


def _over(found: Signature, data: bytes, limits: MediaLimits) -> str:
    """The limit that an image does not keep, in words; empty where it keeps all."""
    if found.media_type not in limits.types:
        return f"it is {found.media_type}; the model takes {', '.join(sorted(limits.types))}"
    if found.longest > limits.max_px:
        return f"its longest side has {found.longest} pixels; the model takes {limits.max_px}"
    if len(data) > limits.max_bytes:
        return f"it has {len(data)} bytes; the model takes {limits.max_bytes}"
    return ""


def _made_smaller(given: Given, data: bytes, limits: MediaLimits, over: str) -> bytes:
    """The image within the limits: drawn smaller, and written anew. Its first frame, where it moves."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        fix = f"send a smaller one, or let Holdfast make it smaller: {_INSTALL}"
        raise _refused(given, over, fix) from None
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise _refused(given, f"it has more than {MAX_PIXELS} pixels", "send a smaller one")
            image = opened.convert("RGBA" if _transparent(opened) else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise _refused(given, f"{over}, and it cannot be opened: {error}", "send it anew") from error
    side = min(limits.max_px, max(image.size))
    while side:
        image.thumbnail((side, side))
        for made in _written(image, limits):
            if len(made) <= limits.max_bytes:
                return made
        side = side // 2 if side >= _SMALLEST_PX else 0
    raise _refused(given, f"{over}, and it cannot be made smaller", "send a smaller one")


def _transparent(image: Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _written(image: Image, limits: MediaLimits) -> Sequence[bytes]:
    """The image as files, best first: PNG where something shines through, else JPEG."""
    made = list[bytes]()
    if image.mode == "RGBA" and "image/png" in limits.types:
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
        return [file.getvalue()]
    for quality in _QUALITIES:
        file = io.BytesIO()
        image.convert("RGB").save(file, "JPEG", quality=quality)
        made.append(file.getvalue())
    return made
