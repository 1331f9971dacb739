"""The sequence as received: each frame from the camera by radio to the craft, and on to the Earth.

A frame is a JPEG with restart markers, cut into packets; those that are lost leave holes in it, and what a decoder
makes of the rest is the picture that arrives. Frames wait their turn on both links; the craft keeps what it has
received.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.analysis.radio import SPEED_OF_LIGHT_M_S, LinkBudget, link_budget
from selfiesim.core.errors import SceneError
from selfiesim.core.rng import stream
from selfiesim.photo.finish import jpeg_bytes

if TYPE_CHECKING:
    from selfiesim.astro.ephemeris import Ephemeris
    from selfiesim.astro.epoch import Epoch
    from selfiesim.core.vectors import Vector
    from selfiesim.scene.downlink import DownlinkSection
    from selfiesim.scene.scene import Scene

MAX_FRAMES = 20_000
_JPEG_END_MARKER = b"\xff\xd9"  # JPEG's end of image

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """A picture on its way.

    Times are seconds after the release; ``earth_utc`` is when its last bit is at the Earth. Nothing is known of a
    frame that never came through: its times are None.
    """

    number: int
    taken_s: float
    range_m: float
    received_dbm: float
    snr_db: float
    rate_mbit_s: float
    loss: float
    size_bytes: int
    packets: int
    packets_lost: int
    sent_s: float
    received_s: float | None
    earth_utc: str | None
    light_time_s: float | None


@dataclass(frozen=True)
class DownlinkSequence:
    """All frames of a stretch of time, and when the battery is empty (seconds after the release)."""

    frames: tuple[Frame, ...]
    battery_s: float

    def records(self) -> list[dict[str, Any]]:
        """JSON-ready objects."""
        return [asdict(frame) for frame in self.frames]

    def summary(self) -> dict[str, Any]:
        """How many were taken, arrived whole, arrived broken or not at all."""
        through = [frame for frame in self.frames if frame.received_s is not None]
        return {
            "frames": len(self.frames),
            "whole": sum(frame.packets_lost == 0 for frame in through),
            "broken": sum(frame.packets_lost > 0 for frame in through),
            "lost": len(self.frames) - len(through),
            "battery_s": self.battery_s,
            "last_at_earth_utc": max((frame.earth_utc for frame in through if frame.earth_utc), default=None),
        }


def transmit_light_time(ephemeris: Ephemeris, target: str, center: str, epoch: Epoch, offset: Vector) -> float:
    """Seconds that a signal takes which leaves a point ``offset`` (3,) m from ``center`` at ``epoch`` for ``target``.

    In the frame of the solar system's barycentre, ICRF axes, iterated to the end: SPICE's ``XCN``.
    """
    here = ephemeris.position(center, "ssb", epoch) + offset
    seconds = 0.0
    for _ in range(10):
        change = (
            float(np.linalg.norm(ephemeris.position(target, "ssb", epoch + seconds) - here)) / SPEED_OF_LIGHT_M_S
            - seconds
        )
        seconds += change
        if abs(change) < 1e-9:
            break
    return seconds


def downlink_sequence(
    scene: Scene, start_s: float, stop_s: float, sizes: dict[int, int] | None = None
) -> DownlinkSequence:
    """The frames taken from ``start_s`` to ``stop_s`` after the release, as far as the battery lasts.

    ``sizes`` gives the bytes of some frames by number; the others have ``downlink.bits_per_pixel``.

    Raises
    ------
    SceneError
        For a camera that is never released, times out of order, too many frames, or impossible geometry.
    """
    part = scene.downlink
    if scene.release is None:
        raise SceneError("mounted: this camera stays on its craft and needs no radio; give [release]")
    if not (np.isfinite([start_s, stop_s]).all() and 0.0 <= start_s <= stop_s):
        raise SceneError(f"times from {start_s:g} s to {stop_s:g} s after the release: give 0 <= from <= to")
    battery_s = part.battery_wh * 3600.0 / part.power_w
    if start_s > battery_s:
        raise SceneError(
            f"release+{start_s:g}s: the camera's battery is empty {battery_s:g} s after the release; "
            "begin earlier, or raise downlink.battery_wh"
        )
    count = int(np.floor((stop_s - start_s) / part.cadence_s + 1e-9)) + 1
    if count > MAX_FRAMES:
        raise SceneError(f"{count:,} frames are too many; the most is {MAX_FRAMES:,}; raise downlink.cadence_s")
    width, height = scene.camera.size_px
    usual = max(round(part.bits_per_pixel * width * height / 8.0), 1)
    line = _LinkQueue(scene)
    frames = []
    for number in range(count):
        taken = start_s + number * part.cadence_s
        if taken > battery_s:
            break
        frames.append(line.send(number, taken, (sizes or {}).get(number, usual), battery_s))
    return DownlinkSequence(tuple(frames), battery_s)


class _LinkQueue:
    """Both links, each busy until its last frame is through."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._part = scene, scene.downlink
        self._link_free_s = self._earth_link_free_s = 0.0

    def send(self, number: int, taken: float, size: int, battery_s: float) -> Frame:
        part, sent = self._part, max(taken, self._link_free_s)
        view = self._scene.view(sent)
        radio = link_budget(part, float(np.linalg.norm(view.track.camera.position - view.track.mount_position)))
        lost = lost_packets(part, number, size, radio)
        frame = Frame(
            number, taken, radio.range_m, radio.received_dbm, radio.snr_db, radio.rate_mbit_s, radio.loss, size,
            lost.size, int(lost.sum()), sent, None, None, None,
        )  # fmt: skip
        if radio.throughput_mbit_s == 0.0 or lost.all():
            self._link_free_s = sent + part.cadence_s  # given up for the next one
            return frame
        done = sent + 8.0 * size / (radio.throughput_mbit_s * 1e6)
        if done > battery_s:
            return frame
        self._link_free_s = done
        received = done + radio.range_m / SPEED_OF_LIGHT_M_S
        there = 8.0 * (size - int(lost.sum()) * part.packet_bytes) / (part.earth_kbit_s * 1e3)
        self._earth_link_free_s = max(received, self._earth_link_free_s) + max(there, 0.0)
        resolved = self._scene.resolved()
        left = view.epoch + (self._earth_link_free_s - sent)
        light = transmit_light_time(resolved.almanac, "earth", resolved.body.name, left, view.track.host.position)
        return replace(frame, received_s=received, earth_utc=(left + light).utc(3), light_time_s=light)


