"""Kinds of cases around the other files that a scene names or a command reads: messages, kernels, maps, pictures."""

from __future__ import annotations

from functools import cache
from typing import Any

import fuzz_file_seeds as seeds
from fuzz_case import Case, encoded, toml
from fuzz_mutators import (
    NUMBERS,
    TEXTS,
    known_keys_of_schema,
    spoiled_archives,
    spoiled_bytes,
    spoiled_tables,
    spoiled_texts,
)
from fuzz_seeds import ORBIT, box_files, picture, rendered_files
from hypothesis import strategies as st


@st.composite
def _messages(draw: Any) -> Case:
    name = draw(st.sampled_from(sorted(seeds.messages())))
    tokens = ("META_START", "META_STOP", "COVARIANCE_START", "2021-12-31T16:00:00", "GPS", "TDB", "ICRF", "MARS", "SUN")
    tokens += ("<segment>", "</data>", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "&a;", '"EPOCH": 1', "[[[[", "{}", "null")
    content = draw(spoiled_texts(seeds.messages()[name], tokens=tokens).map(encoded))
    key = name.partition(".")[0]
    if key == "aem":
        scene = seeds.path_scene(attitude={"aem": name})
    elif key == "oem":
        scene = seeds.path_scene(path={"body": "mars", "oem": name})
    else:
        scene = seeds.path_scene(path={"body": "earth", key: name}, at=seeds.ELEMENTS_AT)
    if draw(st.integers(0, 9)) == 0:
        content = draw(spoiled_bytes(content))
    files = box_files() | {key: text.encode() for key, text in seeds.messages().items()} | {name: content}
    return Case(("check", "scene.toml"), files | {"scene.toml": toml(scene)})


@st.composite
def _kernels(draw: Any) -> Case:
    files = seeds.kernels() | box_files()
    names = ["times.tls", "frames.tf", "clock.tsc", "ship.bsp", "turn.bc"]
    chosen = draw(st.sampled_from(["ship.bsp", "turn.bc", "times.tls", "frames.tf", "clock.tsc", "all.tm"]))
    if chosen in ("ship.bsp", "turn.bc"):
        files[chosen] = draw(spoiled_bytes(files[chosen], before=1024 * 3))
    else:
        tokens = (
            "KERNELS_TO_LOAD = ( '../outside/bait.tls' )", "PATH_VALUES = ( '../outside' )", "'+'", "+=", "\\begindata",
            "\\begintext", "KPL/MK", "@2020-01-01", "'$HERE/../outside/bait.bsp'", "1.0D+999", "( 1, 2 3",
        )  # fmt: skip
        files[chosen] = draw(spoiled_texts(files[chosen].decode(), tokens=tokens).map(encoded))
    scene = seeds.path_scene(
        path={"body": "mars", "target": "-905"}, kernels=["all.tm"] if chosen == "all.tm" else names
    )
    if chosen in ("turn.bc", "clock.tsc", "frames.tf"):
        scene["attitude"] = {"ck_frame": "SELFIE_BODY"}
    if draw(st.integers(0, 5)) == 0:
        scene = draw(spoiled_tables(scene))
    return Case(("check", "scene.toml"), files | {"scene.toml": toml(scene)})


