"""What each command prints and draws, recorded by the build: the same words as a reader would type, run here.

All commands run in one folder, in this order, so that one may use what another wrote. The folder is kept under the
content of the package: as long as nothing changes there, no command runs twice.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from content import CACHE, ROOT, package_digest

LINES = 48  # of the output; longer ones are cut
WIDTH = 110


@dataclass(frozen=True)
class Recording:
    """A command as a reader types it, and the pictures that it leaves in the folder.

    Attributes
    ----------
    line : str
        The command; empty where one cannot run in a build, such as a server or a download.
    pictures : tuple of str
        Files to show. Those of the repository begin with ``/``.
    needs : tuple of str
        Commands that have to run before.
    note : str
        A sentence in place of output.
    """

    line: str = ""
    pictures: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    note: str = ""


SMALL = "--size 640x360"
RECORDINGS = {
    "demo": Recording(
        pictures=("/renders/tianwen1-mars.jpg",), note="`selfiesim demo` renders this picture in final quality."
    ),
    "studio": Recording(
        pictures=("/docs/studio.webp",), note="The page in use; [The studio](../../studio.md) explains it."
    ),
    "render": Recording(f"render tianwen1-mars --at release+60s {SMALL} --draft -o selfie.png", ("selfie.png",)),
    "expose": Recording(f"expose tianwen1-mars {SMALL} -o bracket.png", ("bracket.png",)),
    "film": Recording(
        "film tianwen1-mars --from release+30s --to release+90s --step-s 6 --fps 5 --size 320x180 -o drift.webp",
        ("drift.webp",),
    ),
    "story": Recording(
        "story tianwen1-mars --every 20s --to release+100s --size 320x180 -o story",
        ("story/sheet.png", "story/path.png"),
    ),
    "gallery": Recording(
        pictures=("/renders/thumbnails/orion-selfie.jpg", "/renders/thumbnails/ikaros-dcam2.jpg"),
        note="It renders every shipped scene in final quality; two of them:",
    ),
    "poster": Recording("poster tianwen1-mars --paper A6 --dpi 100 --draft -o poster.png", ("poster.png",)),
    "scenes": Recording("scenes"),
    "show": Recording("show tianwen1-mars --plot where.png", ("where.png",)),
    "check": Recording("check tianwen1-mars"),
    "schema": Recording("schema"),
    "export": Recording("export tianwen1-mars --at release+60s -o shot.glb"),
    "plan": Recording(
        "plan tianwen1-mars --from 2021-12-31T12:00:00Z --to 2021-12-31T15:00:00Z"
        ' --want "craft whole" --want "feature Korolev in frame" --no-pictures -o korolev'
    ),
    "drift": Recording("drift tianwen1-mars --to 300 --step 20 --plot drift.png", ("drift.png",)),
    "downlink": Recording("downlink tianwen1-mars"),
    "match": Recording(
        pictures=("/docs/match-group.webp",),
        note="A solved scene, rendered, with the points it was solved from; [the steps](../../match.md).",
    ),
    "compare": Recording(
        "compare selfie.png later.png -o compared",
        ("compared/beside.png",),
        needs=("render", f"render tianwen1-mars --at release+62s {SMALL} --draft -o later.png"),
    ),
    "batch": Recording("batch job.toml -o frames"),
    "labels": Recording(
        "labels tianwen1-mars --from release+40s --to release+60s --size 320x180 --format coco,poses -o data",
        ("data/frames/tianwen1-mars-00000.png", "data/frames/tianwen1-mars-00000.parts.png"),
    ),
    "replay": Recording("replay selfie.png", needs=("render",)),
    "caption": Recording("caption selfie.png --style press", needs=("render",)),
    "models list": Recording("models list"),
    "models build": Recording("models build cubesat -o cubesat.glb"),
    "models look": Recording(
        "models look hayabusa2 --from 0.8,0.7,-0.5 --up 0,0,1 --size 640x360 -o look.png", ("look.png",)
    ),
    "models inspect": Recording(
        "models inspect cubesat.glb --size 240x180 -o sheet.png", ("sheet.png",), needs=("models build",)
    ),
    "models materials": Recording("models materials"),
    "cameras": Recording("cameras tianwen1-deployable"),
    "map": Recording("map mars --patch Korolev --layer elevation -o korolev.png", ("korolev.png",)),
    "maps list": Recording("maps list"),
    "maps add": Recording("maps add grey.png --name grey-moon --body moon"),
    "maps show": Recording("maps show grey-moon", needs=("maps add",)),
    "maps get": Recording(
        note="It downloads one of the maps that `selfiesim maps list` offers. The build of this page is offline."
    ),
    "maps remove": Recording("maps remove grey-moon", needs=("maps add",)),
    "doctor": Recording("doctor"),
    "validate": Recording("validate"),
}  # fmt: skip


def record(recording: Recording, page_folder: Path) -> str:
    """Return Markdown with what a command prints and draws; pictures are copied next to the page."""
    scratch = _scratch()
    for words in recording.needs:
        _output(RECORDINGS[words].line if words in RECORDINGS else words, scratch)
    parts = [recording.note]
    if recording.line:
        parts.append(f"```console\n$ selfiesim {recording.line}\n{_output(recording.line, scratch)}```")
    parts += [_picture(name, scratch, page_folder) for name in recording.pictures]
    return "\n\n".join(part for part in parts if part) + "\n"


def _scratch() -> Path:
    folder = CACHE / "recordings" / package_digest()[:32]
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "job.toml").write_text(
            'scene = "tianwen1-mars"\nsize = [160, 90]\nquality = "draft"\n\n'
            '[vary.time]\nfrom = "release+30s"\nto = "release+90s"\nstep_s = 30\n'
        )
        _grey_map(folder / "grey.png")
    return folder


def _grey_map(path: Path) -> None:
    import imageio.v3 as iio
    import numpy as np

    brightness = 120 + 40 * np.cos(np.linspace(0, 6 * np.pi, 720)) * np.sin(np.linspace(0, np.pi, 360))[:, None]
    iio.imwrite(path, np.repeat(brightness.astype(np.uint8)[..., None], 3, axis=-1))


def _output(line: str, scratch: Path) -> str:
    """Return what a command prints; one that has run in this folder is not run again."""
    import hashlib
    import shlex

    kept = scratch / f".{hashlib.sha256(line.encode()).hexdigest()[:16]}.txt"
    if not kept.exists():
        environment = {**os.environ, "COLUMNS": str(WIDTH), "NO_COLOR": "1", "XDG_DATA_HOME": str(scratch / ".data")}
        done = subprocess.run(
            [sys.executable, "-m", "selfiesim", *shlex.split(line)],
            cwd=scratch, env=environment, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"selfiesim {line}: {done.stderr}")
        kept.write_text(_without_places(done.stdout, scratch), encoding="utf-8")
    lines = kept.read_text(encoding="utf-8").splitlines()
    if len(lines) > LINES:
        lines = [*lines[:LINES], f"... ({len(lines) - LINES} more lines)"]
    return "".join(f"{line}\n" for line in lines)


def _without_places(text: str, scratch: Path) -> str:
    """Return output without the folders of the machine that built the site."""
    for place, name in ((str(scratch), "."), (str(ROOT), "selfiesim"), (sys.prefix, ".venv"), (str(Path.home()), "~")):
        text = text.replace(place, name)
    return text


def _picture(name: str, scratch: Path, page_folder: Path) -> str:
    if name.startswith("/"):
        return f"![{Path(name).stem}]({name})"
    target = page_folder / "pictures" / name.replace("/", "-")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(scratch / name, target)
    return f"![What the command drew: {name}](pictures/{target.name})"
