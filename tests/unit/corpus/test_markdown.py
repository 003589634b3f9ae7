"""Markdown as a source: front matter apart, HTML converted, dialects in one form, code untouched."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.corpus.markdown import clean_markdown, read_yaml, split_front_matter
from holdfast.corpus.plain import plain


def md(text: str) -> str:
    return clean_markdown(text).text


def codes(text: str) -> dict[str, int]:
    return {finding.code: finding.count for finding in clean_markdown(text).findings}


def test_front_matter_is_split_off_and_names_the_document() -> None:
    text = "---\ntitle: Reset the board\nid: 42\n---\n\n# Other\n\nbody\n"
    assert split_front_matter(text) == ({"title": "Reset the board", "id": 42}, "\n# Other\n\nbody\n")
    assert clean_markdown(text).title == "Reset the board"
    assert clean_markdown("# First *heading*\n\nbody").title == "First heading"
    assert clean_markdown("body").title is None
    assert split_front_matter("---\n---\nbody") == ({}, "body")


@pytest.mark.parametrize("matter", ["a: [", "key: 2024-13-45", "[" * 10_000, "a: " + "x" * 20_000])
def test_broken_front_matter_is_kept_as_text_and_reported(matter: str) -> None:
    text = f"---\n{matter}\n---\nbody"
    assert split_front_matter(text) == ({}, text)
    assert matter[:20] in md(text)
    assert codes(text)["front_matter_broken"] == 1


@pytest.mark.parametrize(
    "multiplied", ["[*{0}, *{0}, *{0}, *{0}, *{0}, *{0}]", "{{<<: [*{0}, *{0}, *{0}, *{0}, *{0}, *{0}]}}"]
)
def test_aliases_that_multiply_what_yaml_says_are_refused_at_once(multiplied: str) -> None:
    names = [f"n{number}" for number in range(20)]
    lines = [f"{name}: &{name} {multiplied.format(before)}" for before, name in pairwise(names)]
    with pytest.raises(ValueError, match="more than"):
        read_yaml("\n".join(["n0: &n0 {a: 1}", *lines]))
    with pytest.raises(ValueError, match="within itself"):
        read_yaml("a: &a [*a]")
    assert read_yaml("a: &a [1, 2]\nb: *a") == {"a": [1, 2], "b": [1, 2]}


def test_prose_between_rules_is_no_front_matter() -> None:
    text = "---\nJust a paragraph.\n---\n"
    assert split_front_matter(text) == ({}, text)
    assert codes(text) == {}


def test_html_blocks_become_markdown() -> None:
    text = "Before\n\n<table><tr><th>A<th>B</tr>\n\n<tr><td rowspan=2>x<td>1</tr>\n<tr><td>2</tr></table>\n\nAfter"
    assert md(text) == "Before\n\n| A | B |\n| --- | --- |\n| x | 1 |\n| x | 2 |\n\nAfter"
    assert md('<div class="warning">\n<p>Hot</p>\n</div>') == "> [!WARNING]\n> Hot"
    assert md("<p hidden>\nsecret\n</p>\nshown") == "shown"
    assert codes("<p hidden>\nsecret\n</p>") == {"hidden_text_dropped": 1}
    assert md('<div style="display:none">\n\nsecret\n\n</div>\n\nshown') == "shown"


def test_markdown_within_html_containers_stays_markdown() -> None:
    assert (
        md("<details><summary>Why <b>so</b></summary>\n\n- a **b**\n- c\n\n</details>")
        == "**Why so**\n\n- a **b**\n- c"
    )
    assert md('<div class="note">\n\n- a\n- b\n\n</div>') == "> [!NOTE]\n> - a\n> - b"
    assert md('<div align="center">\n\n## Title\n\n</div>') == "## Title"


def test_inline_html_becomes_markdown() -> None:
    assert md('Press <kbd>Ctrl</kbd>+<b>S</b>, see <a href="/x">the <i>docs</i></a>; I<sup>2</sup>C') == (
        "Press `Ctrl`+**S**, see [the *docs*](/x); I^2C"
    )
    assert md('a<br>b <img src="i.png" alt="LED"> <span class=x>c</span><a name="n"></a>') == "a  \nb ![LED](i.png) c"
    assert md("| a | b |\n|---|---|\n| `c` | x<br/>y |").endswith("| `c` | x<br>y |")


def test_placeholders_and_autolinks_are_no_html() -> None:
    text = "Set <your-key> in <https://x.example/a> for List<String> if a < b"
    assert md(text) == text


def test_entities_and_needless_escapes_are_resolved() -> None:
    assert md("a &lt;= b &amp; c&nbsp;d &copy; &lt;div&gt; &unknown;") == "a <= b & c d © \\<div> &unknown;"
    assert md("Fine\\-grained access\\. \\*literal\\*") == "Fine-grained access. \\*literal\\*"
    assert md("1\\. no list\n\n\\- nor this\\.") == "1\\. no list\n\n\\- nor this."


@pytest.mark.parametrize(
    "code",
    [
        "```html\n<b>&lt;</b> <!-- x --> a\\.b\n# no\n```",
        "~~~\n<table>\n~~~",
        "    <b>indented</b>",
        "`<b>&lt; <!-- a -->`",
    ],
)
def test_code_is_not_touched(code: str) -> None:
    assert md(f"text\n\n{code}\n\nmore <!-- gone -->") == f"text\n\n{code}\n\nmore"


def test_comments_are_dropped_and_reported() -> None:
    assert md("a <!-- one\n\ntwo --> b\n\n<!-- ```\n``` -->\nc") == "a b\n\nc"
    assert codes("<!-- a --><!-- b -->") == {"comment_dropped": 2}
    assert md("a <!-- never closed") == "a <!-- never closed"


def test_callouts_have_one_form() -> None:
    assert md("> [!tip]\n> Do this") == "> [!TIP]\n> Do this"
    assert md('!!! warning "Hot"\n    Mind it\n\n    - a\n\nAfter') == (
        "> [!WARNING]\n> **Hot**\n>\n> Mind it\n>\n> - a\n\nAfter"
    )
    assert md(":::note\nRead\n:::\nAfter") == "> [!NOTE]\n> Read\n\nAfter"


def test_references_are_resolved_and_footnotes_stay() -> None:
    text = "See [the docs][d], [D] and [other].\n\n[d]: https://x.example/a 'Title'\n[^1]: a note\n[unused]: /u"
    assert md(text) == (
        "See [the docs](https://x.example/a), [D](https://x.example/a) and [other].\n\n[^1]: a note\n[unused]: /u"
    )


def test_headings_have_one_form() -> None:
    assert md("Title\n=====\n\nPart\n---\n\n## Named {#named}\n\ntext\n\n---\n\nlast") == (
        "# Title\n\n## Part\n\n## Named\n\ntext\n\n---\n\nlast"
    )


@pytest.mark.parametrize(
    "piece", ["<div>\n\n", "<details>", "<!--", ":::note\n", "[", "<b>", "`", "> ", "# a   ", "<p", "!!! a\n    "]
)
def test_markup_that_never_ends_is_read_in_bounded_time(piece: str) -> None:
    assert "the end" in md(piece * 20_000 + "\n\nthe end")


lines = st.lists(
    st.sampled_from(
        [
            "# h",
            "- item",
            "  more",
            "1. one",
            "> quote",
            "```",
            "    code",
            "| a | b |",
            "|---|---|",
            "---",
            "===",
            "<div>",
        ]
    )
    | st.sampled_from(
        ["</div>", "<details>", "<table><tr><td>", "</table>", "!!! note", ":::", "", "", "text `code` *x*"]
    ),
    max_size=30,
)


@given(lines)
def test_no_word_is_lost_and_cleaning_twice_is_cleaning_once(parts: list[str]) -> None:
    text = "\n".join(f"{part} w{index}w" if part.strip() else part for index, part in enumerate(parts))
    once = md(text)
    for word in re.findall(r"w\d+w", text):
        assert word in once


def test_runs_of_backticks_that_nothing_closes_cost_no_more_than_other_text() -> None:
    runs = " ".join("`" * length for length in range(1, 900)) + " <!-- x -->"
    started = time.process_time()
    assert plain(clean_markdown(runs).text)
    assert time.process_time() - started < 5  # a minute and more where each backtick begins anew
