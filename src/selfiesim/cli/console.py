"""Output of the commands (tables, JSON, a status line on a terminal), and parsing of their shared options."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from selfiesim.core.errors import SceneError
from selfiesim.core.terminal import console, printable_json

if TYPE_CHECKING:
    from selfiesim.analysis.dispersion import Dispersion
    from selfiesim.analysis.downlink import DownlinkSequence
    from selfiesim.analysis.drift_table import DriftSample
    from selfiesim.plan.chances import Chances
    from selfiesim.scene.scene import Scene
    from selfiesim.view.view import View

SetStatus = Callable[[str], None]
"""Shows what the command is doing."""

_MAX_DOWNLINK_ROWS = 25
_MIN_CAP_SHARE = 0.02  # of the image: less of the polar cap does not count as being in it


def print_advice(scene: Scene, view: View) -> None:
    """Print, to standard error, what is probably not meant in a picture."""
    from selfiesim.analysis.picture_advice import picture_advice

    for sentence in picture_advice(scene, view):
        print(f"selfiesim: note: {sentence}", file=sys.stderr)


def print_facts(facts: dict[str, Any]) -> None:
    """Print ``View.facts``: the geometry of a view, and which values are assumed."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(facts["title"]), show_header=False, title_justify="left")
    for key, value in facts.items():
        if key != "title" and not isinstance(value, (dict, list)):
            table.add_row(key, f"{value:,.4f}" if isinstance(value, float) else str(value))
    for key, value in facts.get("orbit", {}).items():
        table.add_row(f"orbit.{key}", f"{value:.6f}" if isinstance(value, float) else value)
    for body in facts["sky"]:
        magnitude = f", magnitude {body['magnitude']:.1f}" if "magnitude" in body else ""
        x, y = body["pixel"]
        table.add_row(body["name"], f"at pixel {x:.1f}, {y:.1f}, {body['diameter_deg']:.4f} deg wide{magnitude}")
    shown_on = _console(120)
    shown_on.print(table)
    if facts["ground"]:
        shown_on.print(_frame_table(facts["ground"], facts["features"]))
    if facts["assumed"]:
        assumed = Table(title="assumed (not publicly known)", title_justify="left", show_header=False)
        for key, reason in facts["assumed"].items():
            assumed.add_row(Text(key), Text(reason))
        shown_on.print(assumed)


