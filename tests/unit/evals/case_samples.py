"""Any case at all, for tests of what is done with cases. Knows nothing of what that is."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from holdfast.evals.facts import tokens
from holdfast.evaluation import UNANSWERABLE, Case, Gold

words = st.text(min_size=1, max_size=8).filter(lambda text: bool(tokens(text)))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["{{ x }}", "file://a.txt", '{"a": 1}', "no", "1e3", " a ", "2024-01-01"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=4), inside, max_size=3),
    max_leaves=8,
)  # fmt: skip
inputs = json_values | st.dictionaries(st.sampled_from(["body", "subject", "input"]), json_values, max_size=3)
cases = st.builds(
    Case,
    id=st.text(min_size=1, max_size=8).filter(str.strip),
    input=inputs,
    expected=json_values,
    facts=st.lists(words | st.just("{{ five }} days"), max_size=3).map(tuple),
    gold=st.lists(st.builds(Gold, document=st.text(max_size=4), span=st.none() | words), max_size=2).map(tuple),
    tags=st.lists(st.text(max_size=4).filter(lambda tag: tag != UNANSWERABLE), max_size=2).map(tuple),
    must_pass=st.booleans(),
    recording=st.none() | st.just("rec_1"),
    calls=st.dictionaries(words, st.lists(json_values, min_size=1, max_size=2).map(tuple), max_size=2),
)
case_lists = st.lists(cases, max_size=4, unique_by=lambda case: case.id)
