"""The story of a release: frames, sheet, figure and page, and the error for a scene without a release."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from web_page import shown, violations

from selfiesim.analysis.drift_table import DriftSample
from selfiesim.core.errors import SceneError
from selfiesim.files.captions.caption import caption
from selfiesim.files.replay import read_recipe, replay
from selfiesim.pages.story import story_times
from selfiesim.pages.story_record import best_frame
from selfiesim.pages.story_sheet import column_count
from selfiesim.scene.scene import Scene

SCENE, SMALL = "tianwen1-mars", ("--size", "128x72")
SHARED = ("--url", "https://example.org/tianwen-1")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A story of three frames: its folder, and its JSON output."""
    from contextlib import redirect_stdout
    from io import StringIO

    from selfiesim.cli.app import main

    folder, out = tmp_path_factory.mktemp("story"), StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit) as end:
        main(["story", SCENE, "-o", str(folder), "--every", "30s", "--to", "release+90s", *SMALL, "--json", *SHARED])
    assert end.value.code in (0, None)
    return folder, json.loads(out.getvalue())


def recipe_of(folder, frame):
    return json.loads((folder / frame["file"]).with_suffix(".json").read_text())


def test_frames_run_to_the_end_asked_for_and_none_has_the_lens_on_the_craft(story):
    folder, records = story
    assert [each["t_s"] for each in records["frames"]] == [30.0, 60.0, 90.0]
    for each in records["frames"]:
        view = recipe_of(folder, each)["view"]
        assert view["seconds_since_release"] == pytest.approx(each["t_s"], abs=1e-6)
        assert view["distance_from_mount_m"] == pytest.approx(each["range_m"], abs=1e-6)


def test_one_light_reading_sets_all_frames(story):
    folder, records = story
    shutters = {recipe_of(folder, each)["photo"]["shutter_s"] for each in records["frames"]}
    # The reading is that of a picture at the scene's own moment.
    own = Scene.load(SCENE).with_changes(camera__size_px=[128, 72]).view().render("draft").expose().exposure
    assert len(shutters) == 1
    assert shutters.pop() == pytest.approx(own.shutter_s)


def test_a_frame_can_be_rendered_again_from_its_file(story, tmp_path, monkeypatch):
    folder, records = story
    monkeypatch.chdir(tmp_path)
    _photo, differs = replay(folder / records["frames"][1]["file"])
    assert differs == []


def test_the_sheet_shows_the_frames_and_carries_their_numbers(story):
    folder, records = story
    sheet = Image.open(folder / "sheet.png")
    assert json.loads(sheet.info["selfiesim"]) == {key: value for key, value in records.items() if key != "page"}
    assert json.loads((folder / "sheet.json").read_text()) == json.loads(sheet.info["selfiesim"])
    pixels = np.asarray(sheet, float)
    for number, each in enumerate(records["frames"]):
        left, top = 8 + number * 488, 62
        frame = np.asarray(Image.open(folder / each["file"]).resize((480, 270), Image.Resampling.LANCZOS), float)
        assert np.array_equal(pixels[top : top + 270, left : left + 480], frame)


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (4, 2), (5, 3), (6, 3), (12, 4), (13, 5), (240, 16)])
def test_sheets_are_nearly_square_with_few_gaps(count, columns):
    assert column_count(count) == columns


