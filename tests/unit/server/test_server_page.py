"""The console as it is served: whole, packed, and under a policy that allows nothing from elsewhere."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from tests.unit.server.double import Double
from tests.unit.server.serving import serving

INDEX = '<meta property="csp-nonce" nonce="{{nonce}}"><script src="./assets/a-1.js"></script>'
SCRIPT = b"console.log('held');"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "assets" / "a-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    return folder


async def test_the_front_page_allows_its_own_server_alone_and_a_nonce_once(tmp_path: Path, built: Path) -> None:
    async with serving(Double(tmp_path), console=built) as served:
        answers = [await served.http.get("/") for _ in range(2)]
    nonces = [re.search(r'nonce="([\w-]{20,})"', each.text) for each in answers]
    assert nonces[0] is not None
    assert nonces[1] is not None
    assert nonces[0][1] != nonces[1][1]
    policy = answers[0].headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert f"style-src 'self' 'nonce-{nonces[0][1]}'" in policy
    assert "unsafe" not in answers[0].headers["content-security-policy"]
    assert answers[0].headers["cache-control"] == "no-cache"


async def test_a_file_is_sent_packed_and_unpacked_for_a_client_that_cannot(tmp_path: Path, built: Path) -> None:
    async with serving(Double(tmp_path), console=built) as served:
        packed = await served.http.get("/assets/a-1.js", headers={"accept-encoding": "gzip, deflate"})
        plain = await served.http.get("/assets/a-1.js", headers={"accept-encoding": "identity"})
        head = await served.http.head("/assets/a-1.js", headers={"accept-encoding": "gzip"})
        other = await served.http.get("/assets/../index.html")
    assert (packed.content, plain.content) == (SCRIPT, SCRIPT)
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT))
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in packed.headers["cache-control"]
    assert (head.status_code, head.headers["content-length"]) == (200, packed.headers["content-length"])
    assert other.status_code == 404


async def test_without_a_built_console_the_plain_page_says_how_to_build_it(tmp_path: Path) -> None:
    async with serving(Double(tmp_path)) as served:
        page = await served.http.get("/")
    assert page.status_code == 200
    assert "<code>make console</code>" in page.text
