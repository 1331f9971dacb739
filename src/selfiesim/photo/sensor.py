"""The sensor: photoelectrons, noise (a random stream per source) and analogue-to-digital conversion.

The irradiance of a pixel is pi / 4 N^2 * T * L, with the f-number N and T = 0.83, so that the exposure is the
0.65 L t / N^2 of ISO 12232. Photons of each band yield electrons by the quantum efficiency of the pixel's colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import BAND_ROWS, for_each_band, weighted_sum
from selfiesim.core.rng import stream
from selfiesim.photo.detectors import Detector
from selfiesim.photo.exposure import Exposure, luminance
from selfiesim.photo.optics import WAVELENGTHS_M, Floats

PLANCK_TIMES_LIGHT_SPEED = 6.62607015e-34 * 299792458.0  # J m, exact in the SI
TRANSMISSION = 4.0 * 0.65 / np.pi  # of the lens, by ISO 12232
BAND_NM = 90.0  # width of the spectrum that each of the three bands represents
POISSON_BELOW = 20.0  # mean, electrons, below which the distribution is inverted exactly
_MAX_POISSON_COUNT = 80  # for a mean of 20, the probability of more is 1e-22
_PAIRS_PER_UM = 80.0  # electron-hole pairs per micrometre of a minimum-ionising track in silicon (Particle Data Group)
_DEPTH_UM = 5.0  # of the collecting layer
BAYER = ((0, 1), (1, 2))  # colours of the mosaic's cell: red, green; green, blue


DigitalNumbers = NDArray[np.uint16] | Floats
"""Output of the converter: float32 without ``quantisation``."""


@dataclass(frozen=True)
class Sensor:
    """A detector behind a lens at an exposure.

    Attributes
    ----------
    detector : Detector
        Its specification.
    exposure : Exposure
        With the ISO in use, never below the detector's base ISO.
    electrons : (C, 3) array
        Electrons per unit radiance (W m^-2 sr^-1 nm^-1), by colour of pixel and band.
    full_scale_e : float
        Electrons at the converter's largest number.
    on : frozenset of str
        Effects that are on.
    seed : int
        Random seed of the noise that differs from frame to frame.
    """

    detector: Detector
    exposure: Exposure
    electrons: NDArray[np.float64]
    full_scale_e: float
    on: frozenset[str]
    seed: int

    @property
    def electrons_per_dn(self) -> float:
        """Gain, e-/DN."""
        return self.full_scale_e / (self.detector.max_dn - self.detector.black_level_dn)

    @property
    def mosaic(self) -> bool:
        """Whether each pixel has one of three colours."""
        return self.detector.is_colour and "mosaic" in self.on


def responsivity(detector: Detector) -> NDArray[np.float64]:
    """Electrons (C, 3) per unit radiance in each band, times N^2 / t (t in s)."""
    energy = PLANCK_TIMES_LIGHT_SPEED / np.array(WAVELENGTHS_M)
    area = (detector.pixel_pitch_um * 1e-6) ** 2
    return np.array(detector.quantum_efficiency) * (np.pi / 4.0 * TRANSMISSION * area * BAND_NM / energy)


def base_iso(detector: Detector, sun: NDArray[np.float64]) -> float:
    """ISO 12232 saturation speed of the detector's full well under sunlight (3,), W m^-2 nm^-1."""
    white = np.asarray(sun, float) / np.pi
    fastest = float((responsivity(detector) @ white).max())  # the first colour to saturate
    return 78.0 / (0.65 * float(luminance(white.astype(np.float32))) * detector.full_well_e / fastest)


def configure_sensor(
    detector: Detector, exposure: Exposure, sun: NDArray[np.float64], on: frozenset[str], seed: int
) -> Sensor:
    """Set up a detector for an exposure; its gain follows from the ISO.

    Parameters
    ----------
    detector : Detector
        Its specification.
    exposure : Exposure
        With the ISO in use.
    sun : (3,) array
        Solar irradiance, W m^-2 nm^-1.
    on : frozenset of str
        Effects that are on.
    seed : int
        Random seed of the frame.

    Returns
    -------
    Sensor
        The detector at this exposure.
    """
    electrons = responsivity(detector) * exposure.shutter_s / exposure.f_number**2
    full = detector.full_well_e * min(1.0, base_iso(detector, sun) / exposure.iso)
    return Sensor(detector, exposure, electrons, full, on, seed)


