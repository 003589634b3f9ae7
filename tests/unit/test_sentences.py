"""Sentences: where they end, and that nothing of a text is lost or told twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.support.sentences import split_sentences

PIECES = st.sampled_from(
    [
        *(
            "Refunds take 3.5 days. ",
            "See e.g. Dr. Smith. ",
            "Why? ",
            "Yes!",
            "\n",
            "\n\n",
            " ",
            "\t",
            "# Title\n",
            "- item",
        ),
        *(
            "1. step\n",
            "| a | b |\n",
            "|---|---|\n",
            "```\n",
            "code = 1.\n",
            "~~~",
            "v1.2.3",
            "今日は。",
            "https://a.b/c?d=1. ",
            "[1]",
        ),
        *("===\n", "**Bold**\n", "...", "a", "B", "“quoted.” ", "\r\n", "\u2028", "\xa0", "\x0c"),
    ]
)


def check_cover(text: str) -> None:
    end = 0
    covered = []
    for span in split_sentences(text):
        assert end <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == span.text == span.text.strip()
        covered.append(text[end : span.start])
        end = span.end
    covered.append(text[end:])
    assert not "".join(covered).strip()


@given(st.lists(PIECES, max_size=30).map("".join))
def test_spans_are_ordered_disjoint_and_cover_all_that_is_not_space_in_markdown(text: str) -> None:
    check_cover(text)


@given(st.text(max_size=200))
def test_spans_are_ordered_disjoint_and_cover_all_that_is_not_space_in_any_text(text: str) -> None:
    check_cover(text)


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr. Smith paid $3.5 million, e.g. in cash.",
        "See https://example.com/a?b=1.2 for version v1.2.3 of it.",
        "J. K. Rowling wrote it with George R. R. Martin.",
        "Die Nr. 5 am 3. Mai, z.B. in der Hauptstr. 7.",
        "Open at 9 a.m. on weekdays, approx. 8 hours.",
        "U.S. law applies to Acme Inc. and others.",
        "It costs 5 $ ... or more.",
        "See No. 5 and Fig. 3 in Vol. 2.",
    ],
)
def test_a_full_stop_that_ends_nothing_does_not_split(sentence: str) -> None:
    assert [span.text for span in split_sentences(f"{sentence} The end.")] == [sentence, "The end."]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It works. Now go.", ["It works.", "Now go."]),
        ("We live in the U.S. The end.", ["We live in the U.S.", "The end."]),
        ("No. You cannot.", ["No.", "You cannot."]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        ("今日は。元気ですか？はい", ["今日は。", "元気ですか？", "はい"]),
        ("all in lower case. still two", ["all in lower case.", "still two"]),
        ("paid per hour.The next", ["paid per hour.", "The next"]),
        ("In 2019. The rest", ["In 2019.", "The rest"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, sentences: list[str]) -> None:
    assert [span.text for span in split_sentences(text)] == sentences


def test_a_citation_marker_belongs_to_the_sentence_before_it() -> None:
    found = [span.text for span in split_sentences("It costs $5. [1][2] It ships free [3]. Bye")]
    assert found == ["It costs $5. [1][2]", "It ships free [3].", "Bye"]


def test_markdown_units_stand_for_themselves() -> None:
    text = (
        "# Refunds\nHow it works\nWe pay back. Soon.\n\n- within 30 days\n- only\n  unused\n1. Open\n2. Click\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1. \n\ny\n```\nTitle\n=====\nDone."
    )
    assert [(span.kind, span.text) for span in split_sentences(text)] == [
        ("heading", "# Refunds"),
        ("prose", "How it works"),
        ("prose", "We pay back."),
        ("prose", "Soon."),
        ("item", "- within 30 days"),
        ("item", "- only\n  unused"),
        ("item", "1. Open"),
        ("item", "2. Click"),
        ("row", "| a | b |"),
        ("row", "|---|---|"),
        ("row", "| 1 | 2 |"),
        ("code", "```py\nx = 1. \n\ny\n```"),
        ("heading", "Title\n====="),
        ("prose", "Done."),
    ]


def test_hard_wrapped_prose_is_one_sentence_and_short_lines_are_units() -> None:
    wrapped = (
        "You may return any item that you have bought from us\n"
        "Germany included, within thirty days of the day on which\nit came."
    )
    assert len(split_sentences(wrapped)) == 1
    assert [span.text for span in split_sentences("Query editor\nWith the query editor you can run queries.")] == [
        "Query editor",
        "With the query editor you can run queries.",
    ]
