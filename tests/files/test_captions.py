"""Captions in three registers and two languages, and the sentences that translators may bring."""

from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest

from selfiesim.core.errors import OutputError
from selfiesim.files.captions.caption import STYLES, caption, duration_in_words, length_in_words
from selfiesim.files.captions.composition import describe_light, describe_planet, place_of_craft
from selfiesim.files.captions.language import SHIPPED, load_language
from selfiesim.files.recipe import recipe
from selfiesim.scene.scene import Scene
from selfiesim.scene.shipped import scenes

ENGLISH = (files("selfiesim.files.captions") / "en.toml").read_text(encoding="utf-8")


def recipe_of(name, **changes):
    return recipe(Scene.load(name).with_changes(camera__size_px=[64, 36], **changes).view().render().expose())


@pytest.fixture(scope="module")
def mars():
    return recipe_of("tianwen1-mars")


@pytest.mark.parametrize("language", SHIPPED)
@pytest.mark.parametrize("style", STYLES)
def test_each_caption_says_that_the_picture_is_computed(mars, style, language):
    text = caption(mars, style, language)
    assert re.search("synthetic image|computer-generated|合成图像|计算机生成", text, re.IGNORECASE)
    assert "{" not in text
    title = "飞越火星北极的“天问一号”" if language == "zh" else mars["title"]
    assert title in text


def test_the_press_reads_a_plain_date_and_round_numbers(mars):
    text = caption(mars, "press")
    assert "on 31 December 2021." in text
    assert "16 metres from the spacecraft, 72 seconds after leaving it" in text
    assert "618 kilometres above Mars" in text
    assert not re.search(r"\d\.\d|ISO|UTC|pixel|ellipsoid", text)
    assert "2021年12月31日" in caption(mars, "press", "zh")


def test_alt_text_says_what_is_where(mars):
    """The craft's pixel and the Sun's side, against OpenCV's axes: x right, y down, z ahead."""
    text = caption(mars, "alt")
    (fx, _, cx), (_, fy, cy), _ = mars["camera"]["matrix_px"]
    x, y, z = mars["bodies"]["craft"]["position_camera_m"]
    across, down = (fx * x / z + cx + 0.5) / 64, (fy * y / z + cy + 0.5) / 36
    assert (1 / 3 < across < 2 / 3, down < 1 / 3) == (True, True)
    assert "The spacecraft is at the top of the frame, 16 metres away." in text
    assert "Mars fills most of the background; beyond its edge is black space." in text
    right, below, _ = mars["bodies"]["sun"]["direction_camera"]
    assert below > 2.0 * abs(right)
    assert text.endswith("Sunlight comes from below.")


def test_a_standing_camera_is_on_the_ground_and_one_in_deep_space_sees_black_space():
    ground = recipe_of("zhurong-group")
    assert "The camera is 8 metres from the spacecraft. The camera stands on the ground of Mars." in caption(
        ground, "press"
    )
    assert "The scene is on the ground of Mars." in caption(ground, "alt")
    space = recipe_of("ikaros-dcam2")
    assert "The background is black space." in caption(space, "alt")
    assert "above" not in caption(space, "press")


def test_a_camera_that_falls_beside_a_lander_is_not_on_the_ground_yet():
    falling = recipe_of("eaglecam", ground__rocks_reach_m=5.0, ground__draft_cell_rad=0.05)
    assert "The photograph that never was" in caption(falling, "press")
    for style in ("press", "alt"):
        assert "The camera is 28 metres above the Moon." in caption(falling, style)


def test_a_camera_on_the_craft_is_not_said_to_be_metres_away_from_it():
    boom = recipe_of("tianwen1-boom")
    assert "The camera is mounted on the spacecraft. Both are 501 kilometres above Mars." in caption(boom, "press")
    assert "相机安装在航天器上。二者位于火星上空501公里。" in caption(boom, "press", "zh")
    assert "out of the frame" not in caption(boom, "alt")
    assert "The craft is" not in caption(boom)


def test_names_begin_a_sentence_with_a_capital_and_have_their_article(mars):
    moon = mars | {"bodies": mars["bodies"] | {"planet": mars["bodies"]["planet"] | {"name": "moon"}}}
    assert "The Moon fills most of the background" in caption(moon, "alt")
    assert "above the Moon." in caption(moon, "press")
    assert "above the Moon's reference ellipsoid" in caption(moon)
    assert "月球上空" in caption(moon, "press", "zh")


def test_other_things_in_the_scene_are_named(mars):
    with_objects = mars | {"scene": mars["scene"] | {"objects": [{"name": "ryugu"}, {"name": "my_probe"}]}}
    assert "Also in the scene: Ryugu and my probe." in caption(with_objects, "alt")
    assert "龙宫和my probe。" in caption(with_objects, "alt", "zh")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1.5, "1.5 seconds"), (60, "60 seconds"), (100, "100 seconds"), (120, "2 minutes"), (170, "170 seconds"),
     (180, "3 minutes"), (210, "3.5 minutes"), (7200, "2 hours")],
)  # fmt: skip
def test_times_are_said_as_people_do(seconds, words):
    assert duration_in_words(seconds, load_language("en")) == words


