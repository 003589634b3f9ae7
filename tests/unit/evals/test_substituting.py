"""What a substitution puts in the place of a step says no more than is known."""

from __future__ import annotations

from holdfast.evals.diagnose.substituting import _rearranged
from holdfast.records import Passage, Retrieved

FOUND = Retrieved(
    passages=tuple(Passage(document=name, chunk=name, title=name, text=name) for name in "abc"), confidence=0.3
)


def test_a_search_is_as_sure_of_the_same_passages_in_another_order() -> None:
    turned = _rearranged(FOUND, lambda passages: passages[::-1])
    assert [passage.document for passage in turned.passages] == ["c", "b", "a"]
    assert turned.confidence == 0.3


def test_nobody_knows_how_sure_a_search_would_be_of_other_passages() -> None:
    assert _rearranged(FOUND, lambda passages: passages[1:]).confidence is None
