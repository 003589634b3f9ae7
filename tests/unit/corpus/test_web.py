"""A site is read by its sitemap, politely, and what could not be read never looks as if it were gone."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from typing import Any

import pytest
from aiohttp import web

from holdfast.corpus.sources import build_source
from holdfast.corpus.sources.web import WebFeed
from holdfast.errors import Misconfigured
from holdfast.sources import Feed, FeedPage, Item, Passed, RawDocument

Answer = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]
HOST = "127.0.0.1"


class Site:
    """A site on this machine. `answers` by path; what was asked for stands in `asked`, with its headers."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | list[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path_qs, dict(request.headers)))
        found = self.answers.get(request.path_qs)
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        made = web.Response(status=404) if found is None else found(request)
        return made if isinstance(made, web.StreamResponse) else await made

    def paths(self) -> list[str]:
        paths = [path for path, _ in self.asked if path not in ("/robots.txt", "/sitemap.xml")]
        self.asked.clear()
        return paths

    def has(self, path: str, html: str, *, status: int = 200, kind: str = "text/html", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = html.encode()
        self.answers[path] = lambda _: web.Response(status=status, body=body, content_type=kind, headers=named)

    def lists(self, *pages: str, **changed: str) -> None:
        """The sitemap names these paths; `changed` gives lastmod for pages without their slash."""
        urls = [f"<url><loc>{self.url}{page}</loc></url>" for page in pages]
        urls += [f"<url><loc>{self.url}/{page}</loc><lastmod>{at}</lastmod></url>" for page, at in changed.items()]
        xml = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{"".join(urls)}</urlset>'
        self.has("/sitemap.xml", xml, kind="application/xml")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    served = web.TCPSite(runner, HOST, 0)
    await served.start()
    made.url = f"http://{HOST}:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


class Kept:
    """What has landed, in memory."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.cursor: Any = None

    def get(self, kind: str, item_id: str) -> Item | None:
        return self.items.get(item_id)

    def rows(self, kind: str) -> Iterator[Item]:
        return iter(self.items.values())

    def documents(self, only: Collection[str] | None = None) -> Iterator[tuple[str, tuple[Item, ...]]]:
        for name in sorted({item.document for item in self.items.values()}):
            if only is None or name in only:
                yield name, tuple(item for item in self.items.values() if item.document == name)

    def keep(self, page: FeedPage) -> None:
        for item in page.items:
            self.items[item.id] = item
        if page.present is not None:
            self.items = {name: item for name, item in self.items.items() if name in page.present["page"]}
        self.cursor = page.cursor


class Reader:
    """Reads a site into what is kept, without waiting; `slept` has every wait."""

    def __init__(self, read: Site, **options: Any) -> None:
        self.slept: list[float] = []
        self.kept = Kept()
        start = {} if "site" in options else {"sitemap": f"{read.url}/sitemap.xml"}
        self.feed = WebFeed(sleep=self._sleep, **start, private_hosts=[HOST], **options)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def read(self) -> dict[str, RawDocument | Passed]:
        async for page in self.feed.pages(self.kept.cursor, self.kept):
            self.kept.keep(page)
        return self.made()

    def made(self) -> dict[str, RawDocument | Passed]:
        items = list(self.feed.documents(self.kept))
        assert len({item.id for item in items}) == len(items)
        return {item.id.rpartition("/")[2]: item for item in items}


def bodies(found: dict[str, RawDocument | Passed]) -> dict[str, Any]:
    return {name: item.body for name, item in found.items() if isinstance(item, RawDocument)}


def reasons(found: dict[str, RawDocument | Passed], *, failed: bool = False) -> dict[str, str]:
    return {n: item.reason for n, item in found.items() if isinstance(item, Passed) and item.failed is failed}


# ---------------------------------------------------------------- what is read


async def test_pages_become_documents_with_what_they_say_of_themselves(site: Site) -> None:
    site.has("/a", '<html lang="de-AT"><title>A</title><p>Grüße</p>', Last_Modified="Mon, 01 Jan 2024 10:00:00 GMT")
    site.answers["/b"] = lambda _: web.Response(
        body="<meta charset=cp1252><p>caf\xe9".encode("cp1252"), content_type="text/html"
    )
    site.has("/c.pdf", "%PDF-1.4", kind="application/pdf")
    site.has("/d", "<p>d", kind="image/png")
    site.lists("/a", "/b", "/c.pdf", "/d")
    reader = Reader(site, principals=["staff"])
    found = await reader.read()
    page = found["a"]
    assert isinstance(page, RawDocument)
    assert (page.id, page.url, page.locale, page.media_type) == (f"{site.url}/a",) * 2 + ("de-AT", "text/html; page")
    assert (page.updated_at.isoformat() if page.updated_at else "") == "2024-01-01T10:00:00+00:00"
    assert page.principals == ("staff",)
    assert "café" in bodies(found)["b"]
    assert bodies(found)["c.pdf"] == b"%PDF-1.4"
    assert reasons(found) == {"d": "not a kind that is read (image/png)"}
    assert {headers["User-Agent"] for _, headers in site.asked} == {"Holdfast"}


async def test_pages_of_one_address_are_one_document(site: Site) -> None:
    site.has("/a", '<link rel="canonical" href="/b#x"><p>same')
    site.has("/b", "<p>same")
    site.has("/c", '<link rel="canonical" href="https://elsewhere.example/c"><p>own')
    site.lists("/a", "/b", "/c")
    found = await Reader(site).read()
    assert sorted(bodies(found)) == ["b", "c"]
    assert reasons(found) == {"a": f"a copy: it names {site.url}/b as its address"}


async def test_what_asks_not_to_be_read_or_indexed_is_not_and_is_counted(site: Site) -> None:
    site.has("/robots.txt", "User-agent: *\nDisallow: /\n\nUser-agent: holdfast\nDisallow: /private\nCrawl-delay: 7\n")
    site.has("/a", '<meta name="ROBOTS" content="nofollow, NoIndex"><p>x')
    site.has("/b", "<p>x", X_Robots_Tag="holdfast: none")
    site.has("/c", "<p>x", X_Robots_Tag="otherbot: noindex")
    site.lists("/a", "/b", "/c", "/private/d")
    reader = Reader(site)
    found = await reader.read()
    assert list(bodies(found)) == ["c"]
    assert reasons(found) == {
        "a": "it asks not to be indexed (noindex)",
        "b": "its server asks not to index it (noindex)",
        "d": "robots.txt asks not to read it",
    }
    assert "/private/d" not in site.paths()
    assert max(reader.slept) > 6


async def test_page_that_robots_begin_to_forbid_is_dropped_though_it_did_not_change(site: Site) -> None:
    site.has("/a", "<p>x")
    site.lists(a="2024-01-01")
    reader = Reader(site)
    assert list(bodies(await reader.read())) == ["a"]
    site.has("/robots.txt", "User-agent: *\nDisallow: /a")
    assert reasons(await reader.read()) == {"a": "robots.txt asks not to read it"}


# ---------------------------------------------------------------- sitemaps


async def test_sitemaps_are_found_through_robots_followed_and_unpacked(site: Site) -> None:
    site.has("/robots.txt", f"Sitemap: {site.url}/index.xml")
    site.has("/index.xml", f"<sitemapindex><sitemap><loc>{site.url}/one.xml.gz</loc></sitemap></sitemapindex>")
    packed = gzip.compress(f"<urlset><url><loc>{site.url}/a</loc></url></urlset>".encode())
    site.answers["/one.xml.gz"] = lambda _: web.Response(body=packed, content_type="application/gzip")
    site.has("/a", "<p>a")
    assert list(bodies(await Reader(site, site=site.url).read())) == ["a"]


@pytest.mark.parametrize(
    ("status", "xml", "said"),
    [
        (404, "", "an answer of 404"),
        (200, "<urlset><url>", "its XML is broken"),
        (200, "<html>", "it is no sitemap"),
        (200, "<urlset/>", "no page that is asked for"),
        (200, "not a sitemap", "neither XML nor a list"),
    ],
)
async def test_sitemap_that_cannot_be_read_stops_the_sync_and_deletes_nothing(
    site: Site, status: int, xml: str, said: str
) -> None:
    site.has("/a", "<p>a")
    site.lists("/a")
    reader = Reader(site)
    await reader.read()
    site.has("/sitemap.xml", xml, status=status, kind="application/xml")
    with pytest.raises(Misconfigured, match=said) as failure:
        await reader.read()
    assert failure.value.code == "HF109"
    assert list(bodies(reader.made())) == ["a"]


async def test_pages_on_other_sites_are_counted_and_those_not_asked_for_left_out(site: Site) -> None:
    site.has("/docs/a", "<p>a")
    site.has("/blog/b", "<p>b")
    site.lists("/docs/a", "/blog/b")
    xml = f"<urlset><url><loc>{site.url}/docs/a</loc></url><url><loc>https://x.example/docs/z</loc></url></urlset>"
    site.has("/sitemap.xml", xml)
    found = await Reader(site, include=["docs/**"]).read()
    assert list(bodies(found)) == ["a"]
    assert reasons(found) == {"z": "on another site (x.example): add it to hosts to have it read"}
    with pytest.raises(Misconfigured, match="more than 1 pages"):
        await Reader(site, max_pages=1).read()


# ---------------------------------------------------------------- what changed


async def test_only_what_changed_is_fetched_again(site: Site) -> None:
    site.has("/dated", "<p>one")
    site.answers["/tagged"] = lambda request: (
        web.Response(status=304)
        if request.headers.get("If-None-Match") == '"1"'
        else web.Response(text="<p>tagged", content_type="text/html", headers={"ETag": '"1"'})
    )
    site.has("/plain", "<p>plain")
    site.lists("/tagged", "/plain", dated="2024-01-01")
    reader = Reader(site)
    first = await reader.read()
    assert sorted(site.paths()) == ["/dated", "/plain", "/tagged"]
    before = dict(reader.kept.items)
    assert await reader.read() == first
    assert sorted(site.paths()) == ["/plain", "/tagged"]
    assert reader.kept.items == before
    site.has("/dated", "<p>two")
    site.lists("/tagged", dated="2024-02-01")
    assert bodies(await reader.read()) == {"dated": "<p>two", "tagged": "<p>tagged"}
    site.has("/dated", "<p>three")
    assert bodies(await reader.read())["dated"] == "<p>two"
    reader.feed = WebFeed(sitemap=f"{site.url}/sitemap.xml", private_hosts=[HOST], delay_s=0, trust_lastmod=False)
    assert bodies(await reader.read())["dated"] == "<p>three"


async def test_reading_that_was_stopped_goes_on_where_it_was(site: Site) -> None:
    names = [f"/p{number:03}" for number in range(120)]
    for name in names:
        site.has(name, f"<p>{name}")
    site.lists(*names)
    reader = Reader(site)
    stopped = reader.feed.pages(None, reader.kept)
    reader.kept.keep(await anext(stopped))
    await stopped.aclose()
    assert site.paths() == names[:50]
    assert len(await reader.read()) == 120
    assert site.paths() == names[50:]
    assert reader.kept.cursor == {"after": None}


async def test_page_that_is_gone_loses_its_text_and_says_so(site: Site) -> None:
    site.has("/a", "<p>a")
    site.lists("/a")
    reader = Reader(site)
    await reader.read()
    site.has("/a", "", status=410)
    found = await reader.read()
    assert reasons(found) == {"a": "its server says that it is gone (410)"}
    assert not bodies(found)


async def test_documents_are_fetched_by_their_ids(site: Site) -> None:
    site.has("/a", "<p>a")
    page = await Reader(site).feed.fetch([f"{site.url}/a", f"{site.url}/b"])
    assert [(item.data or {}).get("reason", "") for item in page.items] == [
        "",
        "its server says that it is gone (404)",
    ]


# ---------------------------------------------------------------- faults


async def test_server_that_fails_leaves_the_text_that_was_read_before(site: Site) -> None:
    site.has("/a", "<p>a")
    site.has("/b", "<p>b")
    site.lists(a="2024-01-01", b="2024-01-01")
    reader = Reader(site)
    await reader.read()
    site.has("/a", "", status=500)
    site.has("/b", "x" * 3_000_000)
    site.has("/c", "", status=403)
    site.lists("/c", a="2024-02-01", b="2024-02-01")
    reader.feed = Reader(site, max_page_mb=1).feed
    found = await reader.read()
    assert bodies(found) == {"a": "<p>a", "b": "<p>b"}
    assert reasons(found, failed=True) == {
        "a#now": "its server answered 500; what was read before stays",
        "b#now": "too large: more than 1 MB; what was read before stays",
        "c": "its server answered 403",
    }
    site.has("/a", "<p>new")
    site.has("/b", "<p>new")
    assert bodies(await reader.read()) == {"a": "<p>new", "b": "<p>new"}


async def test_busy_server_is_asked_again_when_it_says(site: Site) -> None:
    busy: Answer = lambda _: web.Response(status=429, headers={"Retry-After": "17"})  # noqa: E731  # one of two answers
    site.answers["/a"] = [busy, lambda _: web.Response(text="<p>a", content_type="text/html")]
    site.lists("/a")
    reader = Reader(site)
    assert bodies(await reader.read()) == {"a": "<p>a"}
    assert 17.0 in reader.slept
    site.answers["/a"] = lambda _: web.Response(status=503, headers={"Retry-After": "9000"})
    await reader.read()
    assert max(reader.slept) == 17.0


async def test_site_that_is_down_is_not_asked_for_every_page(site: Site) -> None:
    site.lists(*(f"/p{number:02}" for number in range(40)))
    for number in range(40):
        site.has(f"/p{number:02}", "", status=502)
    with pytest.raises(Misconfigured, match="no answer, like 9 pages before it: 502"):
        await Reader(site).read()
    assert len(set(site.paths())) == 10


async def test_redirects_are_followed_within_the_site_only(site: Site) -> None:
    def to(place: str) -> Answer:
        return lambda _: web.Response(status=302, headers={"Location": place})

    site.has("/new", "<p>moved")
    site.answers |= {"/a": to("/new"), "/b": to("https://x.example/b"), "/c": to("/c"), "/d": to("http://[::1")}
    site.lists("/a", "/b", "/c", "/d")
    found = await Reader(site).read()
    assert bodies(found) == {"a": "<p>moved"}
    assert reasons(found, failed=True) == {
        "b": "it redirects to another site: https://x.example/b",
        "c": "it redirects in a circle, or too often",
        "d": "it redirects to what is no URL",
    }


async def test_connections_that_break_off_are_failures(site: Site) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "text/html"})
        await response.prepare(request)
        await response.write(b"<p>half")
        assert request.transport is not None
        request.transport.close()
        return response

    site.answers["/a"] = cut
    site.lists("/a")
    found = await Reader(site).read()
    assert reasons(found, failed=True)["a"].startswith("it could not be fetched")


@pytest.mark.parametrize("status", [500, 429])
async def test_robots_txt_that_fails_forbids_everything_for_now(site: Site, status: int) -> None:
    site.has("/a", "<p>a")
    site.lists("/a")
    reader = Reader(site)
    await reader.read()
    site.has("/robots.txt", "", status=status)
    site.paths()
    found = await reader.read()
    assert bodies(found) == {"a": "<p>a"}
    assert "its robots.txt cannot be read" in reasons(found, failed=True)["a#now"]
    assert site.paths() == []


@pytest.mark.parametrize("url", [f"http://{HOST}:1/sitemap.xml", "http://localhost/s.xml", "http://169.254.169.254/s"])
async def test_private_networks_are_not_called_unless_the_settings_name_them(url: str) -> None:
    feed = build_source("web", {"sitemap": url}, ".")
    assert isinstance(feed, Feed)
    with pytest.raises(Misconfigured, match=r"not allowed: .* belongs to this machine or to a private network"):
        await anext(aiter(feed.pages(None, Kept())))
