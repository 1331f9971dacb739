"""The commands on spacecraft models: ``selfiesim models``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from selfiesim.cli.console import print_json, progress_line
from selfiesim.cli.inspect import inspect_model
from selfiesim.cli.options import AsJson, output_file
from selfiesim.core.errors import ModelError

models_app = App(name="models", help="List, view, check and build spacecraft models.", help_format="plaintext")


@models_app.command(name="list")
def list_models(*, as_json: AsJson = False) -> None:
    """List the shipped models with their descriptions."""
    from selfiesim.core.files import shipped
    from selfiesim.craft.description import read_description
    from selfiesim.craft.load import models

    listed = {name: read_description(shipped("models") / f"{name}.toml")[0].description for name in models()}
    if as_json:
        print_json([{"name": name, "what": description} for name, description in listed.items()])
    else:
        for name, description in listed.items():
            print(f"{name:20s} {description}")


# Long: the signature declares the options.
@models_app.command
def look(
    name: Annotated[str, Parameter(help="Name of a shipped model, or path of a mesh file.")],
    /,
    *,
    output: Annotated[Path | None, output_file("Image file to write (.png or .jpg); default: NAME.png.")] = None,
    side: Annotated[
        str,
        Parameter(name="--from", allow_leading_hyphen=True, help="Direction from the target to the camera, body axes."),
    ] = "0.6,0.9,-1",
    at: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="Target: the point at the centre of the image, body axes, m; default: the middle of the model.",
        ),
    ] = None,
    distance: Annotated[
        float | None,
        Parameter(name="--range", help="Distance from the target, m; default: the whole model fits the image."),
    ] = None,
    sun: Annotated[
        str | None,
        Parameter(allow_leading_hyphen=True, help="Direction to the Sun, body axes; default: from behind the camera."),
    ] = None,
    up: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="Direction that is up in the image, body axes.")
    ] = "1,0,0",
    fov: Annotated[float, Parameter(help="Horizontal field of view, degrees.")] = 40.0,
    size: Annotated[str, Parameter(help="Image size in pixels.")] = "960x540",
    samples: Annotated[int, Parameter(help="Number of rendering passes, 1 to 256.")] = 16,
    as_json: AsJson = False,
) -> None:
    """Render a model alone, sunlit against a black sky.

    Example: selfiesim models look hayabusa2 --from 0.8,0.7,-0.5 --up 0,0,1
    """
    from selfiesim.craft.load import load_craft
    from selfiesim.files.images import PICTURE_ENDINGS, check_writable, sidecar_path
    from selfiesim.pages.model_portrait import Viewpoint, portrait

    path = output or Path(f"{Path(name).stem}.png")
    check_writable(path, endings=PICTURE_ENDINGS)
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(size) < 12):
        raise ModelError(f"--size {size[:40]!r}: write width x height in pixels, such as 960x540")
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
        image = portrait(craft, viewpoint, samples, lambda done, of: set_status(f"rendering, pass {done + 1} of {of}"))
    image.save(path)
    if as_json:
        print_json({"file": str(path), "sidecar": str(sidecar_path(path))} | image.recipe["portrait"])
    else:
        print(f"{path}  ({craft.name}, from {image.recipe['portrait']['range_m']:.3g} m)")


models_app.command(inspect_model, name="inspect")


@models_app.command
def materials(*, as_json: AsJson = False) -> None:
    """List the materials that a scene can assign to a mesh (craft.materials)."""
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
        for row in listed:
            colour = " ".join(f"{v:.2f}" for v in row["base_color"])
            print(f"{row['name']:22s} {colour}  metallic {row['metallic']:.2f}  roughness {row['roughness']:.2f}")


@models_app.command
def build(
    name: Annotated[str, Parameter(help="Name of a shipped model; `models list` shows them.")],
    /,
    *,
    output: Annotated[Path, output_file("GLB file to write.")],
    param: Annotated[
        list[str] | None,
        Parameter(negative="", help="Change a dimension, such as wing_span_m=16; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build the mesh of a shipped model, as it is or with other dimensions.

    Without --param the file is identical to the shipped one, byte for byte.
    """
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


def _parse_vector(option: str, text: str) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ModelError(f"{option} {text[:60]!r}: write three numbers separated by commas, such as 1,-1,-2") from error
    return x, y, z
