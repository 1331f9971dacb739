"""The downlink: each frame travels by radio from the camera to the craft, and from there to Earth.

A frame is a JPEG with restart markers, cut into packets. Lost packets leave holes in it, and the picture that arrives
is what a decoder makes of the rest. Frames queue for both links; the craft stores what it has received.
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
from selfiesim.core.limits import DOWNLINK_FRAMES
from selfiesim.core.rng import stream
from selfiesim.photo.finish import jpeg_bytes

if TYPE_CHECKING:
    from selfiesim.astro.ephemeris import Ephemeris
    from selfiesim.astro.epoch import Epoch
    from selfiesim.core.vectors import Vector
    from selfiesim.scene.downlink import DownlinkSection
    from selfiesim.scene.scene import Scene

_JPEG_END_MARKER = b"\xff\xd9"

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """One frame on its way to Earth.

    Attributes
    ----------
    number : int
        From 0 at the start of the sequence.
    taken_s, sent_s : float
        When it is taken, and when its transmission begins, s after the release.
    range_m, received_dbm, snr_db, rate_mbit_s, loss : float
        The link at that time; see :class:`selfiesim.analysis.radio.LinkBudget`.
    size_bytes, packets, packets_lost : int
        Size of the JPEG, and its packets.
    received_s : float, optional
        When its last bit is on board the craft, s after the release; None for a frame that is never received.
    earth_utc, light_time_s : str and float, optional
        When its last bit is on Earth, and the light time.
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
    """All frames of a span of time, and when the battery is empty, s after the release."""

    frames: tuple[Frame, ...]
    battery_s: float

    def records(self) -> list[dict[str, Any]]:
        """Return the frames as JSON-ready objects."""
        return [asdict(frame) for frame in self.frames]

    def summary(self) -> dict[str, Any]:
        """Count the frames taken, received complete, received damaged, and never received; JSON-ready."""
        received = [frame for frame in self.frames if frame.received_s is not None]
        return {
            "frames": len(self.frames),
            "whole": sum(frame.packets_lost == 0 for frame in received),
            "broken": sum(frame.packets_lost > 0 for frame in received),
            "lost": len(self.frames) - len(received),
            "battery_s": self.battery_s,
            "last_at_earth_utc": max((frame.earth_utc for frame in received if frame.earth_utc), default=None),
        }


def transmit_light_time(ephemeris: Ephemeris, target: str, center: str, epoch: Epoch, offset: Vector) -> float:
    """Light time, s, of a signal that leaves a point at ``epoch`` for the body ``target``.

    In the frame of the solar system's barycentre, iterated to convergence, like SPICE's ``XCN``.

    Parameters
    ----------
    center, offset
        The point: a body, and an offset (3,) from it, m, ICRF axes.
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
    """Send the frames taken from ``start_s`` to ``stop_s`` after the release, until the battery is empty.

    Parameters
    ----------
    sizes
        Bytes of some frames, by number; the size of the others follows from ``downlink.bits_per_pixel``.

    Raises
    ------
    SceneError
        For a camera that is never released, times out of order, too many frames, or impossible geometry.
    """
    downlink = scene.downlink
    if scene.release is None:
        raise SceneError("mounted: this camera stays on its craft and needs no radio; give [release]")
    if not (np.isfinite([start_s, stop_s]).all() and 0.0 <= start_s <= stop_s):
        raise SceneError(f"times from {start_s:g} s to {stop_s:g} s after the release: give 0 <= from <= to")
    battery_s = downlink.battery_wh * 3600.0 / downlink.power_w
    if start_s > battery_s:
        raise SceneError(
            f"release+{start_s:g}s: the camera's battery is empty {battery_s:g} s after the release; "
            "begin earlier, or raise downlink.battery_wh"
        )
    count = int(np.floor((stop_s - start_s) / downlink.cadence_s + 1e-9)) + 1
    DOWNLINK_FRAMES.check(count, f"{count:,} frames are too many", SceneError, "raise downlink.cadence_s")
    width, height = scene.camera.size_px
    default_size = max(round(downlink.bits_per_pixel * width * height / 8.0), 1)
    queue = _LinkQueue(scene)
    frames = []
    for number in range(count):
        taken = start_s + number * downlink.cadence_s
        if taken > battery_s:
            break
        frames.append(queue.send(number, taken, (sizes or {}).get(number, default_size), battery_s))
    return DownlinkSequence(tuple(frames), battery_s)


class _LinkQueue:
    """Both links, each busy until its latest frame has been sent."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._downlink = scene, scene.downlink
        self._link_free_s = self._earth_link_free_s = 0.0

    def send(self, number: int, taken: float, size: int, battery_s: float) -> Frame:
        """Send a frame of ``size`` bytes as soon as the links are free."""
        downlink, sent = self._downlink, max(taken, self._link_free_s)
        view = self._scene.view(sent)
        radio = link_budget(downlink, float(np.linalg.norm(view.track.camera.position - view.track.mount_position)))
        lost = lost_packets(downlink, number, size, radio)
        frame = Frame(
            number, taken, radio.range_m, radio.received_dbm, radio.snr_db, radio.rate_mbit_s, radio.loss, size,
            lost.size, int(lost.sum()), sent, None, None, None,
        )  # fmt: skip
        if radio.throughput_mbit_s == 0.0 or lost.all():
            self._link_free_s = sent + downlink.cadence_s  # abandoned when the next frame is due
            return frame
        done = sent + 8.0 * size / (radio.throughput_mbit_s * 1e6)
        if done > battery_s:
            return frame
        self._link_free_s = done
        received = done + radio.range_m / SPEED_OF_LIGHT_M_S
        earth_transmission_s = 8.0 * (size - int(lost.sum()) * downlink.packet_bytes) / (downlink.earth_kbit_s * 1e3)
        self._earth_link_free_s = max(received, self._earth_link_free_s) + max(earth_transmission_s, 0.0)
        resolved = self._scene.resolve()
        left = view.epoch + (self._earth_link_free_s - sent)
        light = transmit_light_time(resolved.almanac, "earth", resolved.body.name, left, view.track.host.position)
        return replace(frame, received_s=received, earth_utc=(left + light).utc(3), light_time_s=light)


