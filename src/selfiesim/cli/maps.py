"""The commands about maps: ``selfiesim map`` draws one, ``selfiesim maps`` keeps the library."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson, PngOutput
from selfiesim.core.errors import MapError

maps_app = App(name="maps", help="Keep a library of maps: list, add, get, show, remove.", help_format="plaintext")

Name = Annotated[str, Parameter(help="The map's name in the library.")]
LayerName = Annotated[Literal["albedo", "elevation", "normal"], Parameter(help="What the map tells.")]


def draw_map(
    body: Annotated[str, Parameter(help="mars, moon, earth, jupiter, ...")],
    /,
    *,
    patch: Annotated[
        str, Parameter(help="globe, north, south, LAT,LON,SPAN in degrees, or a named place such as Korolev.")
    ] = "globe",
    layer: LayerName = "albedo",
    size: Annotated[int, Parameter(help="Pixels across.")] = 1024,
    name: Annotated[str | None, Parameter(name="--map", help="A map of the library instead of the default.")] = None,
    output: PngOutput = None,
    as_json: AsJson = False,
) -> None:
    """Draw a body's map itself: the whole globe, the surroundings of a pole, or of any place."""
    from selfiesim.files.images import check_writable, sidecar_path
    from selfiesim.files.map_pictures import draw_chart
    from selfiesim.planet.library.charts import parse_chart

    start = time.perf_counter()
    chart = parse_chart(patch, body)
    path = output or Path(f"{body}-{layer}.png")
    check_writable(path, endings=(".png",))
    drawing = draw_chart(chart, body, layer, size, name)
    drawing.save(path)
    if as_json:
        print_json({"file": str(path), "sidecar": str(sidecar_path(path))} | drawing.recipe["chart"])
    else:
        height, width = drawing.pixels.shape[:2]
        print(f"{path}  ({chart.title}, {layer}, {width}x{height}, {time.perf_counter() - start:.1f} s)")


@maps_app.command(name="list")
def list_maps(*, as_json: AsJson = False) -> None:
    """List the maps in the library, and those that can be fetched."""
    from selfiesim.planet.library import user_maps
    from selfiesim.planet.library.catalogue import PUBLIC_MAPS

    kept = user_maps.load_entries()
    offered = {name: source for name, source in PUBLIC_MAPS.items() if name not in kept}
    if as_json:
        rows = [_row(name, each) for name, each in kept.items()]
        rows += [
            {"name": name, "body": each.body, "layer": each.layer, "here": False, "what": each.what, "url": each.url}
            for name, each in offered.items()
        ]
        print_json(rows)
        return
    for name, each in kept.items():
        if isinstance(each, MapError):
            print(f"{name:16s} damaged: {each}")
        else:
            print(f"{name:16s} {each.body:8s} {each.layer:10s} {each.path}")
    for name, source in offered.items():
        print(f"{name:16s} {source.body:8s} {source.layer:10s} not here; get: {source.what}, {source.approx_mb:,} MB")


def _row(name: str, each: Any) -> dict[str, Any]:
    if isinstance(each, MapError):
        return {"name": name, "damaged": str(each)}
    return {"name": name, "body": each.body, "layer": each.layer, "here": True, "file": str(each.path)}


