"""Video files of synthetic frames, read back with ffmpeg, OpenCV and Pillow."""

from __future__ import annotations

import re
import subprocess
import sys

import cv2
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import OutputError
from selfiesim.films.video_writer import check_film, durations_ms, write_film

SIZE = (96, 54)
COUNT = 13


def frames():
    """Yield a colour ramp with a white square that moves two pixels per frame."""
    width, height = SIZE
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    for number in range(COUNT):
        frame = np.stack([x, y, 255.0 - x], axis=-1).astype(np.uint8)
        frame[20:28, 10 + 2 * number : 18 + 2 * number] = 255
        yield frame


def probe(path):
    """Return what `ffmpeg -i` prints, and the size and frame rate in it."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    width, height = re.search(r"Video: .*? ([1-9]\d*)x([1-9]\d*)", text).groups()
    return text, (int(width), int(height)), float(re.search(r"([\d.]+) fps", text)[1])


def decoded(path):
    reader = imageio_ffmpeg.read_frames(str(path))
    width, height = next(reader)["size"]
    return [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]


@pytest.mark.parametrize("fps", [25.0, 30.0, 12.5])
def test_ffmpeg_reads_the_right_frames_rate_and_size(tmp_path, fps):
    path = tmp_path / "a.mp4"
    write_film(path, frames(), SIZE, fps, "synthetic image: ramp")
    text, size, rate = probe(path)
    assert (size, rate) == (SIZE, fps)
    assert imageio_ffmpeg.count_frames_and_secs(str(path)) == (COUNT, pytest.approx(COUNT / fps, abs=0.01))
    assert "h264" in text
    assert "yuv420p(tv, bt709/bt709/iec61966-2-1" in text  # without these tags players guess the colours
    assert "synthetic image: ramp" in text


def test_opencv_reads_the_frames_in_order(tmp_path):
    path = tmp_path / "a.mp4"
    write_film(path, frames(), SIZE, 25.0, "ramp")
    film = cv2.VideoCapture(str(path))
    assert (film.get(cv2.CAP_PROP_FRAME_COUNT), film.get(cv2.CAP_PROP_FPS)) == (COUNT, 25.0)
    for number in range(COUNT):
        good, frame = film.read()
        assert good
        bright = frame[22:26].min(axis=(0, 2)) > 200
        assert np.flatnonzero(bright).mean() == pytest.approx(13.5 + 2 * number, abs=0.6)
    assert not film.read()[0]


def test_colours_survive_the_encoding(tmp_path):
    path = tmp_path / "a.mp4"
    write_film(path, frames(), SIZE, 25.0, "ramp")
    differences = [np.abs(read.astype(float) - written) for read, written in zip(decoded(path), frames(), strict=True)]
    # With the matrix of BT.601 instead of BT.709, the mean difference would be above 10.
    assert np.mean(differences) < 2.5


@pytest.mark.parametrize("ending", [".gif", ".apng", ".webp"])
@pytest.mark.parametrize("fps", [25.0, 30.0])
def test_pillow_films_have_the_right_frames_and_duration(tmp_path, ending, fps):
    path = tmp_path / f"a{ending}"
    write_film(path, frames(), SIZE, fps, "synthetic image: ramp")
    assert b"synthetic image: ramp" in path.read_bytes()
    with Image.open(path) as film:
        assert (film.n_frames, film.size, film.info.get("loop")) == (COUNT, SIZE, 0)
        duration_ms = 0.0
        for number, written in enumerate(frames()):
            film.seek(number)
            film.load()
            duration_ms += film.info["duration"]
            error = np.abs(np.asarray(film.convert("RGB")).astype(float) - written).mean()
            assert error < {".gif": 12.0, ".apng": 1e-9, ".webp": 6.0}[ending]
    assert duration_ms == pytest.approx(1e3 * COUNT / fps, abs=5.0 if ending == ".gif" else 0.5)
    if ending != ".webp":  # ffmpeg reads animated WebP only since version 8
        assert probe(path)[1] == SIZE


def test_durations_keep_the_frame_rate_in_multiples_of_a_hundredth():
    assert durations_ms(6, 30.0, 10) == [30, 40, 30, 30, 40, 30]
    assert sum(durations_ms(2997, 29.97)) == 100_000
    assert set(durations_ms(50, 25.0)) == {40}


@pytest.mark.parametrize("ending", [".mp4", ".gif", ".apng", ".webp"])
def test_the_same_frames_give_the_same_bytes(tmp_path, ending):
    one, two = tmp_path / f"one{ending}", tmp_path / f"two{ending}"
    for path in (one, two):
        write_film(path, frames(), SIZE, 25.0, "ramp")
    assert one.read_bytes() == two.read_bytes()


def test_ffmpeg_is_stopped_when_the_frames_fail(tmp_path):
    def failing():
        yield from frames()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(tmp_path / "a.mp4", failing(), SIZE, 25.0, "ramp")


def test_what_a_file_does_not_support_is_refused_with_an_alternative(tmp_path):
    with pytest.raises(OutputError, match="use --size 98x54"):
        check_film(tmp_path / "a.mp4", (97, 54), 25.0, 10)
    with pytest.raises(OutputError, match="at most 50 frames per second"):
        check_film(tmp_path / "a.gif", SIZE, 60.0, 10)
    with pytest.raises(OutputError, match=r"write \.mp4"):
        check_film(tmp_path / "a.webp", (1920, 1080), 25.0, 1000)
    with pytest.raises(OutputError, match=r"from 0\.1 to 240"):
        check_film(tmp_path / "a.mp4", SIZE, 0.0, 10)


def test_without_ffmpeg_the_message_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['imageio_ffmpeg'] = None\n"
        "from selfiesim.cli.app import main; main(['film', 'tianwen1-mars', '--size', '64x36', '-o', 'a.mp4'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'selfiesim[video]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_reported(tmp_path):
    # A limit on file size simulates the full disk.
    pytest.importorskip("resource")
    code = (
        "import resource, numpy; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from pathlib import Path; from selfiesim.films.video_writer import write_film\n"
        "noise = numpy.random.default_rng(0).integers(0, 256, (9, 54, 96, 3), numpy.uint8)\n"
        "write_film(Path('a.mp4'), noise, (96, 54), 25.0, 'noise')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stderr.splitlines()[-1].startswith("selfiesim.core.errors.OutputError: ffmpeg could not write the film")
