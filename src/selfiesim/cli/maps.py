"""The commands on maps: ``selfiesim map`` draws one, ``selfiesim maps`` manages the library."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson, flag, output_file
from selfiesim.core.errors import MapError
from selfiesim.core.terminal import console

maps_app = App(name="maps", help="Manage the library of planetary maps.", help_format="plaintext")

MapName = Annotated[str, Parameter(help="Name of the map in the library.")]
LayerName = Annotated[Literal["albedo", "elevation", "normal"], Parameter(help="Quantity that the map shows.")]


def draw_map(
    body: Annotated[str, Parameter(help="Body, such as mars, moon, earth or jupiter.")],
    /,
    *,
    patch: Annotated[
        str,
        Parameter(help="Region: globe, north, south, LAT,LON,SPAN in degrees, or a named place such as Korolev."),
    ] = "globe",
    layer: Annotated[
        Literal["albedo", "elevation", "slope", "relief", "normal"],
        Parameter(help="albedo; elevation, m; slope, degrees; relief: shaded; normal: direction of the ground."),
    ] = "albedo",
    size: Annotated[int, Parameter(help="Width of the image in pixels.")] = 1024,
    map_name: Annotated[
        str | None, Parameter(name="--map", help="Name of a map in the library; default: the map that scenes use.")
    ] = None,
    output: Annotated[
        Path | None,
        output_file(
            "Picture (.png, .jpg) or numbers (.tif: floats; .npz: values, lat_deg, lon_deg); default: BODY-LAYER.png."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the map of a body: the globe, a pole, or any region.

    Elevation, slope and relief of Mars are built in, above the areoid; other bodies need a map in the library.

    Example: selfiesim map mars --patch Korolev --layer elevation -o korolev.png
    """
    from selfiesim.files.images import check_writable, sidecar_path
    from selfiesim.files.map_pictures import CHART_ENDINGS, draw_chart
    from selfiesim.planet.library.charts import parse_chart

    start = time.perf_counter()
    chart = parse_chart(patch, body)
    path = output or Path(f"{body}-{layer}.png")
    check_writable(path, endings=CHART_ENDINGS)
    drawing = draw_chart(chart, body, layer, size, map_name)
    drawing.save(path)
    if as_json:
        print_json({"file": str(path), "sidecar": str(sidecar_path(path))} | drawing.recipe["chart"])
    else:
        height, width = drawing.pixels.shape[:2]
        print(f"{path}  ({chart.title}, {layer}, {width}x{height}, {time.perf_counter() - start:.1f} s)")


@maps_app.command(name="list")
def list_maps(*, as_json: AsJson = False) -> None:
    """List the maps in the library, and the public maps available for download."""
    from selfiesim.planet.library import user_maps
    from selfiesim.planet.library.catalogue import PUBLIC_MAPS

    stored = user_maps.load_entries()
    available = {name: source for name, source in PUBLIC_MAPS.items() if name not in stored}
    if as_json:
        rows = [_row(name, entry) for name, entry in stored.items()]
        rows += [
            {
                "name": name,
                "body": source.body,
                "layer": source.layer,
                "here": False,
                "what": source.what,
                "url": source.url,
            }
            for name, source in available.items()
        ]
        print_json(rows)
        return
    for name, entry in stored.items():
        if isinstance(entry, MapError):
            print(f"{name:16s} damaged: {entry}")
        else:
            print(f"{name:16s} {entry.body:8s} {entry.layer:10s} {entry.path}")
    for name, source in available.items():
        print(
            f"{name:16s} {source.body:8s} {source.layer:10s} available: {source.what}, {source.approx_mb:,} MB; "
            f"selfiesim maps get {name}"
        )


def _row(name: str, entry: Any) -> dict[str, Any]:
    if isinstance(entry, MapError):
        return {"name": name, "damaged": str(entry)}
    return {"name": name, "body": entry.body, "layer": entry.layer, "here": True, "file": str(entry.path)}


