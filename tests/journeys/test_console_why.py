"""Why a document was not found, asked in the console: from a recording, from a document, and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from playwright.async_api import Browser, expect
from tests.journeys.looking import looking
from tests.journeys.test_console_corpora import PHONE, usable

from corpora import ListSource
from holdfast.sources import RawDocument

QUERY = "How do I reset the alarm?"
BATTERY = "Take out the old cell, put in the new one, and close the lid until it clicks."


def page_of(number: int, body: str) -> RawDocument:
    return RawDocument(id=f"page-{number:02}", title=f"Page {number}", body=body, media_type="text/markdown")


@pytest.mark.parametrize("how", [{}, {"color_scheme": "dark"}, PHONE])
async def test_a_recording_leads_to_why_a_document_is_not_among_its_passages(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, **how) as look:
        page = look.page
        told = [
            page_of(at, f"To reset the alarm number {at}, hold its button for {at} seconds.") for at in range(1, 12)
        ]
        source = ListSource([*told, page_of(50, BATTERY)])
        await look.served.project.corpora.sync("manual", source=source, full=True)
        asked = await look.served.project.run("answer_ticket", {"body": QUERY})
        await look.go(f"#/recordings/{asked.id}")
        await page.locator(".step summary").first.click()
        await page.get_by_label("Why not this document?").fill("page-50")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="It is not among the 6 passages")).to_be_visible()
        stations = page.get_by_role("listitem")
        await expect(stations.filter(has_text="Who may see it").first).to_contain_text("passed")
        await expect(page.get_by_text("this recording")).to_be_visible()
        await usable(look)
        await page.get_by_label("Id of the document").fill("page-03")
        await page.get_by_role("button", name="Ask why").click()
        await expect(page.get_by_role("status").filter(has_text="It is found")).to_be_visible()
        await usable(look)


async def test_a_document_leads_to_why_and_one_that_is_not_there_is_said_so(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page = look.page
        await look.go("#/corpora/manual/v1/documents/reset.md")
        await page.get_by_role("link", name="Why does a search not find it?").click()
        await expect(page.get_by_label("Id of the document")).to_have_value("reset.md")
        await page.get_by_label("What was asked").fill("zebras in winter")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="fell out at")).to_be_visible()
        await expect(page.get_by_role("region", name="What would bring it in")).to_be_visible()
        await usable(look)
        await page.get_by_label("Id of the document").fill("no-such")
        await page.get_by_role("button", name="Ask why").click()
        await expect(page.get_by_role("alert")).to_contain_text("HF206")
