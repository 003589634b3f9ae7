"""Diagnoses in the console: from an answer that is not good to what would mend it, the release and the case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect
from tests.journeys.console_diagnosed import blocked, diagnosed
from tests.journeys.console_site import CONFIG
from tests.journeys.looking import Look, looking, wrong_on

from holdfast.job import JobProgress
from holdfast.records import Failure, Recording
from holdfast.release import GuardSlot

HOWS: list[dict[str, Any]] = [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}]
ENGINE_MS = 20_000
"""How long an engine may take to open its database and do a small job."""
FORGETFUL = CONFIG.replace('"fake:one"', '"fake:three"')
"""A site whose model leaves the time out when it is asked politely."""
POLITE = {"body": "Reset the alarm, please"}
SAID = "Hold the red button for five seconds to reset the alarm."


async def usable(look: Look) -> None:
    """Nothing is wrong with the page, and it is no wider than the screen."""
    assert await wrong_on(look.page) == []
    assert not await look.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


async def good_and_bad(look: Look) -> Recording:
    """A polite request whose answer leaves something out, after a good answer of another model to one like it."""
    project = look.served.project
    other = project.release({"answer.models": ["fake:one"]})
    good = await project.run("answer_ticket", {"body": "How do I reset the alarm, please?"}, release=other)
    told = await look.page.request.post(
        f"http://127.0.0.1:{look.served.port}/v1/feedback", data={"recording_id": good.id, "score": 1}
    )
    assert told.ok
    return await project.run("answer_ticket", POLITE)


def why(page: Page) -> Any:
    return page.get_by_role("region", name="Why it is not good")


@pytest.mark.parametrize("how", HOWS)
async def test_a_stopped_answer_is_found_out_about_released_and_made_a_case_with_the_keyboard(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, jobs=True, **how) as look:
        page, project = look.page, look.served.project
        of = await blocked(look.served.project)
        await look.go(f"#/recordings/{of.id}")
        button = why(page).get_by_role("button", name="Find out why", exact=True)
        await expect(button).to_have_attribute("data-variant", "filled")
        await button.press("Enter")
        await expect(why(page).get_by_role("status").first).to_contain_text(
            "done The diagnosis: guard, ", timeout=ENGINE_MS
        )
        earlier = why(page).get_by_role("list", name="Diagnoses of this recording")
        await expect(earlier.get_by_role("listitem")).to_have_count(1)
        await usable(look)
        await why(page).get_by_role("link", name="The diagnosis:").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Diagnosis of an answer of answer_ticket")
        verdict = page.get_by_role("region", name="Verdict")
        await expect(verdict).to_contain_text("A guard stopped or changed an answer that passes.")
        await expect(page.get_by_role("listitem").filter(has_text="most likely here: guard")).to_have_count(1)
        tried = page.get_by_role("region", name="What was tried")
        await expect(tried.get_by_role("row", name="control")).to_contain_text("0 of ")
        off = tried.get_by_role("row", name="guard")
        await expect(off).to_contain_text("not kept: a guard may have stopped them")
        await expect(page.get_by_text("lentils")).to_have_count(0)
        await usable(look)
        fix = page.get_by_role("region", name="Fix 1")
        await expect(fix).to_contain_text('grounded.on_fail = "flag"')
        await fix.get_by_label("Name of the release").fill("milder")
        await fix.get_by_role("button", name="Make the candidate release").press("Enter")
        await expect(fix.get_by_role("status")).to_contain_text("holdfast release promote milder")
        made = await project.rollout.show("milder")
        slot = made.release.slots["grounded"]
        assert isinstance(slot, GuardSlot)
        assert slot.on_fail == "flag"
        await page.get_by_role("button", name="Make this a case").press("Enter")
        await expect(page.get_by_text("It is a case of answer_ticket now")).to_be_visible()
        assert of.id in (tmp_path / "evals" / "answer_ticket.jsonl").read_text("utf-8")
        await usable(look)


@pytest.mark.parametrize("how", HOWS)
async def test_where_nothing_says_what_is_good_it_is_said_there_and_the_fix_is_tried_on_recent_requests(
    browser: Browser, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with looking(browser, tmp_path, jobs=True, config=FORGETFUL, **how) as look:
        page = look.page
        of = await good_and_bad(look)
        await look.go(f"#/recordings/{of.id}")
        button = why(page).get_by_role("button", name="Find out why", exact=True)
        await expect(button).to_have_attribute("data-variant", "default")
        await button.click()
        await expect(why(page)).to_contain_text("Nothing says yet what a good answer is.", timeout=ENGINE_MS)
        await expect(why(page)).to_contain_text("holdfast cases add answer_ticket JSON")
        await usable(look)
        good = why(page).get_by_role("form", name="What a good answer says")
        await good.get_by_label("What should it have said?").fill(SAID)
        await good.get_by_role("button", name="Send it, and find out why").press("Enter")
        await expect(why(page)).to_contain_text("The diagnosis: model", timeout=ENGINE_MS)
        await why(page).get_by_role("link", name="The diagnosis:").click()
        await expect(page.get_by_role("region", name="Verdict")).to_contain_text("With another model it passes.")
        fix = page.get_by_role("region", name="Fix 1")
        await expect(fix).to_contain_text('answer.models = ["fake:one"]')
        await expect(fix).to_contain_text("Of 1 good answer none is worse with it")
        await fix.get_by_role("link", name="Hold it against the cases").click()
        await expect(page.get_by_label("Change one setting of the working tree first")).to_be_checked()
        await expect(page.get_by_text('With this changed: answer.models = ["fake:one"]')).to_be_visible()
        await usable(look)
        await page.go_back()
        await fix.get_by_role("link", name="Try it on recent requests").click()
        where = page.get_by_label("On the recordings for which this holds")
        await expect(where).to_have_value("feature=answer_ticket and since=7d")
        await expect(page.get_by_text('With this changed: answer.models = ["fake:one"]')).to_be_visible()
        await usable(look)
        await page.get_by_role("button", name="Try it").press("Enter")
        await expect(page.get_by_role("region", name="Job").get_by_role("status")).to_have_text(
            "done The trial", timeout=ENGINE_MS
        )
        trials = page.get_by_role("region", name="Trials").get_by_role("row")
        await expect(trials.last).to_contain_text('answer.models = ["fake:one"]')
        await page.get_by_role("button", name="Change something else").click()
        await expect(page.get_by_label("Setting")).to_be_visible()


async def test_an_answer_that_passes_says_so_and_what_to_do_next(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "evals").mkdir()
    case = {"id": "reset", "input": {"body": "Reset the alarm?"}, "facts": ["five seconds"]}
    (tmp_path / "evals" / "answer_ticket.jsonl").write_text(json.dumps(case) + "\n")
    async with looking(browser, tmp_path, jobs=True) as look:
        page = look.page
        of = await look.served.project.run("answer_ticket", {"body": "Reset the alarm?"})
        await look.go(f"#/recordings/{of.id}")
        feedback = page.get_by_role("region", name="Feedback")
        await feedback.get_by_role("button", name="No").click()
        button = why(page).get_by_role("button", name="Find out why", exact=True)
        await expect(button).to_have_attribute("data-variant", "filled")
        await page.reload()
        await expect(button).to_have_attribute("data-variant", "filled")
        await button.click()
        await expect(why(page)).to_contain_text("It passes: by what is known of a good answer", timeout=ENGINE_MS)
        await expect(why(page)).to_contain_text("what that says counts before a correction")
        await expect(why(page).get_by_role("button", name="Retry")).to_have_count(0)
        await usable(look)
        await why(page).get_by_text("By another case").click()
        await why(page).get_by_label("Id of a case of the feature").fill("nowhere")
        await button.click()
        await expect(why(page)).to_contain_text("there is no case 'nowhere'", timeout=ENGINE_MS)
        cancelled = replace(of, id="rec_cancelled", outcome="cancelled", output=None)
        await look.served.project.store.recordings.add(cancelled)
        await look.go("#/recordings/rec_cancelled")
        await why(page).get_by_role("link", name="Ask it again").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("answer_ticket")


async def test_how_far_it_is_is_shown_while_it_is_found_out(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page, jobs = look.page, look.served.project.store.jobs
        of = await blocked(look.served.project)
        await look.go(f"#/recordings/{of.id}")
        await expect(why(page).get_by_label("Most calls of models")).to_have_attribute("placeholder", "48")
        await why(page).get_by_label("Most calls of models").fill("30")
        await why(page).get_by_label("Most to spend, USD").fill("0.5")
        await why(page).get_by_role("button", name="Find out why", exact=True).click()
        status = why(page).get_by_role("status").first
        await expect(status).to_have_text("queued")
        (job,) = await jobs.unfinished()
        assert job.asked == {"recording": of.id, "case": None, "max_calls": 30, "max_cost_usd": 0.5}
        job = await jobs.change(replace(job, status="running", progress=JobProgress("unknown 45%", 4, 30)))
        assert job is not None
        far = "not sure yet, the likeliest part is at 45%, after 4 of at most 30 calls of models"
        await expect(why(page).get_by_text(far)).to_be_visible()
        await expect(why(page).get_by_role("button", name="Cancel")).to_be_visible()
        await usable(look)
        job = await jobs.change(replace(job, progress=JobProgress("context_noise 91%", 9, 30)))
        assert job is not None
        await expect(why(page).get_by_text("context noise 91%, after 9 of at most 30 calls")).to_be_visible()
        found = await diagnosed(look.served.project, of)
        came = {"diagnosis_id": found.id, "verdict": "ranking", "probability": 0.93}
        assert await jobs.change(replace(job, status="done", result=came)) is not None
        await expect(status).to_have_text("done The diagnosis: ranking, 93 %")
        await expect(why(page).get_by_role("list", name="Diagnoses of this recording")).to_contain_text("ranking 93 %")


async def test_an_answer_that_cannot_be_asked_again_says_what_to_do_instead(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        page, jobs = look.page, look.served.project.store.jobs
        await look.go(f"#/recordings/{(await blocked(look.served.project)).id}")
        await why(page).get_by_role("button", name="Find out why", exact=True).click()
        await expect(why(page).get_by_role("status").first).to_have_text("queued")
        (job,) = await jobs.unfinished()
        failure = Failure(
            code="HF740", message="it cannot be asked again: nobody knows what `refund` gives", fix="wait"
        )
        assert await jobs.change(replace(job, status="failed", failure=failure)) is not None
        await expect(why(page)).to_contain_text("This one cannot be asked again.")
        await expect(why(page)).to_contain_text("nobody knows what refund gives")
        await expect(why(page).get_by_role("link", name="Ask it anew")).to_be_visible()
        await usable(look)
