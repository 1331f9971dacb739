"""The commands on scene files, which render nothing: ``selfiesim scenes``, ``show``, ``check`` and ``schema``."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import load_scene, parse_at, print_advice, print_facts, print_json, progress_line
from selfiesim.cli.options import AsJson, At, Craft, SceneName, flag
from selfiesim.core.errors import PhotoError, SceneError


def scenes(*, as_json: AsJson = False) -> None:
    """List the shipped scenes by mission, each with what carries its camera."""
    from selfiesim.scene.scene import Scene
    from selfiesim.scene.shipped import scenes as shipped_scenes

    found = [
        {"name": name, "title": scene.title, "mission": scene.mission, "kind": scene.kind}
        for name, scene in ((name, Scene.load(name)) for name in shipped_scenes())
    ]
    found.sort(key=lambda entry: (str(entry["mission"]).casefold(), entry["name"]))
    if as_json:
        print_json(found)
        return
    width, kind_width = (max(len(entry[key] or "") for entry in found) for key in ("name", "kind"))
    for mission, entries in groupby(found, key=lambda entry: entry["mission"]):
        print(mission)
        for entry in entries:
            kind = (entry["kind"] or "").replace("-", " ")
            print(f"  {entry['name']:{width}s}  {kind:{kind_width}s}  {entry['title']}")


def show(
    scene_name: SceneName,
    /,
    *,
    at: At = None,
    craft: Craft = None,
    as_json: AsJson = False,
    plot: Annotated[
        Path | None, Parameter(help="Also draw where everything is to this file (.png, .svg or .pdf).")
    ] = None,
) -> None:
    """Print the geometry of a scene without rendering it.

    Epoch, season, position of Sun, camera and craft, other bodies in the field of
    view, and which values are assumed. With --plot also a figure: the orbit, the
    footprint of the picture on a map, the ground track, the directions around the
    camera, and the exposure over the drift, metered on small pictures.

    Example: selfiesim show tianwen1-mars --plot where.png
    """
    scene, moment = load_scene(scene_name, craft), parse_at(at)
    facts = scene.view(moment).facts
    if plot:
        from selfiesim.analysis.situation.figure import plot_situation

        with progress_line() as set_status:
            plot_situation(scene, plot, moment, lambda done, of: set_status(f"metering, picture {done + 1} of {of}"))
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


def check(scene_name: SceneName, /, *, as_json: AsJson = False) -> None:
    """Check a scene file without rendering it: keys, values, craft, geometry, lens and sensor."""
    from selfiesim.analysis.picture_advice import picture_advice
    from selfiesim.files.preflight import check_view
    from selfiesim.scene.scene import Scene

    scene = Scene.load(scene_name)
    view = scene.view()
    try:
        check_view(view)
    except (SceneError, PhotoError) as error:  # the view does not know where it comes from
        raise type(error)(f"{scene_name}: {error}") from error
    if as_json:
        print_json(
            {"file": scene_name, "ok": True, "title": view.shot.title, "advice": list(picture_advice(scene, view))}
        )
    else:
        print_advice(scene, view)
        print(f"{scene_name}: valid ({view.shot.title})")


def schema(
    *, recipe: Annotated[bool, flag("Print the schema of recipes, the JSON files next to images.")] = False
) -> None:
    """Print the JSON Schema of scene files, with which editors complete and check them."""
    from selfiesim.files.recipe import recipe_schema
    from selfiesim.scene.scene import schema as scene_schema

    print_json(recipe_schema() if recipe else scene_schema())
