"""The engine beside a project on PostgreSQL: in a schema of its own, and after a stop it goes on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tests.unit.jobs.test_engine import Works, ended, until

from holdfast.app import Project
from holdfast.jobs.asking import new_job
from holdfast.settings import JobsPart
from holdfast.store import open_store


async def test_jobs_on_postgresql_go_on_after_a_stop(postgres_url: str, tmp_path: Path) -> None:
    store = await open_store(postgres_url, tmp_path / "storage")
    config = SimpleNamespace(jobs=JobsPart(), corpora={}, secrets=(), database_url=postgres_url, state=tmp_path)
    project = cast(Project, SimpleNamespace(store=store, config=config))
    works: Any = Works()
    job = await store.jobs.add(new_job("wait", None))
    async with works.running(project):
        await until(lambda: works.begun == [job.id])
    works.go.set()
    async with works.running(project):
        assert (await ended(project, job.id)).result == "went"
    await store.close()
    assert not (tmp_path / "jobs.db").exists()