@pytest.mark.parametrize(
    ("metres", "words"),
    [
        (1.0, "1 metre"),
        (0.6, "0.6 metres"),
        (16.2, "16 metres"),
        (618e3, "618 kilometres"),
        (1676.4e3, "1680 kilometres"),
    ],
)
def test_lengths_are_rounded_to_the_figures_that_count(metres, words):
    assert length_in_words(metres, load_language("en")) == words


def test_readers_get_whole_minutes_and_the_chinese_list_counts_the_others(mars):
    later = mars | {"view": mars["view"] | {"seconds_since_release": 400.0}}
    assert "7 minutes after leaving it" in caption(later, "press")
    assert load_language("zh").listed(["甲", "乙", "丙"], 2) == "甲、乙以及另外1处"


@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_places_are_thirds_of_the_frame(row, column):
    pixel = np.array([(column + 0.5) / 3.0 * 90 - 0.5, (row + 0.5) / 3.0 * 60 - 0.5])
    position = [*((pixel - [44.5, 29.5]) / 50.0 * 7.0), 7.0]
    content = {
        "camera": {"model": "pinhole", "matrix_px": [[50.0, 0, 44.5], [0, 50.0, 29.5], [0, 0, 1]], "size_px": [90, 60]},
        "bodies": {"craft": {"position_camera_m": position}},
    }
    expected = [
        ["top_left", "top", "top_right"],
        ["left", "centre", "right"],
        ["bottom_left", "bottom", "bottom_right"],
    ]
    assert place_of_craft(content) == expected[row][column]
    content["bodies"]["craft"]["position_camera_m"] = [0.0, 0.0, -1.0]
    assert place_of_craft(content) == "outside"


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ([0.0, 0.0, -1.0], ("sun_behind_camera", "")),
        ([0.0, 0.0, 1.0], ("sun_behind_scene", "")),
        ([1.0, 0.0, 0.0], ("sun_side", "right")),
        ([-0.7, -0.7, 0.1], ("sun_side", "top_left")),
        ([0.0, 1.0, 0.1], ("sun_side", "bottom")),
    ],
)
def test_light_comes_from_the_side_of_the_sun(direction, expected):
    assert describe_light({"bodies": {"sun": {"direction_camera": direction}}}) == expected


def test_a_small_planet_is_a_disc_where_it_is():
    content = {
        "camera": {"model": "pinhole", "matrix_px": [[50.0, 0, 44.5], [0, 50.0, 29.5], [0, 0, 1]], "size_px": [90, 60]},
        "bodies": {"planet": {"name": "earth", "position_camera_m": [-8e9, 0.0, 1e10]}},
        "view": {"planet_angular_diameter_deg": 2.04, "ground": []},
    }
    assert describe_planet(content) == ("planet_disc", "left", "2.0")


def test_a_translator_may_bring_sentences(mars, tmp_path):
    path = tmp_path / "xx.toml"
    path.write_text(ENGLISH.replace("In view: {names}.", "Zu sehen: {names}."), encoding="utf-8")
    assert "Zu sehen: Vastitas Borealis" in caption(mars, "press", str(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{names}.", "{names.__class__}.", r"press\.features: may contain \{names\}"),
        ("{names}.", "{names:>9999999}.", r"press\.features: may contain"),
        ("{names}.", "{name}.", r"press\.features: may contain \{names\}"),
        ("{names}.", "{.", r"press\.features: may contain"),
        ('notice = "This is a computer', 'notices = "This is a computer', r"press\.notice: must be a text"),
        ("[press]", "[pres]", r"the table \[press\] is missing"),
        ('language = "en"', "language = [", "is not valid TOML"),
    ],
)
def test_sentences_that_cannot_be_used_are_refused_by_key(mars, tmp_path, old, new, message):
    path = tmp_path / "xx.toml"
    head, table, rest = ENGLISH.partition("[press]")
    text = head.replace(old, new) + (table + rest).replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match=rf"xx\.toml: {message}"):
        caption(mars, "press", str(path))


def test_unknown_languages_and_styles_are_refused(mars):
    with pytest.raises(OutputError, match="--language de: choose en or zh, or a file that ends in"):
        caption(mars, "press", "de")
    with pytest.raises(OutputError, match="style 'long': must be one of press, full, alt"):
        caption(mars, "long")


def test_chinese_has_each_english_sentence():
    """Loaded as a translator's file would be: the check of keys and words applies."""
    for name in SHIPPED:
        load_language(str(files("selfiesim.files.captions") / f"{name}.toml"))


def test_each_shipped_title_has_a_chinese_one():
    words = load_language("zh")
    assert [name for name in scenes() if words.title(Scene.load(name).title).isascii()] == []
