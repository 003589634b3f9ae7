"""Jobs in the console: a corpus synced from its page, and jobs seen, cancelled and tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from msgspec.structs import replace
from playwright.async_api import Browser, expect
from tests.journeys.looking import Look, looking, wrong_on

from holdfast.jobs.asking import FeatureAsked, SyncAsked, new_job
from holdfast.jobs.engine import Engine

HOWS: list[dict[str, Any]] = [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}]
LONG = timedelta(minutes=5)
ENGINE_MS = 20_000
"""How long an engine may take to open its database and do a small job."""


async def usable(look: Look) -> None:
    """Nothing is wrong with the page, and it is no wider than the screen."""
    assert await wrong_on(look.page) == []
    assert not await look.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


async def asked(look: Look, kind: str, what: msgspec.Struct) -> str:
    """Keep a job that was asked for some time ago; its id."""
    project = look.served.project
    job = new_job(kind, msgspec.to_builtins(what))
    await project.store.jobs.add(replace(job, created_at=datetime.now(UTC) - LONG))
    return job.id


@pytest.mark.parametrize("how", HOWS)
async def test_a_corpus_is_synced_from_its_page_with_the_keyboard(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, jobs=True, **how) as look:
        page = look.page
        (tmp_path / "manual" / "battery.md").write_text("# The battery\n\nChange the battery once a year.\n")
        (tmp_path / "manual" / "empty.md").write_text("")
        await look.go("#/corpora/manual")
        versions = page.get_by_role("region", name="Versions")
        await expect(versions.locator("td:first-child a")).to_have_text(["v1"])
        await page.get_by_role("button", name="Sync now").press("Enter")
        job = page.get_by_role("region", name="Job")
        await expect(job.get_by_role("status")).to_have_text("done Made manual v2.", timeout=ENGINE_MS)
        await expect(versions.locator("td:first-child a")).to_have_text(["v2", "v1"])
        report = page.get_by_role("region", name="Last sync")
        await expect(report).to_contain_text("Added1")
        await expect(page.get_by_role("region", name="Skipped and failed", exact=True).last).to_contain_text(
            "empty file"
        )
        await expect(report).to_contain_text("Search goes by words only")
        await usable(look)
        await page.get_by_role("button", name="Sync now").press("Enter")
        await expect(job.get_by_role("status")).to_contain_text("Nothing had changed", timeout=ENGINE_MS)
        await job.get_by_role("link", name="The job").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Job: sync")
        await expect(page.get_by_role("region", name="What came of it")).to_contain_text("v2, as before")
        await usable(look)


@pytest.mark.parametrize("how", HOWS)
async def test_a_job_that_nobody_does_says_so_and_is_cancelled_and_tried_again(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, **how) as look:
        page = look.page
        await asked(look, "sync", SyncAsked("manual", True))
        await look.go("#/jobs")
        await expect(page.get_by_text("Nothing has begun it yet.")).to_be_visible()
        await usable(look)
        await page.get_by_role("region", name="Jobs").get_by_role("link").click()
        await expect(page.get_by_text("Nothing has begun it yet.")).to_be_visible()
        await page.get_by_role("button", name="Cancel").press("Enter")
        await expect(page.get_by_role("status")).to_have_text("cancelled")
        await expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        await usable(look)
        await page.get_by_role("button", name="Retry").press("Enter")
        await expect(page.get_by_role("status")).to_have_text("queued")
        async with Engine(look.served.project).running():
            await expect(page.get_by_role("status")).to_have_text("done", timeout=ENGINE_MS)
        result = page.get_by_role("region", name="What came of it")
        await result.get_by_role("link", name="manual v").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Corpus manual")


async def test_a_running_job_shows_how_far_it_is_and_stops_when_it_is_cancelled(
    browser: Browser, tmp_path: Path
) -> None:
    async with looking(browser, tmp_path, jobs=True) as look:
        page = look.page
        job_id = await asked(look, "feature", FeatureAsked("tell", {"body": "a story"}))
        await look.go(f"#/jobs/{job_id}")
        await expect(page.get_by_role("status")).to_have_text("running", timeout=ENGINE_MS)
        await expect(page.get_by_text("asked 0 of 1")).to_be_visible()
        await expect(page.get_by_text("Nothing has begun it yet.")).to_have_count(0)
        await usable(look)
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_role("status")).to_have_text("cancelled", timeout=ENGINE_MS)


async def test_a_request_that_was_done_leads_to_its_recording(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path, jobs=True) as look:
        job_id = await asked(look, "feature", FeatureAsked("answer_ticket", {"body": "Reset the alarm?"}))
        await look.go(f"#/jobs/{job_id}")
        result = look.page.get_by_role("region", name="What came of it")
        await expect(result).to_contain_text("Hold the red button", timeout=ENGINE_MS)
        await usable(look)
        await result.get_by_role("link", name="The recording").click()
        await expect(look.page.get_by_role("heading", level=1)).to_have_text("Recording of answer_ticket")


async def test_what_the_server_does_not_offer_is_not_shown(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        await look.page.route("**/openapi.json", lambda route: route.fulfill(json={"paths": {}}))
        await look.go("#/evaluations")
        await look.page.wait_for_load_state("networkidle")
        await expect(look.page.get_by_role("button", name="Evaluate")).to_have_count(0)
        await look.go("#/recordings")
        await look.page.wait_for_load_state("networkidle")
        await expect(look.page.get_by_label("Words of what was asked")).to_have_count(0)


async def test_recordings_are_found_by_words_of_what_was_asked(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page = look.page
        for body in ("How do I reset the alarm?", "Where is the battery?"):
            await look.served.project.run("answer_ticket", {"body": body})
        await look.go("#/recordings")
        await page.get_by_label("Words of what was asked").fill("battery")
        await page.keyboard.press("Enter")
        rows = page.get_by_role("region", name="Recordings", exact=True).get_by_role("row")
        await expect(rows).to_have_count(2)
        await expect(rows.nth(1)).to_contain_text("Where is the battery?")
        await usable(look)


@pytest.mark.parametrize("how", HOWS)
async def test_a_feature_is_evaluated_from_the_page(browser: Browser, tmp_path: Path, how: dict[str, Any]) -> None:
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "answer_ticket.jsonl").write_text('{"id": "reset", "input": {"body": "Reset the alarm?"}}\n')
    async with looking(browser, tmp_path, jobs=True, **how) as look:
        page = look.page
        await look.go("#/evaluations")
        await usable(look)
        await page.get_by_role("button", name="Evaluate").press("Enter")
        job = page.get_by_role("region", name="Job")
        await expect(job.get_by_role("status")).to_have_text("done The evaluation", timeout=ENGINE_MS)
        await usable(look)
        await job.get_by_role("link", name="The evaluation").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Evaluation of answer_ticket")
