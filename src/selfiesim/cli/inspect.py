"""The command ``selfiesim models inspect``: what a mesh file holds, and how it looks from six sides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape

from selfiesim.cli.console import parse_size, print_json, progress_line
from selfiesim.cli.options import AsJson
from selfiesim.core.errors import ModelError

_MOST_ROWS = 40
_LEAST_PX, _MOST_PX = 128, 2048


def inspect_model(
    file: Annotated[str, Parameter(help="A mesh file, or a shipped model's name.")],
    /,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Picture of its six sides (.png) to draw as well.")
    ] = None,
    size: Annotated[str, Parameter(help="Width and height of each side's picture, pixels.")] = "448x336",
    as_json: AsJson = False,
) -> None:
    """Tell what a mesh file holds, what was put right, and what looks wrong; draw it from six sides."""
    from selfiesim.craft.inspect import inspect

    if output is not None:
        from selfiesim.files.images import check_writable

        check_writable(output, endings=(".png",))
    width, height = parse_size(size)
    if not all(_LEAST_PX <= each <= _MOST_PX for each in (width, height)):
        raise ModelError(f"--size {size[:40]}: give {_LEAST_PX} to {_MOST_PX} pixels a side")
    craft, told = inspect(file)
    if output is not None:
        from selfiesim.pages.model_sheet import draw_sheet

        with progress_line() as say:
            sheet = draw_sheet(craft, (width, height), told=lambda done, of: say(f"drawing, side {done + 1} of {of}"))
        sheet.save(output)
        told["sheet"] = str(output)
    if as_json:
        print_json(told)
    else:
        _print_told(told)


def _print_told(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    console.print(f"{escape(told['name'])}: {escape(told['file'])}, {told['bytes'] / 1e6:.2f} MB", soft_wrap=True)
    console.print(f"{_metres(told['size_m'])} m (x, y, z of the body), {told['triangles']:,} triangles, ", end="")
    console.print(f"{told['vertices']:,} vertices")
    console.print(f"description: {escape(told['description'] or 'none; a TOML file of the same name beside it')}")
    nodes = Table("node", "triangles", "size m", "material", "turns with")
    for node in told["nodes"][:_MOST_ROWS]:
        row = (f"{node['triangles']:,}", _metres(node["size_m"]), escape(", ".join(node["materials"])))
        nodes.add_row(escape(node["name"]), *row, escape(node["joint"] or ""))
    console.print(nodes)
    if len(told["nodes"]) > _MOST_ROWS:
        console.print(f"and {len(told['nodes']) - _MOST_ROWS} more nodes; --json has them all")
    looks = Table("material", "triangles", "colour (linear)", "metallic", "roughness", "textures px")
    for each in told["materials"][:_MOST_ROWS]:
        pictures = ", ".join(f"{name} {w}x{h}" for name, (w, h) in each["textures_px"].items())
        colour = "by vertex" if each["vertex_colours"] else " ".join(f"{v:.2f}" for v in each["base_color"])
        numbers = (f"{each['triangles']:,}", colour, f"{each['metallic']:.2f}", f"{each['roughness']:.2f}")
        looks.add_row(escape(each["name"]), *numbers, pictures)
    console.print(looks)
    for kind in ("joints", "mounts"):
        if told[kind]:
            console.print(f"{kind}: {escape(', '.join(told[kind]))}")
    for kind, word in (("repaired", "repaired"), ("warnings", "warning")):
        for line in told[kind]:
            console.print(f"{word}: {escape(line)}", soft_wrap=True)
    if "sheet" in told:
        console.print(f"drawn: {escape(told['sheet'])}", soft_wrap=True)


def _metres(values: list[float]) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
