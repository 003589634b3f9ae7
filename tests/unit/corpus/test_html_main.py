"""Of a web page the article is kept, the rest is set aside, and nothing is lost in between."""

import re

from hypothesis import given
from hypothesis import strategies as st

from holdfast.corpus.html import clean_html

SENTENCE = "The pump needs a new seal once a year, which takes an hour, a wrench and some patience. "
PAGE = f"""<html><head><title>Seals | Pumps</title></head><body><header><a href="/">Pumps</a></header>
<nav><ul><li><a href="/a">Shop</a></li><li><a href="/b">Support</a></li></ul></nav>
<div class="cookie-banner"><p>We use cookies to make this site better, and to count you, and to sell things.</p></div>
<div id="wrap"><div class="post-content"><h1>Seals</h1><p class="byline">By Jo Writer</p><p>{SENTENCE * 3}</p>
<h2>Tools</h2><ul><li>A wrench</li><li>Patience</li></ul><p>{SENTENCE * 2}</p><pre>turn --left
  --twice</pre><table><tr><th>Size</th><th>Seal</th></tr><tr><td>10</td><td>A1</td></tr></table>
<div class="share-buttons">Share this on every network</div><h3>Read next</h3></div>
<div class="sidebar"><h3><a href="/x">Ten best pumps</a></h3><p>Our experts, all of them, have looked.</p></div>
</div><div class="comments"><p>{SENTENCE}, said a reader.</p></div><footer>© Pumps</footer></body></html>"""


def test_the_article_is_kept_with_its_lists_code_and_tables() -> None:
    text = clean_html(PAGE, article=True).text
    assert text.startswith(SENTENCE.strip())
    assert "## Tools\n\n- A wrench\n- Patience" in text
    assert "```\nturn --left\n  --twice\n```" in text
    assert text.endswith("| Size | Seal |\n| --- | --- |\n| 10 | A1 |")


def test_what_is_not_the_article_is_set_aside() -> None:
    cleaned = clean_html(PAGE, article=True)
    aside = " ".join(part.text for part in cleaned.removed)
    for gone in ("Shop", "cookies", "By Jo", "Share this", "Read next", "Ten best", "said a reader", "© Pumps"):
        assert gone not in cleaned.text
        assert gone in aside
    assert {part.kind for part in cleaned.removed} == {"boilerplate"}


def test_an_article_from_an_api_keeps_every_word() -> None:
    text = clean_html(PAGE).text
    for word in ("cookies", "By Jo", "Share this", "Ten best", "said a reader"):
        assert word in text


def test_a_page_without_an_article_keeps_its_text() -> None:
    for html in (
        "<p>Short.</p>",
        "<div class='comments'><p>Only a comment, and yet all there is on this page.</p></div>",
        "<footer>Only a footer, and yet all there is on this page, really.</footer>",
        "<ul><li><a href=/a>One</a></li><li><a href=/b>Two</a></li></ul>",
        "<h1>Only a title</h1>",
        "<aside class='ad'><a href=x>All of it is a link that leads elsewhere</a></aside>",
    ):
        assert clean_html(html, article=True).text


TAGS = [
    "<div>",
    "</div>",
    "<p>",
    "</p>",
    "<span>",
    "</span>",
    "<ul>",
    "<li>",
    "</ul>",
    "<h1>",
    "<h2>",
    "</h2>",
    "<nav>",
]
CLASSES = ["<div/class=share>", "<span/class=ad>", "<section/class='entry-content'>", "<main>", "<a/href=/x>", "</a>"]
fragments = st.lists(
    st.sampled_from([*TAGS, *CLASSES]) | st.sampled_from(["word ", "w, and more, so that it counts. "])
)


@given(fragments)
def test_every_word_is_either_kept_or_set_aside(parts: list[str]) -> None:
    html = "".join(parts)
    cleaned = clean_html(html, article=True)
    words = re.findall(r"\w+", re.sub(r"<[^>]*>", " ", html))
    found = re.findall(r"\w+", cleaned.text + " " + " ".join(part.text for part in cleaned.removed))
    assert len([word for word in found if word in words]) >= len(words)
    assert bool(cleaned.text.strip()) >= bool(clean_html(html).text.strip())
