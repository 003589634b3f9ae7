"""HTML to Markdown: what a reader sees is kept, what nobody sees is reported."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.corpus.html import clean_html


def md(html: str, base_url: str | None = None) -> str:
    return clean_html(html, base_url=base_url).text


def codes(html: str) -> dict[str, int]:
    return {finding.code: finding.count for finding in clean_html(html).findings}


def test_headings_keep_their_level_and_the_first_names_the_page() -> None:
    cleaned = clean_html("<h1>Guide</h1><p>a</p><h3>Deep <em>one</em><br>more</h3><p>b</p>")
    assert cleaned.text == "# Guide\n\na\n\n### Deep *one* more\n\nb"
    assert cleaned.title == "Guide"
    assert clean_html("<title>From the head</title><h1>Other</h1>").title == "From the head"
    assert clean_html("<p>none</p>").title is None


def test_a_bold_line_before_body_text_is_a_heading_below_the_last() -> None:
    html = "<h2>Install</h2><p>x</p><p><strong>Before you begin</strong></p><p>Read this.</p><h2>Next</h2><p>y</p>"
    assert "### Before you begin\n\nRead this." in md(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p><b>Never unplug the device while it updates.</b></p><p>It may break.</p>",
        "<p><b>Note:</b> the device</p><p>x</p>",
        "<p>x</p><p><b>Last line</b></p>",
        "<p><b>One</b></p><p><b>Two</b></p><p><b>Three</b></p>",
        "<ul><li><p><b>Item</b></p><p>body</p></li></ul>",
        f"<p><b>{'word ' * 20}</b></p><p>x</p>",
    ],
)
def test_other_bold_text_is_no_heading(html: str) -> None:
    assert "#" not in md(html)


def test_lists_nest_and_count_from_their_start() -> None:
    html = "<ol start=3><li>a<ul><li>b<ol><li>c</ol></ul><li>d<li value=9>e</ol>"
    assert md(html) == "3. a\n   - b\n     1. c\n4. d\n9. e"
    assert md("<ul><li>a<ul><ul><li>deep</ul></ul><li>z</ul>") == "- a\n  - deep\n- z"
    assert md("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>") == "- a\n  - b\n- c"


def test_code_keeps_every_space() -> None:
    html = '<pre><code class="language-python">def f(x):\n    if x:\n\treturn 1\n\n    return  2\n</code></pre>'
    assert md(html) == "```python\ndef f(x):\n    if x:\n\treturn 1\n\n    return  2\n```"
    assert md("<pre>  a<br>  b <b>c</b></pre>") == "```\n  a\n  b c\n```"
    assert md("<pre>```\nx</pre>") == "````\n```\nx\n````"
    assert md('<pre><span class="lineno">1</span>x = 1</pre>') == "```\nx = 1\n```"
    item = "<ul><li>Run:<pre>a\n\n  b</pre></ul>"
    assert md(item) == "- Run:\n\n  ```\n  a\n\n    b\n  ```"


def test_inline_code_is_fenced_by_enough_backticks() -> None:
    assert md("<p>Type <code>a | b</code>, <code>x`y</code> or <kbd>Ctrl</kbd></p>") == (
        "Type `a | b`, `` x`y `` or `Ctrl`"
    )
    assert md("<p><code>&lt;div&gt; <b>x</b></code></p>") == "`<div> x`"


def test_links_are_resolved() -> None:
    html = '<p><a href="../b?q=1#s">B</a> <a href="#x">X</a> <a href="javascript:go()">J</a> <a name=n>N</a></p>'
    assert md(html, "https://kb.example/a/c/") == (
        "[B](https://kb.example/a/b?q=1#s) [X](https://kb.example/a/c/#x) J N"
    )
    assert (
        md('<base href="https://b.example/"><a href="a (1).pdf">file</a>')
        == "[file](https://b.example/a%20%281%29.pdf)"
    )
    assert md('<a href="https://x.example/">https://x.example/</a>') == "<https://x.example/>"
    assert md('<h2>Set up<a href="#set-up">¶</a></h2><p>x</p>') == "## Set up\n\nx"
    assert md('<a href="http://[">broken</a>', "https://x.example") == "[broken](http://[)"


def test_a_link_around_blocks_links_the_text_of_each() -> None:
    assert md('<a href="/p"><div>One</div><div>Two</div></a>') == "[One](/p)\n\n[Two](/p)"


def test_images_keep_alt_text_and_embedded_ones_lose_their_data() -> None:
    html = '<img src="/a.png" alt="The red button"><img src="data:image/png;base64,AAAA" alt="Logo"><img src="b.png">'
    assert (
        md(html, "https://x.example/")
        == "![The red button](https://x.example/a.png)![Logo]()![](https://x.example/b.png)"
    )
    assert codes(html) == {"data_image_dropped": 1, "image_without_alt": 1}
    assert md('<img src="data:image/gif;base64,R0" data-src="/lazy.png" alt="x">') == "![x](/lazy.png)"
    assert md('<img src="https://t.example/p.gif" width="1" height="1">') == ""


@pytest.mark.parametrize(
    ("opening", "kind"),
    [
        ('<div class="callout callout--warning">', "WARNING"),
        ('<div class="alert alert-danger" role="alert">', "CAUTION"),
        ('<div class="admonition tip">', "TIP"),
        ('<p class="note">', "NOTE"),
        ('<aside class="c-callout c-callout--info">', "NOTE"),
        ('<div class="panel panel-warning">', "WARNING"),
    ],
)
def test_callouts_are_quotes_of_a_kind(opening: str, kind: str) -> None:
    assert md(f"{opening}Mind the gap</div>") == f"> [!{kind}]\n> Mind the gap"


@pytest.mark.parametrize(
    "name", ["info-item", "panel panel-default", "notebook", "alert-heading", "callout__body", "tips"]
)
def test_other_classes_are_no_callouts(name: str) -> None:
    assert md(f'<div class="{name}">text</div>') == "text"


def test_disclosures_are_opened() -> None:
    faq = "<details><summary>Why?</summary><p>Because.</p></details><details><summary>How?</summary>So.</details>"
    assert md(f"<h2>FAQ</h2>{faq}") == "## FAQ\n\n### Why?\n\nBecause.\n\n### How?\n\nSo."
    assert md("<details><summary>More</summary>inner</details><p>outer text</p>") == "**More**\n\ninner\n\nouter text"
    assert md("<details>no summary</details>") == "no summary"
    assert md("<ul><li><details><summary>S</summary>x</details></ul>") == "- **S**\n\n  x"


def test_definitions_follow_their_terms() -> None:
    assert md("<dl><dt>RAM</dt><dd>Memory</dd><dd>Fast</dd></dl>") == "**RAM**\n: Memory\n: Fast"


def test_breaks_part_lines_and_two_part_paragraphs() -> None:
    assert md("<p>a<br>b<br><br>c</p>") == "a  \nb\n\nc"


def test_hidden_text_is_left_out_and_reported() -> None:
    html = (
        '<p>Seen<span style="display: none">a</span><span style="VISIBILITY:hidden">b</span><b hidden>c</b>'
        '<i style="font-size:0px">d</i><u style="opacity:0">e</u></p>'
    )
    assert md(html) == "Seen"
    assert codes(html) == {"hidden_text_dropped": 5}
    assert md('<p style="font-size:0.9em;opacity:0.5">kept</p>') == "kept"
    assert codes('<div style="display:none"> </div>') == {}


def test_words_hidden_from_screen_readers_only_are_kept() -> None:
    assert md('<p><span aria-hidden="true">★</span> <span aria-hidden="true">Price</span></p>') == "Price"


def test_the_machinery_of_a_page_is_left_out() -> None:
    html = (
        "<nav>Home</nav><script>var a = '<p>x</p>'</script><style>p{}</style><template><p>t</p></template><p>Body</p>"
    )
    assert md(html) == "Body"
    assert codes(html) == {"script_dropped": 1}
    assert md('<iframe src="https://v.example/1" title="How to reset">old browser</iframe>') == (
        "[How to reset](https://v.example/1)"
    )
    assert md("<p>a<!-- not seen -->b</p>") == "ab"


def test_white_space_and_invisible_characters_are_normalised() -> None:
    assert md("<p>\ufeffa&nbsp;b&shy;c\u200bd \n  e</p>") == "a bcd e"


def test_garbled_text_is_restored_and_reported() -> None:
    assert md("<p>Donâ€™t, naÃ¯ve cafÃ©</p>") == "Don’t, naïve café"
    assert codes("<p>Donâ€™t</p>") == {"mojibake_repaired": 1}
    assert md("<p>naïve café</p>") == "naïve café"


def test_text_that_looks_like_markup_is_escaped() -> None:
    assert md("<p># not a heading</p><p>&gt; no quote</p><p>Use &lt;div&gt; if 1 &lt; 2</p><p>---</p>") == (
        "\\# not a heading\n\n\\> no quote\n\nUse \\<div> if 1 < 2\n\n\\---"
    )


def test_emphasis_keeps_its_spaces_outside() -> None:
    assert md("<p>a<b> b </b>c <strong><b>d</b></strong><i></i> <b>e</b><b>f</b></p>") == "a **b** c **d ef**"
    assert md("<p>old <del>20</del> x<sup>2</sup> H<sub>2</sub>O</p>") == "old ~~20~~ x^2 H2O"


def test_broken_html_keeps_its_text_in_order() -> None:
    html = "</p><b>one<p>two</b> three</i></p><ul><li>four<li>five</div></ul>six<table><tr><td>seven<p>eight"
    words = re.findall(r"[a-z]+", md(html))
    assert words == ["one", "two", "three", "four", "five", "six", "seven", "eight"]


def test_an_empty_page_has_no_text() -> None:
    for html in ("", "   ", "<html></html>", "<!doctype html>", "\x00", "\ud800"):
        assert clean_html(html).text in {"", "?"}


TAGS = """<p> </p> <b> </b> <div> </div> <ul> <li> </ul> <table> <tr> <td> <td/rowspan=2> </td> </table> <pre> </pre>
<code> </code> <a/href=x> </a> <h2> </h2> <details> <summary> </details> <br> <blockquote> </blockquote> <select>
<option> <dl> <dt> <dd> </dl> <caption> <th/colspan=2>"""
fragments = st.lists(
    st.sampled_from(TAGS.split()) | st.text("xyz |`*#>\n", min_size=1, max_size=6).map(lambda text: f" w{text}w "),
    max_size=40,
)


@given(fragments)
@example(["<ul>", "<details>", "<option>"])
def test_no_markup_however_broken_fails_or_loses_a_word(parts: list[str]) -> None:
    html = "".join(parts)
    text = clean_html(html).text
    for word in re.findall(r"w[xyz]+", re.sub(r"<[^>]*>", " ", html)):
        assert word in text
    assert clean_html(html).text == text
