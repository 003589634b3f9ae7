"""Whatever happens to a source, what can be found afterwards is what it holds: nothing less, nothing more."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from corpora import ListSource, finds, hashing_room, raw, word
from holdfast.sources import Passed

IDS = st.integers(0, 15).map(lambda number: f"doc{number}")
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), IDS, st.integers(0, 3)),
        st.tuples(st.just("delete"), IDS, st.just(0)),
        st.tuples(st.just("draft"), IDS, st.just(0)),
        st.tuples(st.just("allow"), IDS, st.integers(0, 2)),
        st.tuples(st.just("sync"), st.just(""), st.integers(0, 9)),
    ),
    max_size=40,
)
GROUPS: tuple[tuple[str, ...], ...] = ((), ("staff",), ("staff", "board"))


def apply(source: ListSource, change: str, document_id: str, number: int) -> None:
    known = source.items.get(document_id)
    if change == "put":
        body = (
            f"This page {word(document_id)} is revision{number} of itself.\n\n## More\n\nAnd {word(document_id)} again."
        )
        source.put(raw(document_id, body, principals=getattr(known, "principals", ())))
    elif change == "delete":
        source.items.pop(document_id, None)
    elif change == "draft" and known is not None:
        source.put(Passed(id=document_id, reason="draft"))
    elif change == "allow" and known is not None and not isinstance(known, Passed):
        source.put(raw(document_id, str(known.body), principals=GROUPS[number]))


@given(CHANGES)
@settings(max_examples=25, deadline=None)
def test_search_space_equals_the_source_after_any_changes(changes: list[tuple[str, str, int]]) -> None:
    async def check() -> None:
        with tempfile.TemporaryDirectory() as folder:
            room, source = hashing_room(Path(folder), keep=3), ListSource()
            for change, document_id, number in [*changes, ("sync", "", 1)]:
                if change == "sync":
                    await room.sync("kb", source=source, full=number == 0)
                    await same(room, source)
                else:
                    apply(source, change, document_id, number)
            room.close()

    async def same(room, source) -> None:
        for principals in GROUPS:
            expected = {
                item.id
                for item in source.items.values()
                if not isinstance(item, Passed) and (not item.principals or set(item.principals) & set(principals))
            }
            for mode in ("lexical", "hybrid"):
                found = await finds(room, "page", k=100, mode=mode, principals=principals)
                assert found == expected
            for document_id in expected:
                found = await finds(room, f"About {word(document_id)}", k=1, principals=principals)
                assert found == {document_id}
        ids = {item.id for item in source.items.values() if not isinstance(item, Passed)}
        for number in range(16):
            if f"doc{number}" not in ids:
                found = await finds(room, f"About {word(f'doc{number}')}", k=100, principals=GROUPS[2])
                assert f"doc{number}" not in found

    asyncio.run(check())
