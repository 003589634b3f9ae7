"""What is worked out in a shorter way comes out as it does in the longer one."""

from contextlib import suppress
from urllib.parse import urljoin

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.corpus.chunk import _TOKEN, _counted
from holdfast.corpus.html_inline import _WHOLE, _joined
from holdfast.corpus.html_page import Page

BASES = (
    *("https://example.org/a/b?c#d", "http://h", "file:///x/y", "mailto:a@b", "docs/x.md", "//h/x", "https://h:8/a;b"),
    *("x:y", "https://[::1]/a", "https://u@h/..", "http://["),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(BASES), st.from_regex(_WHOLE, fullmatch=True) | st.text(max_size=20).filter(bool))
def test_addresses_are_resolved_as_the_standard_library_does(base: str, address: str) -> None:
    expected = address
    with suppress(ValueError):
        expected = urljoin(base, address)
    assert _joined(Page({}, {}, base), address) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(max_codepoint=127), max_size=40), min_size=1, max_size=8))
def test_tokens_of_many_texts_are_counted_as_those_of_each(texts: list[str]) -> None:
    assert _counted(texts) == [len(_TOKEN.findall(text)) for text in texts]
