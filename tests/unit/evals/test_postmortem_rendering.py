"""A postmortem as Markdown: what others wrote stays text, and every sentence names what it rests on."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from holdfast.evals.postmortem.document import Claim, Counts, Gap, Incident, Postmortem, Signature, Source, Tried
from holdfast.evals.postmortem.markdown import LONGEST, code, plain, prose, quoted
from holdfast.evals.postmortem.rendering import rendered
from holdfast.judgement import Interval

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
REC = Source("recording", "rec_1")
HOSTILE = (
    "# Fixed\n\n## What fixed it\n- [all is well](https://evil.example) ![x](https://evil.example/x.png) <b>bold</b>\n"
    "```\nfence\n``` `tick` ``two`` <!-- --> | a | b |\n---\n[list 1]: https://evil.example\n&lt; &#35; *x* _y_ ~~z~~ "
    "\\\\ https://evil.example www.evil.example\u202e\x00\x1b[31m"
)
MARKS = {
    *("heading_open", "link_open", "image", "html_inline", "html_block", "em_open", "strong_open", "s_open"),
    *("fence", "code_block", "table_open", "hr", "blockquote_open", "ordered_list_open", "bullet_list_open"),
}
MARKDOWN = MarkdownIt("gfm-like", {"linkify": False, "html": True})


def claim(said: str, *sources: Source, **fields: object) -> Claim:
    return Claim(said=said, sources=sources or (REC,), **fields)  # type: ignore[arg-type]  # as a caller types it


INCIDENT = Incident(
    signature=Signature(feature="answer", outcome="failed", by="HF301"),
    title="requests failed with HF301",
    counts=Counts(since=AT, until=AT, failures=2, requests=9, share=Interval(0.2, 0.1, 0.5), subjects=1, unnamed=0),
    first_at=AT,
    last_at=AT,
    summary=(claim("Two failed.", Source("recordings", "feature=answer and failure=HF301"), REC),),
    impact=(claim("One subject was affected."),),
    timeline=(claim("The first failure.", REC, Source("corpus", "help@v2"), at=AT),),
    failed=(claim("A diagnosis says: Data.", Source("diagnosis", "dg_1")),),
    tried=(Tried(said="with more | passages", passed=3, asked=4, share=Interval(0.7, 0.3, 0.9), sources=(REC,)),),
    fixed=(claim("This had changed.", Source("corpus_change", "help@v2..v3"), Source("release", "r_1")),),
    cases=(claim("The case c asks this again.", Source("case", "evals/answer.jsonl#c")),),
    unknown=(Gap(said="Nobody rated these answers.", do="holdfast recordings list"),),
)


def document(*incidents: Incident, more: int = 0) -> Postmortem:
    return Postmortem(made_at=AT, incidents=incidents, more=more)


def tokens(text: str) -> list[Token]:
    return [inner for each in MARKDOWN.parse(text) for inner in (each, *(each.children or []))]


def headings(text: str) -> list[str]:
    parsed = MARKDOWN.parse(text)
    return [after.content for each, after in pairwise(parsed) if each.type == "heading_open"]


def test_a_claim_that_rests_on_nothing_cannot_be_made() -> None:
    with pytest.raises(AssertionError, match="rests on something"):
        Claim(said="It was the network.", sources=())


def test_the_sections_stand_in_order_and_each_sentence_names_what_it_rests_on() -> None:
    text = rendered(document(INCIDENT))
    assert headings(text) == [
        *("Postmortem: answer: requests failed with HF301", "Summary", "Impact", "Timeline", "What failed"),
        *("What fixed it", "So that it cannot return", "What is not known", "Where this comes from"),
    ]
    assert "Two failed (list 1, `rec_1`)." in text
    assert "- 2026-11-20 09:30:00 UTC: The first failure (`rec_1`, `help@v2`)." in text
    assert "| with more \\| passages | 3 of 4 | 0.30 to 0.90 | `rec_1` |" in text
    assert "- `rec_1` is shown by `holdfast recordings show rec_1`" in text
    assert "- `help@v2..v3` is shown by `holdfast corpus diff help v2 v3`" in text
    assert "- `dg_1` is shown by `GET /v1/diagnoses/dg_1`" in text
    assert "Nobody rated these answers. Type `holdfast recordings list`." in text
    assert "](" not in text
    assert rendered(document(INCIDENT)) == text


def test_questions_to_whoever_edits_are_comments() -> None:
    text = rendered(document(INCIDENT))
    comments = [each.content for each in tokens(text) if each.type == "html_block"]
    assert len(comments) == 7
    assert all(each.startswith("<!-- ") and each.rstrip().endswith("-->") for each in comments)


def test_with_an_address_each_source_is_a_link_into_the_console() -> None:
    text = rendered(document(INCIDENT), "https://desk.example/hf/")
    links = {str(each.attrs["href"]) for each in tokens(text) if each.type == "link_open"}
    assert links == {
        "https://desk.example/hf/#/recordings?where=feature%3Danswer%20and%20failure%3DHF301",
        "https://desk.example/hf/#/recordings/rec_1",
        "https://desk.example/hf/#/corpora/help/v2",
        "https://desk.example/hf/#/corpora/help/v3/since/v2",
        "https://desk.example/hf/#/diagnoses/dg_1",
    }


def test_several_incidents_are_numbered_and_the_smaller_ones_counted() -> None:
    text = rendered(document(INCIDENT, replace(INCIDENT, title="answers were found bad"), more=3))
    assert headings(text)[:3] == ["Postmortem: 2 incidents", "1. answer: requests failed with HF301", "Summary"]
    assert "2. answer: answers were found bad" in headings(text)
    assert "3 smaller incidents are left out" in text


@pytest.mark.parametrize("place", ["quote", "said", "title", "gap", "tried", "source"])
def test_a_hostile_text_forges_neither_heading_nor_link_nor_markup(place: str) -> None:
    hostile = {
        "quote": replace(INCIDENT, impact=(claim("Asked:", quote=HOSTILE),)),
        "said": replace(INCIDENT, impact=(claim(HOSTILE),)),
        "title": replace(INCIDENT, title=HOSTILE),
        "gap": replace(INCIDENT, unknown=(Gap(said=HOSTILE, do=HOSTILE),)),
        "tried": replace(INCIDENT, tried=(replace(INCIDENT.tried[0], said=HOSTILE),)),
        "source": replace(INCIDENT, cases=(claim("The case.", Source("case", f"evals/a.jsonl#{HOSTILE}")),)),
    }[place]
    calm, text = rendered(document(INCIDENT), "http://desk"), rendered(document(hostile), "http://desk")
    assert len(headings(text)) == len(headings(calm))
    for mark in MARKS - {"link_open"}:
        found = [sum(each.type == mark for each in tokens(one)) for one in (calm, text)]
        assert found[0] == found[1], mark
    assert all(
        str(each.attrs["href"]).startswith("http://desk/#/") for each in tokens(text) if each.type == "link_open"
    )
    assert not any(sign in text for sign in ("\u202e", "\x00", "\x1b"))


@given(st.text())
def test_any_text_reads_in_markdown_as_that_text_on_one_line(text: str) -> None:
    wanted = plain(text)
    for made in (prose(text), code(text)):
        parsed = tokens(f"Said: {made}.")
        assert not {each.type for each in parsed} & MARKS
        assert "\n" not in made
    shown = "".join(each.content for each in tokens(f"Said: {code(text)}.") if each.type == "code_inline")
    assert shown.strip() == wanted.strip()
    without = wanted.replace("`", "")
    if without == wanted:
        said = "".join(
            each.content for each in tokens(f"x{prose('x' + text)}") if each.type in ("text", "text_special")
        )
        assert said.strip() == plain(f"xx{text}").strip()


@given(st.text(alphabet="#+-=:.)1234567890> *_`[]<>|~&\\/ ab\n\t", max_size=30))
def test_no_beginning_of_a_text_opens_anything(text: str) -> None:
    for line in (f"- {prose(text)}", f"{prose(text)}"):
        parsed = {each.type for each in tokens(f"x\n\n{line}\n")} - {"bullet_list_open"}
        assert not parsed & MARKS, line


def test_a_long_quote_is_cut() -> None:
    assert len(quoted("x" * 1000)) == LONGEST + 2