@maps_app.command
def add(
    file: Annotated[Path, Parameter(help="Picture, GeoTIFF or PDS image; {face} or {x} and {y} stand for several.")],
    /,
    *,
    name: Annotated[str | None, Parameter(help="What to call it; default: the file's name.")] = None,
    body: Annotated[str, Parameter(help="Whose map it is.")] = "mars",
    layer: LayerName = "albedo",
    lon0: Annotated[float | None, Parameter(help="Longitude of the left edge, degrees; default: -180.")] = None,
    bounds: Annotated[str | None, Parameter(help="Left,right,bottom,top edge of a map of a part, degrees.")] = None,
    positive: Annotated[Literal["east", "west"] | None, Parameter(help="Which way longitudes are counted.")] = None,
    mirrored: Annotated[bool, Parameter(negative="", help="East is to the left.")] = False,
    row0: Annotated[Literal["north", "south"], Parameter(help="Where the first row lies.")] = "north",
    registration: Annotated[
        Literal["pixel", "point"] | None, Parameter(help="point: values stand on the grid's lines, poles included.")
    ] = None,
    latitude: Annotated[
        Literal["planetocentric", "planetographic"] | None, Parameter(help="What the rows are even in.")
    ] = None,
    coding: Annotated[Literal["srgb", "linear"] | None, Parameter(help="How colours are written.")] = None,
    scale: Annotated[float | None, Parameter(help="Value of one step.")] = None,
    offset: Annotated[float, Parameter(help="Added after the scale.")] = 0.0,
    nodata: Annotated[float | None, Parameter(help="The raw number that stands for a gap.")] = None,
    shape: Annotated[str | None, Parameter(help="Width x height of a bare file of numbers, such as 1440x720.")] = None,
    dtype: Annotated[str | None, Parameter(help="Its numbers, such as '>i2'.")] = None,
    credits: Annotated[str, Parameter(help="Whom to thank.")] = "",
    copy: Annotated[bool, Parameter(negative="", help="Copy the file into the library.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a map file into the library; all of it is read first."""
    from selfiesim.planet.library import user_maps

    keys = {
        "lon0_deg": lon0,
        "bounds_deg": _parse_numbers(bounds, 4, "--bounds", "-30,30,-10,10") if bounds is not None else None,
        "positive": positive,
        "mirrored": mirrored or None,
        "row0": None if row0 == "north" else row0,
        "registration": registration,
        "latitude": latitude,
        "coding": coding,
        "scale": scale,
        "offset": offset or None,
        "nodata": nodata,
        "shape": _parse_shape(shape) if shape is not None else None,
        "dtype": dtype,
    }
    called = file.stem.lower().replace("_", "-").strip("-") if name is None else name
    told = user_maps.add(
        file, called, body=body, layer=layer, conventions=_parse_conventions(keys), credits=credits, copy=copy
    )
    _print_map_summary(called, told, as_json)


@maps_app.command
def get(
    name: Annotated[str, Parameter(help="One of those that `maps list` offers.")],
    /,
    *,
    url: Annotated[str | None, Parameter(help="Another address of the same file (https).")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a public map into the library; goes on where an earlier try stopped."""
    from selfiesim.core.config_validation import did_you_mean
    from selfiesim.planet.library import user_maps
    from selfiesim.planet.library.catalogue import PUBLIC_MAPS
    from selfiesim.planet.library.download import fetch

    if name not in PUBLIC_MAPS:
        hint = did_you_mean(name, PUBLIC_MAPS) or f"; there are: {', '.join(PUBLIC_MAPS)}"
        raise MapError(f"no public map {name[:60]!r} is known here{hint}")
    if name in user_maps.entry_names():
        raise MapError(f"map {name!r} is in the library already; selfiesim maps remove {name} takes it out")
    source = PUBLIC_MAPS[name]
    address = url or source.url
    target = user_maps.library_dir() / f"{name}{Path(source.file_name).suffix.lower()}"
    with _download_bar(source.what) as told:
        got = fetch(address, target, size=source.size, sha256=source.sha256, told=told)
    if not source.sha256:
        print(f"{name}: no SHA-256 is known to check it by; what came has {got.sha256}", file=sys.stderr)
    try:
        found = user_maps.add(
            target, name, body=source.body, layer=source.layer, conventions=source.to_conventions(), credits=source.credits,
            url=address, sha256=got.sha256,
        )  # fmt: skip
    except MapError as error:
        raise MapError(f"{error} (the file stays at {target})") from error
    _print_map_summary(name, found, as_json)


@maps_app.command
def show(name: Name, /, *, as_json: AsJson = False) -> None:
    """Show what the library knows of a map, and its values."""
    from selfiesim.planet.library import user_maps

    found = user_maps.load_entry(name)
    told = found.model_dump(mode="json", exclude_defaults=True) | {"path": str(found.path)}
    told |= user_maps.summarize_map(found.path, found.layer, found.body, found.conventions)
    if as_json:
        print_json({"name": name} | told)
        return
    for key, value in told.items():
        print(f"{key:12s} {value:,.6g}" if isinstance(value, float) else f"{key:12s} {value}")


@maps_app.command
def remove(name: Name, /) -> None:
    """Take a map out of the library; a file elsewhere stays where it is."""
    from selfiesim.planet.library import user_maps

    for file in user_maps.remove(name):
        print(f"deleted {file}")


def _print_map_summary(name: str, told: dict[str, float], as_json: bool) -> None:
    if as_json:
        print_json({"name": name} | told)
        return
    size = f"{told['width_px']:.0f}x{told['height_px']:.0f}"
    values = f"{told['least']:.4g} to {told['greatest']:.4g}, mean {told['mean']:.4g}"
    print(f"{name}: {size}, covers {100 * told['covered']:.1f} % of the body, {values}")


def _parse_conventions(keys: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from selfiesim.core.config_validation import explain_validation_error
    from selfiesim.planet.readers.conventions import Conventions

    try:
        return Conventions.model_validate({key: value for key, value in keys.items() if value is not None})
    except ValidationError as error:
        raise MapError("\n".join(explain_validation_error(error, Conventions))) from error


def _parse_numbers(text: str, count: int, option: str, example: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise MapError(f"{option} {text[:60]!r}: write {count} numbers with commas, such as {example}")
    return numbers


def _parse_shape(text: str) -> tuple[int, ...]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(text) < 20):
        raise MapError(f"--shape {text[:40]!r}: write width x height, such as 1440x720")
    return int(width), int(height)


@contextmanager
def _download_bar(what: str) -> Iterator[Any]:
    """A progress bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda done, whole: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, whole: progress.update(task, completed=done, total=whole)
