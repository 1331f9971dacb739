"""What a plan is written to: a scene file for each shot, a contact sheet, a figure of the time, and JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.analysis.drift_plot import save_figure
from selfiesim.core.files import atomic_write, make_folder
from selfiesim.files.images import save_picture
from selfiesim.files.recipe import SYNTHETIC
from selfiesim.plan.planner import Plan, Shot

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Progress = Callable[[str], None]

_CELL_PX = (480, 270)
_COLUMNS = 3
_GAP_PX, _CAPTION_PX, _HEAD_PX = 10, 44, 60
_BACK, _INK, _QUIET = (16, 17, 20), (217, 214, 207), (154, 149, 138)
_THUMBNAIL_SAMPLES = 3


def record(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON-ready data.

    Returns
    -------
    dict
        ``wants``; ``shots``, best first, each with start, end and best moment, score, score by want, and the keys of
        the scene that it changes; ``windows``, for each want; and ``why_not``.
    """
    return {
        "title": plan.scene.title,
        "from_utc": plan.start.utc(3),
        "to_utc": plan.end.utc(3),
        "wants": [{"want": want.text, "weight": want.weight} for want in plan.wants],
        "shots": [_shot_record(number, shot) for number, shot in enumerate(plan.shots, start=1)],
        "windows": {
            text: [{"start_utc": (plan.start + a).utc(3), "end_utc": (plan.start + b).utc(3)} for a, b in windows]
            for text, windows in plan.windows_by_want.items()
        },
        "why_not": [{"wants": list(reason.wants), "text": reason.text} for reason in plan.reasons],
    }


def _shot_record(number: int, shot: Shot) -> dict[str, Any]:
    release = shot.scene.release
    pushed = {} if release is None else {
        "release_utc": release.at,
        "since_s": float(np.asarray(shot.push.since_s)),
        "speed_m_s": float(np.asarray(shot.push.speed_m_s)),
        "axis": [float(part) for part in shot.push.axis],
    }  # fmt: skip
    return {
        "number": number,
        "start_utc": shot.start.utc(3),
        "end_utc": shot.end.utc(3),
        "best_utc": shot.best.utc(3),
        "lasts_s": shot.end - shot.start,
        "score": shot.score,
        "score_by_want": shot.score_by_want,
        **pushed,
        "horizontal_fov_deg": float(np.degrees(shot.lens.camera.horizontal_fov)),
        "roll_deg": float(np.degrees(np.asarray(shot.push.roll))),
        "place": list(shot.lens.place),
        "view_difference_px": shot.view_difference_px,
    }


def scene_toml(shot: Shot) -> str:
    """Return the scene file of a shot.

    Files that the scene names are relative to it: keep it in the folder of the scene that was planned with.
    """
    import tomli_w

    table = shot.scene.model_dump(mode="json", exclude_unset=True)
    head = f"# Found by selfiesim plan: {shot.start.utc()} to {shot.end.utc()}, score {shot.score:.3f}.\n"
    return head + tomli_w.dumps(_without_none(table))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value


def save_plan(plan: Plan, folder: Path, pictures: bool, progress: Progress) -> list[Path]:
    """Write a plan into a folder: ``shot-1.toml`` and so on, ``timeline.png``, and ``contact-sheet.png``.

    Parameters
    ----------
    plan : Plan
        What was found.
    folder : Path
        Created if it does not exist.
    pictures : bool
        Whether to render the contact sheet.
    progress : callable
        Called with a line on what is being done.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OutputError
        When the folder cannot be written to.
    """
    make_folder(folder)
    files = []
    for number, shot in enumerate(plan.shots, start=1):
        path = folder / f"shot-{number}.toml"
        with atomic_write(path) as temporary:
            temporary.write_text(scene_toml(shot), encoding="utf-8")
        files.append(path)
    files.append(save_timeline(plan, folder / "timeline.png"))
    if pictures and plan.shots:
        recipe = {"kind": SYNTHETIC, "notice": f"Each picture is a {SYNTHETIC}."} | record(plan)
        files.append(save_picture(folder / "contact-sheet.png", _contact_sheet(plan, progress), recipe))
    return files


