"""Every store keeps every promise of the contracts: over SQLite, over PostgreSQL, and their twin in memory.

Knows nothing of how any of them does it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace
from tests.contract.store_samples import NOW, SECRET, passage, recording, recordings

from holdfast.errors import NotFound, StoreFailed
from holdfast.identity import to_json
from holdfast.records import Feedback, Outcome, Recording, RecordingSummary
from holdfast.release import Prompt
from holdfast.store.preview import preview
from holdfast.stores import (
    EvaluationQuery,
    Key,
    RecordingQuery,
    Store,
)


def summary(of: Recording) -> RecordingSummary:
    same = set(RecordingSummary.__struct_fields__) & set(Recording.__struct_fields__)
    return RecordingSummary(**{name: getattr(of, name) for name in same}, asked=preview(of.input))


async def found(store: Store, **filters: object) -> list[str]:
    return [each.id for each in await store.recordings.find(RecordingQuery(**filters))]  # type: ignore[arg-type]


# ---------------------------------------------------------------- recordings


async def test_a_recording_comes_back_equal_and_with_the_same_bytes(store: Store) -> None:
    given_ = recording()
    await store.recordings.add(given_)
    got = await store.recordings.get(given_.id)
    assert got == given_
    assert to_json(got) == to_json(given_)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(given_=recordings)
async def test_any_recording_comes_back_equal(store: Store, given_: Recording) -> None:
    await store.recordings.add(given_)
    got = await store.recordings.get(given_.id, given_.tenant)
    assert got == given_
    assert to_json(got) == to_json(given_)
    query = RecordingQuery(tenant=given_.tenant, feature=given_.feature, evaluation=given_.evaluation, limit=1)
    assert await store.recordings.find(query)


async def test_deep_and_large_json_comes_back_equal(store: Store) -> None:
    deep: object = 10**30
    for _ in range(400):
        deep = [deep]
    given_ = recording(
        input={"deep": deep, "text": 'a "quoted" text\x00' * 30_000}, output=["x" * 400_000, "y" * 17_000]
    )
    await store.recordings.add(given_)
    assert await store.recordings.get(given_.id) == given_


async def test_two_hundred_adds_at_once_are_all_kept(store: Store) -> None:
    many = [recording(f"question {n}", passages=(n % 9, n % 7)) for n in range(200)]
    await asyncio.gather(*(store.recordings.add(each) for each in many))
    assert await asyncio.gather(*(store.recordings.get(each.id) for each in many)) == many
    assert await found(store, limit=500) == [each.id for each in reversed(many)]


async def test_adding_the_same_id_again_changes_nothing(store: Store) -> None:
    first = recording("first")
    await asyncio.gather(*(store.recordings.add(first) for _ in range(3)))
    await store.recordings.add(replace(first, input="second", subject="ben"))
    assert await store.recordings.get(first.id) == first
    assert await found(store) == [first.id]
    assert (await store.recordings.delete_subject("anna")).recordings == 1


async def test_a_change_of_the_input_after_the_add_changes_nothing(store: Store) -> None:
    given_ = recording(input={"body": "before"})
    await store.recordings.add(given_)
    given_.input["body"] = "after"
    assert (await store.recordings.get(given_.id)).input == {"body": "before"}


@pytest.mark.parametrize(
    "broken",
    [
        {"input": "lone \ud800 surrogate"},
        {"input": object()},
        {"ms": float("nan")},
        {
            "steps": (
                replace(
                    recording().steps[0],
                    result=replace(recording().steps[0].result, passages=(replace(passage(1), score=float("inf")),)),
                ),
            )
        },
    ],
    ids=["surrogate", "no JSON", "NaN", "infinite score"],
)
async def test_a_recording_that_is_not_json_fails_alone(store: Store, broken: dict[str, object]) -> None:
    good = [recording(f"question {n}") for n in range(5)]
    bad = recording(**broken)
    outcomes = await asyncio.gather(
        *(store.recordings.add(each) for each in [*good[:2], bad, *good[2:]]), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 2 + [StoreFailed] + [type(None)] * 3
    assert isinstance(outcomes[2], StoreFailed)
    assert outcomes[2].code == "HF600"
    assert bad.id in outcomes[2].message
    assert await found(store) == [each.id for each in reversed(good)]


async def test_an_unknown_recording_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="HF203"):
        await store.recordings.get("rec_nowhere")


async def test_tenants_never_see_each_other(store: Store) -> None:
    ours, theirs = recording("ours", tenant="acme"), recording("theirs", tenant="beta")
    same_id = replace(theirs, id=ours.id)
    for each in (ours, theirs, same_id):
        await store.recordings.add(each)
    assert await store.recordings.get(ours.id, "acme") == ours
    assert await store.recordings.get(ours.id, "beta") == same_id
    for tenant in ("", "acme"):
        with pytest.raises(NotFound, match="HF203"):
            await store.recordings.get(theirs.id, tenant)
        with pytest.raises(NotFound, match="HF203"):
            await store.feedback.add(Feedback(id="fb_1", recording_id=theirs.id, at=NOW), tenant)
        with pytest.raises(NotFound, match="HF203"):
            await found(store, tenant=tenant, before=theirs.id)
    assert await found(store) == []
    assert await found(store, tenant="acme") == [ours.id]
    assert (await store.recordings.delete_subject("anna", "acme")).recordings == 1
    assert await store.recordings.get(theirs.id, "beta") == theirs


# ---------------------------------------------------------------- find


async def test_find_gives_summaries_newest_first(store: Store) -> None:
    many = [recording(f"question {n}", started_at=NOW + timedelta(seconds=n), cost_usd=None) for n in (2, 0, 3, 1)]
    for each in many:
        await store.recordings.add(each)
    newest_first = sorted(many, key=lambda each: each.started_at, reverse=True)
    assert await store.recordings.find(RecordingQuery()) == tuple(summary(each) for each in newest_first)


async def test_pages_joined_are_the_whole_list(store: Store) -> None:
    many = [recording(f"question {n}", started_at=NOW + timedelta(seconds=n // 4)) for n in range(23)]
    for each in many:
        await store.recordings.add(each)
    pages: list[str] = []
    while page := await found(store, limit=5, before=pages[-1] if pages else None):
        pages += page
    assert pages == [each.id for each in reversed(many)]


async def test_each_filter_finds_what_it_names_and_nothing_else(store: Store) -> None:
    outcomes: list[Outcome] = ["ok", "failed"]
    many = [
        recording(
            f"{feature} {outcome} {release} {subject}",
            feature=feature,
            outcome=outcome,
            release=release,
            subject=subject,
            started_at=NOW + timedelta(hours=hour),
        )
        for feature in ("answer", "sort")
        for outcome in outcomes
        for release in ("r_1", "r_2")
        for subject in ("anna", None)
        for hour in (0, 1)
    ]
    for each in many:
        await store.recordings.add(each)
    later = NOW + timedelta(hours=1)
    for filters, matches in (
        ({"feature": "sort"}, lambda r: r.feature == "sort"),
        ({"outcome": "failed"}, lambda r: r.outcome == "failed"),
        ({"release": "r_2"}, lambda r: r.release == "r_2"),
        ({"subject": "anna"}, lambda r: r.subject == "anna"),
        ({"since": later}, lambda r: r.started_at >= later),
        ({"until": later}, lambda r: r.started_at < later),
        ({"feature": "sort", "outcome": "ok", "until": later, "subject": "anna"},
         lambda r: (r.feature, r.outcome, r.subject) == ("sort", "ok", "anna") and r.started_at < later),
        ({"feature": "nothing"}, lambda r: False),
    ):  # fmt: skip
        assert set(await found(store, **filters)) == {each.id for each in many if matches(each)}, filters


async def test_a_page_after_a_recording_that_is_gone_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="HF203"):
        await found(store, before="rec_nowhere")


# ---------------------------------------------------------------- erasure


async def test_erasing_a_subject_removes_what_only_it_used(store: Store) -> None:
    hers = [recording("one", passages=(1, 2)), recording("two", passages=(2, 3))]
    his = recording("three", passages=(3, 4), subject="ben")
    nobodys = recording("four", passages=(4,), subject=None)
    for each in [*hers, his, nobodys]:
        await store.recordings.add(each)
    for n, about in enumerate([hers[0], his, his, nobodys]):
        subject = "anna" if n == 1 else None
        await store.feedback.add(Feedback(id=f"fb_{n}", recording_id=about.id, at=NOW, subject=subject))
    deleted = await store.recordings.delete_subject("anna")
    assert (deleted.recordings, deleted.feedback) == (2, 2)
    assert deleted.bodies == 4  # two recordings' own, and passages 1 and 2; 3 is his too
    for each in hers:
        with pytest.raises(NotFound, match="HF203"):
            await store.recordings.get(each.id)
    assert await store.recordings.get(his.id) == his
    assert await store.recordings.get(nobodys.id) == nobodys
    assert [each.id for each in await store.feedback.of(his.id)] == ["fb_2"]
    again = await store.recordings.delete_subject("anna")
    assert (again.recordings, again.bodies, again.files, again.feedback) == (0, 0, 0, 0)


async def test_an_erased_recording_can_be_added_again(store: Store) -> None:
    given_ = recording()
    await store.recordings.add(given_)
    await store.recordings.delete_subject("anna")
    await store.recordings.add(given_)
    assert await store.recordings.get(given_.id) == given_


async def test_the_same_passage_of_two_tenants_is_two_bodies(store: Store) -> None:
    for tenant in ("acme", "beta"):
        await store.recordings.add(recording("one", tenant=tenant))
    assert (await store.recordings.delete_subject("anna", "acme")).bodies == 5  # its own, the prompt, three passages


# ---------------------------------------------------------------- secrets


async def test_secrets_never_reach_the_store(store: Store) -> None:
    nested = '{"authorization": "Bearer sk-\\"quoted\\\\key"}'
    given_ = recording(f"my key is {SECRET}.", input={SECRET: [nested, f"{SECRET}{SECRET}"]}, subject=f"x{SECRET}")
    await store.recordings.add(given_)
    got = await store.recordings.get(given_.id)
    assert got.input == {"[secret]": ['{"authorization": "Bearer [secret]"}', "[secret][secret]"]}
    assert got.subject == "x[secret]"
    assert "my key is [secret]." in to_json(got).decode()
    assert "quoted" not in to_json(got).decode()
    assert await found(store, subject="x[secret]") == [given_.id]


async def test_secrets_never_reach_the_store_in_feedback(store: Store) -> None:
    given_ = recording()
    await store.recordings.add(given_)
    await store.feedback.add(Feedback(id="fb_1", recording_id=given_.id, at=NOW, comment=f"it printed {SECRET}"))
    assert [each.comment for each in await store.feedback.of(given_.id)] == ["it printed [secret]"]


# ---------------------------------------------------------------- prompts, feedback, keys


async def test_prompts_are_numbered_from_one_for_each_path(store: Store) -> None:
    first, second = Prompt(path="a.md", hash="h1", text="one"), Prompt(path="a.md", hash="h2", text="two")
    other = Prompt(path="b.md", hash="h1", text="one")
    assert [await store.prompts.note(each) for each in (first, second, first, other)] == [1, 2, 1, 1]
    assert [await store.prompts.get("a.md", 1), await store.prompts.get("a.md", 2)] == [first, second]
    with pytest.raises(NotFound, match="HF201"):
        await store.prompts.get("a.md", 3)


async def test_prompts_noted_at_once_get_one_number_each(store: Store) -> None:
    many = [Prompt(path="a.md", hash=f"h{n % 10}", text=f"text {n % 10}") for n in range(40)]
    numbers = await asyncio.gather(*(store.prompts.note(each) for each in many))
    assert sorted(set(numbers)) == list(range(1, 11))
    assert [await store.prompts.get("a.md", number) for number in numbers] == many


async def test_feedback_comes_back_in_order_and_once(store: Store) -> None:
    given_ = recording()
    await store.recordings.add(given_)
    thought = [
        Feedback(id="fb_1", recording_id=given_.id, at=NOW, score=-0.5, comment="wrong", correction={"text": ["ü"]}),
        Feedback(id="fb_2", recording_id=given_.id, at=NOW, label="good", subject="anna"),
    ]
    for each in [*thought, thought[0]]:
        await store.feedback.add(each)
    assert await store.feedback.of(given_.id) == tuple(thought)
    assert await store.feedback.of("rec_nowhere") == ()


async def test_feedback_on_nothing_is_not_found_and_disturbs_nobody(store: Store) -> None:
    given_ = recording()
    await store.recordings.add(given_)
    ids = [given_.id, "rec_nowhere", given_.id]
    outcomes = await asyncio.gather(
        *(store.feedback.add(Feedback(id=f"fb_{n}", recording_id=id_, at=NOW)) for n, id_ in enumerate(ids)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), NotFound, type(None)]
    assert [each.id for each in await store.feedback.of(given_.id)] == ["fb_0", "fb_2"]


async def test_keys_are_kept_listed_and_revoked_once(store: Store) -> None:
    keys = [Key(id=f"k{n}", name=f"key {n}", secret_hash="5e", created_at=NOW, scopes=("run",)) for n in range(3)]
    for each in [*keys, keys[0]]:
        await store.keys.add(each)
    assert await store.keys.all() == tuple(keys)
    revoked = await store.keys.revoke("k1", NOW)
    assert revoked == replace(keys[1], revoked_at=NOW)
    assert await store.keys.revoke("k1", NOW + timedelta(days=1)) == revoked
    assert await store.keys.get("k1") == revoked
    assert await store.keys.get("nobody") is None
    with pytest.raises(NotFound, match="HF205"):
        await store.keys.revoke("nobody", NOW)
    with pytest.raises(StoreFailed, match="HF600"):
        await store.keys.add(replace(keys[2], secret_hash="07"))
    assert await store.keys.get("k2") == keys[2]


# ---------------------------------------------------------------- closing


async def test_a_closed_store_takes_and_gives_nothing(store: Store) -> None:
    await store.ping()
    await store.close()
    await store.close()
    for asked in (
        store.recordings.add(recording()),
        store.recordings.get("rec_1"),
        store.recordings.find(RecordingQuery()),
        store.feedback.of("rec_1"),
        store.keys.all(),
        store.evaluations.find(EvaluationQuery()),
        store.prompts.note(Prompt(path="a.md", hash="h1", text="one")),
        store.releases.get("spring"),
        store.releases.promotions(),
        store.releases.rollback(NOW, "ada"),
        store.ping(),
    ):
        with pytest.raises(StoreFailed, match="HF600"):
            await asked
