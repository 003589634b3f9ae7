"""Corpora are synced again while a project is served, and nothing that goes wrong there ends the server."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from holdfast.app import Project
from holdfast.cli.freshness import kept_fresh, sync_once
from holdfast.errors import Misconfigured


@dataclass
class Syncing:
    """A project that can only sync: each run does the next thing, the last one again and again."""

    outcomes: list[Exception | SimpleNamespace]
    wanted: int = 1
    synced: list[str] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def config(self) -> Any:
        return SimpleNamespace(corpora={"often": SimpleNamespace(every_s=0), "never": SimpleNamespace(every_s=None)})

    async def sync(self, names: list[str]) -> tuple[SimpleNamespace, ...]:
        outcome = self.outcomes[min(len(self.synced), len(self.outcomes) - 1)]
        self.synced += names
        if len(self.synced) >= self.wanted:
            self.enough.set()
        if isinstance(outcome, Exception):
            raise outcome
        return (outcome,)


def report(*, published: bool) -> SimpleNamespace:
    return SimpleNamespace(corpus="often", version="v2", published=published, added=1, changed=0, removed=0)


async def test_a_corpus_is_synced_again_after_a_failure_and_one_without_an_interval_never() -> None:
    outcomes = [Misconfigured("HF109", "gone", "mend it"), ValueError("a bug"), report(published=True)]
    project = Syncing(outcomes, wanted=5)
    async with kept_fresh(cast(Project, project)):
        await project.enough.wait()
    assert set(project.synced) == {"often"}
    done = len(project.synced)
    await asyncio.sleep(0)
    assert len(project.synced) == done, "leaving stops it"


async def test_a_failure_is_logged_with_its_fix_and_a_bug_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for outcome in (Misconfigured("HF109", "the source is gone", "mend it"), ValueError("a bug")):
        await sync_once(cast(Project, Syncing([outcome])), "often")
    first, second = caplog.records
    assert first.getMessage() == "corpus 'often' was not synced: HF109: the source is gone (fix: mend it)"
    assert second.exc_info is not None
    assert second.exc_info[0] is ValueError


async def test_only_a_sync_that_changed_something_is_worth_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await sync_once(cast(Project, Syncing([report(published=False)])), "often")
    assert caplog.records == []
    await sync_once(cast(Project, Syncing([report(published=True)])), "often")
    assert caplog.records[0].getMessage() == "often v2: 1 added, 0 changed, 0 removed"
