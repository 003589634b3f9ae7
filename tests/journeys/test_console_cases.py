"""A recording is made a case in the console."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from playwright.async_api import Browser, expect
from tests.journeys.looking import looking, wrong_on


async def test_a_correction_and_a_button_make_a_case_once(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page = look.page
        asked = await look.served.project.run("answer_ticket", {"body": "How do I reset the alarm?"})
        await look.go(f"#/recordings/{asked.id}")
        feedback = page.get_by_role("region", name="Feedback")
        await feedback.get_by_text("Correct it").click()
        await feedback.get_by_label("What it should have said").fill("Hold the red button.")
        await feedback.get_by_role("button", name="Send").click()
        await expect(feedback.get_by_role("status")).to_contain_text("Kept")
        part = page.get_by_role("region", name="Case")
        await part.get_by_label("Tags").fill("alarm")
        await part.get_by_label("Tags").press("Enter")
        await part.get_by_label("Must pass").check()
        await part.get_by_role("button", name="Make this a case").click()
        await expect(part.get_by_role("status")).to_contain_text("It is a case of answer_ticket now")
        await expect(part.get_by_role("button", name="Make this a case")).to_be_disabled()
        case = json.loads((tmp_path / "evals" / "answer_ticket.jsonl").read_text("utf-8"))
        assert case == {
            "id": asked.id, "input": {"body": "How do I reset the alarm?"}, "expected": "Hold the red button.",
            "gold": [{"document": "reset.md"}], "tags": ["alarm"], "must_pass": True, "recording": asked.id,
        }  # fmt: skip
        assert not await wrong_on(page)
        await page.reload()
        await page.get_by_role("button", name="Make this a case").click()
        await expect(page.get_by_role("region", name="Case").get_by_role("alert")).to_contain_text("HF720")
