"""Kinds of cases around scenes: scenes, jobs, descriptions, recipes, batches, words of commands, values of Python."""

from __future__ import annotations

import datetime
import json
from functools import cache
from typing import Any

import fuzz_seeds as seeds
from fuzz_case import Case, encoded, scene_schema, toml
from fuzz_mutators import (
    NUMBERS,
    TEXTS,
    VALUES,
    json_text,
    known_keys_of_schema,
    spoiled_bytes,
    spoiled_tables,
    spoiled_texts,
    toml_text,
)
from hypothesis import strategies as st


@cache
def schema_of(name: str) -> dict[str, Any]:
    if name == "job":
        from selfiesim.batches.job import Job

        return Job.model_json_schema(by_alias=True)
    from selfiesim.craft.description import ModelDescription

    return ModelDescription.model_json_schema()


@st.composite
def _scenes(draw: Any) -> Case:
    known = known_keys_of_schema(scene_schema())
    table = draw(spoiled_tables(draw(st.sampled_from(seeds.scene_tables())), known=known))
    words = draw(st.sampled_from([("check",)] * 30 + [("show", "--json")] * 8))
    if draw(st.integers(0, 40)) == 0:
        words = ("render", "--quality", "draft", "--samples", "1", "-o", "x.png")
        table.setdefault("camera", {})
        if isinstance(table["camera"], dict):
            table["camera"]["size_px"] = [32, 18]
    return Case((words[0], "scene.toml", *words[1:]), seeds.box_files() | {"scene.toml": toml(table)})


@st.composite
def _scene_texts(draw: Any) -> Case:
    text = toml_text(draw(st.sampled_from(seeds.scene_tables())))
    content = draw(st.one_of(spoiled_texts(text).map(encoded), spoiled_bytes(text.encode())))
    return Case(("check", "scene.toml"), seeds.box_files() | {"scene.toml": content})


@st.composite
def _jobs(draw: Any) -> Case:
    table = draw(spoiled_tables(draw(st.sampled_from(seeds.JOBS)), known=known_keys_of_schema(schema_of("job"))))
    files = seeds.box_files() | {"scene.toml": toml(seeds.scene_tables()[0]), "job.toml": toml(table)}
    return Case(("batch", "job.toml", "--plan"), files)


@st.composite
def _descriptions(draw: Any) -> Case:
    known = known_keys_of_schema(schema_of("description"))
    table = draw(spoiled_tables(seeds.DESCRIPTION, known=known))
    return Case(("models", "inspect", "box.obj", "--json"), seeds.box_files() | {"box.toml": toml(table)})


@st.composite
def _recipes(draw: Any) -> Case:
    from selfiesim.files.recipe import digest

    recipe = json.loads(seeds.rendered_files()["a.json"])
    known = known_keys_of_schema(scene_schema()).map(lambda pair: (("scene", *pair[0]), pair[1]))
    spoiled = draw(spoiled_tables(recipe, known=known))
    command = draw(st.sampled_from(["caption"] * 6 + ["replay"]))
    if isinstance(spoiled, dict) and draw(st.booleans()):
        try:
            spoiled["digest"] = digest(spoiled)
        except (TypeError, ValueError):
            command = "caption"
    return Case((command, "a.json"), seeds.box_files() | {"a.json": encoded(json_text(spoiled))})


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
    return Case(tuple(word.replace("\0", "") for word in words), seeds.box_files() | {"scene.toml": toml(scene)})


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
    path, value = draw(known_keys_of_schema(scene_schema()))
    value = draw(st.one_of(st.just(value), numpy_numbers, times, VALUES, st.sampled_from([object(), b"x", {1}, int])))
    if draw(st.integers(0, 3)) == 0:
        return Case(("python", "view"), seeds.box_files(), draw(st.one_of(times, numpy_numbers, VALUES)))
    return Case(("python", "__".join(map(str, path))), seeds.box_files(), value)


def _batches() -> Any:
    return _spoiled_batches(seeds.finished_batch())  # rendered before hypothesis draws, since both use random numbers


@st.composite
def _spoiled_batches(draw: Any, finished: dict[str, bytes]) -> Case:
    """A folder of finished frames whose records are spoiled; then its status, or a resumed run."""
    files = dict(finished)
    chosen = draw(st.sampled_from(["out/manifest.jsonl"] * 4 + ["out/batch.json"] * 2))
    if draw(st.booleans()):
        files[chosen] = draw(spoiled_bytes(files[chosen]))
    else:
        lines = files[chosen].splitlines() if chosen.endswith("l") else [files[chosen]]
        at = draw(st.integers(0, len(lines) - 1))
        lines[at] = encoded(json_text(draw(spoiled_tables(json.loads(lines[at])))))
        files[chosen] = b"\n".join(lines) + b"\n"
    words = ("batch", "--status", "out") if draw(st.integers(0, 3)) else ("batch", "job.toml", "-o", "out")
    return Case(words, files)


KINDS: dict[str, Any] = {
    "scene": _scenes,
    "scene text": _scene_texts,
    "job": _jobs,
    "batch": _batches,
    "description": _descriptions,
    "recipe": _recipes,
    "option": _options,
    "python": _python_values,
}
