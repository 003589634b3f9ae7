"""The console as a whole: for every reader, on every screen, with a key, and when the server goes away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.async_api", reason="the console was not looked at: pip install playwright")

from playwright.async_api import Browser, expect
from tests.journeys.looking import Look, looking, wrong_on
from tests.unit.server.serving import serving

from holdfast.keys import new_key
from holdfast.server.page import CONSOLE

MOST_SCRIPT_BYTES = 300_000
"""Packed script of the first page, as it travels."""
FOCUSED = """(it =>
    it === document.body ? '' : it.labels?.[0]?.innerText ?? it.getAttribute('aria-label') ?? it.innerText
)(document.activeElement)"""
"""What the element with the focus is called; nothing where none has it."""
PAGES = (
    "",
    "#/features/answer_ticket",
    "#/features/check_order",
    "#/recordings",
    "#/corpora",
    "#/corpora/manual",
    "#/corpora/manual/v1/documents",
    "#/corpora/manual/v1/documents/reset.md",
    "#/why",
    "#/gates",
    "#/evaluations",
    "#/certificates",
    "#/jobs",
    "#/no",
)


async def too_wide(look: Look) -> bool:
    return bool(await look.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_page_can_be_used_by_everybody(browser: Browser, tmp_path: Path, theme: Any) -> None:
    async with looking(browser, tmp_path, color_scheme=theme) as look:
        asked = await look.served.project.run("answer_ticket", {"body": "How do I reset the alarm?"})
        blocked = await look.served.project.run("answer_ticket", {"body": "Reset the moon alarm?"})
        wrong = {}
        for address in (*PAGES, f"#/recordings/{asked.id}", f"#/recordings/{blocked.id}"):
            await look.go(address)
            await look.page.wait_for_load_state("networkidle")
            for summary in await look.page.locator("summary").all():
                await summary.click()
            wrong[address] = await wrong_on(look.page)
        await look.ask("answer_ticket", "How do I reset the alarm?")
        await look.page.get_by_role("button", name="Reset the alarm").click()
        await look.page.locator("[data-cited]").wait_for()
        wrong["document"] = await wrong_on(look.page)
        assert not any(wrong.values()), "\n".join(
            f"{where}: {each}" for where, found in wrong.items() for each in found
        )


async def test_no_page_is_wider_than_a_phone(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path, viewport={"width": 390, "height": 800}) as look:
        asked = await look.served.project.run("answer_ticket", {"body": "How do I reset the alarm?"})
        wide = []
        for address in (*PAGES, f"#/recordings/{asked.id}"):
            await look.go(address)
            await look.page.wait_for_load_state("networkidle")
            for summary in await look.page.locator("summary").all():
                await summary.click()
            if await too_wide(look):
                wide.append(address)
        assert wide == []
        await look.page.get_by_role("button", name="Menu").click()
        await look.page.get_by_role("link", name="Corpora").click()
        await expect(look.page.get_by_role("heading", level=1)).to_have_text("Corpora")
        await expect(look.page.get_by_role("link", name="Corpora")).not_to_be_in_viewport()


async def test_a_question_is_asked_and_its_source_read_with_the_keyboard_alone(
    browser: Browser, tmp_path: Path
) -> None:
    async with looking(browser, tmp_path) as look:
        keys = look.page.keyboard

        async def reach(name: str) -> None:
            """Go on with the Tab key until something of that name has the focus."""
            for _ in range(40):
                await keys.press("Tab")
                if name in await look.page.evaluate(FOCUSED):
                    return
            raise AssertionError(f"'{name}' cannot be reached")

        await look.go()
        await look.page.get_by_role("link", name="answer_ticket").first.wait_for()
        await reach("answer_ticket")
        await keys.press("Enter")
        await look.page.get_by_label("Body").wait_for()
        await reach("Body")
        await keys.type("How do I reset the alarm?")
        await keys.press("Control+Enter")
        await look.page.get_by_role("button", name="Reset the alarm").wait_for()
        await reach("Reset the alarm")
        await keys.press("Enter")
        await expect(look.page.get_by_role("dialog")).to_contain_text("Hold the red button")
        await keys.press("Escape")
        await expect(look.page.get_by_role("dialog")).to_have_count(0)


async def test_the_theme_is_the_systems_until_the_reader_chooses(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path, color_scheme="dark") as look:
        root = look.page.locator("html")
        await look.go()
        await expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
        await look.page.get_by_role("button", name="Use the light theme").click()
        await expect(root).to_have_attribute("data-mantine-color-scheme", "light")
        await look.page.reload()
        await expect(root).to_have_attribute("data-mantine-color-scheme", "light")


async def test_a_key_is_asked_for_when_the_server_wants_one(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        key, text = new_key("eva")
        await look.served.project.store.keys.add(key)
        await look.page.wait_for_timeout(1_000 * 1.1)
        await look.go()
        await expect(look.page.get_by_role("heading", level=1)).to_have_text("This server asks for a key")
        assert await wrong_on(look.page) == []
        await look.page.get_by_label("Key").fill("hf_wrong")
        await look.page.keyboard.press("Enter")
        await expect(look.page.get_by_text("the key is not valid")).to_be_visible()
        await look.page.get_by_label("Key").fill(text)
        await look.page.keyboard.press("Enter")
        await expect(look.page.get_by_role("heading", level=1)).to_have_text("Features")
        await look.page.reload()
        await expect(look.page.get_by_role("heading", level=1)).to_have_text("Features")


async def test_the_page_says_that_the_server_went_away_and_goes_on_when_it_is_back(
    browser: Browser, tmp_path: Path
) -> None:
    async with looking(browser, tmp_path) as look:
        page, project = look.page, look.served.project
        await look.go()
        await page.get_by_text("Nothing was asked yet.").wait_for()
        await page.wait_for_load_state("networkidle")
        look.served.listener.should_exit = True
        gone = page.get_by_text("The server does not answer.")
        await expect(gone).to_be_visible(timeout=20_000)
        await page.get_by_role("link", name="Corpora").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Corpora")
        await page.get_by_role("link", name="Features", exact=True).click()
        await project.run("answer_ticket", {"body": "How do I reset the alarm?"})
        async with serving(project, console=CONSOLE, port=look.served.port):
            await expect(gone).to_have_count(0, timeout=20_000)
            await expect(page.get_by_role("region", name="Recordings", exact=True)).to_contain_text("answer_ticket")


async def test_an_answer_that_breaks_off_says_so_and_can_be_asked_again(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        await look.ask("tell", "a story")
        await look.page.get_by_text("Once upon").wait_for()
        look.served.edge.flight.end_all()
        said = look.page.get_by_role("alert").filter(has_text="HF706")  # beside what is said of the server itself
        await expect(said).to_be_visible()
        await expect(look.page.get_by_role("button", name="Try again").first).to_be_visible()


async def test_the_first_page_needs_little_script(browser: Browser, tmp_path: Path) -> None:
    async with looking(browser, tmp_path) as look:
        sizes: dict[str, int] = {}

        async def weigh(response: Any) -> None:
            if response.url.endswith(".js"):
                sizes[response.url] = int(response.headers["content-length"])
                assert response.headers["content-encoding"] == "gzip"

        look.page.on("response", weigh)
        await look.go()
        await look.page.wait_for_load_state("networkidle")
        assert 0 < sum(sizes.values()) < MOST_SCRIPT_BYTES
        first = sum(sizes.values())
        await look.go("#/features/answer_ticket")
        await look.page.get_by_label("Body").wait_for()
        assert sum(sizes.values()) > first, "the form library is loaded with the first form, not before"
