"""What tests do on the studio's page."""

from __future__ import annotations


class StudioPage:
    """A page in a browser.

    Attributes
    ----------
    page : playwright.sync_api.Page
        The page.
    """

    def __init__(self, page):
        self.page = page
        self._errors = []
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("console", lambda message: self._errors.append(message.text) if message.type == "error" else None)
        page.wait_for_selector("#canvas[data-revision]")
        self._text = self.text
        self._size = page.viewport_size

    @property
    def text(self):
        """The scene's TOML."""
        return self.page.input_value("#toml")

    def begin(self):
        """Forget errors of before, and see that the scene is the first one."""
        self._errors.clear()
        self.settle()
        assert self.text == self._text, "an earlier test changed the scene after its end"

    def restore(self):
        """Bring the first scene back, and fail for an error in the console."""
        self.page.set_viewport_size(self._size)
        self.page.evaluate("document.querySelectorAll('dialog').forEach(each => each.close())")
        if self.text != self._text:
            self.tab("toml")
            self.change(lambda: self.page.fill("#toml", self._text))
        assert not self._errors, self._errors

    def tab(self, name):
        """Show a panel."""
        self.page.click(f"#tab-{name}")

    def revision(self):
        """Revision of the scene that the page knows of."""
        return self.page.get_attribute("body", "data-revision")

    def settle(self):
        """Wait until the panels show the scene as it is; its picture may come later."""
        self.page.wait_for_function("() => document.body.dataset.scene === document.body.dataset.revision")

    def finish(self):
        """Wait until the page shows the final picture of the scene as it is."""
        self.page.wait_for_function(
            """() => {
                const { stage, revision } = document.getElementById("canvas").dataset;
                return stage === "done" && revision === document.body.dataset.revision;
            }"""
        )

    def change(self, action):
        """Do something that changes the scene, and wait until the panels show it."""
        before = self.revision()
        action()
        self.page.wait_for_function("before => document.body.dataset.revision !== before", arg=before)
        self.settle()
