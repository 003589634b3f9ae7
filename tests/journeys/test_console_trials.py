"""Trials in the console: an expression that is wrong says where, and a change is tried and read pair by pair."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from playwright.async_api import Browser, expect
from tests.journeys.looking import Look, looking, wrong_on

HOWS: list[dict[str, Any]] = [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}]
ENGINE_MS = 20_000
"""How long an engine may take to open its database and do a small job."""
BODIES = ("How do I reset the alarm?", "Reset the alarm, please", "Is the alarm on the moon?")


async def usable(look: Look) -> None:
    """Nothing is wrong with the page, and it is no wider than the screen."""
    assert await wrong_on(look.page) == []
    assert not await look.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


async def asked(look: Look) -> None:
    for body in BODIES:
        await look.served.project.run("answer_ticket", {"body": body})


@pytest.mark.parametrize("how", HOWS)
async def test_an_expression_finds_recordings_and_a_wrong_one_says_where(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, **how) as look:
        page = look.page
        await asked(look)
        await look.go("#/recordings")
        field = page.get_by_label("Expression")
        await field.fill("asked~alarm and outcom=ok")
        await field.press("Enter")
        await expect(page.get_by_text("there is no field 'outcom'")).to_be_visible()
        await expect(page.locator("mark")).to_have_text("outcom=ok")
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_role("region", name="Recordings", exact=True)).to_have_count(0)
        await usable(look)
        await field.fill("asked~alarm and ms>0")
        await field.press("Enter")
        rows = page.get_by_role("region", name="Recordings", exact=True).get_by_role("row")
        await expect(rows).to_have_count(4)
        await expect(page.locator("mark")).to_have_count(0)
        await usable(look)
        await page.get_by_role("link", name="Try a change on what this expression finds").click()
        await expect(page.get_by_label("On the recordings for which this holds")).to_have_value("asked~alarm and ms>0")


@pytest.mark.parametrize("how", HOWS)
async def test_a_change_is_forecast_tried_and_read_side_by_side_with_the_keyboard(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, jobs=True, **how) as look:
        page = look.page
        await asked(look)
        await look.go("#/trials")
        await expect(page.get_by_text("No change was tried yet.")).to_be_visible()
        await usable(look)
        where = page.get_by_label("On the recordings for which this holds")
        await where.fill("since=1h and nobody=me")
        await page.get_by_role("button", name="What would it cost?").press("Enter")
        await expect(page.get_by_text("there is no field 'nobody'")).to_be_visible()
        await usable(look)
        await where.fill("since=1h")
        await page.get_by_label("Setting").select_option("models")
        models = page.get_by_role("combobox", name="New value")
        await models.press("Backspace")
        await models.press("Backspace")
        await models.fill("fake:two")
        await models.press("Enter")
        await page.get_by_role("button", name="What would it cost?").press("Enter")
        await expect(page.get_by_text("3 recordings match; all of them would be replayed.")).to_be_visible()
        await page.get_by_role("button", name="Try it").press("Enter")
        job = page.get_by_role("region", name="Job")
        await expect(job.get_by_role("status")).to_have_text("done The trial", timeout=ENGINE_MS)
        await expect(page.get_by_role("region", name="Trials").get_by_role("row")).to_have_count(2)
        await usable(look)
        await job.get_by_role("link", name="The trial").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Trial")
        await expect(page.get_by_text("Nothing can be said yet.")).to_be_visible()
        better = page.get_by_role("region", name="Better")
        await expect(better.get_by_text("outcome: blocked, then ok")).to_be_visible()
        same = page.get_by_role("region", name="The same")
        await expect(same.locator("summary")).to_have_count(2)
        await same.locator("summary").first.press("Enter")
        await expect(same.get_by_role("region", name="Replayed")).to_contain_text("To reset the alarm, hold")
        await expect(same.locator("ins").first).to_be_visible()
        await usable(look)
        await same.get_by_role("link", name="Its replay").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Recording of answer_ticket")


async def test_a_change_that_cannot_be_made_says_why(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page = look.page
        await asked(look)
        await look.go("#/trials")
        await page.get_by_label("Setting").select_option("prompt")
        await page.get_by_label("New value").fill("nowhere.md")
        await page.get_by_role("button", name="Try it").click()
        await expect(page.get_by_role("alert")).to_contain_text("nowhere.md cannot be read")
        await usable(look)
