"""Looking at the console with a browser: every page that is opened must stay silent and call only its own server.

Knows nothing of what a page shows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page
from tests.journeys.console_site import CONFIG, Held, site
from tests.unit.server.serving import Served, serving

from holdfast.jobs.engine import Engine
from holdfast.server.page import CONSOLE

AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Look:
    """A page over a served project; `complaints` are what the browser said against it, `strays` its calls elsewhere."""

    served: Served
    page: Page
    complaints: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    async def go(self, address: str = "") -> None:
        """Open a page of the console by the part after `#`, as from a link."""
        await self.page.goto("about:blank")
        await self.page.goto(f"http://127.0.0.1:{self.served.port}/{address}")
        await self.page.get_by_role("heading", level=1).wait_for()

    async def ask(self, feature: str, body: str) -> None:
        """Fill the form of a feature and send it."""
        await self.go(f"#/features/{feature}")
        await self.page.get_by_label("Body").fill(body)
        await self.page.get_by_role("button", name="Ask", exact=True).click()


@asynccontextmanager
async def looking(
    browser: Browser,
    folder: Path,
    *,
    held: Held | None = None,
    jobs: bool = False,
    config: str = CONFIG,
    **how: Any,
) -> AsyncIterator[Look]:
    """A served site and a page to look at it; `how` goes to the browser context. Fails unless the page was silent.

    `jobs`: an engine does those that are asked for.
    """
    async with (
        site(folder, held, config) as project,
        Engine(project).running() if jobs else nullcontext(),
        serving(project, console=CONSOLE) as served,
    ):
        context = await browser.new_context(**{"reduced_motion": "reduce", **how})
        page = await context.new_page()
        look = Look(served, page)
        own = f"http://127.0.0.1:{served.port}/"

        def hear(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
                look.complaints.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: look.complaints.append(str(error)))
        page.on("request", lambda it: look.strays.append(it.url) if not it.url.startswith((own, "data:")) else None)
        yield look
        await context.close()
        assert not look.complaints, look.complaints
        assert not look.strays, look.strays


async def wrong_on(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands, by the rules of WCAG 2.2 A and AA and its own best practices."""
    await page.evaluate(AXE.read_text("utf-8"))
    found: Any = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
