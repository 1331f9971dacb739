"""What axe-core, the engine of most accessibility checkers, finds on the page: the rules of WCAG 2.2, level AA."""

import pytest
from web_page import violations


def test_no_panel_breaks_a_rule(studio_page):
    page = studio_page.page
    wrong = {"page": violations(page)}
    for tab in page.locator("[role=tab]").all():
        tab.click()
        panel = f"#{tab.get_attribute('aria-controls')}"
        folded = page.locator(f"{panel} details:not([open])").element_handles()
        for each in folded:
            each.evaluate("each => each.open = true")
        wrong[panel] = violations(page, panel)
        for each in folded:
            each.evaluate("each => each.open = false")
    assert {part: found for part, found in wrong.items() if found} == {}


@pytest.mark.parametrize("name", ["render", "save", "help"])
def test_no_dialog_breaks_a_rule(studio_page, name):
    studio_page.page.click(f"#{name}")
    assert violations(studio_page.page, f"#{name}-dialog") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(studio_page, scheme):
    page = studio_page.page
    page.emulate_media(color_scheme=scheme)
    studio_page.tab("light")
    assert violations(page, rules=["color-contrast"]) == []
    page.emulate_media(color_scheme="no-preference")
