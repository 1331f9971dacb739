"""The gallery: pictures with recipes, a self-contained and escaped page, cached renders, reported failures."""

from __future__ import annotations

import json
from html import escape
from html.parser import HTMLParser

import pytest
from web_page import shown, violations

from selfiesim.cli.app import main
from selfiesim.pages.gallery import GalleryEntry, html_page
from selfiesim.pages.picture_cache import RenderCache, view_digest
from selfiesim.pages.studio import EMPTY_SCENE
from selfiesim.scene.scene import Scene


class Page(HTMLParser):
    """Links, pictures and anchors of a page, and its unclosed tags."""

    def __init__(self, text):
        super().__init__()
        self.links, self.pictures, self.anchors, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors.append(attributes.get("id"))
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "img":
            assert attributes["alt"].startswith("Computer-generated image: ")
            self.pictures.append(attributes["src"])
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


SCENES = ("tianwen1-cruise", "ikaros-dcam2")
SMALL = ("--quality", "draft", "--size", "160x90")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    with pytest.raises(SystemExit) as end:
        main(["gallery", *SCENES, "-o", str(folder), *SMALL, "--url", "https://example.org/shots/"])
    assert end.value.code in (0, None)
    return folder


def newly_rendered(run, folder, *words, scenes=SCENES):
    """Run the command; returns the scenes that it rendered."""
    code, out, err = run("gallery", *scenes, "-o", folder, *SMALL, "--json", *words)
    assert code == 0, err
    return [each["name"] for each in json.loads(out)["scenes"] if each["rendered_now"]]


def test_the_page_links_picture_thumbnail_and_recipe_of_each_scene(rendered):
    found = Page((rendered / "index.html").read_text(encoding="utf-8"))
    assert not found.open
    assert set(found.pictures) == {f"thumbnails/{name}.jpg" for name in SCENES}
    for link in found.links + found.pictures:
        assert link[1:] in found.anchors if link.startswith("#") else (rendered / link).is_file()
    assert (
        json.loads((rendered / "ikaros-dcam2.json").read_text())["title"]
        == "IKAROS, seen by its deployable camera DCAM2"
    )


