"""A Chromium on this machine, for tests that open a page: found and driven, never downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = "no Chromium found: install one (apt-get install chromium) or set WINNOW_CHROMIUM"
_GIVEN = os.environ.get("WINNOW_CHROMIUM")  # read before the tests clear the environment


def chromium() -> str | None:
    """The path of a Chromium; one that is named has to be there."""
    if _GIVEN:
        return shutil.which(_GIVEN)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """A headless browser; where there is none, the test is passed over with what to do."""
    path = chromium()
    if path is None:
        pytest.skip(MISSING)
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


class Seen(NamedTuple):
    """A page, and what it said and asked for."""

    page: Page
    said: list[str]
    asked: list[str]


def visit(browser: Browser, file: Path, **given: Any) -> Seen:
    """Opens a file; `said` gathers what its console and its errors say, `asked` every address that it wants."""
    page = browser.new_page(**given)
    seen = Seen(page, [], [])
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("request", lambda request: seen.asked.append(request.url))
    page.goto(file.as_uri())
    return seen


__all__ = ["MISSING", "Seen", "chromium", "opened_browser", "visit"]