def save_timeline(plan: Plan, path: Path) -> Path:
    """Draw when each want holds, and the shots, into a figure.

    Raises
    ------
    OutputError
        For a file ending that a figure cannot have, or a folder that cannot be written to.
    """
    from matplotlib.figure import Figure

    duration = plan.end - plan.start
    unit, name = (3600.0, "hours") if duration < 3.0 * 86_400.0 else (86_400.0, "days")
    rows = [(text, list(windows)) for text, windows in plan.windows_by_want.items()]
    figure = Figure(figsize=(11.0, 1.6 + 0.4 * (len(rows) + 1)), layout="constrained")
    figure.suptitle(plan.scene.title, parse_math=False)
    axes = figure.add_subplot()
    shots = [(shot.start - plan.start, shot.end - plan.start) for shot in plan.shots]
    for row, (_label, spans) in enumerate([("shots", shots), *rows]):
        colour = "tab:orange" if row == 0 else "tab:blue"
        bars = [(start / unit, (end - start) / unit) for start, end in spans]
        # The edge keeps a window of minutes visible on an axis of weeks.
        axes.broken_barh(bars, (-row - 0.35, 0.7), facecolor=colour, edgecolor=colour, linewidth=0.8)
    for number, shot in enumerate(plan.shots, start=1):
        axes.annotate(
            str(number), ((shot.best - plan.start) / unit, 0.38),
            ha="center", va="bottom", fontsize=8, annotation_clip=False,
        )  # fmt: skip
    axes.set_yticks([-row for row in range(len(rows) + 1)], ["shots", *(_short(text) for text, _spans in rows)])
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.set_ylim(-len(rows) - 0.6, 0.8)
    axes.set_xlim(0.0, duration / unit)
    axes.set_xlabel(f"{name} after {plan.start.utc()}")
    axes.grid(axis="x", alpha=0.3)
    return save_figure(figure, path)


def _short(text: str) -> str:
    return text if len(text) <= 42 else f"{text[:39]}..."


def _contact_sheet(plan: Plan, progress: Progress) -> NDArray[np.uint8]:
    """Render the shots as thumbnails (H, W, 3), with their times and scores under them."""
    from PIL import Image, ImageDraw, ImageFont

    cells = []
    for number, shot in enumerate(plan.shots, start=1):
        progress(f"rendering, shot {number} of {len(plan.shots)}")
        cells.append(thumbnail(shot))
    across, down = _CELL_PX[0], max(cell.height for cell in cells)
    columns = min(_COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    size = columns * (across + _GAP_PX) + _GAP_PX, _HEAD_PX + rows * (down + _CAPTION_PX + _GAP_PX)
    sheet = Image.new("RGB", size, _BACK)
    pen = ImageDraw.Draw(sheet)
    head, small = ImageFont.load_default(20), ImageFont.load_default(14)
    pen.text((_GAP_PX, 8), plan.scene.title[:90], _INK, head)
    pen.text((_GAP_PX, 36), f"{plan.start.utc()} to {plan.end.utc()}. Synthetic images.", _QUIET, small)
    for number, (shot, cell) in enumerate(zip(plan.shots, cells, strict=True)):
        row, column = divmod(number, columns)
        left, top = _GAP_PX + column * (across + _GAP_PX), _HEAD_PX + row * (down + _CAPTION_PX + _GAP_PX)
        sheet.paste(cell, (left, top))
        pen.text((left, top + down + 4), f"{number + 1}   {shot.best.utc().replace('T', '  ')[:-1]}", _INK, small)
        pen.text((left + across, top + down + 4), f"score {shot.score:.3f}", _INK, small, anchor="ra")
        lasts = f"window of {shot.end - shot.start:,.0f} s from {shot.start.utc()[11:-1]}"
        pen.text((left, top + down + 22), lasts, _QUIET, small)
    return np.asarray(sheet)


def thumbnail(shot: Shot) -> PillowImage:
    """Render a small picture of a shot, 480 pixels wide."""
    from PIL import Image

    width, height = shot.scene.camera.size_px
    scale = min(_CELL_PX[0] / width, 1.0)
    size = [max(round(width * scale), 16), max(round(height * scale), 16)]
    photo = shot.scene.with_changes(camera__size_px=size).view().render("draft", _THUMBNAIL_SAMPLES).expose()
    image = Image.fromarray(photo.pixels)
    return image.resize(
        (_CELL_PX[0], max(round(image.height * _CELL_PX[0] / image.width), 1)), Image.Resampling.LANCZOS
    )
