"""How sphinx-gallery runs the scripts in examples/, and which pictures it takes from them."""

from __future__ import annotations

from typing import Any

import imageio.v3 as iio
from content import CACHE, package_digest
from sphinx_gallery.scrapers import figure_rst

from selfiesim import Photo


def photo_scraper(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Show the photograph that a block of code ends with, as a notebook does."""
    names = block_vars["example_globals"]
    photo = names.get("___")  # sphinx-gallery's name for the last expression
    if not isinstance(photo, Photo) or photo is names.get("__shown__"):
        return ""
    names["__shown__"] = photo
    path = next(block_vars["image_path_iterator"])
    iio.imwrite(path, photo.pixels)
    return figure_rst([path], gallery_conf["src_dir"])


STAMP = CACHE / "examples.sha256"


def keep_stamp(_app: Any, failure: Exception | None) -> None:
    """After a build, note which package the pictures of the examples are of."""
    if failure is None:
        STAMP.parent.mkdir(parents=True, exist_ok=True)
        STAMP.write_text(package_digest())


SECTIONS = ["start", "camera", "light", "craft", "release", "truth", "scripts"]

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "docs/examples",
    "subsection_order": [f"examples/{section}" for section in SECTIONS],
    "within_subsection_order": "FileNameSortKey",
    # Worker processes import the file that started them, which here would be Sphinx: shown, not run.
    "filename_pattern": r"^(?!.*worker_processes)",
    "ignore_pattern": r"__init__\.py",
    "image_scrapers": ("gallery_settings.photo_scraper", "matplotlib"),
    "doc_module": ("selfiesim",),
    "backreferences_dir": "docs/reference/backreferences",
    # sphinx-gallery itself runs a script again when its own text changes.
    "run_stale_examples": not STAMP.exists() or STAMP.read_text() != package_digest(),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 5,
    "write_computation_times": False,
    "show_memory": False,
    "show_signature": False,
    "capture_repr": ("_repr_html_",),
}
