"""Asking a feature in the console: its form, its answer as it comes, its sources, and what one thinks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from playwright.async_api import Browser, expect
from tests.journeys.console_site import Held
from tests.journeys.looking import looking

from holdfast.stores import RecordingQuery


async def test_an_answer_leads_to_the_passage_it_rests_on(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        await look.ask("answer_ticket", "How do I reset the alarm?")
        answer = look.page.get_by_role("region", name="Answer")
        await expect(answer).to_contain_text("Hold the red button for five seconds to reset the alarm.")
        await answer.get_by_role("button", name="Reset the alarm").click()
        document = look.page.get_by_role("dialog")
        await expect(document.locator("[data-cited]")).to_have_text(
            "Hold the red button for five seconds to reset the alarm."
        )
        await expect(document.get_by_role("table")).to_contain_text("beside the socket")
        await look.page.keyboard.press("Escape")
        await expect(document).to_have_count(0)
        await expect(answer.get_by_role("button", name="Reset the alarm")).to_be_focused()


async def test_what_one_thinks_of_an_answer_is_kept_with_its_recording(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        await look.ask("answer_ticket", "How do I reset the alarm?")
        no = look.page.get_by_role("button", name="No", exact=True)
        await no.click()
        await expect(no).to_have_attribute("aria-pressed", "true")
        await look.page.get_by_text("Correct it").click()
        await look.page.get_by_label("What it should have said").fill("Hold it for nine seconds.")
        await look.page.get_by_role("button", name="Send").click()
        await expect(look.page.get_by_label("What it should have said")).to_have_value("")
        store = look.served.project.store
        (recording,) = await store.recordings.find(RecordingQuery())
        thumb, correction = await store.feedback.of(recording.id)
        assert (thumb.score, thumb.correction) == (-1, None)
        assert correction.correction == "Hold it for nine seconds."


async def test_words_appear_while_the_model_still_speaks_and_the_end_replaces_them(
    browser: Browser, tmp_path: Path
) -> None:
    held = Held()
    async with looking(browser, tmp_path, held=held) as look:
        await look.ask("tell", "a story")
        answer = look.page.get_by_role("region", name="Answer")
        await expect(answer).to_contain_text("Once upon")
        await expect(answer).to_have_attribute("aria-busy", "true")
        held.go.set()
        await expect(answer).to_contain_text("Once upon a time.")
        await expect(answer).to_have_attribute("aria-busy", "false")


async def test_a_request_can_be_stopped_and_its_recording_says_so(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path, held=Held()) as look:
        await look.ask("tell", "a story")
        await expect(look.page.get_by_text("Once upon")).to_be_visible()
        await look.page.get_by_role("button", name="Stop").click()
        await expect(look.page.get_by_text("Stopped.")).to_be_visible()
        await look.go("#/recordings")
        await expect(look.page.get_by_role("cell", name="cancelled")).to_be_visible()


async def test_a_guards_safe_answer_is_said_in_words(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        await look.ask("answer_ticket", "Reset the moon alarm?")
        answer = look.page.get_by_role("region", name="Answer")
        await expect(answer).to_contain_text("Blocked. The guard grounded did not let the answer through")
        await expect(answer).to_contain_text("Please ask a person.")


async def test_a_form_shows_every_kind_of_field_and_says_what_is_missing(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page = look.page
        await look.go("#/features/check_order")
        ask = page.get_by_role("button", name="Ask", exact=True)
        await ask.click()
        await expect(page.get_by_text("This is needed.").first).to_be_visible()
        await page.get_by_label("Customer").fill("Ada")
        await page.get_by_label("Urgent").check()
        await page.get_by_role("button", name="Add").click()
        await page.get_by_label("Product").fill("lamp")
        await page.get_by_label("Count").fill("3")
        await ask.click()
        answer = page.get_by_role("region", name="Answer")
        for expected in ("Ada", "true", "post", "lamp", "3"):
            await expect(answer).to_contain_text(expected)


async def test_an_input_can_be_written_as_json_and_the_servers_refusal_names_the_field(
    browser: Browser, tmp_path: Path
) -> None:
    async with looking(browser, tmp_path) as look:
        page = look.page
        await look.go("#/features/check_order")
        await page.get_by_role("button", name="Write JSON").click()
        await page.get_by_label("Input as JSON").fill('{"customer": "Ada", "lines": [{"product": "lamp", "count": 0}]}')
        await page.get_by_role("button", name="Ask", exact=True).click()
        trouble = page.get_by_role("alert")
        await expect(trouble).to_contain_text("HF701")
        await expect(trouble).to_contain_text("count")
        await expect(trouble).to_contain_text("What to do")
