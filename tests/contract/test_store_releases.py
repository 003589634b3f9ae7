"""Every store keeps its promises of releases: names that never move, and promotions that can be undone."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.contract.store_samples import NOW

from holdfast.errors import NotFound, Refused
from holdfast.release import GuardSlot, ModelSlot, Release
from holdfast.stores import (
    FeatureHashes,
    NamedRelease,
    Promotion,
    Store,
)


def release(model: str, name: str | None = None) -> Release:
    return Release(slots={"answer": ModelSlot(models=(model,)), "grounded": GuardSlot(family="grounded")}, name=name)


def named(model: str, name: str, code: str = "c1") -> NamedRelease:
    hashes = {"answer_ticket": FeatureHashes(code=code, schema="s1")}
    return NamedRelease(name=name, release=release(model, name), features=hashes, created_at=NOW, created_by="ada")


async def test_a_release_is_found_by_id_and_by_name(store: Store) -> None:
    unnamed, spring = release("a:1"), named("a:2", "spring")
    for _ in range(2):
        await store.releases.add(unnamed)
        assert await store.releases.create(spring) == spring
    assert await store.releases.get(unnamed.id) == unnamed
    assert await store.releases.get(spring.release.id) == replace(spring.release, name=None)
    assert await store.releases.get("spring") == spring.release


async def test_a_release_never_changes_once_it_is_kept_and_its_id_never_takes_a_name(store: Store) -> None:
    await store.releases.add(release("a:1", "summer"))
    await store.releases.create(named("a:1", "autumn"))
    assert await store.releases.get(release("a:1").id) == release("a:1")
    with pytest.raises(NotFound, match="HF204"):
        await store.releases.get("summer")


async def test_a_name_never_moves(store: Store) -> None:
    first = await store.releases.create(named("a:1", "spring"))
    for other in (named("a:2", "spring"), named("a:1", "spring", code="c2")):
        with pytest.raises(Refused, match="HF710") as caught:
            await store.releases.create(other)
        assert "holdfast release diff spring working" in caught.value.fix
    later = replace(named("a:1", "spring"), created_at=NOW + timedelta(days=1), created_by="bob")
    assert await store.releases.create(later) == first
    with pytest.raises(NotFound):
        await store.releases.get(release("a:2").id)  # what was refused left nothing


async def test_names_of_releases_are_listed_newest_first_and_one_release_may_have_two(store: Store) -> None:
    made = [named("a:1", "spring"), named("a:2", "summer"), named("a:1", "autumn")]
    for each in made:
        await store.releases.create(each)
    assert await store.releases.named() == tuple(reversed(made))


async def test_promotions_are_kept_and_a_rollback_goes_back_one_that_still_stands_each_time(store: Store) -> None:
    for n, name in enumerate(("one", "two", "three")):
        await store.releases.create(named(f"a:{n}", name))
    assert await store.releases.promotions() == ()
    await store.releases.promote("one", NOW, "ada")
    second = await store.releases.promote("two", NOW, "ada")
    assert second == Promotion(number=2, release="two", at=NOW, by="ada")
    assert await store.releases.promote("two", NOW + timedelta(days=1), "bob") == second
    assert (await store.releases.rollback(NOW, "bob")).release == "one"
    await store.releases.promote("three", NOW, "ada")
    await store.releases.promote(None, NOW, "ada")
    assert [(await store.releases.rollback(NOW, "ada")).release for _ in range(3)] == ["three", "one", None]
    with pytest.raises(NotFound, match="HF204"):
        await store.releases.rollback(NOW, "ada")
    told = [(each.number, each.release, each.rollback) for each in await store.releases.promotions()]
    assert told[::-1] == [
        *[(1, "one", False), (2, "two", False), (3, "one", True), (4, "three", False), (5, None, False)],
        *[(6, "three", True), (7, "one", True), (8, None, True)],
    ]
    assert [each.number for each in await store.releases.promotions(1)] == [8]


async def test_only_a_named_release_is_promoted_and_nothing_is_rolled_back_before(store: Store) -> None:
    await store.releases.create(named("a:1", "spring"))
    with pytest.raises(NotFound, match="did you mean 'spring'"):
        await store.releases.promote("sprign", NOW, "ada")
    with pytest.raises(NotFound, match="HF204"):
        await store.releases.rollback(NOW, "ada")
    assert await store.releases.promotions() == ()


async def test_promotions_made_at_once_stand_one_after_the_other(store: Store) -> None:
    names = [f"n{n}" for n in range(8)]
    for n, name in enumerate(names):
        await store.releases.create(named(f"a:{n}", name))
    await asyncio.gather(*(store.releases.promote(name, NOW, "ada") for name in names))
    made = await store.releases.promotions()
    assert [each.number for each in made] == list(range(8, 0, -1))
    back = [await store.releases.rollback(NOW, "ada") for _ in names]
    assert [each.release for each in back] == [each.release for each in made[1:]] + [None]


async def test_an_unknown_release_names_those_that_are_there(store: Store) -> None:
    await store.releases.create(named("a:1", "spring"))
    with pytest.raises(NotFound, match="did you mean 'spring'") as caught:
        await store.releases.get("sprign")
    assert caught.value.code == "HF204"
    with pytest.raises(NotFound, match="HF204"):
        await store.releases.get("")
