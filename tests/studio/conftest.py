"""One studio and one page in a browser for all tests of the page's parts; each test leaves the scene as it was."""

from __future__ import annotations

import pytest
from studio_page import StudioPage
from studio_server import running, write_scene

PATIENCE_MS = 90_000


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    """A running studio: its folder, address with token, and process."""
    folder = tmp_path_factory.mktemp("shared-studio")
    write_scene(folder)
    with running(folder) as (address, token, process):
        yield folder, f"{address}#{token}", process


@pytest.fixture(scope="session")
def shared_studio(shared_server):
    """Folder and address of that studio."""
    return shared_server[:2]


@pytest.fixture(scope="session")
def open_context(browser):
    """Return a function that opens a browser context, in which nothing is waited for longer than PATIENCE_MS."""

    def opened(**options):
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    return opened


@pytest.fixture(scope="session")
def shared_page(open_context, shared_studio):
    """A page of that studio that shows its first picture; for mouse and fingers."""
    # Waiting for a condition evaluates text, which the page's policy forbids; a test in test_page.py keeps to it.
    context = open_context(viewport={"width": 1280, "height": 720}, bypass_csp=True, has_touch=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(shared_studio[1])
    yield StudioPage(page)
    context.close()


@pytest.fixture
def studio_page(shared_page):
    """That page at its first scene, with no error in its console at the end."""
    shared_page.begin()
    yield shared_page
    shared_page.restore()