class Page(HTMLParser):
    """Targets of links and pictures, and unclosed tags."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.targets += [attributes[key] for key in ("href", "src") if key in attributes]
        if tag == "img":
            assert attributes["alt"]
        if tag not in ("meta", "img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_links_all_files_and_nothing_external(story):
    folder, records = story
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    assert all((folder / target).is_file() for target in page.targets)
    assert {each["file"] for each in records["frames"]} <= set(page.targets)
    assert "<script src" not in text
    assert "http" not in text.replace("https://example.org/tianwen-1/", "")


def test_the_page_speaks_in_sentences_and_rounds(story):
    folder, records = story
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "On 31 December 2021, a camera was pushed off its spacecraft at 0.2 metres a second. In 90 seconds" in text
    assert "it drifts 18 metres away, looking back: 3 pictures, computed and not photographed." in text
    assert "30 seconds after release, 6 metres away" in text
    plain, technical = text.split("<summary>Technical details</summary>")
    for each in records["frames"]:
        # Where the craft is cut off, its size would say nothing.
        size = f"<td>{each['craft_px']:.0f} px</td>" if each["craft_px"] else "nan"
        assert (size in technical) == each["in_frame"], each["t_s"]
    for words in ("Exposure", " px", "Drawn as drafts"):
        assert words not in plain
        assert words in technical


def test_the_page_begins_with_the_first_frame_of_the_whole_craft_drawn_larger(story):
    folder, records = story
    whole = next(each for each in records["frames"] if each["in_frame"])
    hero = json.loads((folder / "hero.json").read_text())
    assert hero["view"]["seconds_since_release"] == pytest.approx(whole["t_s"])
    assert hero["camera"]["size_px"] == [384, 216]
    assert hero["photo"]["shutter_s"] == recipe_of(folder, whole)["photo"]["shutter_s"]
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert text.index('src="hero.jpg"') < text.index("<h1>")


def test_without_a_whole_craft_the_page_begins_with_the_last_frame_that_has_something_behind_it():
    cut_off = DriftSample(*[0.0] * 18)
    frames = [replace(cut_off, t_s=t, in_frame=False, limb_in_frame=seen) for t, seen in ((1.0, True), (2.0, True))]
    assert best_frame([*frames, replace(cut_off, t_s=3.0, in_frame=False, limb_in_frame=False)]) == 1
    assert (
        best_frame([*frames, replace(cut_off, t_s=4.0, in_frame=True), replace(cut_off, t_s=5.0, in_frame=True)]) == 2
    )


def test_pictures_of_the_page_are_described_and_not_only_named(story):
    folder, records = story
    text = (folder / "index.html").read_text(encoding="utf-8")
    for file in ["hero.jpg", *(each["file"] for each in records["frames"])]:
        words = caption(read_recipe((folder / file).with_suffix(".json")), "alt")
        assert f'alt="{escape(words)}"' in text
        assert "Mars fills" in words


# https://ogp.me: og:image is an absolute address, and a page with an image should give og:image:alt.
def test_a_shared_address_shows_the_picture(story):
    folder, _records = story
    page = (folder / "index.html").read_text(encoding="utf-8")
    tags = dict(re.findall(r'<meta property="(og:[a-z:]+)" content="([^"]*)">', page))
    assert tags["og:url"] == "https://example.org/tianwen-1/"
    assert tags["og:image"] == "https://example.org/tianwen-1/hero.jpg"
    assert (tags["og:image:width"], tags["og:image:height"]) == ("384", "216")
    assert tags["og:image:alt"].startswith("Computer-generated image")
    assert "twitter:card" in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_breaks_no_rule_of_accessibility(story, browser, scheme):
    folder, _records = story
    with shown(browser, folder / "index.html", scheme) as page:
        for each in page.locator("details").element_handles():
            each.evaluate("each => each.open = true")
        assert violations(page) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_the_picture_is_as_wide_as_the_window_and_nothing_is_wider(story, browser, width):
    folder, _records = story
    with shown(browser, folder / "index.html", width=width) as page:
        assert page.evaluate("document.querySelector('.hero img').clientWidth") == width
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.fixture
def small_craft(tmp_path):
    """Options of a command that runs in ``tmp_path``: a box in place of the scene's craft, which is soon drawn."""
    trimesh = pytest.importorskip("trimesh")
    trimesh.creation.box((2.0, 1.5, 1.0)).export(tmp_path / "box.stl")
    (tmp_path / "box.toml").write_text("[mounts.camera]\nposition_m = [0, 0.75, 0]\naxis = [0, 1, 0]\n")
    return "--craft", "box.stl"


def test_a_film_of_the_drift_is_on_the_page(run, tmp_path, browser, monkeypatch, small_craft):
    pytest.importorskip("imageio_ffmpeg")
    monkeypatch.setattr("selfiesim.cli.story._FILM_FRAMES", 12)  # one second instead of ten
    code, _out, err = run(
        "story", SCENE, *small_craft, "--frames", "2", "--to", "release+60s", "--size", "64x36", "--film", "-o", "a"
    )
    assert code == 0, err
    recipe = json.loads((tmp_path / "a" / "film.json").read_text())
    assert recipe["film"]["duration_s"] == pytest.approx(1.0)
    # From the first frame to the last, in the exposure of the frames.
    assert recipe["film"]["start"] == "release+30.000000s"
    assert recipe["frames"]["seconds"][-1] == pytest.approx(30.0)
    assert set(recipe["frames"]["shutter_s"]) == {recipe_of(tmp_path / "a", {"file": "hero.jpg"})["photo"]["shutter_s"]}
    with shown(browser, tmp_path / "a" / "index.html") as page:
        page.wait_for_function("document.querySelector('video').readyState >= 1")
        assert page.evaluate("document.querySelector('video').duration") == pytest.approx(1.0, abs=0.1)
        assert violations(page) == []


