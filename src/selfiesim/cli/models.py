"""The commands about models: ``selfiesim models``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from selfiesim.cli.console import print_json, progress_line
from selfiesim.cli.inspect import inspect_model
from selfiesim.cli.options import AsJson, PngOutput
from selfiesim.core.errors import ModelError

models_app = App(
    name="models", help="The meshes of craft: list, build, look, inspect, materials.", help_format="plaintext"
)
models_app.command(inspect_model, name="inspect")


@models_app.command(name="list")
def list_models(*, as_json: AsJson = False) -> None:
    """List the models that come with the package, and what each is."""
    from selfiesim.core.files import shipped
    from selfiesim.craft.description import read_description
    from selfiesim.craft.load import list_shipped_craft

    listed = {
        name: read_description(shipped("models") / f"{name}.toml")[0].description for name in list_shipped_craft()
    }
    if as_json:
        print_json([{"name": name, "what": what} for name, what in listed.items()])
    else:
        for name, what in listed.items():
            print(f"{name:20s} {what}")


@models_app.command
def materials(*, as_json: AsJson = False) -> None:
    """List the materials that a scene can put in place of a mesh's own: craft.materials."""
    from selfiesim.craft.material_overrides import finish_names
    from selfiesim.craft.materials import FINISHES

    listed: list[dict[str, Any]] = []
    for name in finish_names():
        finish = FINISHES[name.replace("-", "_")]
        listed.append(
            {"name": name, "base_color": finish.base_color, "metallic": finish.metallic}
            | {"roughness": finish.roughness, "source": finish.source}
        )
    if as_json:
        print_json(listed)
    else:
        for each in listed:
            colour = " ".join(f"{v:.2f}" for v in each["base_color"])
            print(f"{each['name']:22s} {colour}  metallic {each['metallic']:.2f}  roughness {each['roughness']:.2f}")


@models_app.command
def build(
    name: Annotated[str, Parameter(help="One of those that `models list` names.")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="The GLB file to write.")],
    param: Annotated[
        list[str] | None, Parameter(negative="", help="A size to change, such as wing_span_m=16; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build a shipped model anew, byte for byte, or with other sizes."""
    from selfiesim.core.files import atomic_write
    from selfiesim.craft.builders.catalogue import build_glb

    changes = {}
    for text in param or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise ModelError(f"--param {text[:60]!r}: write name=value, such as wing_span_m=16")
        changes[key.strip()] = value.strip()
    if output.suffix.lower() != ".glb":
        raise ModelError(f"{output}: a model is written as .glb")
    content = build_glb(name, changes)
    with atomic_write(output) as temporary:
        temporary.write_bytes(content)
    if as_json:
        print_json({"file": str(output), "bytes": len(content), "changed": changes})
    else:
        print(f"{output}: {len(content):,} bytes")


@models_app.command
def look(
    name: Annotated[str, Parameter(help="A shipped model's name, or a mesh file.")],
    /,
    *,
    output: PngOutput = None,
    side: Annotated[
        str, Parameter(name="--from", allow_leading_hyphen=True, help="From where, body axes: 1,-1,-2.")
    ] = "0.6,0.9,-1",
    at: Annotated[
        str | None, Parameter(allow_leading_hyphen=True, help="The point looked at, m; default: the middle.")
    ] = None,
    distance: Annotated[float | None, Parameter(name="--range", help="From how far, m; default: all is seen.")] = None,
    sun: Annotated[
        str | None,
        Parameter(allow_leading_hyphen=True, help="Where the Sun is, body axes; default: behind the camera."),
    ] = None,
    up: Annotated[str, Parameter(allow_leading_hyphen=True, help="What is upward, body axes.")] = "1,0,0",
    fov: Annotated[float, Parameter(help="From the left to the right edge, degrees.")] = 40.0,
    size: Annotated[str, Parameter(help="Width and height, pixels.")] = "960x540",
    samples: Annotated[int, Parameter(help="How many passes, 1 to 256.")] = 16,
    as_json: AsJson = False,
) -> None:
    """Draw a model alone in sunlight, before a black sky."""
    from selfiesim.craft.load import load_craft
    from selfiesim.files.images import check_writable, sidecar_path
    from selfiesim.pages.model_portrait import Viewpoint, portrait

    path = output or Path(f"{Path(name).stem}.png")
    check_writable(path, endings=(".png",))
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(size) < 12):
        raise ModelError(f"--size {size[:40]!r}: write width x height, such as 960x540")
    viewpoint = Viewpoint(
        side=_parse_vector("--from", side),
        up=_parse_vector("--up", up),
        target_m=None if at is None else _parse_vector("--at", at),
        sun=None if sun is None else _parse_vector("--sun", sun),
        distance_m=distance,
        fov_deg=fov,
        size_px=(int(width), int(height)),
    )
    craft = load_craft(name)
    with progress_line() as set_status:
        drawn = portrait(craft, viewpoint, samples, lambda done, of: set_status(f"drawing, pass {done + 1} of {of}"))
    drawn.save(path)
    if as_json:
        print_json({"file": str(path), "sidecar": str(sidecar_path(path))} | drawn.recipe["portrait"])
    else:
        print(f"{path}  ({craft.name}, from {drawn.recipe['portrait']['range_m']:.3g} m)")


def _parse_vector(option: str, text: str) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ModelError(f"{option} {text[:60]!r}: write three numbers with commas, such as 1,-1,-2") from error
    return x, y, z
