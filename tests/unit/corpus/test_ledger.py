"""The ledger adds up or says what does not, and a version whose documents cannot be found is never published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from corpora import ListSource, finds, hashing_room, open_room, raw, word
from embedders import HashingEmbedder
from holdfast.corpus import prepare as prepare_module
from holdfast.corpus.cleaned import Unreadable
from holdfast.corpus.ledger import Ledger, SourceCount, what_is_red
from holdfast.corpus.lexical import LexicalIndex
from holdfast.corpus.outcomes import Outcomes, grouped_outcomes
from holdfast.errors import StoreFailed
from holdfast.sources import Passed

WHOLE = Ledger(
    source=(SourceCount("article", 12, 12), SourceCount("user", 3, None)),
    fetched=12,
    kept=9,
    skipped=2,
    failed=1,
    documents=9,
    chunks=20,
    indexed=20,
    vectors=20,
    written=4,
    retrievable=4,
    searched=4,
    found=4,
)


def test_a_ledger_that_adds_up_has_nothing_to_say() -> None:
    assert what_is_red(WHOLE) == ()
    assert what_is_red(replace(WHOLE, vectors=None)) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": (SourceCount("article", 12, 13),)}, "the source says it has 13 of 'article', and 12 are here"),
        ({"fetched": 13, "unaccounted": ("x",)}, "13 were fetched, and 12 have an outcome: 9 kept, 2 skipped, "),
        ({"documents": 8}, "9 were kept, and the version has 8 documents"),
        ({"indexed": 19}, "there are 20 chunks, and the lexical index has 19"),
        ({"vectors": 21}, "there are 20 chunks, and 21 vectors"),
        ({"retrievable": 3, "damaged": ("a", "b")}, "4 documents were written, and 3 of them can be found"),
        ({"found": 3}, "4 chunks were searched for by their own text and vector, and 3 were found"),
    ],
)  # fmt: skip
def test_each_number_that_does_not_add_up_is_a_sentence(change: dict[str, Any], said: str) -> None:
    (red,) = what_is_red(replace(WHOLE, **change))
    assert red.startswith(said)


COUNTS = st.integers(0, 3)


@given(st.tuples(*[COUNTS] * 6))
def test_it_is_red_exactly_where_two_numbers_that_must_be_equal_are_not(counts: tuple[int, ...]) -> None:
    fetched, kept, skipped, failed, documents, indexed = counts
    ledger = Ledger(
        fetched=fetched, kept=kept, skipped=skipped, failed=failed, documents=documents, chunks=2, indexed=indexed,
        vectors=None,
    )  # fmt: skip
    whole = fetched == kept + skipped + failed and kept == documents and indexed == 2
    assert (what_is_red(ledger) == ()) is whole


# ---------------------------------------------------------------- probes, with parts that lose something


class Hole(HashingEmbedder):
    """Gives one text no vector."""

    def embed(self, texts: Any) -> Any:
        vectors = super().embed(texts)
        for row, text in enumerate(texts):
            if word("doc3") in text:
                vectors[row] = 0
        return vectors


class NaN(HashingEmbedder):
    """Gives one text a vector that is no numbers."""

    def embed(self, texts: Any) -> Any:
        vectors = super().embed(texts)
        vectors[[row for row, text in enumerate(texts) if word("doc3") in text]] = np.nan
        return vectors


@pytest.mark.parametrize("broken", [Hole, NaN])
async def test_a_vector_that_is_missing_is_red_and_nothing_is_published(
    tmp_path: Path, broken: Callable[[], HashingEmbedder]
) -> None:
    source = ListSource(raw(f"doc{number}") for number in range(3))
    await hashing_room(tmp_path).sync("kb", source=source)
    source.put(*(raw(f"doc{number}") for number in range(3, 6)))
    with pytest.raises(StoreFailed) as failure:
        await open_room(tmp_path, broken()).sync("kb", source=source)
    assert failure.value.code == "HF611"
    assert "(doc3" in failure.value.message
    assert hashing_room(tmp_path).current("kb") == "v1"
    assert [entry.name for entry in (tmp_path / "corpora" / "kb" / "versions").iterdir()] == ["v1"]


async def test_an_index_that_does_not_find_what_it_holds_is_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ListSource(raw(f"doc{number}") for number in range(3))
    room = hashing_room(tmp_path)
    with monkeypatch.context() as patch:
        nothing = (np.empty(0, np.int64), np.empty(0, np.float32))
        patch.setattr(LexicalIndex, "search", lambda *_, **__: nothing)
        patch.setattr(LexicalIndex, "holds", lambda *_, **__: False)
        with pytest.raises(StoreFailed) as failure:
            await room.sync("kb", source=source)
    assert failure.value.code == "HF611"
    assert "3 chunks were searched for by their own text and vector, and 0 were found" in failure.value.message
    assert (await room.sync("kb", source=source)).published


async def test_many_documents_that_say_the_same_are_all_found(tmp_path: Path) -> None:
    source = ListSource(replace(raw(f"copy{n}", "word for word the same"), title="Same") for n in range(250))
    source.put(replace(raw("stop", "the of and"), title="the"))
    report = await hashing_room(tmp_path).sync("kb", source=source)
    assert report.ledger is not None
    assert (report.ledger.searched, report.ledger.found) == (32, 32)
    assert (report.ledger.written, report.ledger.retrievable) == (251, 251)


async def test_a_document_that_cannot_be_read_is_failed_and_the_rest_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = prepare_module.clean

    def refusing(document: Any) -> Any:
        if document.id == "doc1":
            raise Unreadable("its pages are locked with a password")
        return real(document)

    monkeypatch.setattr(prepare_module, "clean", refusing)
    source = ListSource([*(raw(f"doc{number}") for number in range(3)), Passed(id="d", reason="draft")])
    room = hashing_room(tmp_path)
    report = await room.sync("kb", source=source)
    assert [(group.reason, group.failed, group.examples) for group in report.passed] == [
        ("its pages are locked with a password", True, ("doc1",)),
        ("draft", False, ("d",)),
    ]
    assert report.ledger is not None
    assert (report.ledger.kept, report.ledger.skipped, report.ledger.failed) == (2, 1, 1)
    assert room.outcome_of("kb", "doc1").outcome == "failed"
    assert await finds(room, word("doc2"), k=1) == {"doc2"}


async def test_every_outcome_is_kept_not_only_examples(tmp_path: Path) -> None:
    source = ListSource(Passed(id=f"draft{number}", reason="draft") for number in range(300))
    source.put(raw("a"))
    room = hashing_room(tmp_path)
    report = await room.sync("kb", source=source)
    assert len(report.passed[0].examples) < 10
    assert {room.outcome_of("kb", f"draft{number}").outcome for number in range(300)} == {"skipped"}
    assert room.outcome_of("kb", "a").outcome == "kept"
    source.put(raw("draft7"))
    await room.sync("kb", source=source)
    assert (room.outcome_of("kb", "draft7").outcome, room.outcome_of("kb", "draft8").reason) == ("kept", "draft")


def test_outcomes_give_back_what_was_grouped() -> None:
    passed = [Passed(id="b", reason="draft"), Passed(id="a", reason="draft"), Passed(id="c", reason="x", failed=True)]
    outcomes = Outcomes(version=1, source="s", mark=None, groups=grouped_outcomes(passed))
    assert sorted(outcomes.passed(), key=lambda one: one.id) == sorted(passed, key=lambda one: one.id)
    assert outcomes.find("never") is None
