"""The command ``selfiesim poster``: a picture for a paper size, as a file for print."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from selfiesim.cli.console import load_scene, parse_at, print_advice, print_json, progress_line
from selfiesim.cli.options import (
    AsJson,
    At,
    Craft,
    Look,
    Samples,
    ScaleBar,
    SceneName,
    Watermark,
    flag,
    mark_names,
    output_file,
)
from selfiesim.core.errors import OutputError


# Long: the signature declares the options.
def poster(
    scene_name: SceneName,
    /,
    *,
    output: Annotated[Path | None, output_file("File to write: .pdf, .png, .tif or .jpg; default: SCENE.pdf.")] = None,
    paper: Annotated[str, Parameter(help="A0 to A6, letter, tabloid, or a size such as 600x400mm.")] = "A2",
    dpi: Annotated[float, Parameter(help="Pixels per inch.")] = 150.0,
    orientation: Annotated[
        Literal["auto", "landscape", "portrait"], Parameter(help="auto: as the scene's picture.")
    ] = "auto",
    bleed: Annotated[float, Parameter(help="Millimetres printed beyond each edge.")] = 3.0,
    sheets: Annotated[str | None, Parameter(help="PDF only: split onto sheets of this paper, such as A4.")] = None,
    at: At = None,
    craft: Craft = None,
    draft: Annotated[bool, flag("Quick, to look at the layout.", "--draft")] = False,
    samples: Samples = None,
    look: Look = None,
    scale_bar: ScaleBar = False,
    watermark: Watermark = False,
    as_json: AsJson = False,
) -> None:
    """Render a scene for print: in the pixels of a paper size, with bleed, and as PDF with crop marks.

    Example: selfiesim poster tianwen1-mars --paper A0 --dpi 150 --sheets A3 -o poster.pdf
    """
    from selfiesim.files.images import check_writable, sidecar_path
    from selfiesim.files.metadata import check_dpi
    from selfiesim.files.poster import check_ending, render_poster
    from selfiesim.files.print_pdf import PrintSize, check_pdf, lay_out, save_pdf

    start = time.perf_counter()
    scene = load_scene(scene_name, craft)
    path = output or Path(f"{Path(scene_name).stem}.pdf")
    is_pdf = path.suffix.lower() == ".pdf"
    check_dpi(dpi)
    if sheets is not None and not is_pdf:
        raise OutputError(f"{path}: only a PDF has sheets; end its name in .pdf")
    (check_pdf if is_pdf else check_writable)(path)
    camera = scene.view().camera
    wide = camera.width >= camera.height if orientation == "auto" else orientation == "landscape"
    size = PrintSize.on_paper(paper, dpi, bleed, wide)
    pages = lay_out(size, sheets)
    view = scene.with_changes(camera__size_px=list(size.pixels)).view(parse_at(at))
    if not is_pdf:
        check_ending(path, view.camera)
    marks = mark_names(scale_bar, watermark)
    settings: dict[str, Any] = ({"look": look} if look else {}) | ({"marks": marks} if marks else {})
    options = view.shot.photo.with_changes(view.shot.source, **settings)
    quality = "draft" if draft else "final"
    with progress_line() as set_status:
        print_advice(scene, view)

        def on_progress(done: int, of: int) -> None:
            set_status(f"rendering ({quality}), tile {done + 1} of {of}")

        with render_poster(view, options, path.parent, quality, samples, on_progress) as large:
            set_status("developing")
            if is_pdf:
                save_pdf(large, path, size, pages)
            else:
                large.save(path, dpi=dpi)
            exposure = large.exposure
    if as_json:
        print_json(
            {
                "file": str(path), "sidecar": str(sidecar_path(path)), "size_px": list(size.pixels),
                "size_mm": [size.width_mm, size.height_mm], "pages": len(pages) if is_pdf else None, "quality": quality,
                "exposure": str(exposure),
            }
        )  # fmt: skip
        return
    sheet_text = f", {len(pages)} sheets of {sheets}" if sheets else ""
    print(
        f"{path}  ({paper}, {size.pixels[0]}x{size.pixels[1]} px{sheet_text}, {quality}, {exposure}, "
        f"{time.perf_counter() - start:.1f} s)"
    )
