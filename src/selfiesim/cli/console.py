"""What the commands print: tables for people, JSON for programs, a line of progress on a terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from selfiesim.core.errors import SceneError
from selfiesim.scene.moments import parse_moment

if TYPE_CHECKING:
    from selfiesim.analysis.dispersion import Dispersion
    from selfiesim.analysis.downlink import DownlinkSequence
    from selfiesim.scene.scene import Scene


def print_facts(facts: dict[str, Any]) -> None:
    """The numbers of a view, and what of it is assumed; takes ``View.facts``."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(facts["title"]), show_header=False, title_justify="left")
    for key, value in facts.items():
        if key not in ("title", "assumed", "sky"):
            table.add_row(key, f"{value:,.4f}" if isinstance(value, float) else str(value))
    for body in facts["sky"]:
        magnitude = f", magnitude {body['magnitude']:.1f}" if "magnitude" in body else ""
        x, y = body["pixel"]
        table.add_row(body["name"], f"at pixel {x:.1f}, {y:.1f}, {body['diameter_deg']:.4f} deg wide{magnitude}")
    console = _console(120)
    console.print(table)
    if facts["assumed"]:
        known = Table(title="assumed (not publicly known)", title_justify="left", show_header=False)
        for key, why in facts["assumed"].items():
            known.add_row(Text(key), Text(why))
        console.print(known)


def print_cameras() -> None:
    """All known cameras, a line each."""
    from rich.table import Table

    from selfiesim.camera.catalogue import PRESETS, table_row

    table = Table(
        "name", "camera", "picture, px", "field, degrees", "lens", caption="* assumed", caption_justify="left"
    )
    for name, known in PRESETS.items():
        row = table_row(known)
        table.add_row(name, *(row[str(column.header)] for column in table.columns[1:]))
    _console(140).print(table)


def print_camera(facts: dict[str, Any]) -> None:
    """All about one camera, and where each number comes from; takes ``CameraPreset.facts()``."""
    from rich.table import Table
    from rich.text import Text

    sources, assumed = facts.pop("sources"), facts.pop("assumed")
    table = Table("", "", "from", title=Text(facts.pop("title")), title_justify="left")
    for key, value in facts.items():
        numbers = value if isinstance(value, tuple) else (value,)
        words = ", ".join(f"{n:.6g}" if isinstance(n, float) else str(n) for n in numbers)
        where = sources.get(key, "worked out" if key.endswith("_fov_deg") else "")
        table.add_row(key, words, Text(f"assumed: {assumed[key]}" if key in assumed else where))
    _console(120).print(table)


def print_dispersion(cloud: Dispersion) -> None:
    """A table by time, and the answer in a sentence."""
    from rich.table import Table

    summary = cloud.summary()
    table = Table()
    for name in ("t s", "from craft m", "+- m", "whole craft", "cap behind", "Sun out", "all three"):
        table.add_column(name, justify="right")
    for each in cloud.records():
        shares = (_percent(each[key]) for key in ("craft_in_frame", "cap_behind", "sun_out", "good"))
        table.add_row(f"{each['t_s']:g}", f"{each['range_mean_m']:.2f}", f"{each['range_sigma_m']:.2f}", *shares)
    _console(120).print(table)
    share, count = 100.0 * summary["good_share"], summary["releases"]
    print(f"{share:.1f} % of {count} releases have all three at some moment.")
    if summary["first_good_s"]:
        early, middle, late = summary["first_good_s"]
        print(f"First at {middle:g} s ({early:g} to {late:g} s for nine in ten); most at {summary['best_s']:g} s.")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100.0 * share:.1f} %"