def test_the_first_picture_is_shown_where_the_page_is_shared(rendered):
    text = (rendered / "index.html").read_text(encoding="utf-8")
    assert '<meta property="og:image" content="https://example.org/shots/thumbnails/tianwen1-cruise.jpg">' in text
    assert '<meta property="og:image:alt" content="Computer-generated image: Tianwen-1 in deep space.' in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_breaks_no_rule_of_accessibility(rendered, browser, scheme):
    with shown(browser, rendered / "index.html", scheme) as page:
        for each in page.locator("details").element_handles():
            each.evaluate("each => each.open = true")
        assert violations(page) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_window(rendered, browser, width):
    with shown(browser, rendered / "index.html", width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_page_needs_no_external_resources(rendered):
    text = (rendered / "index.html").read_text(encoding="utf-8")
    assert "http" not in text.replace("https://example.org/shots/", "").split("<body>")[0]
    assert "<script" not in text


def test_the_page_groups_scenes_by_mission(rendered):
    text = (rendered / "index.html").read_text(encoding="utf-8")
    contents = text[: text.index("<article")]
    order = [contents.index(words) for words in ("<h2>IKAROS", "#ikaros-dcam2", "<h2>Tianwen-1", "#tianwen1-cruise")]
    assert order == sorted(order)
    assert "IKAROS · ejected camera" in text


def test_the_page_shows_facts_and_assumptions_of_each_scene(rendered):
    text = (rendered / "index.html").read_text(encoding="utf-8")
    recipe = json.loads((rendered / "ikaros-dcam2.json").read_text())
    assert recipe["view"]["epoch_utc"] in text
    assert f"{recipe['view']['range_to_craft_m']:.1f} m" in text
    assert all(escape(why) in text for why in recipe["view"]["assumed"].values())


def test_pictures_with_unchanged_inputs_are_kept(rendered, run):
    before = {path.name: path.stat().st_mtime_ns for path in rendered.glob("*.jpg")}
    assert newly_rendered(run, rendered) == []
    assert {path.name: path.stat().st_mtime_ns for path in rendered.glob("*.jpg")} == before


def test_a_modified_picture_is_rendered_again_as_by_the_render_command(rendered, run, tmp_path):
    picture = rendered / "tianwen1-cruise.jpg"
    picture.write_bytes(picture.read_bytes() + b"x")
    assert newly_rendered(run, rendered) == ["tianwen1-cruise"]
    assert run("render", "tianwen1-cruise", "--draft", "-o", "alone.jpg", "--size", "160x90")[0] == 0
    for ending in (".jpg", ".json"):
        assert picture.with_suffix(ending).read_bytes() == (tmp_path / "alone").with_suffix(ending).read_bytes()


def test_fresh_renders_unchanged_pictures(rendered, run):
    assert newly_rendered(run, rendered, "--fresh", scenes=SCENES[:1]) == ["tianwen1-cruise"]


@pytest.mark.parametrize(
    "change",
    [
        {"at": "release+63s"},
        {"photo__stops": 0.5},
        {"sky__stars": False},
        {"camera__size_px": [161, 90]},
    ],
)
def test_the_digest_changes_with_the_inputs(change):
    scene = Scene.load("tianwen1-cruise")
    assert view_digest(scene.view(), "draft") == view_digest(scene.view(), "draft")
    assert view_digest(scene.with_changes(**change).view(), "draft") != view_digest(scene.view(), "draft")


def test_the_digest_changes_with_a_mesh_edited_in_place(tmp_path):
    def digest(height):
        (tmp_path / "mesh.obj").write_text(
            f"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 {height}\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
        )
        table = EMPTY_SCENE | {"craft": {"model": "mesh.obj"}, "mounted": {"offset_m": [0.0, 0.0, -5.0]}}
        return view_digest(Scene.from_table(table, folder=tmp_path).view(), "draft")

    assert digest(1) != digest(2)
    assert digest(1) == digest(1)


def test_a_damaged_record_only_causes_a_new_render(rendered, run):
    for rubbish in ("", "[]", '{"tianwen1-cruise": 3}', "[" * 100_000):
        (rendered / "thumbnails" / "drawn.json").write_text(rubbish)
        assert RenderCache(rendered / "thumbnails" / "drawn.json").is_current("tianwen1-cruise", "", []) is False
    assert newly_rendered(run, rendered, scenes=SCENES[:1]) == ["tianwen1-cruise"]


def test_two_scenes_with_the_same_stem_are_refused_before_rendering(tmp_path, run):
    code, _out, err = run("gallery", "tianwen1-cruise", "elsewhere/tianwen1-cruise.toml", "-o", "out")
    assert code == 2
    assert "rename one of them" in err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_created_is_refused_before_rendering(tmp_path, run):
    (tmp_path / "file").write_text("")
    code, _out, err = run("gallery", "-o", "file/out")
    assert code == 2
    assert "name a folder you may write to" in err


def test_one_bad_scene_does_not_stop_the_others(tmp_path, capsys):
    (tmp_path / "bad.toml").write_text('title = "<b>bad</b>"\n')
    arguments = ["gallery", str(tmp_path / "bad.toml"), "tianwen1-camera-receding", "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--quality", "draft", "--size", "64x36"])
    assert end.value.code == 2
    assert "bad.toml" in capsys.readouterr().err
    assert (tmp_path / "out" / "tianwen1-camera-receding.jpg").is_file()
    assert "Not rendered" in (tmp_path / "out" / "index.html").read_text()


def test_text_from_scenes_is_escaped():
    text = html_page([GalleryEntry("<i>", "t", fault="<script>alert(1)</script>")])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