# Long: the signature declares the options.
@maps_app.command
def add(
    file: Annotated[
        Path,
        Parameter(help="Image, GeoTIFF or PDS image. A set of tiles is a pattern with {face}, or {x} and {y}."),
    ],
    /,
    *,
    name: Annotated[str | None, Parameter(help="Name in the library; default: the file's name.")] = None,
    body: Annotated[str, Parameter(help="Body that the map shows.")] = "mars",
    layer: LayerName = "albedo",
    lon0: Annotated[
        float | None, Parameter(help="Longitude of the left edge, degrees; default: the file's, or -180.")
    ] = None,
    bounds: Annotated[
        str | None, Parameter(help="Edges of a regional map as LEFT,RIGHT,BOTTOM,TOP in degrees.")
    ] = None,
    positive: Annotated[
        Literal["east", "west"] | None,
        Parameter(help="Direction of increasing longitude; default: the file's, or east."),
    ] = None,
    mirrored: Annotated[bool, flag("East is on the left.")] = False,
    row0: Annotated[Literal["north", "south"], Parameter(help="Edge at which the first row is.")] = "north",
    registration: Annotated[
        Literal["pixel", "point"] | None,
        Parameter(help="pixel: values are means of cells; point: values are on grid lines that include the poles."),
    ] = None,
    latitude: Annotated[
        Literal["planetocentric", "planetographic"] | None,
        Parameter(help="Latitude in which the rows are evenly spaced; default: the file's, or planetocentric."),
    ] = None,
    coding: Annotated[
        Literal["srgb", "linear"] | None,
        Parameter(help="Encoding of colours; default: srgb for 8 bits per band, linear for others."),
    ] = None,
    scale: Annotated[float | None, Parameter(help="Factor from stored numbers to values.")] = None,
    offset: Annotated[float, Parameter(help="Offset added after scaling.")] = 0.0,
    nodata: Annotated[float | None, Parameter(help="Stored number that marks a gap; default: the file's.")] = None,
    shape: Annotated[str | None, Parameter(help="Width x height of a raw binary file, such as 1440x720.")] = None,
    dtype: Annotated[str | None, Parameter(help="Number type of a raw binary file, such as '>i2'.")] = None,
    credits: Annotated[str, Parameter(show_default=False, help="Credit line for captions and recipes.")] = "",
    cap: Annotated[
        Literal["auto", "own", "default"],
        Parameter(help="Whose polar caps to draw on Mars: the map's own, the default's; auto: own unless overexposed."),
    ] = "auto",
    copy: Annotated[bool, flag("Copy the file into the library instead of referring to it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a map file to the library. The whole file is read and checked first.

    Options describe what the file does not state about itself, or states wrongly.

    Example: selfiesim maps add moon.tif --body moon
    """
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
    from selfiesim.planet.terrain.measured_heights import MEASURED_HEIGHTS

    name = file.stem.lower().replace("_", "-").strip("-") if name is None else name
    summary = user_maps.add(
        file, name, body=body, layer=layer, conventions=_parse_conventions(keys), credits=credits, cap=cap, copy=copy
    )
    _print_map_summary(name, summary, as_json)
    if layer == "elevation" and summary["covered"] < 0.9999 and not as_json:
        filled = "the built-in heights" if body in MEASURED_HEIGHTS else "its mean"
        print(f"{name}: covers {100 * summary['covered']:.2f} % of the body; {filled} will fill its gaps")


@maps_app.command
def get(
    name: Annotated[str, Parameter(help="Name of a public map that `maps list` shows.")],
    /,
    *,
    url: Annotated[str | None, Parameter(help="Download the same file from another address (https).")] = None,
    as_json: AsJson = False,
) -> None:
    """Download a public map into the library. An interrupted download resumes."""
    from selfiesim.core.config_validation import did_you_mean
    from selfiesim.planet.library import user_maps
    from selfiesim.planet.library.catalogue import PUBLIC_MAPS
    from selfiesim.planet.library.download import fetch

    if name not in PUBLIC_MAPS:
        hint = did_you_mean(name, PUBLIC_MAPS) or f"; known are: {', '.join(PUBLIC_MAPS)}"
        raise MapError(f"unknown public map {name[:60]!r}{hint}")
    if name in user_maps.entry_names():
        raise MapError(f"map {name!r} is in the library already; selfiesim maps remove {name} removes it")
    source = PUBLIC_MAPS[name]
    address = url or source.url
    target = user_maps.library_dir() / f"{name}{Path(source.file_name).suffix.lower()}"
    with _download_bar(source.what) as on_progress:
        download = fetch(address, target, size=source.size, sha256=source.sha256, progress=on_progress)
    if not source.sha256:
        print(
            f"{name}: no SHA-256 is known to check the download against; the file has {download.sha256}",
            file=sys.stderr,
        )
    try:
        summary = user_maps.add(
            target, name, body=source.body, layer=source.layer, conventions=source.to_conventions(),
            credits=source.credits, url=address, sha256=download.sha256,
        )  # fmt: skip
    except MapError as error:
        raise MapError(f"{error} (the file stays at {target})") from error
    _print_map_summary(name, summary, as_json)


@maps_app.command
def show(name: MapName, /, *, as_json: AsJson = False) -> None:
    """Show the library's entry for a map, and the range of its values."""
    from selfiesim.planet.library import user_maps

    entry = user_maps.load_entry(name)
    facts = entry.model_dump(mode="json", exclude_defaults=True) | {"path": str(entry.path)}
    facts |= user_maps.summarize_map(entry.path, entry.layer, entry.body, entry.conventions)
    if as_json:
        print_json({"name": name} | facts)
        return
    for key, value in facts.items():
        print(f"{key:12s} {value:,.6g}" if isinstance(value, float) else f"{key:12s} {value}")


@maps_app.command
def remove(name: MapName, /) -> None:
    """Remove a map from the library. A file that was not copied into it is kept."""
    from selfiesim.planet.library import user_maps

    for file in user_maps.remove(name):
        print(f"deleted {file}")


def _print_map_summary(name: str, summary: dict[str, float], as_json: bool) -> None:
    if as_json:
        print_json({"name": name} | summary)
        return
    size = f"{summary['width_px']:.0f}x{summary['height_px']:.0f}"
    values = f"{summary['min']:.4g} to {summary['max']:.4g}, mean {summary['mean']:.4g}"
    print(f"{name}: {size}, covers {100 * summary['covered']:.1f} % of the body, {values}")


def _parse_conventions(keys: dict[str, Any]) -> Any:
    """Return the ``Conventions`` of the given keys, those with None left out."""
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
        raise MapError(f"{option} {text[:60]!r}: write {count} numbers separated by commas, such as {example}")
    return numbers


def _parse_shape(text: str) -> tuple[int, ...]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(text) < 20):
        raise MapError(f"--shape {text[:40]!r}: write width x height, such as 1440x720")
    return int(width), int(height)


@contextmanager
def _download_bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar on a terminal, nothing in a pipe; yields the function that takes done and total bytes."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
