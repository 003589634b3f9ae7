"""What was asked, in every store: shown in lists, and found by its words in the same way everywhere.

Knows nothing of how a database compares texts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.store_samples import NOW, SECRET, recording
from tests.contract.test_store import found

from holdfast.store.preview import preview, says
from holdfast.stores import RecordingQuery, Store


async def asked(store: Store, **filters: Any) -> list[str | None]:
    return [each.asked for each in await store.recordings.find(RecordingQuery(**filters))]


async def test_a_summary_shows_the_beginning_of_what_was_asked(store: Store) -> None:
    for each in ({"subject": " Parcel\n late ", "n": 5, "body": ["two\x00days", "x" * 200]}, {"n": 5}):
        await store.recordings.add(recording(input=each))
    assert await asked(store) == [None, "Parcel late two days " + "x" * 138 + "…"]
    assert await asked(store, text="x parcel") == ["Parcel late two days " + "x" * 138 + "…"]


@pytest.mark.parametrize(
    ("text", "found_in"),
    [
        ("", [0, 1, 2, 3]),
        (" \n", [0, 1, 2, 3]),
        ("late parcel", [0]),
        ("ARC", [0]),
        ("late refund", []),
        ("100%", [1]),
        ("%", [1]),
        ("_", [1]),
        ("a_b", [1]),
        ("!", [1]),
        ("'", [1]),
        ("\\", [2]),
        ("\\n", [2]),
        ("0", [1]),
        ("ärger", [0, 3]),
        ("ÄRGER", [0, 3]),
        ("Ärger", [0, 3]),
        ("ПРИВЕТ", [3]),
        ("привет", [3]),
        ("straße", [3]),
        ("STRASSE", []),
        ("K", [1, 2, 3]),
        ("x" * 1000, []),
    ],
)
async def test_a_text_finds_what_holds_all_its_words_as_they_are(store: Store, text: str, found_in: list[int]) -> None:
    inputs = (
        "My PARCEL is late. Ärger.",
        "100% off? a_b it's ok!",
        "C:\\new kilo",
        "ÄRGER Привет Straße \u212a K",
    )
    many = [recording(each) for each in inputs]
    for each in many:
        await store.recordings.add(each)
    assert await found(store, text=text) == [many[n].id for n in reversed(found_in)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(words=st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=3), min_size=1, max_size=3))
async def test_every_database_agrees_on_what_a_text_finds(store: Store, words: list[str]) -> None:
    given_ = recording(" ".join(words).swapcase())
    await store.recordings.add(given_)
    for text in (words[0], " ".join(words)):
        expected = says(preview(given_.input), text)
        assert (await found(store, text=text, limit=1) == [given_.id]) is expected


async def test_a_text_narrows_with_the_other_filters_page_by_page_and_within_a_tenant(store: Store) -> None:
    many = [
        recording(
            f"{'parcel' if n % 2 else 'refund'} {n}",
            feature="sort" if n % 3 else "answer",
            tenant="acme" if n % 5 else "beta",
            started_at=NOW + timedelta(seconds=n // 4),
        )
        for n in range(60)
    ]
    for each in many:
        await store.recordings.add(each)
    pages: list[str] = []
    query: dict[str, Any] = {"text": "Parcel", "feature": "sort", "tenant": "acme", "limit": 4}
    while page := await found(store, **query, before=pages[-1] if pages else None):
        pages += page
    assert pages == [each.id for n, each in reversed(list(enumerate(many))) if n % 2 and n % 3 and n % 5]
    assert await found(store, text="parcel") == []


async def test_a_secret_is_neither_shown_nor_found_in_what_was_asked(store: Store) -> None:
    await store.recordings.add(recording(f"{'x' * 150} {SECRET}"))
    await store.recordings.add(recording(f"my key is {SECRET}."))
    assert await asked(store) == ["my key is [secret].", "x" * 150 + " [secret]"]
    assert await asked(store, text=SECRET) == []
    assert await asked(store, text="sk-") == []


async def test_what_an_erased_subject_asked_is_neither_shown_nor_found(store: Store) -> None:
    for subject in ("anna", "ben"):
        await store.recordings.add(recording(f"the parcel of {subject}", subject=subject))
    await store.recordings.delete_subject("anna")
    assert await asked(store, text="parcel") == ["the parcel of ben"]