def _frame_table(ground: list[dict[str, Any]], features: list[dict[str, Any]]) -> Any:
    """Return the table of ground points and named places in the picture."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="in the frame", title_justify="left")
    table.add_column("")
    for name in ("pixel", "latitude", "longitude", "km away", "m per pixel", "Sun elevation"):
        table.add_column(name, justify="right")
    for entry in (*ground, *features):
        x, y = entry["pixel"]
        numbers = ("sky", "", "", "", "")
        if "distance_km" in entry:
            numbers = (
                f"{entry['latitude_deg']:.2f}",
                f"{entry['longitude_deg']:.2f}",
                f"{entry['distance_km']:,.0f}",
                f"{entry['ground_sample_m']:,.0f}",
                f"{entry['sun_elevation_deg']:.1f}",
            )
        table.add_row(Text(entry.get("where") or entry["name"]), f"{x:.0f}, {y:.0f}", *numbers)
    return table


def print_cameras() -> None:
    """Print all known cameras, one per line."""
    from rich.table import Table

    from selfiesim.camera.catalogue import PRESETS, table_row

    rows = {name: table_row(known) for name, known in PRESETS.items()}
    columns = list(next(iter(rows.values())))[:4]  # camera, image size, field of view, lens
    table = Table("name", *columns, caption="* assumed", caption_justify="left")
    for name, row in rows.items():
        table.add_row(name, *(row[column] for column in columns))
    _console(140).print(table)


def print_camera(facts: dict[str, Any]) -> None:
    """Print ``CameraPreset.facts()``: one camera, with the source of each value."""
    from rich.table import Table
    from rich.text import Text

    sources, assumed = facts.pop("sources"), facts.pop("assumed")
    table = Table("", "", "source", title=Text(facts.pop("title")), title_justify="left")
    for key, value in facts.items():
        numbers = value if isinstance(value, tuple) else (value,)
        text = ", ".join(f"{n:.6g}" if isinstance(n, float) else str(n) for n in numbers)
        source = sources.get(key, "derived" if key.endswith("_fov_deg") else "")
        table.add_row(key, text, Text(f"assumed: {assumed[key]}" if key in assumed else source))
    _console(120).print(table)


def print_dispersion(dispersion: Dispersion) -> None:
    """Print in which share of the releases each condition is met, moment by moment, and a summary."""
    from rich.table import Table

    summary = dispersion.summary()
    table = Table()
    for name in ("t s", "range m", "+- m", "whole craft", "cap behind", "Sun out", "all three"):
        table.add_column(name, justify="right")
    for row in dispersion.records():
        shares = (_percent(row[key]) for key in ("craft_in_frame", "cap_in_background", "sun_out_of_frame", "good"))
        table.add_row(f"{row['t_s']:g}", f"{row['range_mean_m']:.2f}", f"{row['range_sigma_m']:.2f}", *shares)
    _console(120).print(table)
    share, count = 100.0 * summary["good_share"], summary["releases"]
    print(f"{share:.1f} % of {count} releases have all three at some moment.")
    if summary["first_good_s"]:
        early, median, late = summary["first_good_s"]
        print(
            f"First at {median:g} s ({early:g} to {late:g} s in 90 % of them); in most releases at once at "
            f"{summary['best_s']:g} s."
        )


def print_chances(chances: Chances) -> None:
    """Print in which share of the releases each want is met, moment by moment, and a summary."""
    from rich.table import Table

    table, summary = Table(), chances.summary()
    table.add_column("t s", justify="right")
    for want in chances.wants:
        table.add_column(want.text, justify="right")
    table.add_column("all required", justify="right")
    for row in chances.records():
        table.add_row(f"{row['t_s']:g}", *map(_percent, row["wants"].values()), _percent(row["all"]))
    _console(140).print(table)
    print(
        f"{_percent(summary['all_ever'])} of {summary['releases']} releases have all that is required at some moment."
    )
    if summary["best_s"] is not None:
        print(f"In most at once at {summary['best_s']:g} s: in {_percent(summary['best_share'])}.")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100.0 * share:.1f} %"


def print_drift(samples: list[DriftSample]) -> None:
    """Print the drift, one line per moment."""
    from rich.table import Table

    table = Table()
    columns = ["t s", "range m", "rate m/s", "radial m", "along m", "normal m", "phase deg", "craft px", "in view"]
    has_radio = any(sample.in_link_range is not None for sample in samples)
    columns += ["radio"] if has_radio else []
    for name in columns:
        table.add_column(name, justify="left" if name == "in view" else "right")
    for sample in samples:
        in_view = {
            "craft": sample.in_frame,
            "limb": sample.limb_in_frame,
            "cap": sample.cap_share > _MIN_CAP_SHARE,
            "SUN": sample.sun_in_frame,
        }
        numbers = (sample.range_m, sample.range_rate_m_s, *sample.position_rtn_m)
        size = f"{sample.craft_px:.0f}" if sample.craft_px == sample.craft_px else "-"  # NaN: behind the camera
        seen = " ".join(name for name, is_seen in in_view.items() if is_seen)
        radio = ("yes" if sample.in_link_range else "too far",) if has_radio else ()
        table.add_row(f"{sample.t_s:g}", *(f"{n:.3f}" for n in numbers), f"{sample.phase_deg:.1f}", size, seen, *radio)
    _console(120).print(table)


def print_downlink(sequence: DownlinkSequence) -> None:
    """Print up to about two dozen frames, one per line, and a summary of all."""
    from rich.table import Table

    table = Table()
    for name in ("frame", "taken s", "range m", "dBm", "Mbit/s", "kB", "lost", "sent s", "received s", "at Earth"):
        table.add_column(name, justify="right")
    step = max(1, -(-len(sequence.frames) // _MAX_DOWNLINK_ROWS))
    for frame in sequence.frames[::step]:
        received = "never" if frame.received_s is None else f"{frame.received_s:.3f}"
        row = (
            f"{frame.number}", f"{frame.taken_s:g}", f"{frame.range_m:.2f}", f"{frame.received_dbm:.1f}",
            f"{frame.rate_mbit_s:g}", f"{frame.size_bytes / 1e3:.0f}", f"{frame.packets_lost} of {frame.packets}",
            f"{frame.sent_s:.3f}", received, (frame.earth_utc or "never").replace("T", " "),
        )  # fmt: skip
        table.add_row(*row)
    _console(120).print(table)
    totals = sequence.summary()
    print(
        f"{totals['frames']} frames: {totals['whole']} complete, {totals['broken']} damaged, {totals['lost']} never "
        f"received. The battery lasts {totals['battery_s'] / 60.0:.0f} minutes from the release."
    )
    light_times = [frame.light_time_s for frame in sequence.frames if frame.light_time_s is not None]
    if light_times:
        print(f"The light time to Earth is {light_times[-1] / 60.0:.2f} minutes. The radio's parameters are assumed.")


def print_json(value: Any) -> None:
    """Print JSON for programs; letters that the encoding of standard output lacks are escaped as JSON does it."""
    text = printable_json(json.dumps(value, indent=2, ensure_ascii=False))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    print(text)


@contextmanager
def progress_line() -> Iterator[SetStatus]:
    """Show a status line on a terminal, and nothing in a pipe; yields the function that sets its text."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    with console(stderr=True).status("starting") as status:
        yield status.update


