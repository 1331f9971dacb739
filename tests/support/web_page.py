"""A browser for all tests of pages, and what axe-core, the engine of most accessibility checkers, finds on a page."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""The rules of WCAG 2.2, level AA, and axe-core's own."""
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser():
    """A headless browser, with WebGL in software; one for the whole run, since its driver exists once in a thread."""
    driver_module = pytest.importorskip("playwright.sync_api")
    if _CHROMIUM is None:
        pytest.skip("no Chromium; apt-get install chromium")
    arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with driver_module.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=_CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@contextmanager
def shown(browser, path, scheme="light", width=1440):
    """Show a page from a file, and fail for an error in its scripts."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    yield page
    page.close()
    assert errors == []


def violations(page, part="html", rules=RULES):
    """Return what is wrong in a part of a page, by the name of the rule."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, part, {"resultTypes": ["violations"], "runOnly": list(rules)}).response["violations"]
    return [(each["id"], node["html"]) for each in found for node in each["nodes"]]
