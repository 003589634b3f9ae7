"""Evaluations side by side, an evaluation's slices and confusions, and judges' certificates, in the console."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from playwright.async_api import Browser, expect
from tests.journeys.console_judged import CERTIFICATE, CONFUSIONS, JUDGING, evaluated, standings
from tests.journeys.looking import looking
from tests.journeys.test_console_gates import HOWS, usable


@pytest.mark.parametrize("how", HOWS)
async def test_two_evaluations_are_chosen_and_read_case_by_case_with_the_keyboard(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, **how) as look:
        page, project = look.page, look.served.project
        await evaluated(project, 1, {"a": True, "b": False, "c": True, "d": True}, standings=standings(0.75))
        await evaluated(project, 2, {"a": False, "b": True, "c": True}, standings=standings(0.66))
        await look.go("#/evaluations")
        for box in await page.get_by_role("checkbox").all():
            await box.press("Space")
        await usable(look)
        await page.get_by_role("link", name="See the two side by side").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Two evaluations side by side")
        await expect(page.get_by_text("The feature's code changed in between.")).to_be_visible()
        facts = page.get_by_role("region", name="Measures").get_by_role("row", name="facts")
        await expect(facts.get_by_role("cell").nth(1)).to_have_text("0.75 (0.2 to 0.9)")
        await expect(facts.get_by_role("cell").nth(2)).to_have_text("0.66 (0.2 to 0.9)")
        await expect(facts.locator(".plot")).to_have_count(2)
        slices = page.get_by_role("region", name="Slices")
        await expect(slices.get_by_role("row", name="polite").get_by_role("cell").nth(1)).to_contain_text("50 % (")
        every = page.get_by_role("region", name="Case by case")
        kinds = {"Only the first passed": 1, "Only the second passed": 1, "Both passed": 1, "In one of them only": 1}
        for title, count in kinds.items():
            await expect(every.get_by_role("region", name=title).locator("summary")).to_have_count(count)
        worse = every.get_by_role("region", name="Only the first passed")
        await worse.locator("summary").press("Enter")
        await expect(worse).to_contain_text("facts 0 of a is below 1")
        await expect(worse.get_by_role("region", name="First")).to_contain_text("Hold the red button")
        await expect(worse.get_by_role("region", name="Second")).to_contain_text("Hold the red button")
        await usable(look)
        await every.get_by_label("Only the cases tagged").select_option("night")
        await expect(every.locator("summary")).to_have_count(2)
        await every.get_by_label("Only the cases tagged").select_option("polite")
        await expect(every.locator("summary")).to_have_count(2)
        await page.get_by_role("link", name="The other way round").click()
        await expect(page.get_by_role("region", name="First", exact=True).first).to_contain_text("1 of 3 did not pass")
        await page.get_by_role("region", name="First", exact=True).get_by_role("link").first.click()
        await page.get_by_role("button", name="See the two side by side").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Two evaluations side by side")
        await page.get_by_role("link", name="a gate").click()
        await expect(page.get_by_label("Feature")).to_have_value("answer_ticket")


@pytest.mark.parametrize("how", HOWS)
async def test_an_evaluation_shows_its_slices_its_confusions_and_its_judges(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, **how) as look:
        page, project = look.page, look.served.project
        passed = {"a": True, "b": False, "c": True, "d": True}
        await project.store.certificates.add(CERTIFICATE)
        await evaluated(project, 1, passed, standings=standings(0.75), confusions=CONFUSIONS, judging=JUDGING)
        await look.go("#/evaluations/ev_1")
        slices = page.get_by_role("region", name="Slices")
        await expect(slices.get_by_role("row").nth(1)).to_contain_text("75 %")
        await expect(slices.get_by_role("row", name="polite")).to_contain_text("50 %")
        await expect(page.get_by_role("region", name="Measures").get_by_role("row")).to_have_count(3)
        await expect(page.get_by_role("region", name="Of the whole set")).to_contain_text("kind_macro_f1")
        confused = page.get_by_role("region", name="What kind confused")
        await expect(confused.get_by_role("row", name="refund").locator("[data-wrong]")).to_have_text("2")
        await expect(confused.get_by_role("row", name="refund").locator("[data-right]")).to_have_text("5")
        await expect(page.get_by_role("region", name="Judges")).to_contain_text("it has no labels")
        cases = page.get_by_role("region", name="Cases", exact=True)
        await page.get_by_label("Also those that passed").check()
        await expect(cases.get_by_role("row")).to_have_count(5)
        await page.get_by_label("Only the cases tagged").select_option("night")
        await expect(cases.get_by_role("row")).to_have_count(3)
        await usable(look)
        await page.get_by_role("link", name="Its certificate").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Certificate of tone")


@pytest.mark.parametrize("how", HOWS)
async def test_a_certificate_says_how_far_a_judge_agrees_with_people_and_whether_it_may_gate(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, **how) as look:
        page = look.page
        await look.go("#/certificates")
        await expect(page.get_by_text("No judge has a certificate yet.")).to_be_visible()
        await usable(look)
        await look.served.project.store.certificates.add(CERTIFICATE)
        await look.go("#/certificates")
        row = page.get_by_role("region", name="Certificates").get_by_role("row", name="tone")
        await expect(row).to_contain_text("0.90 (0.78 to 1.00)")
        await expect(row).to_contain_text("may gate")
        await usable(look)
        await row.get_by_role("link").press("Enter")
        await expect(page.get_by_role("region", name="Verdict")).to_contain_text("may gate")
        agreement = page.get_by_role("region", name="Agreement")
        await expect(agreement.get_by_role("row", name="Sensitivity")).to_contain_text("93.3 % (80 % to 98 %)")
        await expect(agreement.get_by_role("row", name="People among")).to_contain_text("0.70 (0.40 to 0.90)")
        counts = page.get_by_role("region", name="Labelled answers")
        await expect(counts.get_by_role("row", name="bad").locator("[data-wrong]")).to_have_text("1")
        otherwise = page.get_by_role("region", name="Where it thinks otherwise")
        await expect(otherwise.get_by_role("row")).to_have_count(3)
        await expect(otherwise).to_contain_text("it names no time")
        await usable(look)
