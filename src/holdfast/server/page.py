"""What a browser gets: the built console, or a plain page where it was not built.

Knows nothing of the project: the pages ask the API like any other client, with the key their reader types.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import secrets
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from holdfast.server.edge import Page
from holdfast.server.exchange import Extra, Headers

CONSOLE = Path(__file__).parent / "console"
"""Where `make console` puts what it builds."""
_NONCE = b"{{nonce}}"
_HTML = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)
_ASSET = (
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept-encoding"),
    (b"cache-control", b"public, max-age=31536000, immutable"),  # the name holds a hash of the content
)
_TYPES = MappingProxyType({".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"})


class Front(Page, frozen=True):
    """The console's only document. Its styles carry a nonce that is new in every response."""

    def said(self, _asked: Headers, /) -> tuple[bytes, Extra]:
        nonce = secrets.token_urlsafe(18).encode()
        policy = _policy("'self'", f"'self' 'nonce-{nonce.decode()}'")
        return self.body.replace(_NONCE, nonce), (*self.headers, policy)


class Packed(Page, frozen=True):
    """A file of the console, kept as gzip and unpacked for a client that does not take that."""

    def said(self, asked: Headers, /) -> tuple[bytes, Extra]:
        if b"gzip" in asked.get(b"accept-encoding", b""):
            return self.body, (*self.headers, (b"content-encoding", b"gzip"))
        return gzip.decompress(self.body), self.headers


def pages(console: Path = CONSOLE) -> dict[str, Page]:
    """The page at `/` and what it loads, by path. Read once: a console built later is served after the next start."""
    index = console / "index.html"
    if not index.is_file():
        return {"/": _plain()}
    assets = {
        f"/assets/{file.name.removesuffix('.gz')}": Packed(
            file.read_bytes(), ((b"content-type", _TYPES[file.with_suffix("").suffix]), *_ASSET), open=True
        )
        for file in sorted((console / "assets").glob("*.gz"))
    }
    return {"/": Front(index.read_bytes(), _HTML, open=True), **assets}


def _plain() -> Page:
    """A page that tries the features. Its policy lets it run and style only what it carries itself."""
    html = files("holdfast.server").joinpath("page.html").read_text("utf-8")
    policy = _policy(f"'{_hash_of(html, 'script')}'", f"'{_hash_of(html, 'style')}'")
    return Page(html.encode(), (*_HTML, policy), open=True)


def _policy(script: str, style: str) -> tuple[bytes, bytes]:
    """What a page may load and call: nothing but the server it came from."""
    allowed = (
        "default-src 'none'",
        f"script-src {script}",
        f"style-src {style}",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return b"content-security-policy", "; ".join(allowed).encode()


def _hash_of(html: str, element: str) -> str:
    content = html.partition(f"<{element}>")[2].partition(f"</{element}>")[0]
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
