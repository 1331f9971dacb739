"""The cases: kinds of input with the commands that read them. Case number n is the same at each run."""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import fuzz_seeds as seeds
from fuzz_mutators import (
    NUMBERS,
    TEXTS,
    VALUES,
    json_text,
    known_keys_of_schema,
    spoiled_archives,
    spoiled_bytes,
    spoiled_gltf,
    spoiled_tables,
    spoiled_texts,
    toml_text,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st

BLOCK = 25
"""Cases of one kind that are drawn together."""


@dataclass(frozen=True)
class Case:
    """Files in a folder of their own, and what reads them.

    Attributes
    ----------
    words : tuple of str
        Words of the command line, or ``python`` with key path and value for :func:`fuzz_worker.change_scene`.
    files : dict of str to bytes
        Content by name.
    value : Any
        The value of a ``python`` case.
    """

    words: tuple[str, ...]
    files: dict[str, bytes] = field(repr=False)
    value: Any = None


def _toml(table: dict[str, Any]) -> bytes:
    return toml_text(table).encode("utf-8", "surrogatepass")


@cache
def _scene_schema() -> dict[str, Any]:
    from selfiesim.scene.scene import schema

    return schema()


@cache
def _schema_of(name: str) -> dict[str, Any]:
    if name == "job":
        from selfiesim.batches.job import Job

        return Job.model_json_schema(by_alias=True)
    from selfiesim.craft.description import ModelDescription

    return ModelDescription.model_json_schema()


@st.composite
def _scenes(draw: Any) -> Case:
    known = known_keys_of_schema(_scene_schema())
    table = draw(spoiled_tables(draw(st.sampled_from(seeds.scene_tables())), known=known))
    words = draw(st.sampled_from([("check",)] * 30 + [("show", "--json")] * 8))
    if draw(st.integers(0, 40)) == 0:
        words = ("render", "--quality", "draft", "--samples", "1", "-o", "x.png")
        table.setdefault("camera", {})
        if isinstance(table["camera"], dict):
            table["camera"]["size_px"] = [32, 18]
    return Case((words[0], "scene.toml", *words[1:]), seeds.box_files() | {"scene.toml": _toml(table)})


@st.composite
def _scene_texts(draw: Any) -> Case:
    text = toml_text(draw(st.sampled_from(seeds.scene_tables())))
    content = draw(st.one_of(spoiled_texts(text).map(_encoded), spoiled_bytes(text.encode())))
    return Case(("check", "scene.toml"), seeds.box_files() | {"scene.toml": content})


@st.composite
def _jobs(draw: Any) -> Case:
    table = draw(spoiled_tables(draw(st.sampled_from(seeds.JOBS)), known=known_keys_of_schema(_schema_of("job"))))
    files = seeds.box_files() | {"scene.toml": _toml(seeds.scene_tables()[0]), "job.toml": _toml(table)}
    return Case(("batch", "job.toml", "--plan"), files)


@st.composite
def _descriptions(draw: Any) -> Case:
    known = known_keys_of_schema(_schema_of("description"))
    table = draw(spoiled_tables(seeds.DESCRIPTION, known=known))
    return Case(("models", "inspect", "box.obj", "--json"), seeds.box_files() | {"box.toml": _toml(table)})


def _inspect(name: str, **files: bytes) -> Case:
    return Case(("models", "inspect", name), files)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@st.composite
def _obj(draw: Any) -> Case:
    files = seeds.box_files()
    chosen = draw(st.sampled_from(["box.obj", "box.obj", "box.mtl", "tex.png"]))
    if chosen == "tex.png":
        files[chosen] = draw(spoiled_bytes(files[chosen]))
    else:
        tokens = (
            "f 1 2 3 4 5 6",
            "f -1 -2 -3",
            "usemtl gold",
            "mtllib ../outside/bait.mtl",
            "map_d tex.png",
            "illum 9",
        )
        files[chosen] = draw(spoiled_texts(files[chosen].decode(), tokens=tokens).map(_encoded))
    return Case(("models", "inspect", "box.obj"), files)


@st.composite
def _simple_meshes(draw: Any) -> Case:
    name = draw(st.sampled_from(sorted(seeds.simple_meshes())))
    content = seeds.simple_meshes()[name]
    if name.startswith("a") and draw(st.booleans()):
        content = draw(spoiled_texts(content.decode()).map(_encoded))
    else:
        content = draw(spoiled_bytes(content, before=300))
    return Case(("models", "inspect", name), {name: content})


@st.composite
def _xml_meshes(draw: Any) -> Case:
    tokens = ("1 2 3", "-1", "NaN", 'count="99999999"', 'id="g"', 'url="#n"', "<node/>", 'xmlns:x="y"')
    if draw(st.booleans()):
        text = draw(spoiled_texts(seeds.DAE, tokens=tokens))
        return Case(("models", "inspect", "a.dae"), {"a.dae": _encoded(text), "tex.png": seeds.picture()})

    def members(_name: str, content: bytes) -> Any:
        return spoiled_texts(content.decode(), tokens=tokens).map(_encoded)

    return Case(("models", "inspect", "a.3mf"), {"a.3mf": draw(spoiled_archives(seeds.model_3mf(), members))})


@st.composite
def _gltf(draw: Any) -> Case:
    if draw(st.integers(0, 3)):
        return Case(("models", "inspect", "a.glb"), {"a.glb": draw(spoiled_gltf(*seeds.gltf_document()))})
    table = draw(spoiled_tables(seeds.embedded_gltf()))
    return Case(("models", "inspect", "a.gltf"), {"a.gltf": _encoded(json_text(table))})


@st.composite
def _messages(draw: Any) -> Case:
    name = draw(st.sampled_from(sorted(seeds.messages())))
    tokens = ("META_START", "META_STOP", "COVARIANCE_START", "2021-12-31T16:00:00", "GPS", "TDB", "ICRF", "MARS", "SUN")
    content = draw(st.one_of(spoiled_texts(seeds.messages()[name], tokens=tokens).map(_encoded)))
    scene = seeds.path_scene() if name == "path.oem" else seeds.path_scene(attitude={"aem": name})
    files = seeds.box_files() | {key: text.encode() for key, text in seeds.messages().items()} | {name: content}
    return Case(("check", "scene.toml"), files | {"scene.toml": _toml(scene)})


@st.composite
def _kernels(draw: Any) -> Case:
    files = seeds.kernels() | seeds.box_files()
    names = ["times.tls", "frames.tf", "ship.bsp"]
    chosen = draw(st.sampled_from(["ship.bsp", "times.tls", "frames.tf", "all.tm"]))
    if chosen == "ship.bsp":
        files[chosen] = draw(spoiled_bytes(files[chosen], before=1024 * 3))
    else:
        tokens = (
            "KERNELS_TO_LOAD = ( '../outside/bait.tls' )", "PATH_VALUES = ( '../outside' )", "'+'", "+=", "\\begindata",
            "\\begintext", "KPL/MK", "@2020-01-01", "'$HERE/../outside/bait.bsp'", "1.0D+999", "( 1, 2 3",
        )  # fmt: skip
        files[chosen] = draw(spoiled_texts(files[chosen].decode(), tokens=tokens).map(_encoded))
    scene = seeds.path_scene(
        path={"body": "mars", "target": "-905"}, kernels=["all.tm"] if chosen == "all.tm" else names
    )
    if draw(st.integers(0, 5)) == 0:
        scene = draw(spoiled_tables(scene))
    return Case(("check", "scene.toml"), files | {"scene.toml": _toml(scene)})


@st.composite
def _maps(draw: Any) -> Case:
    name = draw(st.sampled_from(["m.tif", "m.png", "m.jpg", "m.lbl", "raw.img"]))
    files = {"MAP.IMG": seeds.PDS_IMAGE}
    if name == "m.lbl":
        tokens = ('"../outside/bait.img"', '("MAP.IMG", 99999999)', "LSB_UNSIGNED_INTEGER", "PC_REAL", "OBJECT = IMAGE")
        files[name] = draw(spoiled_texts(seeds.PDS_LABEL, tokens=tokens).map(_encoded))
    elif name == "raw.img":
        files[name] = seeds.PDS_IMAGE
    elif name == "m.tif":
        files[name] = draw(spoiled_bytes(seeds.geotiff(), before=1000))
    else:
        files[name] = draw(spoiled_bytes(seeds.picture(name[2:])))
    if draw(st.integers(0, 2)) and name != "raw.img":
        scene = seeds.path_scene() | {"orbit": seeds.ORBIT, "planet": {"map": {"file": name}}}
        del scene["path"]
        if draw(st.booleans()):
            scene["planet"] = draw(spoiled_tables(scene["planet"], known=known_keys_of_schema(_map_schema())))
        return Case(("check", "scene.toml"), files | seeds.box_files() | {"scene.toml": _toml(scene)})
    words: list[str] = ["maps", "add", name, "--name", "fuzzed"]
    words += ["--shape", "36x18", "--dtype", ">i2"] if name == "raw.img" else []
    for option in draw(st.lists(st.sampled_from(sorted(_MAP_OPTIONS)), max_size=3, unique=True)):
        words += [option, draw(st.one_of(_MAP_OPTIONS[option], NUMBERS.map(str), TEXTS))]
    return Case(tuple(words), files)


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
def _recipes(draw: Any) -> Case:
    from selfiesim.files.recipe import digest

    recipe = json.loads(seeds.rendered_files()["a.json"])
    known = known_keys_of_schema(_scene_schema()).map(lambda pair: (("scene", *pair[0]), pair[1]))
    spoiled = draw(spoiled_tables(recipe, known=known))
    command = draw(st.sampled_from(["caption"] * 6 + ["replay"]))
    if isinstance(spoiled, dict) and draw(st.booleans()):
        try:
            spoiled["digest"] = digest(spoiled)
        except (TypeError, ValueError):
            command = "caption"
    return Case((command, "a.json"), seeds.box_files() | {"a.json": _encoded(json_text(spoiled))})


@st.composite
def _pictures(draw: Any) -> Case:
    name = draw(st.sampled_from(["a.png", "a.jpg", "a.tif", "a.exr", "a.npz", "a.npz"]))
    content = seeds.rendered_files()[name]
    if name == "a.npz":
        content = draw(spoiled_archives(content, lambda _name, member: _spoiled_arrays(member)))
    elif draw(st.integers(0, 2)) == 0 and b'"title"' in content:
        content = draw(_edited_recipe(content))
    else:
        content = draw(spoiled_bytes(content, before=4000))
    words = ("expose", name, "-o", "new.png") if name == "a.npz" and draw(st.booleans()) else ("caption", name)
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


_MOMENTS = st.sampled_from(["release+30s", "periapsis", "2021-12-31T13:10:00Z", "10", "release-5s", "terminator+1s"])


@st.composite
def _options(draw: Any) -> Case:
    """Words on the command line for a valid scene."""
    anything = st.one_of(NUMBERS.map(str), TEXTS, _MOMENTS)
    drift = {"--from": _MOMENTS, "--to": _MOMENTS, "--step-s": NUMBERS.map(str), "--samples": NUMBERS.map(str)}
    bad_samples = st.sampled_from(["0", "-1", "1025", "9" * 400, "1e3", "x"])
    wrong_size = st.sampled_from(["0x0", "16x", "99999x99999", "1" * 300 + "x9", "-1x5", "16x16x16", "a", "\uff11x2"])
    options: dict[str, dict[str, Any]] = {
        "show": {"--at": _MOMENTS, "--craft": st.sampled_from(["box.obj", "juice"])},
        "drift": drift | {"--plot": st.sampled_from(["x.txt", "no/x.png"])},
        "downlink": {"--from": _MOMENTS, "--to": _MOMENTS, "--frames": NUMBERS.map(str)},
        "render": {"--size": wrong_size},
        "film": {"--size": wrong_size, "--fps": NUMBERS.map(str), "--step-s": NUMBERS.map(str)},
        "story": {"--size": wrong_size, "--frames": NUMBERS.map(str)},
        "labels": {"--size": wrong_size},
    }
    command = draw(st.sampled_from(sorted(options)))
    words = [command, "scene.toml"]
    if command in ("render", "labels", "film", "story"):  # refused before anything is drawn
        words += ["--size", draw(wrong_size)] if draw(st.booleans()) else ["--quality", draw(TEXTS)]
        words += ["--samples", draw(bad_samples)] if command == "render" else []
    for option in draw(st.lists(st.sampled_from(sorted(options[command])), max_size=3, unique=True)):
        words += [option, draw(st.one_of(options[command][option], anything))]
    scene = seeds.scene_tables()[draw(st.sampled_from([0, 0, 0, 3]))]
    return Case(tuple(word.replace("\0", "") for word in words), seeds.box_files() | {"scene.toml": _toml(scene)})


@st.composite
def _python_values(draw: Any) -> Case:
    """A value of Python under a known key of a scene."""
    import numpy as np

    from selfiesim.astro.epoch import Epoch

    numpy_numbers = st.one_of(
        st.floats(width=32).map(np.float32),
        st.integers(-(2**31), 2**31 - 1).map(np.int64),
        st.sampled_from([np.bool_(True), np.float64("nan"), np.array(3.0), np.array([1.0, 2.0]), np.uint8(7)]),
        st.sampled_from([np.datetime64("2021-12-31T13:10:00"), np.timedelta64(5, "s"), np.longdouble(1) / 3, 1 + 2j]),
    )
    times = st.one_of(
        st.datetimes(),
        st.datetimes(timezones=st.just(datetime.UTC)),
        st.floats(allow_nan=True).map(lambda day: Epoch(day, 0.0)),
        st.just(Epoch.from_utc("2021-12-31T13:10:00Z")),
    )
    path, value = draw(known_keys_of_schema(_scene_schema()))
    value = draw(st.one_of(st.just(value), numpy_numbers, times, VALUES, st.sampled_from([object(), b"x", {1}, int])))
    if draw(st.integers(0, 3)) == 0:
        return Case(("python", "view"), seeds.box_files(), draw(st.one_of(times, numpy_numbers, VALUES)))
    return Case(("python", "__".join(map(str, path))), seeds.box_files(), value)


KINDS: dict[str, Any] = {
    "scene": _scenes,
    "scene text": _scene_texts,
    "job": _jobs,
    "description": _descriptions,
    "obj, mtl": _obj,
    "ply, stl, off": _simple_meshes,
    "dae, 3mf": _xml_meshes,
    "gltf, glb": _gltf,
    "oem, aem": _messages,
    "kernel": _kernels,
    "map": _maps,
    "recipe": _recipes,
    "picture, exr, npz": _pictures,
    "option": _options,
    "python": _python_values,
}


def cases(kind: str, block: int) -> Iterator[Case]:
    """Draw the cases of one block of a kind; the same at each call."""
    found: dict[str, Case] = {}

    # Several drawings may lead to the same case, and the first of every run is the simplest one.
    @hypothesis_seed(f"{kind} {block}")
    @settings(
        max_examples=3 * BLOCK,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(KINDS[kind]())
    def collect(case: Case) -> None:
        if len(found) <= BLOCK:
            found.setdefault(f"{case.words} {case.files} {case.value!r}", case)

    state = random.getstate()
    collect()
    random.setstate(state)
    return iter(list(found.values())[1:])
