"""Moving pictures as files: MP4 by ffmpeg, GIF, APNG and WebP by Pillow. Frames are taken one by one, in order."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError

Pixels = NDArray[np.uint8]
"""A frame, (H, W, 3), sRGB, row 0 at the top."""

ENDINGS = (".mp4", ".gif", ".apng", ".webp")
MIN_FPS, MAX_FPS = 0.1, 240.0
"""Frames a second that a film may have."""
MAX_GIF_FPS = 50.0
"""Players show frames of a hundredth of a second as if they had ten."""
MAX_BYTES = 1 << 30
"""Of the frames that Pillow keeps until a file is finished."""

_CRF = 16  # x264's rate factor: differences to the frames stay below what is seen
_THREADS = 4  # x264's result hangs on how many there are, so it is not left to the machine
_KEYFRAME_INTERVAL_S = 2  # a film can be entered every so many seconds
_PALETTE_FRAMES = 8
_PILLOW_BYTES_PER_PIXEL = 4  # bytes that Pillow keeps of a pixel
# BT.709's luma and chroma out of sRGB, and the marks in the file that say so.
_COLOUR_FILTER = (
    "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p,"
    "setparams=range=tv:color_primaries=bt709:color_trc=iec61966-2-1:colorspace=bt709"
)


def ffmpeg() -> str:
    """The path of the ffmpeg that comes with imageio-ffmpeg.

    Raises
    ------
    OutputError
        When it is not installed.
    """
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise OutputError(
            "MP4 files need ffmpeg: pip install 'selfiesim[video]'; .gif, .apng and .webp need nothing more"
        ) from error


def encoder(path: Path) -> str:
    """What writes a film of this name, for the record."""
    if path.suffix.lower() == ".mp4":
        from imageio_ffmpeg import get_ffmpeg_version

        return f"ffmpeg {get_ffmpeg_version()}, libx264"
    from importlib.metadata import version

    return f"pillow {version('pillow')}"


def check_film(path: Path, size: tuple[int, int], fps: float, count: int) -> None:
    """Refuse a film that its file cannot hold, before anything is drawn.

    Raises
    ------
    OutputError
        Odd sides or no ffmpeg for MP4, a rate out of range, more frames than Pillow can keep.
    """
    ending, (width, height) = path.suffix.lower(), size
    if not MIN_FPS <= fps <= MAX_FPS:
        raise OutputError(f"--fps {fps:g}: give a number from {MIN_FPS:g} to {MAX_FPS:g}")
    if ending == ".mp4":
        ffmpeg()
        if width % 2 or height % 2:
            even = f"{width + width % 2}x{height + height % 2}"
            raise OutputError(f"{path}: MP4 wants even width and height, not {width}x{height}; --size {even} will do")
        return
    if ending == ".gif" and fps > MAX_GIF_FPS:
        raise OutputError(f"{path}: a GIF shows at most {MAX_GIF_FPS:g} frames a second, not {fps:g}")
    if _PILLOW_BYTES_PER_PIXEL * width * height * count > MAX_BYTES:
        most = MAX_BYTES // (_PILLOW_BYTES_PER_PIXEL * width * height)
        raise OutputError(
            f"{path}: {count} frames of {width}x{height} are more than fit into memory here ({most}); "
            "write .mp4, or fewer or smaller ones"
        )


def write_film(path: Path, frames: Iterable[Pixels], size: tuple[int, int], fps: float, description: str) -> None:
    """Write ``frames`` of ``size`` (width, height) at ``fps``; ``path`` is written over.

    Raises
    ------
    OutputError
        When ffmpeg fails, a full disk for example.
    """
    if path.suffix.lower() == ".mp4":
        _write_mp4(path, frames, size, fps, description)
    else:
        _write_with_pillow(path, frames, fps, description)


def _write_mp4(path: Path, frames: Iterable[Pixels], size: tuple[int, int], fps: float, description: str) -> None:
    """H.264, colours marked as what they are (BT.709's, with sRGB's curve), nothing of the clock in the file."""
    rate = str(Fraction(fps).limit_denominator(1001))
    command = [
        ffmpeg(), "-hide_banner", "-loglevel", "error", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", rate, "-i", "-", "-an",
        "-vf", _COLOUR_FILTER,
        "-c:v", "libx264", "-preset", "medium", "-crf", str(_CRF), "-threads", str(_THREADS),
        "-g", str(max(1, round(fps * _KEYFRAME_INTERVAL_S))), "-fflags", "+bitexact", "-flags:v", "+bitexact",
        "-map_metadata", "-1", "-metadata", f"title={description}", "-metadata", f"comment={description}",
        "-movflags", "+faststart", "-f", "mp4", str(path),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as stderr_file:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr_file)
        try:
            assert child.stdin is not None
            broken = _feed_frames(child.stdin, frames)
            failed = child.wait() != 0
        except BaseException:
            child.kill()
            child.wait()
            raise
        if broken or failed:
            raise OutputError(f"ffmpeg could not write it ({_last_line(stderr_file)})")


def _feed_frames(pipe: IO[bytes], frames: Iterable[Pixels]) -> bool:
    """Send the frames; whether the reader broke off."""
    try:
        with pipe:
            for frame in frames:
                pipe.write(np.ascontiguousarray(frame).tobytes())
    except BrokenPipeError:
        return True
    return False


def _last_line(stderr_file: IO[bytes]) -> str:
    stderr_file.seek(0)
    lines = stderr_file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "it gave no reason"


def _write_with_pillow(path: Path, frames: Iterable[Pixels], fps: float, description: str) -> None:
    from PIL import Image

    ending = path.suffix.lower()
    images = [Image.fromarray(np.ascontiguousarray(frame)) for frame in frames]
    options: dict[str, Any]
    if ending == ".gif":
        images = _quantise_shared_palette(images)
        options = {"format": "GIF", "optimize": False, "comment": description.encode("utf-8")}
    elif ending == ".apng":
        options = {"format": "PNG", "pnginfo": _text(description), "compress_level": 6}
    else:
        options = {"format": "WEBP", "quality": 90, "method": 4, "exif": _exif(description)}
    shown_ms = durations_ms(len(images), fps, 10 if ending == ".gif" else 1)
    images[0].save(path, save_all=True, append_images=images[1:], duration=shown_ms, loop=0, **options)


def durations_ms(count: int, fps: float, unit_ms: int = 1) -> list[int]:
    """How long each of ``count`` frames is shown, whole multiples of ``unit_ms``, that keep the rate over the film."""
    ends = [round(k * 1000.0 / fps / unit_ms) for k in range(count + 1)]
    return [unit_ms * (after - before) for before, after in pairwise(ends)]


def _quantise_shared_palette(images: list[Any]) -> list[Any]:
    """The frames in the 255 colours that suit all of them: with a palette each, colours would flicker."""
    from PIL import Image

    places = np.unique(np.linspace(0, len(images) - 1, _PALETTE_FRAMES).round().astype(int))
    palette = Image.fromarray(np.concatenate([np.asarray(images[place]) for place in places])).quantize(255)
    return [image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for image in images]


def _text(description: str) -> Any:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("Description", description)
    info.add_text("Software", "selfiesim")
    return info


def _exif(description: str) -> Any:
    from PIL import ExifTags, Image

    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = description
    exif[ExifTags.Base.Software] = "selfiesim"
    return exif
