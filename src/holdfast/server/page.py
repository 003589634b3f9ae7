"""The page at `/`: tries a feature, shows the last recordings.

Knows nothing of the project: the page asks the API like any other client, with the key its reader types.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from holdfast.server.edge import Page


def front_page() -> Page:
    """The page. Its policy lets it run and style only what it carries itself, and call only the server it came from."""
    html = files("holdfast.server").joinpath("page.html").read_text("utf-8")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash_of(html, 'script')}'",
            f"style-src '{_hash_of(html, 'style')}'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    headers = (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-cache"),
    )
    return Page(html.encode(), headers, open=True)


def _hash_of(html: str, element: str) -> str:
    content = html.partition(f"<{element}>")[2].partition(f"</{element}>")[0]
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