def _console(width: int) -> Any:
    """Return standard output, as wide as the terminal, or ``width`` in a pipe."""
    return console(width=None if sys.stdout and sys.stdout.isatty() else width, markup=False, emoji=False)


def load_scene(name_or_path: str, craft: str | None = None, size: str | None = None) -> Scene:
    """Load the scene of a command, with ``--craft`` and ``--size`` applied where they are given.

    Raises
    ------
    SceneError
        As :meth:`selfiesim.scene.scene.Scene.load` and :func:`parse_size`.
    """
    from selfiesim.scene.scene import Scene

    scene = Scene.load(name_or_path)
    if craft is not None:
        scene = scene.with_craft(craft)
    return scene if size is None else scene.with_changes(camera__size_px=parse_size(size))


def parse_address(text: str | None) -> str:
    """Return the address of a folder on the web, ending in a slash; empty without one.

    Raises
    ------
    SceneError
        For any other address.
    """
    if text is None:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise SceneError(f"--url {text[:80]!r}: give the page's address, such as https://example.org/tianwen-1/")
    return text if text.endswith("/") else f"{text}/"


def parse_size(text: str) -> list[int]:
    """Return width and height of an image size such as 1280x720.

    Raises
    ------
    SceneError
        For other text, or a size out of range.
    """
    from selfiesim.scene.camera import MAX_PX, MIN_PX

    match = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", text.lower())
    if not match:
        raise SceneError(f"--size {text[:40]!r}: write width x height in pixels, such as 1280x720")
    size = [int(match[1]), int(match[2])]
    if not all(MIN_PX <= side <= MAX_PX for side in size):
        raise SceneError(f"--size {text}: give {MIN_PX} to {MAX_PX} pixels per side")
    return size


def parse_at(text: str | None) -> str | None:
    """Return the moment given with ``--at``, once it is known to be one.

    Raises
    ------
    SceneError
        For text that is not a moment.
    """
    if text is not None:
        from selfiesim.scene.moments import parse_moment

        try:
            parse_moment(text)
        except SceneError as error:
            raise SceneError(f"--at: {error}") from error
    return text
