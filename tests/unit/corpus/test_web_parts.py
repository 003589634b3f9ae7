"""What sites write down for robots is read as its standards say: robots.txt, directives, sitemaps, Retry-After."""

from __future__ import annotations

import gzip

import pytest

from holdfast.corpus.sources import build_source
from holdfast.corpus.sources.web.fetching import retry_after_s
from holdfast.corpus.sources.web.robots import forbids_index, read_robots
from holdfast.corpus.sources.web.sitemap import read_sitemap
from holdfast.errors import Misconfigured


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a", "/a/b", False),
        ("Disallow: /a", "/b", True),
        ("Disallow:", "/b", True),
        ("Disallow: /\nAllow: /docs/", "/docs/x", True),
        ("Disallow: /docs\nAllow: /docs", "/docs", True),
        ("Disallow: /*.pdf$", "/x/y.pdf", False),
        ("Disallow: /*.pdf$", "/x/y.pdf?z", True),
        ("Disallow: /*/print", "/a/b/print/c", False),
        ("Disallow: /a%20b", "/a b", False),
        ("Disallow: /ab$", "/ab", False),
        ("Disallow: /*a*a*a*a*a*a*a*a*a*b", "/" + "a" * 5000, True),
    ],
)
def test_longest_rule_decides(rules: str, path: str, allowed: bool) -> None:
    assert read_robots(f"User-Agent: *\n{rules}", "holdfast").allows(path) is allowed


def test_own_group_goes_before_the_one_for_everybody() -> None:
    text = (
        "Sitemap: https://x/s\nUser-agent: a\nUser-agent: HOLDFAST # us\nDisallow: /x\ncrawl-delay: nonsense\n\n"
        "user-agent: *\nDisallow: /"
    )
    robots = read_robots(text, "Holdfast")
    assert (robots.allows("/y"), robots.allows("/x")) == (True, False)
    assert (robots.sitemaps, robots.delay_s) == (("https://x/s",), None)
    assert not read_robots(text, "other").allows("/y")


@pytest.mark.parametrize(
    ("value", "forbidden"),
    [
        ("noindex", True),
        ("index, follow", False),
        ("NOFOLLOW, NoIndex", True),
        ("unavailable_after: 25 Jun 2010 15:00:00 PST", False),
        ("noindex, unavailable_after: 25 Jun 2010", True),
        ("googlebot: noindex", False),
        ("holdfast: noindex", True),
    ],
)
def test_directives_forbid_an_index(value: str, forbidden: bool) -> None:
    assert bool(forbids_index([value], "holdfast")) is forbidden


def test_sitemaps_that_blow_up_are_refused() -> None:
    bomb = gzip.compress(bytes(100_000_000), 9)
    with pytest.raises(ValueError, match="larger than 60 MB"):
        read_sitemap(bomb)
    with pytest.raises(ValueError, match="cut off"):
        read_sitemap(gzip.compress(b"<urlset/>")[:-9])
    assert read_sitemap(b"https://x.org/a\nhttps://x.org/b\n").pages == {"https://x.org/a": "", "https://x.org/b": ""}


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after_s("12") == 12
    assert retry_after_s("Mon, 01 Jan 2024 10:00:00 GMT") == 0
    assert retry_after_s("soon") is None


def test_settings_are_checked_before_anything_is_asked() -> None:
    for wrong in ({}, {"sitemap": "nowhere"}, {"sitemap": "https://x.org/s", "delay": 3}):
        with pytest.raises(Misconfigured, match="HF100"):
            build_source("web", wrong, ".")