def lost_packets(part: DownlinkSection, number: int, size: int, radio: LinkBudget) -> NDArray[np.bool_]:
    """Which packets (N,) of a frame of ``size`` bytes are lost; the same frame and seed lose the same."""
    count = -(-size // part.packet_bytes)
    return np.asarray(stream(part.seed, "packets", number).random(count) < radio.loss)


def encode_jpeg(pixels: Pixels, quality: int, restart_rows: int) -> bytes:
    """A baseline JPEG of pixels (H, W, 3) with a restart marker after so many rows of blocks, 0 for none."""
    return jpeg_bytes(pixels, quality, **({"restart_marker_rows": restart_rows} if restart_rows else {}))


def drop_packets(whole: bytes, size: int, lost: NDArray[np.bool_]) -> bytes:
    """What arrives of a stream cut into packets of ``size`` bytes, put together without those lost (N,)."""
    return b"".join(whole[k * size : (k + 1) * size] for k, gone in enumerate(lost) if not gone)


def decode_jpeg(broken: bytes) -> Pixels | None:
    """The picture (H, W, 3) that a decoder (libjpeg) makes of what arrived; None when it can make nothing of it."""
    from PIL import Image

    try:
        # A stream that breaks off has its end put there, as viewers do.
        with Image.open(
            io.BytesIO(broken if broken.endswith(_JPEG_END_MARKER) else broken + _JPEG_END_MARKER)
        ) as opened:
            return np.asarray(opened.convert("RGB"))
    except (OSError, SyntaxError, ValueError):
        return None


def select_evenly(frames: tuple[Frame, ...], count: int) -> list[Frame]:
    """``count`` of the frames, evenly over the sequence, first and last among them."""
    places = np.unique(np.round(np.linspace(0, len(frames) - 1, min(count, len(frames)))).astype(int))
    return [frames[place] for place in places]


@dataclass(frozen=True)
class ReceivedFrame:
    """A frame as it was taken and as it arrived: pixels (H, W, 3), None where nothing can be made of it."""

    frame: Frame
    clean: Pixels
    broken: Pixels | None
    stream: bytes


def simulate_reception(
    scene: Scene, start_s: float, stop_s: float, count: int, on_progress: Callable[[int, int], None] | None = None
) -> tuple[DownlinkSequence, list[ReceivedFrame]]:
    """The sequence, and ``count`` of its frames rendered, sent and received.

    Raises
    ------
    UserError
        As :func:`downlink_sequence`, and when this machine cannot draw.
    """
    part = scene.downlink
    chosen = select_evenly(downlink_sequence(scene, start_s, stop_s).frames, count)
    taken: dict[int, tuple[Pixels, bytes]] = {}
    for done, frame in enumerate(chosen):
        if on_progress:
            on_progress(done, len(chosen))
        taken[frame.number] = render_jpeg(scene, frame.taken_s)
    whole = downlink_sequence(scene, start_s, stop_s, {number: len(data) for number, (_clean, data) in taken.items()})
    received = []
    for frame in whole.frames:
        if frame.number in taken:
            clean, data = taken[frame.number]
            arrived = b""
            if frame.received_s is not None:
                lost = lost_packets(part, frame.number, len(data), link_budget(part, frame.range_m))
                arrived = drop_packets(data, part.packet_bytes, lost)
            received.append(ReceivedFrame(frame, clean, decode_jpeg(arrived) if arrived else None, arrived))
    return whole, received


def render_jpeg(scene: Scene, seconds: float) -> tuple[Pixels, bytes]:
    """The frame taken so many seconds after the release, and its JPEG: by the scene's look, or ``onboard``."""
    from selfiesim.photo.looks import LOOKS

    look = "onboard" if scene.photo.look == "clean" else scene.photo.look
    photo = scene.view(seconds).render().expose(look=look, effects__jpeg=False)
    data = encode_jpeg(photo.pixels, scene.photo.jpeg_quality or LOOKS[look].jpeg_quality, scene.downlink.restart_rows)
    clean = decode_jpeg(data)
    assert clean is not None
    return clean, data
