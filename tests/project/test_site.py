"""The site is complete: every command, key, public name and page is on it. `make docs` builds it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import selfiesim
from selfiesim.scene.scene import schema

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site():
    """The modules that write its pages; they need nothing that the tests do not."""
    sys.path.insert(0, str(DOCS / "_site"))
    import recordings
    import scene_keys

    yield recordings, scene_keys
    sys.path.remove(str(DOCS / "_site"))


def _commands(app, before=()):
    for name in app:
        if not name.startswith("-"):
            yield from (
                _commands(app[name], (*before, name))
                if any(not n.startswith("-") for n in app[name])
                else [(*before, name)]
            )


def test_every_command_has_real_output_or_a_picture(site):
    from selfiesim.cli.app import app

    recordings, _ = site
    assert {" ".join(words) for words in _commands(app)} == set(recordings.RECORDINGS)
    for name, each in recordings.RECORDINGS.items():
        assert each.line.startswith(name) or each.note, name
        for picture in each.pictures:
            assert not picture.startswith("/") or (ROOT / picture[1:]).exists(), picture


def test_every_scene_key_is_on_its_page(site):
    _, scene_keys = site
    page = scene_keys.page()

    def keys(table, path):
        for name, field in document["$defs"][table]["properties"].items():
            yield f"{path}{name}"
            inner = re.findall(r"#/\$defs/(\w+)", str(field))
            if inner and not path.startswith("objects."):
                yield from keys(inner[0], f"{path}{name}.")

    document = schema()
    document["$defs"]["Scene"] = document
    wanted = list(keys("Scene", ""))
    assert len(wanted) > 150
    tables = [key for key in wanted if f"`[{key}]`" in page or f"`[[{key}]]`" in page]
    assert [key for key in wanted if f"\n`{key}`\n" not in page and key not in tables] == []


def test_what_a_key_does_is_seen_in_an_example(site):
    _, scene_keys = site
    # Keys whose effect a picture shows better than words.
    for key in (
        "camera.roll_deg",
        "camera.model",
        "camera.horizontal_fov_deg",
        "camera.place",
        "planet.dust_opacity",
        "planet.haze_layer_opacity",
        "photo.stops",
        "photo.look",
        "photo.motion_blur",
        "craft.materials",
        "release.speed_m_s",
    ):
        assert scene_keys.shown_in(key), key


def test_every_public_name_is_on_the_page_of_the_interface():
    pages = (DOCS / "reference/api.md").read_text() + (DOCS / "reference/errors.md").read_text()
    names = set(selfiesim.__all__) - {"__version__"}
    assert {
        name for name in names if not re.search(rf"^( +|\.\. autoexception:: ){name}$", pages, re.MULTILINE)
    } == set()


def test_every_page_is_in_the_contents():
    contents = (DOCS / "index.md").read_text() + (ROOT / "design/index.md").read_text()
    listed = set(re.findall(r"^[\w/.-]+$", contents, re.MULTILINE))
    pages = [page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")]
    generated = re.compile(r"index|examples/|reference/(keys|commands/|api/|backreferences/)|_site/")
    assert {page for page in pages if not generated.match(page) and page not in listed} == set()
    notes = {page.stem for page in (ROOT / "design").glob("*.md")} - {"index"}
    assert notes - listed == set()


def test_every_key_has_a_picture_or_a_reason_for_none(site):
    from fnmatch import fnmatchcase

    import key_strips

    paths = [path for _, _, keys in site[1].sections(schema()) for path, _ in keys]
    assert [path for path in paths if not key_strips.place_of(path)] == []
    assert set(key_strips.PICTURES) - set(paths) == set()
    for pattern in (*key_strips.SHOWN_WITH, *key_strips.INVISIBLE):
        assert any(fnmatchcase(path, pattern) for path in paths), pattern
    assert set(key_strips.SHOWN_WITH.values()) <= set(key_strips.PICTURES)
    # A key that is seen is not called invisible.
    seen = [path for path in key_strips.PICTURES if any(fnmatchcase(path, each) for each in key_strips.INVISIBLE)]
    assert seen == []


def test_a_strip_shows_its_values_and_one_that_shows_nothing_is_refused(site):
    import key_pictures
    import key_strips

    strip = key_pictures.draw("photo.stops", key_strips.Strip((0, 2), "tianwen1-cruise"))
    height, width = key_pictures.SIZE_PX[1], key_pictures.SIZE_PX[0]
    assert strip.shape[1] == 2 * width + 4
    darker, lighter = strip[:height, :width].mean(), strip[:height, width + 4 :].mean()
    assert lighter > 1.2 * darker
    with pytest.raises(ValueError, match=r"photo\.stops: the pictures of 0, 0 are the same"):
        key_pictures.draw("photo.stops", key_strips.Strip((0, 0), "tianwen1-cruise"))
