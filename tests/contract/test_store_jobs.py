"""Jobs, in every store: kept once, changed one at a time, listed, erased.

Knows nothing of how a job is done.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.store_samples import NOW

from holdfast.errors import NotFound, StoreFailed
from holdfast.job import Job, JobProgress, JobQuery
from holdfast.records import Failure
from holdfast.stores import Store


def job(job_id: str = "job_1", **fields: Any) -> Job:
    return Job(**{"id": job_id, "kind": "sync", "asked": {"corpus": "faq"}, "created_at": NOW, **fields})


async def test_a_job_comes_back_equal_and_the_same_id_again_changes_nothing(store: Store) -> None:
    whole = job(
        subject="anna",
        webhook="https://example.com/hook",
        progress=JobProgress("embed", 3, None),
        failure=Failure(code="HF109", message="gone", fix="mend it"),
        ended_at=NOW,
        status="failed",
    )
    assert await store.jobs.add(whole) == whole
    assert await store.jobs.add(job(asked="another")) == whole
    assert await store.jobs.get("job_1") == whole
    assert await store.jobs.find(JobQuery()) == (whole,)


async def test_a_job_of_another_tenant_is_not_found_unless_any_is_asked_for(store: Store) -> None:
    await store.jobs.add(job(tenant="acme"))
    for wrong in (store.jobs.get("job_1"), store.jobs.get("job_2", None), store.jobs.find(JobQuery(before="job_1"))):
        with pytest.raises(NotFound) as refused:
            await wrong
        assert refused.value.code == "HF209"
    assert (await store.jobs.get("job_1", None)).tenant == "acme"
    assert await store.jobs.find(JobQuery()) == ()


async def test_of_two_changes_to_one_revision_only_the_first_is_made(store: Store) -> None:
    kept = await store.jobs.add(job())
    outcomes = await asyncio.gather(*(store.jobs.change(replace(kept, attempt=n)) for n in (2, 3, 4)))
    made = [outcome for outcome in outcomes if outcome is not None]
    assert len(made) == 1
    assert made[0].revision == 1
    assert await store.jobs.get("job_1") == made[0]
    assert await store.jobs.change(replace(made[0], id="job_9")) is None


async def test_jobs_are_listed_newest_first_in_pages_by_kind_and_status(store: Store) -> None:
    for n in range(5):
        await store.jobs.add(job(f"job_{n}", kind=("sync", "feature")[n % 2], status=("queued", "done")[n > 2]))

    async def ids(**filters: Any) -> list[str]:
        return [each.id for each in await store.jobs.find(JobQuery(**filters))]

    assert await ids(limit=2) == ["job_4", "job_3"]
    assert await ids(before="job_3") == ["job_2", "job_1", "job_0"]
    assert await ids(kind="feature") == ["job_3", "job_1"]
    assert await ids(status="queued", kind="sync") == ["job_2", "job_0"]


async def test_unfinished_jobs_of_all_tenants_come_with_the_running_ones_first(store: Store) -> None:
    statuses = ("done", "queued", "failed", "running", "cancelled", "queued", "running")
    for n, status in enumerate(statuses):
        await store.jobs.add(job(f"job_{n}", status=status, tenant="acme" if n % 2 else ""))
    assert [each.id for each in await store.jobs.unfinished()] == ["job_3", "job_6", "job_1", "job_5"]
    assert [each.id for each in await store.jobs.unfinished(limit=3)] == ["job_3", "job_6", "job_1"]


async def test_only_jobs_that_ended_long_ago_are_deleted(store: Store) -> None:
    await store.jobs.add(job("open"))
    ended = await store.jobs.add(job("ended"))
    await store.jobs.change(replace(ended, status="done", ended_at=NOW))
    await store.jobs.add(job("fresh", status="done", ended_at=NOW + timedelta(days=1)))
    gone = await store.jobs.delete_ended(NOW + timedelta(seconds=1))
    assert [each.id for each in gone] == ["ended"]
    assert [each.id for each in await store.jobs.find(JobQuery())] == ["fresh", "open"]


async def test_erasing_a_subject_removes_its_jobs_with_what_they_were_asked(store: Store) -> None:
    await store.jobs.add(job("hers", subject="anna"))
    await store.jobs.add(job("his", subject="ben"))
    await store.jobs.add(job("elsewhere", subject="anna", tenant="acme"))
    assert (await store.recordings.delete_subject("anna")).jobs == 1
    assert [each.id for each in await store.jobs.find(JobQuery())] == ["his"]
    assert await store.jobs.get("elsewhere", "acme")


async def test_a_job_that_is_not_json_is_refused_and_the_store_goes_on(store: Store) -> None:
    with pytest.raises(StoreFailed):
        await store.jobs.add(job(asked=object()))
    with pytest.raises(StoreFailed):
        await store.jobs.change(replace(await store.jobs.add(job()), result={"a": "\ud800"}))
    assert (await store.jobs.get("job_1")).result is None
