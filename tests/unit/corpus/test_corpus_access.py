"""Nobody finds what they may not see: in no mode, at no depth, in no version."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpora import ListSource, finds, hashing_room, raw
from holdfast.errors import NotFound

MODES = ("lexical", "vector", "hybrid")


@pytest.fixture
def source() -> ListSource:
    """Two hundred restricted documents that match better than the few that others may see."""
    secret = [raw(f"secret{n}", f"quarterly salary table salary {n}", principals=("staff",)) for n in range(200)]
    legal = [raw("legal", "salary law", principals=("legal", "board"))]
    return ListSource([*secret, *legal, raw("public", "what a salary is"), raw("other", "office plants")])


@pytest.mark.parametrize("mode", MODES)
async def test_restricted_documents_are_left_out_before_the_cut_to_k(
    tmp_path: Path, source: ListSource, mode: str
) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    query = "quarterly salary table salary"
    assert "public" in await finds(room, query, k=2, mode=mode)
    assert not any(found.startswith(("secret", "legal")) for found in await finds(room, query, k=50, mode=mode))
    assert await finds(room, query, k=50, mode=mode, principals=("board",)) >= {"legal", "public"}
    assert all(found.startswith("secret") for found in await finds(room, query, k=5, mode=mode, principals=("staff",)))
    everything = await finds(room, query, k=300, mode=mode, principals=("staff", "legal"))
    assert len([found for found in everything if found.startswith("secret")]) == 200


@pytest.mark.parametrize("mode", MODES)
async def test_permissions_are_those_of_now_in_every_version(tmp_path: Path, source: ListSource, mode: str) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    source.put(
        raw("public", "what a salary is", principals=("staff",)),
        raw("legal", "salary law"),
        raw("secret7", "quarterly salary table salary 7", principals=("board",)),
    )
    await room.sync("kb", source=source)
    for version in ("v1", "v2"):
        nobody = await finds(room, "salary", version, k=300, mode=mode)
        assert "legal" in nobody
        assert not any(found.startswith(("secret", "public")) for found in nobody)
        board = await finds(room, "salary", version, k=300, mode=mode, principals=("board",))
        assert {"legal", "secret7"} <= board
        assert "public" not in board
        staff = await finds(room, "salary", version, k=300, mode=mode, principals=("staff",))
        assert "secret7" not in staff
        assert {"public", "legal", "secret8"} <= staff


async def test_permission_change_embeds_nothing_and_is_published(tmp_path: Path, source: ListSource) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    source.put(raw("public", "what a salary is", principals=("staff",)))
    report = await room.sync("kb", source=source)
    assert (report.published, report.changed, report.embedded) == (True, 1, 0)


async def test_document_that_may_not_be_seen_is_as_good_as_absent(tmp_path: Path, source: ListSource) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    with pytest.raises(NotFound) as failure:
        await room.document("kb", "v1", "legal", principals=("staff",))
    assert "secret" not in str(failure.value)
    assert (await room.document("kb", "v1", "legal", principals=("board",))).principals == ("board", "legal")
    assert (await room.document("kb", "v1", "legal")).id == "legal"


@pytest.mark.parametrize("name", ["public", "*", "", ":staff", "staff OR legal", '"', "stäff 🎈"])
async def test_principals_may_have_any_name(tmp_path: Path, name: str) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("a", "one salary", principals=(name,)), raw("b", "two salary")]))
    for mode in MODES:
        assert await finds(room, "salary", mode=mode) == {"b"}
        assert await finds(room, "salary", mode=mode, principals=("staff",)) == {"b"}
        assert await finds(room, "salary", mode=mode, principals=(name,)) == {"a", "b"}
