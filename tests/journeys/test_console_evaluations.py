"""Evaluations in the console: how each measure stands, and the way from a case that failed to its recording."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from playwright.async_api import Browser, expect
from tests.journeys.looking import Look, looking, wrong_on

from holdfast.evaluation import Case, CaseResult, Evaluation, Score, Standing

AT = datetime(2026, 3, 1, tzinfo=UTC)


async def evaluated(look: Look) -> None:
    """Keep an evaluation of two cases, one of which did not pass."""
    project = look.served.project
    recordings = [
        await project.run("answer_ticket", {"body": body}) for body in ("Reset the alarm?", "Reset the moon?")
    ]
    standings = (
        Standing(name="facts", measure="mean", n=2, estimate=0.5, low=0.01, high=0.99, limit=0.8, verdict="missed"),
        Standing(name="p95_ms", measure="quantile", n=2, estimate=12.5, limit=2500, at_most=True, verdict="met"),
    )
    evaluation = Evaluation(
        id="ev_1",
        feature="answer_ticket",
        release=recordings[0].release,
        code_hash="c",
        started_at=AT,
        finished_at=AT,
        cases=2,
        done=2,
        failed=1,
        must_pass_failed=("moon",),
        standings=standings,
    )
    names = ("reset", "moon")
    store = project.store.evaluations
    await store.add(evaluation, [Case(id=name, input={"body": name}) for name in names])
    for name, recording in zip(names, recordings, strict=True):
        wrong = () if name == "reset" else ("facts 0 is below 1",)
        result = CaseResult(
            case=name,
            repeat=0,
            recording=recording.id,
            outcome=recording.outcome,
            ms=recording.ms,
            cost_usd=None,
            spent_usd=None,
            scores=(Score(scorer="facts", value=0.0 if wrong else 1.0),),
            wrong=wrong,
        )
        await store.add_result(evaluation.id, result)


async def test_without_an_evaluation_the_page_says_how_to_make_one(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        await look.go("#/evaluations")
        await expect(look.page.get_by_text("holdfast eval FEATURE")).to_be_visible()


@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}])
async def test_a_case_that_did_not_pass_leads_to_its_recording(
    browser: Browser, tmp_path: Path, how: dict[str, object]
) -> None:
    async with looking(browser, tmp_path, **how) as look:
        page = look.page
        await evaluated(look)
        await look.go("#/evaluations")
        await page.get_by_role("region", name="Evaluations").get_by_role("link").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Evaluation of answer_ticket")
        measures = page.get_by_role("region", name="Measures")
        await expect(measures.get_by_role("row", name="facts")).to_contain_text("at least 0.8")
        await expect(measures.get_by_role("row", name="p95_ms")).to_contain_text("at most 2,500")
        await expect(page.get_by_text("These cases must pass and did not: moon.")).to_be_visible()
        cases = page.get_by_role("region", name="Cases")
        await expect(cases.get_by_role("row")).to_have_count(2)
        assert await wrong_on(page) == []
        assert not await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        await page.get_by_label("Also those that passed").check()
        await expect(cases.get_by_role("row")).to_have_count(3)
        await cases.get_by_role("link", name="moon").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Recording of answer_ticket")