@st.composite
def _maps(draw: Any) -> Case:
    name = draw(st.sampled_from(["m.tif", "m.png", "m.jpg", "m.lbl", "raw.img"]))
    files = {"MAP.IMG": seeds.PDS_IMAGE}
    if name == "m.lbl":
        tokens = ('"../outside/bait.img"', '("MAP.IMG", 99999999)', "LSB_UNSIGNED_INTEGER", "PC_REAL", "OBJECT = IMAGE")
        files[name] = draw(spoiled_texts(seeds.PDS_LABEL, tokens=tokens).map(encoded))
    elif name == "raw.img":
        files[name] = seeds.PDS_IMAGE
    elif name == "m.tif":
        files[name] = draw(spoiled_bytes(seeds.geotiff(), before=1000))
    else:
        files[name] = draw(spoiled_bytes(picture(name[2:])))
    if draw(st.integers(0, 2)) and name != "raw.img":
        scene = seeds.path_scene() | {"orbit": ORBIT, "planet": {"map": {"file": name}}}
        del scene["path"]
        if draw(st.booleans()):
            scene["planet"] = draw(spoiled_tables(scene["planet"], known=known_keys_of_schema(_map_schema())))
        return Case(("check", "scene.toml"), files | box_files() | {"scene.toml": toml(scene)})
    words: list[str] = ["maps", "add", name, "--name", "fuzzed"]
    words += ["--shape", "36x18", "--dtype", ">i2"] if name == "raw.img" else []
    for option in draw(st.lists(st.sampled_from(sorted(_MAP_OPTIONS)), max_size=3, unique=True)):
        words += [option, draw(st.one_of(_MAP_OPTIONS[option], NUMBERS.map(str), TEXTS))]
    layer = words[words.index("--layer") + 1] if "--layer" in words else "albedo"
    return Case(tuple(words), files, then=("map", "mars", "--map", "fuzzed", "--layer", layer, "--size", "32"))


_MAP_OPTIONS = {
    "--lon0": st.sampled_from(["0", "-180", "1e308", "nan"]),
    "--bounds": st.sampled_from(["-30,30,-10,10", "0,0,0,0", "nan,1,2,3", "-1e308,1e308,-90,90", "10,-10,10,-10"]),
    "--layer": st.sampled_from(["elevation", "normal", "albedo"]),
    "--registration": st.sampled_from(["pixel", "point"]),
    "--scale": st.sampled_from(["0", "-1", "1e308", "5e-324"]),
    "--offset": st.sampled_from(["1e308", "-1"]),
    "--nodata": st.sampled_from(["0", "nan", "1e400", "-32768"]),
    "--shape": st.sampled_from(["36x18", "1x1", "0x0", "99999x99999", "18x36"]),
    "--dtype": st.sampled_from([">i2", "f1", "O", "S9999999999", "V0", "M8", "<f8", "{'a': 1}", "i2,i2"]),
}


@cache
def _map_schema() -> dict[str, Any]:
    from selfiesim.scene.planet import PlanetSection

    return PlanetSection.model_json_schema()


@st.composite
def _pictures(draw: Any) -> Case:
    name = draw(st.sampled_from(["a.png", "a.jpg", "a.tif", "a.exr", "a.npz", "a.npz"]))
    content = rendered_files()[name]
    if name == "a.npz":
        content = draw(spoiled_archives(content, lambda _name, member: _spoiled_arrays(member)))
    elif draw(st.integers(0, 2)) == 0 and b'"title"' in content:
        content = draw(_edited_recipe(content))
    else:
        content = draw(spoiled_bytes(content, before=4000))
    words = ("replay", name, "-o", "new.png") if name == "a.npz" and draw(st.booleans()) else ("caption", name)
    return Case(words, {name: content})


@st.composite
def _edited_recipe(draw: Any, content: bytes) -> bytes:
    """Change characters of the JSON inside a picture."""
    start, end = content.index(b'"title"'), content.rindex(b"}")
    return content[:start] + draw(spoiled_bytes(content[start:end])) + content[end:]


@st.composite
def _spoiled_arrays(draw: Any, member: bytes) -> bytes:
    """Change the header of an array, or its bytes."""
    heads = [
        b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999, 99999, 3), }",
        b"{'descr': '<U999999999', 'fortran_order': False, 'shape': (), }",
        b"{'descr': '<f8', 'fortran_order': True, 'shape': (-1, 2), }",
        b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
        b"(" * 500,
    ]
    if draw(st.integers(0, 1)):
        return draw(spoiled_bytes(member, before=128))
    head = draw(st.sampled_from(heads)).ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + member[128:]


KINDS: dict[str, Any] = {
    "oem, aem, tle, omm": _messages,
    "kernel": _kernels,
    "map": _maps,
    "picture, exr, npz": _pictures,
}
