"""What the page can choose from."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from selfiesim.camera.catalogue import preset
from selfiesim.craft.load import load_craft
from selfiesim.scene.shipped import scenes
from selfiesim.studio.catalogue import THUMBNAILS, catalogue, catalogue_json

MOST_BYTES = 100_000


def test_models_presets_and_finishes_are_listed():
    found = catalogue()
    models = {each["name"]: each for each in found["choices"]["craft.model"]}
    assert models["tianwen1-orbiter"]["title"] == "Tianwen-1 orbiter"
    assert models["juice"]["mounts"] == list(load_craft("juice").mounts)
    assert found["presets"]["hayabusa2-dcam3"] == sorted(preset("hayabusa2-dcam3").scene_keys())
    assert "gold-foil" in {each["name"] for each in found["choices"]["craft.materials"]}
    assert all(each["picture"] == f"/static/scenes/{each['name']}.jpg" for each in found["scenes"])


def test_it_is_kept_until_something_that_it_is_made_from_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SELFIESIM_DATA", str(tmp_path / "data"))
    first = catalogue_json()
    assert json.loads(first) == json.loads(json.dumps(catalogue()))
    (kept,) = (tmp_path / "cache" / "studio").iterdir()
    kept.write_bytes(b'{"kept": true}')
    assert catalogue_json() == b'{"kept": true}'
    (tmp_path / "data" / "maps").mkdir(parents=True)
    (tmp_path / "data" / "maps" / "my-map.toml").write_text("")
    assert json.loads(catalogue_json())["choices"]["planet.map"] == [{"name": "my-map", "title": "my-map"}]
    assert kept not in (tmp_path / "cache" / "studio").iterdir()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file in place of the folder")
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    assert json.loads(catalogue_json())["scenes"]


def test_the_page_fetches_all_its_modules_at_once():
    static = THUMBNAILS.parent
    page = (static / "index.html").read_text()
    named = re.findall(r'<link rel="modulepreload" href="/static/(.+?)">', page)
    assert sorted([*named, "main.js"]) == sorted(path.name for path in static.glob("*.js"))


def test_pictures_of_scenes_are_small_files():
    files = list(THUMBNAILS.iterdir())
    assert {path.stem for path in files} == set(scenes())
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


@pytest.mark.parametrize("name", scenes())
def test_the_picture_of_a_scene_is_like_that_of_the_gallery(name, request):
    gallery = request.config.rootpath / f"renders/thumbnails/{name}.jpg"
    with Image.open(THUMBNAILS / f"{name}.jpg") as small, Image.open(gallery) as large:
        assert small.size == (256, 144)
        side = round(256 * min(1.0, large.width / large.height * 9 / 16))
        inner = small.crop(((256 - side) // 2, 0, (256 + side) // 2, 144)).resize((16, 9), Image.Resampling.BOX)
        cut = max(0, round((large.width - large.height * 16 / 9) / 2))
        whole = large.crop((cut, 0, large.width - cut, large.height)).resize((16, 9), Image.Resampling.BOX)
    difference = np.abs(np.asarray(inner, float) - np.asarray(whole.convert("RGB"), float))
    assert difference.mean() < 6.0
