"""A real browser for the tests of pages: Chromium, without a window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A started Chromium; the tests that need one are skipped where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    from playwright.sync_api import sync_playwright

    # Without a GPU, Chromium would imitate one, slowly; and it refuses its sandbox to root, as whom
    # containers often run.
    plain = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=plain)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """A tab on a desktop; the test fails if the page said an error, or asked for anything outside
    of its own folder.
    """
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page, trouble = context.new_page(), []
    page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda r: None if _is_local(r.url) else trouble.append(f"asked for {r.url}"))
    yield page
    context.close()
    assert trouble == []


def _is_local(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:", "about:"))


def open_file(tab: Any, path: Path, at: str = "") -> None:
    """Show a file, at a place of it if that is given."""
    tab.goto(path.resolve().as_uri() + (f"#{at}" if at else ""))
