"""The page of all shots: pictures with recipes, everything escaped, nothing from elsewhere, faults told."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from selfiesim.cli import main
from selfiesim.output.gallery import Shown, page


class Page(HTMLParser):
    """Links, pictures and balance of tags."""

    def __init__(self, text):
        super().__init__()
        self.links, self.pictures, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "img":
            assert attributes["alt"].startswith("Synthetic image: ")
            self.pictures.append(attributes["src"])
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    with pytest.raises(SystemExit) as end:
        main(
            ["gallery", "tianwen1-cruise", "ikaros-dcam2", "-o", str(folder), "--quality", "draft", "--size", "160x90"]
        )
    assert end.value.code in (0, None)
    return folder


def test_each_scene_has_a_picture_a_thumbnail_and_a_recipe_that_the_page_leads_to(drawn):
    found = Page((drawn / "index.html").read_text(encoding="utf-8"))
    assert not found.open
    assert len(found.pictures) == 2
    for link in found.links + found.pictures:
        assert (drawn / link).is_file()
    assert json.loads((drawn / "ikaros-dcam2.json").read_text())["title"] == "IKAROS from its free camera"


def test_the_page_asks_for_nothing_from_elsewhere(drawn):
    text = (drawn / "index.html").read_text(encoding="utf-8")
    assert "http" not in text.replace("https://", "http://").split("<body>")[0]
    assert "<script" not in text


def test_one_bad_scene_does_not_keep_the_others_from_the_page(tmp_path, capsys):
    (tmp_path / "bad.toml").write_text('title = "<b>bad</b>"\n')
    arguments = ["gallery", str(tmp_path / "bad.toml"), "tianwen1-camera-receding", "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--quality", "draft", "--size", "64x36"])
    assert end.value.code == 2
    assert "bad.toml" in capsys.readouterr().err
    assert (tmp_path / "out" / "tianwen1-camera-receding.png").is_file()
    assert "Not drawn" in (tmp_path / "out" / "index.html").read_text()


def test_words_from_scenes_are_escaped():
    text = page([Shown("<i>", "t", fault="<script>alert(1)</script>")])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
