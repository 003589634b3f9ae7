"""Pages made to exhaust a parser are cut, the text is kept, and the cut is reported."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.corpus.html import clean_html
from holdfast.corpus.html_prune import MAX_ATTRIBUTES, MAX_DEPTH, is_tame, prune


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ("<div>" * 100_000 + "the end", "depth_cut"),
        ("<span><b><i>" * 30_000 + "the end", "depth_cut"),
        ("<ul><li>" * 50_000 + "the end", "depth_cut"),
        ("<table><tr><td>" * 20_000 + "the end", "depth_cut"),
        ("".join(f"<div><b a={n}></div>" for n in range(20_000)) + "<p>x" * 20_000 + "<p>the end", "depth_cut"),
        ("<p " + " ".join(f"a{n}=1" for n in range(200_000)) + ">the end", "attributes_cut"),
        ("<p " + " ".join(f"a{n}='>'" for n in range(50_000)) + ">the end", "attributes_cut"),
        ("<blockquote>" * 50_000 + "the end", "depth_cut"),
        ("<span><div></span>" * 50_000 + "the end", "depth_cut"),
        ("<span><p></span></p>" * 30_000 + "the end", "depth_cut"),
        ("<br\xa0x>" * 50_000 + "the end", "depth_cut"),
        ("<div title='></div>'>" * 30_000 + "the end", "depth_cut"),
    ],
)
def test_depth_and_attributes_are_cut_and_the_text_is_kept(html: str, code: str) -> None:
    cleaned = clean_html(html)
    assert cleaned.text.rstrip("*| ").endswith("the end")
    assert code in {finding.code for finding in cleaned.findings}


def test_five_megabytes_of_text_are_kept_whole() -> None:
    html = "<p>" + "word &amp; word " * 300_000 + "</p>"
    assert clean_html(html).text.count("word") == 600_000


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 300 + "</div>" * 300,
        "<span><p></span></p>",
        "<div title=></div>",
        "<mar\u212a></mark>",
        "<p " + "a=1 " * (MAX_ATTRIBUTES + 1) + ">",
        "<svg><style><div></style></svg>",
        "<title><b></title>",
        "<script>",
        "<!-- ",
        "<iframe/>",
        "<plaintext>",
    ],
)
def test_a_page_that_may_cost_more_takes_the_careful_way(html: str) -> None:
    assert not is_tame(html)


def test_well_written_pages_take_the_quick_way() -> None:
    assert is_tame("<!doctype html><ul><li>a<li class='b'>c</ul><P><B>x</B><br/><img src=y alt=''></p><!-- <div> -->")
    assert is_tame("<script>'<div>'</script><style>a > b {}</style><title>T</title><my-tag><p>a</p></my-tag>")


@given(st.lists(st.sampled_from(["<div>", "</div>", "<p>", "<b>", "</b>", "<td>", "<table>", "</table>", "w "])))
def test_the_careful_way_comes_to_the_same(parts: list[str]) -> None:
    html = "".join(parts)
    assert clean_html(html).text == clean_html(html + "<x></y></x>").text


def test_markup_within_a_drawing_s_title_is_bounded() -> None:
    assert "the end" in clean_html("<svg><title><div>" * 20_000 + "the end").text


def test_ornaments_within_ornaments_are_not_each_searched_to_their_end() -> None:
    html = "<div aria-hidden=true>" * 150 + "<br>" * 100_000 + "<img src=x alt=end>" + "</div>" * 150
    assert clean_html(html).text == "![end](x)"


def test_unclosed_markup_many_times_over_takes_no_quadratic_time() -> None:
    for start in ("<script>", "<!--", "<style>", "<title>", "<a b='", "<!doctype", "<iframe>"):
        assert not is_tame(start * 40_000)


def test_a_page_within_the_limits_is_not_touched() -> None:
    html = "<div>" * (MAX_DEPTH - 1) + "<p>" * 500 + "<a href='>'>x</a><b>y<p>z"
    counts: Counter[str] = Counter()
    assert prune(html, counts) == html
    assert not counts


def test_unclosed_elements_that_a_parser_closes_itself_are_not_deep() -> None:
    html = "<table>" + "<tr><td>cell<td><p>one<p>two" * 1_000 + "</table>" + "<li>item" * 1_000
    counts: Counter[str] = Counter()
    assert prune(html, counts) == html
    assert not counts


def test_text_after_a_cut_subtree_keeps_its_structure() -> None:
    html = "<div>" * 1_000 + "deep" + "</div>" * 1_000 + "<h2>After</h2><p>x</p>"
    assert clean_html(html).text == "deep\n\n## After\n\nx"


def test_a_tag_keeps_its_first_attributes() -> None:
    html = '<a href="https://x.example/" ' + " ".join(f"a{n}=1" for n in range(MAX_ATTRIBUTES + 9)) + ">link</a>"
    assert clean_html(html).text == "[link](https://x.example/)"


@pytest.mark.parametrize(
    "html",
    [
        "<script>never closed <p>x",
        "<!-- never closed <p>x",
        "<p title='never closed <p>x",
        "<style>",
        "<textarea>x",
        "<" * 50_000,
    ],
)
def test_what_is_never_closed_ends_with_the_page(html: str) -> None:
    assert clean_html("<p>before</p>" + html).text.startswith("before")


def test_markup_within_a_script_or_a_comment_is_not_counted() -> None:
    html = f"<script>{'<div>' * 1_000}</script><!-- {'<div>' * 1_000} --><p>x</p>"
    assert {finding.code for finding in clean_html(html).findings} == {"script_dropped"}


def test_a_frame_written_as_if_it_closed_itself_swallows_nothing() -> None:
    assert clean_html('<iframe src="https://v.example/" /><p>after</p>').text == "<https://v.example/>\n\nafter"
