"""The command ``selfiesim plan``: find the shot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from selfiesim.cli.console import load_scene, print_json, progress_line
from selfiesim.cli.options import AsJson, Craft, SceneName, flag, output_file
from selfiesim.core.terminal import console

if TYPE_CHECKING:
    from selfiesim.plan.planner import Plan
    from selfiesim.plan.ranges import Ranges

_Span = str | None


# Long: the signature declares the options.
def plan(
    scene_name: SceneName,
    /,
    *,
    start: Annotated[str, Parameter(name="--from", help="Start of the search: a UTC time, or an event of the orbit.")],
    stop: Annotated[str, Parameter(name="--to", help="End of the search.")],
    want: Annotated[
        list[str],
        Parameter(help="What the picture should show, such as 'craft whole' (docs/plan.md); may be repeated."),
    ],
    since: Annotated[_Span, Parameter(help="Seconds after the release to choose from, such as 40..150.")] = None,
    speed: Annotated[_Span, Parameter(help="Speeds of the push, m/s, such as 0.1..0.3.")] = None,
    lean: Annotated[_Span, Parameter(help="Degrees by which the push may lean from its axis, such as 0..50.")] = None,
    fov: Annotated[_Span, Parameter(help="Horizontal fields of view, degrees, such as 60..115.")] = None,
    roll: Annotated[
        _Span, Parameter(allow_leading_hyphen=True, help="Rolls of the picture, degrees, such as -180..180.")
    ] = None,
    place_x: Annotated[_Span, Parameter(help="Where the target may be, share of the width, such as 0.3..0.7.")] = None,
    place_y: Annotated[_Span, Parameter(help="The same of the height.")] = None,
    top: Annotated[int, Parameter(help="Most shots to return, 1 to 50.")] = 5,
    craft: Craft = None,
    output: Annotated[
        Path | None, output_file("Folder for scene files, contact sheet and timeline; default: SCENE-plan.")
    ] = None,
    no_pictures: Annotated[bool, flag("Do not render the contact sheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find when, and with which release and lens, a scene shows what is wanted.

    Wants are words: 'craft whole', 'feature Korolev in upper left', 'cap lit',
    'phase 30..70', 'sun out 15deg', 'range < 60m', joined by and, or, not; with
    'for 20s' they must hold so long, with 'weight 2' they only count in the ranking.
    docs/plan.md lists all.

    Example: selfiesim plan tianwen1-mars --from 2021-12-20 --to 2021-12-31
             --want 'craft whole' --want 'cap lit' --lean 0..50 -o plan
    """
    from selfiesim.core.files import make_folder
    from selfiesim.plan.outputs import record, save_plan
    from selfiesim.plan.planner import plan as find

    scene = load_scene(scene_name, craft)
    ranges = _ranges(since, speed, lean, fov, roll, place_x, place_y)
    folder = output or Path(f"{Path(scene_name).stem}-plan")
    make_folder(folder)
    with progress_line() as set_status:
        found = find(scene, start, stop, want, ranges, top, set_status)
        files = save_plan(found, folder, not no_pictures, set_status)
    if as_json:
        print_json(record(found) | {"files": [str(file) for file in files]})
    else:
        _print_plan(found)
        for file in files:
            print(file)


def _ranges(since: _Span, speed: _Span, lean: _Span, fov: _Span, roll: _Span, place_x: _Span, place_y: _Span) -> Ranges:
    from selfiesim.plan.ranges import Ranges, parse_range

    given = {
        "since_s": ("--since", since), "speed_m_s": ("--speed", speed), "lean_deg": ("--lean", lean),
        "fov_deg": ("--fov", fov), "roll_deg": ("--roll", roll), "place_x": ("--place-x", place_x),
        "place_y": ("--place-y", place_y),
    }  # fmt: skip
    return Ranges(**{key: parse_range(text, option) for key, (option, text) in given.items() if text is not None})


def _print_plan(found: Plan) -> None:
    from rich.table import Table

    for reason in found.reasons:
        print(f"why not: {reason.text}")
    if not found.shots:
        return
    table = Table("", "best", "start", "end", "lasts s", "score", "least met")
    for column in table.columns[4:6]:
        column.justify = "right"
    for number, shot in enumerate(found.shots, start=1):
        least = min(shot.score_by_want, key=lambda text: shot.score_by_want[text])
        times = (time.utc().replace("T", " ")[:-1] for time in (shot.best, shot.start, shot.end))
        table.add_row(
            str(number), *times, f"{shot.end - shot.start:,.1f}", f"{shot.score:.3f}",
            f"{least} ({shot.score_by_want[least]:.2f})",
        )  # fmt: skip
    terminal = console(width=None if sys.stdout and sys.stdout.isatty() else 140, markup=False, emoji=False)
    terminal.print(table)
