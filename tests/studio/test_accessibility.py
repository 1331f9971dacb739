"""What axe-core, the engine of most accessibility checkers, finds on the page: the rules of WCAG 2.2, level AA."""

import pytest

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def check():
    """Return a function that returns what is wrong in a part of a page, by the name of the rule."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def checked(page, part="html", rules=RULES):
        found = axe.run(page, part, {"resultTypes": ["violations"], "runOnly": rules}).response["violations"]
        return [(each["id"], node["html"]) for each in found for node in each["nodes"]]

    return checked


def test_no_panel_breaks_a_rule(studio_page, check):
    page = studio_page.page
    wrong = {"page": check(page)}
    for tab in page.locator("[role=tab]").all():
        tab.click()
        panel = f"#{tab.get_attribute('aria-controls')}"
        folded = page.locator(f"{panel} details:not([open])").element_handles()
        for each in folded:
            each.evaluate("each => each.open = true")
        wrong[panel] = check(page, panel)
        for each in folded:
            each.evaluate("each => each.open = false")
    assert {part: found for part, found in wrong.items() if found} == {}


@pytest.mark.parametrize("name", ["render", "save", "help"])
def test_no_dialog_breaks_a_rule(studio_page, check, name):
    studio_page.page.click(f"#{name}")
    assert check(studio_page.page, f"#{name}-dialog") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(studio_page, check, scheme):
    page = studio_page.page
    page.emulate_media(color_scheme=scheme)
    studio_page.tab("light")
    assert check(page, rules=["color-contrast"]) == []
    page.emulate_media(color_scheme="no-preference")
