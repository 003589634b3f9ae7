"""Recordings in the console: found by what they were, read step by step, replayed with one thing changed."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from playwright.async_api import Browser, Locator, Page, expect
from tests.journeys.console_site import SAID, SAID_OTHERWISE
from tests.journeys.looking import looking

from holdfast.app import Project

QUESTION = {"body": "How do I reset the alarm?"}


def rows(page: Page) -> Locator:
    return page.get_by_role("region", name="Recordings").get_by_role("row")


async def ask(project: Project, times: int) -> list[str]:
    return [(await project.run("answer_ticket", QUESTION)).id for _ in range(times)]


async def test_nothing_recorded_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        await look.go("#/recordings")
        await look.page.get_by_role("link", name="Ask a feature something").click()
        await expect(look.page.get_by_role("heading", level=1)).to_have_text("Features")


async def test_filters_narrow_and_the_address_keeps_them(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page, project = look.page, look.served.project
        await ask(project, 3)
        await project.run("check_order", {"customer": "Ada"}, who=project.who("eva"))
        await look.go("#/recordings")
        await expect(rows(page)).to_have_count(5)
        await page.get_by_label("Feature").select_option("check_order")
        await expect(rows(page)).to_have_count(2)
        await page.reload()
        await expect(rows(page)).to_have_count(2)
        await page.get_by_role("link", name="Clear").click()
        await expect(rows(page)).to_have_count(5)
        await page.get_by_text("Subject, release, time, id").click()
        await page.get_by_label("Subject").fill("eva")
        await page.keyboard.press("Enter")
        await expect(rows(page)).to_have_count(2)
        await page.get_by_label("Outcome").select_option("failed")
        await expect(page.get_by_text("No recording is like that.")).to_be_visible()


async def test_pages_go_back_in_time_and_forth(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        await ask(look.served.project, 60)
        await look.go("#/recordings")
        await expect(rows(look.page)).to_have_count(51)
        await look.page.get_by_role("link", name="Older").click()
        await expect(rows(look.page)).to_have_count(11)
        await look.page.get_by_role("link", name="Newest").click()
        await expect(rows(look.page)).to_have_count(51)


async def test_a_recording_is_found_by_its_id(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        wanted, _ = await ask(look.served.project, 2)
        await look.go("#/recordings")
        await look.page.get_by_text("Subject, release, time, id").click()
        await look.page.get_by_label("Recording's id").fill(wanted)
        await look.page.keyboard.press("Enter")
        await expect(look.page.get_by_text(wanted, exact=True)).to_be_visible()
        await look.go("#/recordings/rec_nope")
        await expect(look.page.get_by_role("alert")).to_contain_text("HF203")


async def test_a_recording_is_read_step_by_step_with_every_body(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        (asked,) = await ask(look.served.project, 1)
        await look.go(f"#/recordings/{asked}")
        steps = look.page.get_by_role("region", name="Steps")
        for kind in ("retrieve", "generate", "check"):
            await steps.get_by_text(kind, exact=True).click()
        await expect(steps).to_contain_text("manual@v1: 1 passage")
        await expect(steps.get_by_role("region", name="Attempts")).to_contain_text("fake:one")
        await expect(steps).to_contain_text("grounded: passed")
        await expect(steps).to_contain_text("Message 1, user")
        for whole in await steps.get_by_text("Effect and result, whole").all():
            await whole.click()
        await expect(steps.get_by_role("region", name="Effect of step")).to_have_count(3)
        await expect(steps.get_by_role("region", name="Result of step 2")).to_contain_text('"kind": "generated"')
        await steps.get_by_role("button", name="Reset the alarm").click()
        await expect(look.page.get_by_role("dialog").locator("[data-cited]").first).to_be_visible()


async def test_one_thing_changed_shows_both_answers_side_by_side(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page = look.page
        (asked,) = await ask(look.served.project, 1)
        await look.go(f"#/recordings/{asked}")
        panel = page.get_by_role("region", name="Replay with one thing changed")
        await expect(panel.get_by_label("Slot")).to_have_value("answer")
        await panel.get_by_label("Setting").select_option("models")
        ladder = panel.get_by_role("combobox", name="New value")
        await ladder.press("Backspace")
        await ladder.press("Backspace")
        await ladder.fill("fake:two")
        await ladder.press("Enter")
        await panel.get_by_role("button", name="Replay", exact=True).click()
        await expect(panel.get_by_text("The answer differs")).to_be_visible()
        await expect(panel.get_by_text("1 step remembered, 2 done again.")).to_be_visible()
        await expect(panel.get_by_role("region", name="Recorded")).to_contain_text(SAID)
        await expect(panel.get_by_role("region", name="Replayed")).to_contain_text(SAID_OTHERWISE)
        await expect(panel.get_by_role("region", name="Recorded").get_by_role("deletion").first).to_be_visible()
        await expect(panel.get_by_text("Steps that only one of them has")).to_be_visible()
        await panel.get_by_role("link", name="The replay's own recording").click()
        await expect(page.get_by_role("link", name=asked)).to_be_visible()


async def test_a_change_that_cannot_be_is_refused_in_words(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        (asked,) = await ask(look.served.project, 1)
        await look.go(f"#/recordings/{asked}")
        panel = look.page.get_by_role("region", name="Replay with one thing changed")
        await panel.get_by_label("Setting").select_option("prompt")
        await panel.get_by_label("New value").fill("nowhere.md")
        await panel.get_by_role("button", name="Replay", exact=True).click()
        await expect(panel.get_by_role("alert")).to_contain_text("HF103")


async def test_a_corpus_shows_its_versions_and_opens_the_documents_that_are_wrong(
    browser: Browser, tmp_path: Path
) -> None:
    async with looking(browser, tmp_path) as look:
        page = look.page
        (tmp_path / "manual" / "short.md").write_text("---\ntitle: Short\n---\nTiny.")
        await look.served.project.sync()
        await look.go("#/corpora")
        await page.get_by_role("main").get_by_role("link", name="manual").click()
        await expect(page.get_by_role("region", name="Versions", exact=True).get_by_role("row")).to_have_count(3)
        await expect(page.get_by_text("v1: 1 added, 0 changed, 0 removed")).to_be_visible()
        thin = page.get_by_role("group").filter(has_text="fewer than 80 characters")
        await thin.locator("summary").click()
        await thin.get_by_role("link", name="short.md").click()
        await expect(page.get_by_role("region", name="Text")).to_contain_text("Tiny.")
        await page.get_by_role("link", name="manual v2").click()
        await page.get_by_role("link", name="v1", exact=True).click()
        await expect(page.get_by_role("heading", name="Version v1")).to_be_visible()