@pytest.fixture
def odd(run, tmp_path, small_craft):
    """The folder of a story whose title is markup and a broken formula, with each frame metered."""
    table = (Scene.load(SCENE).folder / f"{SCENE}.toml").read_text()
    title = next(line for line in table.splitlines() if line.startswith("title"))
    (tmp_path / "my.toml").write_text(table.replace(title, r"title = '<b>$\frac{</b>$'"))
    code, _out, err = run(
        "story", "my.toml", *small_craft, "-o", "out", "--frames", "2", "--size", "64x36", "--meter-each"
    )
    assert code == 0, err
    return tmp_path / "out"


def test_titles_are_plain_text_and_frames_can_be_metered_separately(odd, run):
    text = (odd / "index.html").read_text()
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    recipes = [json.loads(path.read_text()) for path in (odd / "frames").glob("*.json")]
    assert len({each["photo"]["shutter_s"] for each in recipes}) == len(recipes) == 2
    assert run("drift", "my.toml", "--to", "20", "--plot", "drift.png")[0] == 0


@pytest.mark.parametrize("name", ["tianwen1-boom", "zhurong-group", "tianwen1-camera-receding"])
def test_a_scene_with_a_mounted_camera_is_refused_with_advice(run, tmp_path, name):
    code, _out, err = run("story", name, "-o", "out")
    assert code == 2
    assert "stays where it is mounted" in err
    assert "tianwen1-mars" in err
    assert "selfiesim render" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--every", "10x"), "10s, 0.5s or 2min"),
        (("--every", "0s"), "10s, 0.5s or 2min"),
        (("--every", "0.1s"), "1200 frames are too many; the limit is 240 (SELFIESIM_LIMITS=story-frames="),
        (("--frames", "1"), "from 2 to 240"),
        (("--every", "60s", "--to", "release+30s"), "the first frame would be after --to"),
        (("--url", "example.org"), "such as https://example.org/tianwen-1/"),
        (("--frames", "9", "--every", "1s"), "give one of them"),
        (("--to", "release-5s"), "not after the release"),
        (("--meter-at", "release-9s"), "--meter-at: 'release-9s' is 9 s before the release"),
        (("--meter-at", "release", "--meter-each"), "give one of them"),
        (("--size", "10"), "width x height"),
        (("-o", "file/out"), "name a folder you may write to"),
    ],
)
def test_bad_input_is_refused(run, tmp_path, words, message):
    (tmp_path / "file").write_text("")
    code, _out, err = run("story", SCENE, *words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_times_follow_a_step_or_a_number_of_frames():
    assert story_times(60.0, 20.0, None) == [20.0, 40.0, 60.0]
    assert story_times(65.0, 20.0, None) == [20.0, 40.0, 60.0]
    assert story_times(60.0, None, 3) == [20.0, 40.0, 60.0]
    assert len(story_times(120.0, None, None)) == 12
    with pytest.raises(SceneError, match="not after"):
        story_times(0.0, None, None)


def test_craft_option_puts_a_users_mesh_into_every_command(run, tmp_path, small_craft):
    facts = json.loads(run("show", SCENE, *small_craft, "--json")[1])
    path = json.loads(run("drift", SCENE, *small_craft, "--from", "72", "--to", "72", "--json")[1])
    frames = json.loads(run("story", SCENE, *small_craft, "--frames", "2", "--to", "release+72s", *SMALL, "--json")[1])
    film = ("film", SCENE, *small_craft, "--from", "release+71s", "--to", "release+72s", *SMALL, "-o", "a.gif")
    assert run(*film)[0] == 0
    filmed = json.loads((tmp_path / "a.json").read_text())["frames"]["range_to_craft_m"]
    # 72 s at 0.2 m/s from a mount 0.75 m from the centre of the box.
    for distance in (facts["range_to_craft_m"], path[0]["craft_distance_m"], filmed[-1]):
        assert distance == pytest.approx(72 * 0.2 + 0.75, rel=0.005)
    assert frames["frames"][-1]["range_m"] == pytest.approx(72 * 0.2, rel=0.005)
    assert "with box in place of its craft" in run("caption", str(tmp_path / f"{SCENE}-story/frames/t0072.000s.png"))[1]


@pytest.mark.parametrize(("count", "heading"), [(1, "<summary>1 assumed value<"), (2, "<summary>2 assumed values<")])
def test_assumed_values_are_counted(count, heading):
    from selfiesim.pages.html import assumed_table

    assert heading in assumed_table({"assumed": {f"key{k}": "Not published." for k in range(count)}})
    assert "No values are assumed" in assumed_table({})
