"""Write video files frame by frame: MP4 with ffmpeg; GIF, APNG and WebP with Pillow."""

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
from selfiesim.core.limits import FILM_BYTES

Pixels = NDArray[np.uint8]
"""A frame, (H, W, 3), sRGB, row 0 at the top."""

ENDINGS = (".mp4", ".gif", ".apng", ".webp")
MIN_FPS, MAX_FPS = 0.1, 240.0
"""Range of frame rates, per second."""
MAX_GIF_FPS = 50.0
"""Limit for GIF: players show frames of 0.01 s for 0.1 s."""

_CRF = 16  # x264 rate factor: differences from the frames are invisible
_THREADS = 4  # fixed, because the bytes that x264 writes depend on it
_KEYFRAME_INTERVAL_S = 2  # players can seek to keyframes
_PALETTE_FRAMES = 8  # from which the palette of a GIF is chosen
_PILLOW_BYTES_PER_PIXEL = 4
# Converts sRGB to BT.709 luma and chroma, and marks the file accordingly.
_COLOUR_FILTER = (
    "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p,"
    "setparams=range=tv:color_primaries=bt709:color_trc=iec61966-2-1:colorspace=bt709"
)


def ffmpeg() -> str:
    """Return the path of the ffmpeg that imageio-ffmpeg installs.

    Raises
    ------
    OutputError
        It is not installed.
    """
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise OutputError(
            "MP4 files need ffmpeg: pip install 'selfiesim[video]'; .gif, .apng and .webp work without it"
        ) from error


def encoder(path: Path) -> str:
    """Return name and version of the encoder for a file, for the recipe."""
    if path.suffix.lower() == ".mp4":
        from imageio_ffmpeg import get_ffmpeg_version

        return f"ffmpeg {get_ffmpeg_version()}, libx264"
    from importlib.metadata import version

    return f"pillow {version('pillow')}"


def check_film(path: Path, size: tuple[int, int], fps: float, count: int) -> None:
    """Check that a film can be written, before anything is rendered.

    Raises
    ------
    OutputError
        The frame rate is out of range, the frames do not fit into memory, or MP4 has an odd side or no ffmpeg.
    """
    ending, (width, height) = path.suffix.lower(), size
    if not MIN_FPS <= fps <= MAX_FPS:
        raise OutputError(f"--fps {fps:g}: give a number from {MIN_FPS:g} to {MAX_FPS:g}")
    if ending == ".mp4":
        ffmpeg()
        if width % 2 or height % 2:
            even = f"{width + width % 2}x{height + height % 2}"
            raise OutputError(f"{path}: MP4 needs an even width and height, not {width}x{height}; use --size {even}")
        return
    if ending == ".gif" and fps > MAX_GIF_FPS:
        raise OutputError(f"{path}: a GIF has at most {MAX_GIF_FPS:g} frames per second, not {fps:g}")
    if _PILLOW_BYTES_PER_PIXEL * width * height * count > FILM_BYTES.value:
        fitting = FILM_BYTES.value // (_PILLOW_BYTES_PER_PIXEL * width * height)
        raise OutputError(
            f"{path}: {count} frames of {width}x{height} do not fit into memory (at most {fitting}); "
            "write .mp4, or fewer or smaller frames"
        )


def write_film(path: Path, frames: Iterable[Pixels], size: tuple[int, int], fps: float, description: str) -> None:
    """Write a film; an existing file is overwritten.

    Parameters
    ----------
    path : Path
        The file; its suffix selects the format.
    frames : iterable of (H, W, 3) uint8
        The frames, in order.
    size : (width, height) tuple of int
        Size of the frames.
    fps : float
        Frames shown per second.
    description : str
        Written into the file's metadata.

    Raises
    ------
    OutputError
        ffmpeg fails, because the disk is full for example.
    """
    if path.suffix.lower() == ".mp4":
        _write_mp4(path, frames, size, fps, description)
    else:
        _write_with_pillow(path, frames, fps, description)


def _write_mp4(path: Path, frames: Iterable[Pixels], size: tuple[int, int], fps: float, description: str) -> None:
    """Write H.264, with colours marked as BT.709 with the sRGB transfer curve, and without the date of encoding."""
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
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr_file)
        try:
            assert process.stdin is not None
            is_broken = _feed_frames(process.stdin, frames)
            has_failed = process.wait() != 0
        except BaseException:
            process.kill()
            process.wait()
            raise
        if is_broken or has_failed:
            raise OutputError(f"ffmpeg could not write the film ({_last_line(stderr_file)})")


def _feed_frames(pipe: IO[bytes], frames: Iterable[Pixels]) -> bool:
    """Send the frames; return whether the reader closed the pipe early."""
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
        options = {"format": "PNG", "pnginfo": _png_text(description), "compress_level": 6}
    else:
        options = {"format": "WEBP", "quality": 90, "method": 4, "exif": _exif(description)}
    frame_ms = durations_ms(len(images), fps, 10 if ending == ".gif" else 1)
    images[0].save(path, save_all=True, append_images=images[1:], duration=frame_ms, loop=0, **options)


def durations_ms(count: int, fps: float, unit_ms: int = 1) -> list[int]:
    """Return the duration of each frame in multiples of ``unit_ms``, which on average keep the frame rate."""
    ends = [round(k * 1000.0 / fps / unit_ms) for k in range(count + 1)]
    return [unit_ms * (after - before) for before, after in pairwise(ends)]


def _quantise_shared_palette(images: list[Any]) -> list[Any]:
    """Reduce the frames to one palette of 255 colours; with a palette per frame, colours would flicker."""
    from PIL import Image

    sampled = np.unique(np.linspace(0, len(images) - 1, _PALETTE_FRAMES).round().astype(int))
    palette = Image.fromarray(np.concatenate([np.asarray(images[index]) for index in sampled])).quantize(255)
    return [image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for image in images]


def _png_text(description: str) -> Any:
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
