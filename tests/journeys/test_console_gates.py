"""Gates in the console: a change is held against a release, and what it broke is read side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from msgspec.structs import replace
from playwright.async_api import Browser, expect
from tests.journeys.console_judged import cases_written, gated
from tests.journeys.looking import Look, looking, wrong_on

HOWS: list[dict[str, Any]] = [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}]
ENGINE_MS = 60_000
"""How long an engine may take to open its database and ask a hundred answers."""


async def usable(look: Look) -> None:
    """Nothing is wrong with the page, and it is no wider than the screen."""
    assert await wrong_on(look.page) == []
    assert not await look.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


async def asked_with_the_keyboard(look: Look) -> None:
    """Have the working tree with the model `three` held against the working tree, with a slice that decides too."""
    form = look.page.get_by_role("form", name="Hold the working tree against a release")
    await expect(form.get_by_label("Held against")).to_have_value("working")
    await form.get_by_label("Feature").select_option("answer_ticket")
    await form.get_by_label("Change one setting of the working tree first").press("Space")
    await form.get_by_label("Setting", exact=True).select_option("models")
    models = form.get_by_role("combobox", name="New value")
    await models.press("Backspace")
    await models.press("Backspace")
    await models.fill("fake:three")
    await models.press("Enter")
    await form.get_by_text("More choices").press("Enter")
    await form.get_by_role("combobox", name="Slices that decide too").fill("polite")
    await form.get_by_role("combobox", name="Slices that decide too").press("Enter")
    await usable(look)
    await form.get_by_role("button", name="Hold against it").press("Enter")


@pytest.mark.parametrize("how", HOWS)
async def test_a_change_is_held_against_the_working_tree_and_what_it_broke_is_read_with_the_keyboard(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    cases_written(tmp_path)
    async with looking(browser, tmp_path, jobs=True, **how) as look:
        page = look.page
        await look.go("#/gates")
        await expect(page.get_by_text("Nothing was held against a release yet.")).to_be_visible()
        await usable(look)
        await asked_with_the_keyboard(look)
        job = page.get_by_role("region", name="Job")
        await expect(job.get_by_role("status")).to_have_text("done The gate", timeout=ENGINE_MS)
        row = page.get_by_role("region", name="Gates").get_by_role("row", name="answer_ticket")
        await expect(row).to_contain_text("Regressed")
        await usable(look)
        await job.get_by_role("link", name="The gate").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Gate of answer_ticket")
        verdict = page.get_by_role("region", name="Verdict")
        await expect(verdict.get_by_role("status")).to_have_text("Regressed")
        await expect(verdict.get_by_role("listitem").first).to_contain_text("4 cases newly fail, reproduced")
        broken = page.get_by_role("region", name="Confirmed breaks")
        await expect(broken.locator("summary")).to_have_count(4)
        await expect(broken.get_by_role("region", name="Candidate")).to_contain_text("Hold the red button to reset")
        await expect(broken.get_by_role("region", name="Baseline").locator("del")).to_contain_text("five seconds")
        await broken.locator("summary").nth(1).press("Enter")
        await expect(broken.get_by_role("region", name="Candidate")).to_have_count(2)
        slices = page.get_by_role("region", name="Slices")
        await expect(slices.get_by_role("row", name="polite")).to_contain_text("-100 points (")
        await usable(look)
        for side in ("baseline", "candidate"):
            await broken.get_by_role("link", name=f"The {side}'s recording").first.click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("Recording of answer_ticket")
            await page.go_back()
        asked = page.get_by_role("region", name="What was asked")
        await asked.get_by_role("link", name="The evaluation of the candidate", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Evaluation of answer_ticket")
        await page.get_by_role("link", name="a gate").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Gate of answer_ticket")


@pytest.mark.parametrize("how", HOWS)
async def test_an_inconclusive_gate_says_what_it_rests_on_and_what_would_settle_it(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, **how) as look:
        page = look.page
        await gated(look.served.project)
        await look.go("#/gates/gate_1")
        verdict = page.get_by_role("region", name="Verdict")
        await expect(verdict.get_by_role("status")).to_have_text("Inconclusive")
        await expect(verdict).to_contain_text("2 more batches, 480 answers, about $0.42, about 4 minutes")
        await expect(verdict).to_contain_text("or about 75 more cases")
        await expect(verdict).to_contain_text("holdfast eval answer_ticket --against before --extend")
        await expect(verdict).to_contain_text("The bar is missed: facts.")
        await expect(verdict.locator("dl > div", has_text="Least fall found")).to_contain_text("6 points")
        await expect(verdict.locator("dl > div", has_text="Cost")).to_contain_text("$0.21")
        bar = page.get_by_role("region", name="The bar")
        await expect(bar.get_by_role("row", name="facts")).to_contain_text("0.2 to 0.9")
        await expect(bar.get_by_role("row")).to_have_count(3)
        measures = page.get_by_role("region", name="Measures")
        await expect(measures.get_by_role("row", name="passed")).to_contain_text("-2.5 points (-9 to +4)")
        slices = page.get_by_role("region", name="Slices")
        await expect(slices.get_by_role("row", name="polite")).to_contain_text("not shown to be worse")
        await expect(slices.get_by_role("row", name="night")).to_contain_text("looked at only")
        flaky = page.get_by_role("region", name="Flaky cases")
        await expect(flaky.get_by_role("row", name="polite")).to_contain_text("3 of 5")
        await usable(look)
        await flaky.get_by_role("link", name="The recording of a failed answer to b").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Recording of answer_ticket")


async def test_a_gate_under_way_is_followed_to_its_verdict_and_a_stopped_one_says_how_to_go_on(
    browser: Browser, tmp_path: Path
) -> None:
    async with looking(browser, tmp_path) as look:
        page, gates = look.page, look.served.project.store.gates
        ended = await gated(look.served.project)
        under_way = replace(ended, finished_at=None, verdict=None)
        await gates.change(under_way)
        await look.go("#/gates/gate_1")
        status = page.get_by_role("region", name="Verdict").get_by_role("status")
        await expect(status).to_have_text("Under way")
        await expect(
            page.get_by_text("Every case is asked 3 times of the candidate: 320 answers in all.")
        ).to_be_visible()
        await usable(look)
        await gates.change(replace(under_way, stopped="another answer could exceed $2"))
        await expect(status).to_have_text("Stopped")
        await expect(page.get_by_text("holdfast eval answer_ticket --against before --resume")).to_be_visible()
        await usable(look)
        await gates.change(ended)
        await page.reload()
        await expect(status).to_have_text("Inconclusive")


async def test_what_cannot_be_held_against_anything_says_why_in_its_place(browser: Browser, tmp_path: Path) -> None:
    cases_written(tmp_path, 3)
    async with looking(browser, tmp_path, jobs=True) as look:
        page = look.page
        await look.go("#/gates?feature=tell")
        await expect(page.get_by_label("Feature")).to_have_value("tell")
        await page.get_by_role("button", name="Hold against it").click()
        await expect(page.get_by_role("alert")).to_contain_text("What to do:")
        await usable(look)
        await page.get_by_label("Feature").select_option("answer_ticket")
        await page.get_by_text("More choices").click()
        await page.get_by_role("combobox", name="Slices that decide too").fill("gone")
        await page.get_by_role("combobox", name="Slices that decide too").press("Enter")
        await page.get_by_role("button", name="Hold against it").click()
        job = page.get_by_role("region", name="Job")
        await expect(job.get_by_role("status")).to_contain_text("failed", timeout=ENGINE_MS)
        await expect(job).to_contain_text("HF110: no case of 'answer_ticket' has the tag 'gone'")
        await usable(look)
        await look.go("#/gates/gate_none")
        await expect(page.get_by_role("alert")).to_contain_text("HF211")