def white_electrons(sensor: Sensor, sun: NDArray[np.float64]) -> NDArray[np.float64]:
    """Electrons (C,) of each colour for a sunlit white wall, without saturation."""
    return np.asarray(sensor.electrons @ (np.asarray(sun, float) / np.pi))


def camera_to_light(sensor: Sensor, sun: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix (3, 3) from camera colours to light in the bands, both relative to sunlit white: rows sum to 1."""
    mixed = sensor.electrons * (np.asarray(sun, float) / np.pi)
    return np.linalg.inv(mixed / mixed.sum(axis=1, keepdims=True))


# Long for its docstring.
def simulate_raw(
    planes: Floats, transmission: Floats, sensor: Sensor, top: int = 0, picture_height: int | None = None
) -> DigitalNumbers:
    """Simulate the digital numbers of a frame, or of some of its rows.

    A row has the same noise whether it is simulated alone or with the whole picture.

    Parameters
    ----------
    planes : (3, h, W) float32
        Radiance as imaged by the lens, W m^-2 sr^-1 nm^-1.
    transmission : (h, W) float32
        Relative illumination: vignetting and dust.
    sensor : Sensor
        The detector at its exposure.
    top : int
        Row of the picture at which ``planes`` begin; a multiple of 64.
    picture_height : int, optional
        Rows of the whole picture; by default h.

    Returns
    -------
    (C, h, W) uint16 or float32
        C is 1 with a mosaic or a monochrome sensor, else 3; float32 without ``quantisation``.
    """
    height, width = planes.shape[1:]
    picture_height = height if picture_height is None else picture_height
    count = 1 if sensor.mosaic or not sensor.detector.is_colour else 3
    charge = np.empty((count, height, width), np.float32)
    fixed = _fixed_pattern(sensor, count, (picture_height, width), slice(top, top + height))
    first, has_mosaic, electrons = top // BAND_ROWS, sensor.mosaic, sensor.electrons.astype(np.float32)

    def collect(band: int, rows: slice) -> None:
        light = planes[:, rows] * transmission[rows]
        _collect_electrons(light, electrons, has_mosaic, charge[:, rows])
        _add_noise(charge[:, rows], sensor, fixed, first + band, rows)

    for_each_band(height, collect)
    if "cosmic_rays" in sensor.on:
        _add_cosmic_rays(charge, sensor, top, picture_height)
    apply_full_well(charge, sensor.detector.full_well_e, sensor.detector.spill if "blooming" in sensor.on else 0.0)
    return _digitise(charge, sensor, fixed, first)


def _collect_electrons(light: Floats, electrons: Floats, mosaic: bool, out: Floats) -> None:
    """Photoelectrons of a band of rows from radiance (3, h, W), without noise."""
    if not mosaic:
        for colour, weights in enumerate(electrons):
            out[colour] = weighted_sum(light, weights)
        return
    for row in (0, 1):
        for column in (0, 1):
            at = np.s_[row::2, column::2]
            out[0][at] = weighted_sum(light[:, row::2, column::2], electrons[BAYER[row][column]])


def _add_noise(charge: Floats, sensor: Sensor, fixed: _FixedPattern, band: int, rows: slice) -> None:
    if fixed.sensitivity is not None:
        charge *= fixed.sensitivity[:, rows]
    if "shot_noise" in sensor.on:
        charge[:] = poisson(charge, stream(sensor.seed, "shot_noise", band))
    if "dark_current" in sensor.on:
        level = sensor.detector.dark_e_s * sensor.exposure.shutter_s
        charge += _uniform_poisson(level, charge.shape, stream(sensor.seed, "dark_current", band))
    if fixed.hot is not None:
        inside = (fixed.hot[1] >= rows.start) & (fixed.hot[1] < rows.stop)
        plane, row, column = (part[inside] for part in fixed.hot)
        mean = fixed.hot_dark_e_s[inside] * np.float32(sensor.exposure.shutter_s)
        np.add.at(charge, (plane, row - rows.start, column), poisson(mean, stream(sensor.seed, "hot_pixels", band)))


def _uniform_poisson(mean: float, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Poisson variates of one mean; few events are scattered over the picture one by one, which is faster."""
    if mean > 1.0:
        return poisson(np.full(shape, mean, np.float32), rng)
    size = int(np.prod(shape))
    pixels = rng.integers(0, size, rng.poisson(mean * size))
    return np.bincount(pixels, minlength=size).astype(np.float32).reshape(shape)


def poisson(mean: Floats, rng: np.random.Generator) -> Floats:
    """Poisson variates of float32 means, one normal variate each: exact below 20, by a Cornish-Fisher expansion above.

    The expansion, mean + z sqrt(mean) + (z^2 - 1) / 6, has the first three moments of the distribution to 0.3 percent.
    With one variate per pixel, rounding of one mean never changes the random numbers of other pixels.
    """
    z = rng.standard_normal(mean.shape, dtype=np.float32)
    drawn = z * z
    drawn -= np.float32(1.0)
    drawn *= np.float32(1.0 / 6.0)
    drawn += z * np.sqrt(mean)
    drawn += mean
    few = mean < POISSON_BELOW
    if few.any():
        drawn[few] = _poisson_inverse_cdf(mean[few], z[few])
    return np.asarray(drawn)


def _poisson_inverse_cdf(mean: Floats, z: Floats) -> Floats:
    """Poisson variates (N,) at the quantiles of the normal variates ``z`` (N,)."""
    from scipy.special import ndtr

    number = np.zeros(len(mean), np.float32)
    share = ndtr(z)
    none = np.exp(-mean)
    left = np.flatnonzero(share > none)
    term = total = none[left].astype(np.float64)
    mean, share = mean[left].astype(np.float64), share[left]
    for count in range(1, _MAX_POISSON_COUNT):
        if not left.size:
            break
        number[left] = count
        term = term * mean / count
        total = total + term
        on = share > total
        left, mean, share, term, total = left[on], mean[on], share[on], term[on], total[on]
    return number


@dataclass(frozen=True)
class _FixedPattern:
    """Properties of pixels that are the same in each frame, None where the effect is off.

    Attributes
    ----------
    sensitivity : (C, H, W) array, optional
        Relative sensitivity.
    hot : tuple of (N,) array, optional
        Plane, row and column of each hot pixel.
    hot_dark_e_s : (N,) array
        Their dark current, e-/s.
    columns : (W,) array, optional
        Offsets of the columns, e-.
    """

    sensitivity: Floats | None
    hot: tuple[NDArray[np.int64], ...] | None
    hot_dark_e_s: Floats
    columns: Floats | None


def _fixed_pattern(sensor: Sensor, count: int, size: tuple[int, int], rows: slice) -> _FixedPattern:
    """Fixed pattern of some rows of a picture of ``size`` (height, width); hot pixels' rows count from the first."""
    kinds = frozenset({"prnu", "hot_pixels", "fixed_pattern"} & sensor.on)
    if rows == slice(0, size[0]):
        return _full_frame_pattern(sensor.detector, kinds, count, size)
    return _make_pattern(sensor.detector, kinds, count, size, rows)


@lru_cache(maxsize=2)
def _full_frame_pattern(detector: Detector, on: frozenset[str], count: int, size: tuple[int, int]) -> _FixedPattern:
    return _make_pattern(detector, on, count, size, slice(0, size[0]))


def _make_pattern(
    detector: Detector, on: frozenset[str], count: int, size: tuple[int, int], rows: slice
) -> _FixedPattern:
    height, width = size
    sensitivity = hot = columns = None
    hot_dark_e_s = np.zeros(0, np.float32)
    if "prnu" in on and detector.prnu:
        sensitivity = np.empty((count, rows.stop - rows.start, width), np.float32)
        for start in range(rows.start, rows.stop, BAND_ROWS):
            part = sensitivity[:, start - rows.start : start - rows.start + BAND_ROWS]
            part[:] = stream(0, "prnu", start // BAND_ROWS).standard_normal(part.shape, dtype=np.float32)
        sensitivity *= np.float32(detector.prnu)
        sensitivity += np.float32(1.0)
        np.maximum(sensitivity, 0.0, out=sensitivity)
    if "hot_pixels" in on:
        rng = stream(0, "hot_pixels")
        number = rng.poisson(detector.hot_share * count * height * width)
        plane, row, column = (rng.integers(0, side, number) for side in (count, height, width))
        # Tens to tens of thousands of times the normal dark current.
        hot_dark_e_s = (detector.dark_e_s * 10.0 ** rng.normal(3.0, 0.6, number)).astype(np.float32)
        inside = (row >= rows.start) & (row < rows.stop)
        hot, hot_dark_e_s = (plane[inside], row[inside] - rows.start, column[inside]), hot_dark_e_s[inside]
    if "fixed_pattern" in on and detector.column_noise_e:
        columns = stream(0, "fixed_pattern").normal(0.0, detector.column_noise_e, width).astype(np.float32)
    return _FixedPattern(sensitivity, hot, hot_dark_e_s, columns)


def _add_cosmic_rays(charge: Floats, sensor: Sensor, top: int, height: int) -> None:
    """Add tracks of particles during exposure and readout: isotropic, straight through the collecting layer.

    They are scattered over all ``height`` rows of the picture; ``charge`` holds those from ``top`` on.
    """
    detector, rng = sensor.detector, stream(sensor.seed, "cosmic_rays")
    width = charge.shape[2]
    pitch = detector.pixel_pitch_um
    area_cm2 = height * width * (pitch * 1e-4) ** 2
    seconds = sensor.exposure.shutter_s + detector.readout_s
    hits = min(int(rng.poisson(detector.cosmic_cm2_s * area_cm2 * seconds)), 200_000)
    for _ in range(hits):
        x, y, azimuth = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, 2 * np.pi)
        # The flux of isotropic particles through a flat layer goes with the cosine of the slant: sin^2 is uniform.
        sine = np.sqrt(rng.uniform())
        slant = min(sine / np.sqrt(max(1.0 - sine * sine, 1e-6)), 100.0)
        steps = np.linspace(0.0, 1.0, 2 + int(2 * slant * _DEPTH_UM / pitch))
        rows = np.floor(y + np.sin(azimuth) * slant * _DEPTH_UM / pitch * steps).astype(int) - top
        columns = np.floor(x + np.cos(azimuth) * slant * _DEPTH_UM / pitch * steps).astype(int)
        inside = (rows >= 0) & (rows < charge.shape[1]) & (columns >= 0) & (columns < width)
        freed = _PAIRS_PER_UM * _DEPTH_UM * np.hypot(1.0, slant) / len(steps) * rng.gamma(4.0, 0.25, len(steps))
        for plane in charge:
            np.add.at(plane, (rows[inside], columns[inside]), freed[inside].astype(np.float32))


def apply_full_well(charge: Floats, full_well: float, spill: float) -> None:
    """Limit charge (C, H, W) to the full well, in place.

    A fraction ``spill`` of the excess blooms along the column, half upward and half downward, and is lost at its ends;
    the rest is drained.
    """
    well = np.float32(full_well)
    for plane in charge:
        if spill > 0.0:
            columns = np.flatnonzero((plane > well).any(axis=0))
            if columns.size:
                part = plane[:, columns]
                excess = np.maximum(part - well, 0.0) * np.float32(0.5 * spill)
                np.minimum(part, well, out=part)
                for order in (range(len(part)), range(len(part) - 1, -1, -1)):
                    carry = np.zeros(columns.size, np.float32)
                    for row in order:
                        room = np.minimum(well - part[row], carry)
                        part[row] += room
                        carry += excess[row] - room
                plane[:, columns] = part
        np.minimum(plane, well, out=plane)


def _digitise(charge: Floats, sensor: Sensor, fixed: _FixedPattern, first: int) -> DigitalNumbers:
    """Convert charge (C, H, W), with read noise and column offsets, to digital numbers.

    ``first`` is the number, in the picture, of its first band of rows.
    """
    whole = "quantisation" in sensor.on
    out = np.empty(charge.shape, np.uint16 if whole else np.float32)
    scale, black, top = (
        np.float32(1.0 / sensor.electrons_per_dn),
        sensor.detector.black_level_dn,
        sensor.detector.max_dn,
    )
    noise = sensor.detector.read_noise_e if "read_noise" in sensor.on else 0.0

    def convert(band: int, rows: slice) -> None:
        part = charge[:, rows]
        if noise:
            rng = stream(sensor.seed, "read_noise", first + band)
            part = part + np.float32(noise) * rng.standard_normal(part.shape, dtype=np.float32)
        if fixed.columns is not None:
            part = part + fixed.columns
        number = part * scale
        number += np.float32(black + (0.5 if whole else 0.0))
        out[:, rows] = np.clip(number, 0.0, top, out=number)

    for_each_band(charge.shape[1], convert)
    return out