def print_drift(samples: list[Any]) -> None:
    """The drift, a line for each moment."""
    from rich.table import Table

    table = Table()
    columns = ["t s", "from mount m", "rate m/s", "up m", "along m", "normal m", "phase deg", "craft px", "holds"]
    radio = any(each.in_link_range is not None for each in samples)
    columns += ["radio"] if radio else []
    for name in columns:
        table.add_column(name, justify="left" if name == "holds" else "right")
    for each in samples:
        held = {
            "craft": each.in_frame,
            "limb": each.limb_in_frame,
            "cap": each.cap_share > 0.02,
            "SUN": each.sun_in_frame,
        }
        numbers = (each.range_m, each.range_rate_m_s, *each.position_rtn_m)
        size = f"{each.craft_px:.0f}" if each.craft_px == each.craft_px else "-"
        words = " ".join(word for word, yes in held.items() if yes)
        heard = ("yes" if each.in_link_range else "too far",) if radio else ()
        table.add_row(f"{each.t_s:g}", *(f"{n:.3f}" for n in numbers), f"{each.phase_deg:.1f}", size, words, *heard)
    _console(120).print(table)


def print_downlink(whole: DownlinkSequence) -> None:
    """Some two dozen of the frames, a line each, and what became of all in a sentence."""
    from rich.table import Table

    table = Table()
    for name in ("frame", "taken s", "range m", "dBm", "Mbit/s", "kB", "lost", "sent s", "received s", "at the Earth"):
        table.add_column(name, justify="right")
    step = max(1, -(-len(whole.frames) // 25))
    for each in whole.frames[::step]:
        here = "never" if each.received_s is None else f"{each.received_s:.3f}"
        row = (
            f"{each.number}", f"{each.taken_s:g}", f"{each.range_m:.2f}", f"{each.received_dbm:.1f}",
            f"{each.rate_mbit_s:g}", f"{each.size_bytes / 1e3:.0f}", f"{each.packets_lost} of {each.packets}",
            f"{each.sent_s:.3f}", here, (each.earth_utc or "never").replace("T", " "),
        )  # fmt: skip
        table.add_row(*row)
    _console(120).print(table)
    totals = whole.summary()
    print(
        f"{totals['frames']} frames: {totals['whole']} whole, {totals['broken']} broken, {totals['lost']} never received. "
        f"The battery lasts {totals['battery_s'] / 60.0:.0f} minutes from the release."
    )
    light = [each.light_time_s for each in whole.frames if each.light_time_s is not None]
    if light:
        print(f"Light takes {light[-1] / 60.0:.2f} minutes to the Earth. The radio's numbers are assumed.")


def print_json(value: Any) -> None:
    """JSON for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def progress_line() -> Iterator[Any]:
    """A line that tells what is going on, on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield status.update


def _console(width: int) -> Any:
    """Standard output, as wide as the terminal, or ``width`` in a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout and sys.stdout.isatty() else width)


def load_shot(scene: str, craft: str | None = None, size: str | None = None) -> Scene:
    """The scene that a command draws, with another craft or another size where these are given.

    Raises
    ------
    SceneError
        As :meth:`selfiesim.scene.scene.Scene.load` and :func:`parse_size`.
    """
    from selfiesim.scene.scene import Scene

    shot = Scene.load(scene)
    if craft is not None:
        shot = shot.with_craft(craft)
    return shot if size is None else shot.with_changes(camera__size_px=parse_size(size))


def parse_size(text: str) -> list[int]:
    """Width and height of a picture from words such as 1280x720.

    Raises
    ------
    SceneError
        For other words, or a size that no picture may have.
    """
    from selfiesim.scene.camera import MAX_PX, MIN_PX

    match = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", text.lower())
    if not match:
        raise SceneError(f"--size {text[:40]!r}: write width x height in pixels, such as 1280x720")
    size = [int(match[1]), int(match[2])]
    if not all(MIN_PX <= side <= MAX_PX for side in size):
        raise SceneError(f"--size {text}: give {MIN_PX} to {MAX_PX} pixels a side")
    return size


def parse_at(text: str | None) -> str | None:
    """A moment as it was given with ``--at``, or None.

    Raises
    ------
    SceneError
        For words that are no moment.
    """
    if text is not None:
        try:
            parse_moment(text)
        except SceneError as error:
            raise SceneError(f"--at: {error}") from error
    return text
