"""The command ``selfiesim models inspect``: the contents of a mesh file, and six views of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from selfiesim.cli.console import parse_size, print_json, progress_line
from selfiesim.cli.options import AsJson, output_file
from selfiesim.core import terminal
from selfiesim.core.errors import ModelError

_MAX_ROWS = 40
_MIN_SIZE_PX, _MAX_SIZE_PX = 128, 2048


def inspect_model(
    file: Annotated[str, Parameter(help="Mesh file, or name of a shipped model.")],
    /,
    *,
    output: Annotated[
        Path | None, output_file("Also render the model from six sides to this file (.png or .jpg).")
    ] = None,
    size: Annotated[str, Parameter(help="Size of each of the six views, pixels.")] = "448x336",
    as_json: AsJson = False,
) -> None:
    """Report what a mesh file contains, what was repaired, and what looks wrong.

    Example: selfiesim models inspect mine.glb -o mine.png
    """
    from selfiesim.craft.inspect import inspect

    if output is not None:
        from selfiesim.files.images import PICTURE_ENDINGS, check_writable

        check_writable(output, endings=PICTURE_ENDINGS)
    width, height = parse_size(size)
    if not all(_MIN_SIZE_PX <= side <= _MAX_SIZE_PX for side in (width, height)):
        raise ModelError(f"--size {size[:40]}: give {_MIN_SIZE_PX} to {_MAX_SIZE_PX} pixels per side")
    craft, report = inspect(file)
    if output is not None:
        from selfiesim.pages.model_sheet import render_sheet

        with progress_line() as set_status:
            sheet = render_sheet(
                craft, (width, height), progress=lambda done, of: set_status(f"rendering, side {done + 1} of {of}")
            )
        sheet.save(output)
        report["sheet"] = str(output)
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _print_report(report: dict[str, Any]) -> None:
    from rich.markup import escape

    console = terminal.console(width=None if sys.stdout and sys.stdout.isatty() else 120, highlight=False)
    console.print(f"{escape(report['name'])}: {escape(report['file'])}, {report['bytes'] / 1e6:.2f} MB", soft_wrap=True)
    console.print(f"{_metres(report['size_m'])} m (body x, y, z), {report['triangles']:,} triangles, ", end="")
    console.print(f"{report['vertices']:,} vertices")
    extents = zip("xyz", report["lowest_m"], report["highest_m"], strict=True)
    console.print(f"extents: {', '.join(f'{axis} {low:.4g} to {high:.4g}' for axis, low, high in extents)} m")
    for key in ("units", "axes", "origin"):
        console.print(f"{key}: {escape(report[key])}", soft_wrap=True)
    description = report["description"] or "none; write a TOML file of the same name next to the mesh"
    console.print(f"description: {escape(description)}")
    console.print(_node_table(report["nodes"]))
    if len(report["nodes"]) > _MAX_ROWS:
        console.print(f"and {len(report['nodes']) - _MAX_ROWS} more nodes; --json lists all")
    console.print(_material_table(report["materials"]))
    for kind in ("joints", "mounts"):
        if report[kind]:
            console.print(f"{kind}: {escape(', '.join(report[kind]))}")
    for kind, label in (("repaired", "repaired"), ("warnings", "warning")):
        for line in report[kind]:
            console.print(f"{label}: {escape(line)}", soft_wrap=True)
    if "sheet" in report:
        console.print(f"rendered: {escape(report['sheet'])}", soft_wrap=True)


def _node_table(nodes: list[dict[str, Any]]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table("node", "triangles", "size m", "material", "joint")
    for node in nodes[:_MAX_ROWS]:
        cells = (f"{node['triangles']:,}", _metres(node["size_m"]), escape(", ".join(node["materials"])))
        table.add_row(escape(node["name"]), *cells, escape(node["joint"] or ""))
    return table


def _material_table(materials: list[dict[str, Any]]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table("material", "triangles", "reflectance R G B", "metallic", "roughness", "opacity", "textures px")
    for material in materials[:_MAX_ROWS]:
        textures = ", ".join(f"{name} {w}x{h}" for name, (w, h) in material["textures_px"].items())
        colour = "per vertex" if material["vertex_colours"] else " ".join(f"{v:.2f}" for v in material["base_color"])
        numbers = (f"{material['triangles']:,}", colour, f"{material['metallic']:.2f}", f"{material['roughness']:.2f}")
        seen_through = "" if material["alpha"] == "opaque" else f"{material['alpha']} {material['opacity']:.2f}"
        table.add_row(escape(material["name"]), *numbers, seen_through, escape(textures))
    return table


def _metres(values: list[float]) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
