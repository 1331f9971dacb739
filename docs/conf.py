"""The documentation site, built by `make docs`. Its source is the repository: links on GitHub are links on the site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "_site"))

from gallery_settings import keep_stamp, sphinx_gallery_conf  # noqa: F401

import selfiesim

project = "selfiesim"
author = copyright = "the selfiesim developers"
release = version = selfiesim.__version__

root_doc = "docs/index"
include_patterns = ["docs/**", "design/*.md", "CHANGELOG.md", "CONTRIBUTING.md"]
templates_path = ["_site/templates"]
exclude_patterns = [".*", "out", "src", "tests", "models", "docs/_site", "docs/examples/GALLERY_HEADER.rst"]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "generated_pages",  # commands and scene keys: docs/_site
]

# Markdown as GitHub reads it: headings are anchors, and indented blocks are what a terminal shows.
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
highlight_language = "none"
smartquotes = False  # options begin with two hyphens
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = False

# A reference that leads nowhere is an error. Types of other packages have no pages here.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"selfiesim\.\w+\.\w+.*|[A-Z]+"),  # modules and constants inside the package have no pages
    (
        r"py:.*",
        r"(np|numpy|NDArray|Path|pathlib|datetime|pydantic|Any|Literal|typing|collections|pv|pyvista|PIL)(\..*)?",
    ),
]
autodoc_typehints = "none"  # the docstrings say types and shapes
autodoc_default_options = {"members": True}
numpydoc_show_class_members = False
numpydoc_xref_param_type = False


html_theme = "furo"
html_title = "selfiesim"
html_static_path = ["_site/static"]
html_css_files = ["selfiesim.css"]
html_extra_path = ["_site/root"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}


def setup(app: Any) -> None:
    """Register with Sphinx what happens after a build."""
    app.connect("build-finished", keep_stamp)
