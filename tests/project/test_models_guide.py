"""docs/models.md works step by step: its files are written, its commands run, its tables are complete."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from selfiesim.cli.app import main
from selfiesim.core import limits
from selfiesim.craft.description import ModelDescription
from selfiesim.craft.formats.mesh_reader import MAX_EXTENT_M, MESH_FORMATS
from selfiesim.craft.load import clear_craft_cache

GUIDE = (Path(__file__).parents[2] / "docs/models.md").read_text()


def run(command):
    program, *words = shlex.split(command)
    assert program == "selfiesim"
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0, command


@pytest.mark.filterwarnings("ignore::selfiesim.core.errors.ModelWarning")
def test_the_quick_start(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    clear_craft_cache()
    exec(re.search(r"```python\n(.*?)```", GUIDE, re.S)[1], {})
    for name, content in re.findall(r"^`(\w+\.toml)`\n\n```toml\n(.*?)```", GUIDE, re.S | re.M):
        Path(name).write_text(content)
    first, *others = "".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.S)).splitlines()
    assert len(others) == 3
    Path("mysat.toml").rename("later")
    run(first.split(" -o")[0])
    assert "6500 units long" in capsys.readouterr().out
    Path("later").rename("mysat.toml")
    for command in (first, *others):
        run(command)
    assert "1.2 x 6.5 x 1.2 m" in capsys.readouterr().out
    with Image.open("selfie.png") as picture:
        gold = [r > 100 and r > 1.8 * b for r, _, b in picture.convert("RGB").getdata()]
    assert sum(gold) > 2_000, "a golden craft is in the picture"


def test_every_key_of_a_description_is_in_the_guide():
    table = GUIDE[GUIDE.index("## The description") :]
    keys = set(re.findall(r"`\.?([\w.]+)`", table))
    short = {key.rpartition(".")[2] for key in keys}
    for name, field in ModelDescription.model_fields.items():
        # A table (frame), an optional table (mass), tables by name (joints), or a plain value.
        inner = [each for each in (field.annotation, *get_args(field.annotation)) if hasattr(each, "model_fields")]
        for key in inner[0].model_fields if inner else [name]:
            assert key in short, f"{name}.{key}"


def test_limits_and_formats_match_the_code():
    for value in (
        limits.MESH_BYTES.value >> 20,
        limits.MESH_TRIANGLES.value,
        limits.MESH_NODES.value,
        limits.MESH_DEPTH.value,
        limits.MESH_MATERIALS.value,
        limits.MESH_IMAGES.value,
        limits.IMAGE_SIDE.value,
        limits.TEXTURE_SIDE.value,
    ):
        assert f"{value:,}" in GUIDE, value
    assert f"{MAX_EXTENT_M / 1000:g} km" in GUIDE
    assert all(f"`{ending}`" in GUIDE for ending in MESH_FORMATS)
