"""The command ``selfiesim models inspect``: what a mesh file holds, and how it looks from six sides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape

from selfiesim.cli.console import parse_size, print_json, progress_line
from selfiesim.cli.options import AsJson
from selfiesim.core.errors import ModelError

_MAX_ROWS = 40
_MIN_SIZE_PX, _MAX_SIZE_PX = 128, 2048


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
    if not all(_MIN_SIZE_PX <= each <= _MAX_SIZE_PX for each in (width, height)):
        raise ModelError(f"--size {size[:40]}: give {_MIN_SIZE_PX} to {_MAX_SIZE_PX} pixels a side")
    craft, report = inspect(file)
    if output is not None:
        from selfiesim.pages.model_sheet import draw_sheet

        with progress_line() as set_status:
            sheet = draw_sheet(
                craft, (width, height), report=lambda done, of: set_status(f"drawing, side {done + 1} of {of}")
            )
        sheet.save(output)
        report["sheet"] = str(output)
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _print_report(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    console.print(f"{escape(report['name'])}: {escape(report['file'])}, {report['bytes'] / 1e6:.2f} MB", soft_wrap=True)
    console.print(f"{_metres(report['size_m'])} m (x, y, z of the body), {report['triangles']:,} triangles, ", end="")
    console.print(f"{report['vertices']:,} vertices")
    console.print(f"description: {escape(report['description'] or 'none; a TOML file of the same name beside it')}")
    nodes = Table("node", "triangles", "size m", "material", "turns with")
    for node in report["nodes"][:_MAX_ROWS]:
        row = (f"{node['triangles']:,}", _metres(node["size_m"]), escape(", ".join(node["materials"])))
        nodes.add_row(escape(node["name"]), *row, escape(node["joint"] or ""))
    console.print(nodes)
    if len(report["nodes"]) > _MAX_ROWS:
        console.print(f"and {len(report['nodes']) - _MAX_ROWS} more nodes; --json has them all")
    looks = Table("material", "triangles", "colour (linear)", "metallic", "roughness", "textures px")
    for each in report["materials"][:_MAX_ROWS]:
        pictures = ", ".join(f"{name} {w}x{h}" for name, (w, h) in each["textures_px"].items())
        colour = "by vertex" if each["vertex_colours"] else " ".join(f"{v:.2f}" for v in each["base_color"])
        numbers = (f"{each['triangles']:,}", colour, f"{each['metallic']:.2f}", f"{each['roughness']:.2f}")
        looks.add_row(escape(each["name"]), *numbers, pictures)
    console.print(looks)
    for kind in ("joints", "mounts"):
        if report[kind]:
            console.print(f"{kind}: {escape(', '.join(report[kind]))}")
    for kind, word in (("repaired", "repaired"), ("warnings", "warning")):
        for line in report[kind]:
            console.print(f"{word}: {escape(line)}", soft_wrap=True)
    if "sheet" in report:
        console.print(f"drawn: {escape(report['sheet'])}", soft_wrap=True)


def _metres(values: list[float]) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