def lost_packets(downlink: DownlinkSection, number: int, size: int, radio: LinkBudget) -> NDArray[np.bool_]:
    """Choose which packets (N,) of a frame of ``size`` bytes are lost; determined by frame number and seed."""
    count = -(-size // downlink.packet_bytes)
    return np.asarray(stream(downlink.seed, "packets", number).random(count) < radio.loss)


def encode_jpeg(pixels: Pixels, quality: int, restart_rows: int) -> bytes:
    """Encode pixels (H, W, 3) as a baseline JPEG with a restart marker every so many rows of blocks, 0 for none."""
    return jpeg_bytes(pixels, quality, **({"restart_marker_rows": restart_rows} if restart_rows else {}))


def drop_packets(data: bytes, size: int, lost: NDArray[np.bool_]) -> bytes:
    """Cut ``data`` into packets of ``size`` bytes and join those that are not ``lost`` (N,)."""
    return b"".join(data[k * size : (k + 1) * size] for k, is_lost in enumerate(lost) if not is_lost)


def decode_jpeg(received: bytes) -> Pixels | None:
    """Decode what was received to a picture (H, W, 3) with libjpeg; None when it cannot be decoded."""
    from PIL import Image

    # Like image viewers, end a truncated stream properly.
    ended = received if received.endswith(_JPEG_END_MARKER) else received + _JPEG_END_MARKER
    try:
        with Image.open(io.BytesIO(ended)) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError):
        return None


def select_evenly(frames: tuple[Frame, ...], count: int) -> list[Frame]:
    """Select ``count`` frames, evenly spaced over the sequence, including the first and the last."""
    indices = np.unique(np.round(np.linspace(0, len(frames) - 1, min(count, len(frames)))).astype(int))
    return [frames[index] for index in indices]


@dataclass(frozen=True)
class ReceivedFrame:
    """A frame as taken and as received.

    Attributes
    ----------
    clean : (H, W, 3) uint8 array
        The picture that was sent.
    broken : (H, W, 3) uint8 array, optional
        The picture that was received; None when it cannot be decoded.
    stream : bytes
        The received JPEG.
    """

    frame: Frame
    clean: Pixels
    broken: Pixels | None
    stream: bytes


def simulate_reception(
    scene: Scene, start_s: float, stop_s: float, count: int, on_progress: Callable[[int, int], None] | None = None
) -> tuple[DownlinkSequence, list[ReceivedFrame]]:
    """Run the downlink, and render, send and receive ``count`` of its frames.

    Raises
    ------
    UserError
        As for :func:`downlink_sequence`, and when this machine cannot render.
    """
    downlink = scene.downlink
    chosen = select_evenly(downlink_sequence(scene, start_s, stop_s).frames, count)
    taken: dict[int, tuple[Pixels, bytes]] = {}
    for done, frame in enumerate(chosen):
        if on_progress:
            on_progress(done, len(chosen))
        taken[frame.number] = render_jpeg(scene, frame.taken_s)
    sequence = downlink_sequence(
        scene, start_s, stop_s, {number: len(data) for number, (_clean, data) in taken.items()}
    )
    received = []
    for frame in sequence.frames:
        if frame.number in taken:
            clean, data = taken[frame.number]
            arrived = b""
            if frame.received_s is not None:
                lost = lost_packets(downlink, frame.number, len(data), link_budget(downlink, frame.range_m))
                arrived = drop_packets(data, downlink.packet_bytes, lost)
            received.append(ReceivedFrame(frame, clean, decode_jpeg(arrived) if arrived else None, arrived))
    return sequence, received


def render_jpeg(scene: Scene, seconds: float) -> tuple[Pixels, bytes]:
    """Render the frame taken ``seconds`` after the release in the scene's look, or ``onboard``: pixels and JPEG."""
    from selfiesim.photo.looks import LOOKS

    look = "onboard" if scene.photo.look == "clean" else scene.photo.look
    photo = scene.view(seconds).render().expose(look=look, effects__jpeg=False)
    data = encode_jpeg(photo.pixels, scene.photo.jpeg_quality or LOOKS[look].jpeg_quality, scene.downlink.restart_rows)
    clean = decode_jpeg(data)
    assert clean is not None
    return clean, data
