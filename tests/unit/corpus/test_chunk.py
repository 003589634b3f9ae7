"""Markdown in chunks: nothing lost, nothing torn, each chunk readable alone."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.corpus.chunk import MAX_TOKENS, PREFIX_TOKENS, ChunkText, chunk_markdown, estimate_tokens


def words(text: str) -> list[str]:
    return text.split()


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(words(text)) for text in texts]


def cut(text: str, max_tokens: int = 16) -> tuple[ChunkText, ...]:
    return chunk_markdown(text, title="T", count_tokens=count_words, max_tokens=max_tokens)


def test_a_chunk_knows_where_it_stands() -> None:
    text = "# Guide\n\nIntro.\n\n## Install\n\n### Linux\n\nRun it.\n\n## Use\n\nUse it."
    chunks = chunk_markdown(text, title="Guide", section=("Docs", "Start"))
    assert [(chunk.headings, chunk.text, chunk.position) for chunk in chunks] == [
        (("Guide",), "Intro.", 0),
        (("Guide", "Install", "Linux"), "Run it.", 1),
        (("Guide", "Use"), "Use it.", 2),
    ]
    assert chunks[1].index_text == "Guide > Docs > Start > Install > Linux\nRun it."


def test_rows_are_records_in_the_index_and_the_header_stands_in_every_chunk() -> None:
    rows = "\n".join(f"| Pro | R{n} | {n}0 |" for n in range(9))
    chunks = cut(f"| Plan | Region | Limit |\n|---|---|---|\n{rows}")
    assert len(chunks) == 5
    for chunk in chunks:
        assert chunk.text.startswith("| Plan | Region | Limit |\n|---|---|---|\n| Pro |")
    assert chunks[0].index_text == "T\nPlan: Pro; Region: R0; Limit: 00\nPlan: Pro; Region: R1; Limit: 10"


def test_a_row_is_never_divided() -> None:
    long = " ".join(f"w{n}" for n in range(40))
    chunks = cut(f"| A | B |\n|---|---|\n| x | {long} |\n| y | z |")
    assert [chunk.text.count("\n") for chunk in chunks] == [2, 2]
    assert long in chunks[0].text


def test_code_that_fits_is_not_divided_and_longer_code_is_divided_between_lines() -> None:
    code = "```sh\n" + "\n".join(f"step {n} --flag" for n in range(4)) + "\n```"
    lead = "Twelve words of text stand before the code that follows them here."
    assert [chunk.text for chunk in cut(f"{lead}\n\n{code}")] == [lead, code]
    long = "```sh\n" + "\n".join(f"  step {n} --flag" for n in range(12)) + "\n```"
    chunks = cut(long)
    assert len(chunks) == 3
    for chunk in chunks:
        assert re.fullmatch(r"```sh\n(  step \d+ --flag\n)+```", chunk.text)


def test_long_text_is_divided_between_sentences() -> None:
    sentences = [f"Sentence number {n} says e.g. a thing." for n in range(6)]
    for chunk in cut(" ".join(sentences)):
        assert re.fullmatch(r"(Sentence number \d says e\.g\. a thing\. ?)+", chunk.text)


def test_a_list_is_divided_between_items() -> None:
    text = "\n".join(f"{n}. Do this and that\n   - and then some" for n in range(1, 9))
    for chunk in cut(text):
        assert re.fullmatch(r"(\d\. Do this and that\n   - and then some\n?)+", chunk.text)


def test_small_blocks_are_packed_and_a_lead_in_stays_with_what_it_leads_to() -> None:
    assert len(cut("One.\n\nTwo.\n\n- a\n- b\n\n> Three.")) == 1
    items = "\n".join(f"- item number {n}" for n in range(4))
    first, *_ = cut(f"You need:\n\n{items}")
    assert first.text.startswith("You need:\n\n- item number 0")


def test_a_heading_never_stands_alone_where_it_has_a_body() -> None:
    text = "## Changes\n\n### Fixed login\n\n### Fixed logout\n\n## Next\n\nBody."
    chunks = cut(text)
    assert [(chunk.headings, chunk.text) for chunk in chunks] == [
        (("Changes",), "### Fixed login\n\n### Fixed logout"),
        (("Next",), "Body."),
    ]


def test_the_index_holds_words_and_not_markup() -> None:
    text = (
        "See [the *docs*](https://x.example/long/address), ![LED lamp](led.png) and `a_b`.\n\n> [!WARNING]\n> **Hot**"
    )
    (chunk,) = chunk_markdown(text, title="")
    assert chunk.index_text == "See the docs, LED lamp and a_b.\nWarning: Hot"
    assert chunk.text == text


def test_the_prefix_is_bounded() -> None:
    heading = "word " * 60
    (chunk,) = chunk_markdown(f"# {heading}\n\nbody", title="A title", section=("one",), count_tokens=count_words)
    assert chunk.index_text == "A title\nbody"
    (chunk,) = chunk_markdown("body", title=heading, count_tokens=count_words)
    assert len(words(chunk.index_text)) <= PREFIX_TOKENS + 1
    assert MAX_TOKENS + PREFIX_TOKENS + 2 <= 256


def test_marks_that_an_encoder_adds_to_every_text_are_not_counted() -> None:
    text = " ".join(f"Sentence {n} here." for n in range(20))
    assert chunk_markdown(text, title="T", max_tokens=16, count_tokens=count_words) == chunk_markdown(
        text, title="T", max_tokens=16, count_tokens=lambda texts: [tokens + 2 for tokens in count_words(texts)]
    )


def test_a_limit_too_small_for_a_sentence_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        chunk_markdown("x", title="", max_tokens=15)


def test_scripts_without_spaces_are_divided_too() -> None:
    text = "漢" * 500
    chunks = chunk_markdown(text, title="", max_tokens=50)
    assert "".join(chunk.text for chunk in chunks) == text
    assert all(estimate_tokens([chunk.index_text])[0] <= 50 for chunk in chunks)


@given(st.text(), st.text())
def test_the_estimate_of_parts_is_never_below_that_of_the_whole(left: str, right: str) -> None:
    whole, first, second = estimate_tokens([f"{left} {right}", left, right])
    assert whole <= first + second
    assert whole >= max(first, second)


word = st.integers(0, 99).map(lambda number: f"w{number}")
prose = st.lists(st.lists(word, min_size=1, max_size=30).map(" ".join), min_size=1, max_size=4).map(". ".join)
row = st.tuples(word, prose).map(lambda cells: f"| {cells[0]} | {cells[1]} |")
block = st.one_of(
    prose,
    st.tuples(st.integers(1, 6), word).map(lambda heading: "#" * heading[0] + " " + heading[1]),
    st.lists(prose, min_size=1, max_size=5).map(lambda items: "\n".join(f"- {item}" for item in items)),
    st.lists(prose, min_size=1, max_size=5).map(
        lambda items: "\n".join(f"{n}. {item}\n   - sub" for n, item in enumerate(items))
    ),
    st.lists(row, max_size=5).map(lambda rows: "\n".join(["| h1 | h2 |", "| --- | --- |", *rows])),
    st.lists(prose, min_size=1, max_size=5).map(lambda body: "```\n" + "\n".join(body) + "\n```"),
    st.lists(prose, min_size=1, max_size=3).map(lambda body: "\n".join(f"> {line}" for line in body)),
)
documents = st.lists(block, max_size=8).map("\n\n".join)


@given(documents)
@settings(max_examples=200)
def test_no_word_is_lost_and_the_order_is_kept(text: str) -> None:
    chunks = cut(text)
    said: list[str] = []
    for chunk in chunks:
        body = [line for line in chunk.text.split("\n") if line != "| h1 | h2 |"]
        said += re.findall(r"w\d+", "\n".join(body))
    headings = {name for chunk in chunks for name in chunk.headings}
    wanted = [
        name
        for line in text.split("\n")
        for name in re.findall(r"w\d+", line)
        if not (line[:1] == "#" and name in headings)
    ]
    kept = iter(said)
    assert all(name in kept for name in wanted)
    for chunk in chunks:  # the index is told all that the text says
        assert re.findall(r"w\d+", chunk.text) == re.findall(
            r"w\d+", re.sub(r" — table '.*'", "", chunk.index_text.removeprefix("T").split("\n", 1)[-1])
        )


@given(documents, st.integers(16, 60))
@settings(max_examples=200)
def test_only_what_cannot_be_divided_is_longer_than_the_limit(text: str, max_tokens: int) -> None:
    for chunk in cut(text, max_tokens):
        body = chunk.index_text.split("\n", 1)[1] if "\n" in chunk.index_text else ""
        if len(words(body)) > max_tokens:
            lines = [line for line in chunk.text.split("\n") if not line.startswith(("| h1", "| ---", "```"))]
            assert len(lines) == 1
            assert chunk.text.startswith(("| h1", "```"))


@given(documents)
def test_the_same_text_gives_the_same_chunks_numbered_in_order(text: str) -> None:
    chunks = cut(text)
    assert cut(text) == chunks
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))
