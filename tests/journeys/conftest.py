"""A real browser for the journeys through the console; without one, or without a built console, they are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from holdfast.server.page import CONSOLE

if TYPE_CHECKING:
    from playwright.async_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")


def missing(what: str, fix: str) -> None:
    """Skip, or fail where `HOLDFAST_BROWSER=required` says that nothing may be missing."""
    said = f"the console was not looked at: {what}; {fix}"
    if os.environ.get("HOLDFAST_BROWSER") == "required":
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, new for each test."""
    from playwright.async_api import async_playwright

    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing("there is no chromium", "apt-get install chromium")
    if not (CONSOLE / "index.html").is_file():
        missing("it is not built", "make console")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            await opened.close()
