"""The commands about scenes, which draw nothing: ``selfiesim scenes``, ``show``, ``check`` and ``schema``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import load_shot, parse_at, print_facts, print_json
from selfiesim.cli.options import AsJson, At, Craft, SceneName


def scenes(*, as_json: AsJson = False) -> None:
    """List the shipped scenes."""
    from selfiesim.scene.scene import Scene, shipped_scenes

    listed = {name: Scene.load(name).title for name in shipped_scenes()}
    if as_json:
        print_json([{"name": name, "title": title} for name, title in listed.items()])
    else:
        width = max(map(len, listed))
        for name, title in listed.items():
            print(f"{name:{width}s}  {title}")


def show(scene: SceneName, /, *, at: At = None, craft: Craft = None, as_json: AsJson = False) -> None:
    """Show where everything is: epoch, season, Sun, camera, craft, and which values are assumed."""
    facts = load_shot(scene, craft).view(parse_at(at)).facts
    if as_json:
        print_json(facts)
        return
    print_facts(facts)


def check(
    file: Annotated[str, Parameter(help="A scene file, or a shipped scene's name.")], /, *, as_json: AsJson = False
) -> None:
    """Check a scene file: keys, values, craft and geometry, without drawing."""
    from selfiesim.scene.scene import Scene

    view = Scene.load(file).view()
    if as_json:
        print_json({"file": file, "ok": True, "title": view.scene.title})
    else:
        print(f"{file}: good ({view.scene.title})")


def schema(
    *, recipe: Annotated[bool, Parameter(negative="", help="Of the recipes beside pictures instead.")] = False
) -> None:
    """Print the JSON Schema of scene files, so that editors complete and check them."""
    from selfiesim.files.recipe import recipe_schema
    from selfiesim.scene.scene import schema as scene_schema

    print_json(recipe_schema() if recipe else scene_schema())
