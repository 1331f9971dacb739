"""Fit SRGB_FROM_BANDS of selfiesim.core.colour to public spectra, and try the alternatives in colour.md.

Needs colour-science, pyelli, prosail, hydropt-oc and numba from PyPI, and a table of spectra of Mars and the Sun that
is not in this repository. Run: python design/fit_colour_matrix.py --spectra TABLE [--alternatives]
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path

import colour
import numpy as np
from colour_spectra import NM, Spectrum, load
from scipy.optimize import minimize

CENTRES = (620.0, 550.0, 460.0)
FWHM = 80.0  # of the Gaussian bands, nm
OBSERVER = "CIE 1931 2 Degree Standard Observer"
SRGB = colour.RGB_COLOURSPACES["sRGB"]
XYZ_FROM_SRGB = colour.normalised_primary_matrix(SRGB.primaries, SRGB.whitepoint)
D65 = colour.xy_to_XYZ(SRGB.whitepoint)


@dataclass(frozen=True)
class Sunlight:
    """The Sun's spectrum, and what follows from it: weights of the observer, and the adaptation to D65."""

    spectrum: np.ndarray

    def srgb(self, spectra: list[Spectrum], transform: str = "Bradford") -> np.ndarray:
        """Return linear sRGB (N, 3) of sunlit spectra, adapted so that a sunlit white is D65 white."""
        observer = np.array([colour.MSDS_CMFS[OBSERVER][nm] for nm in NM]) * self.spectrum[:, None]
        observer /= observer[:, 1].sum()
        adapt = colour.adaptation.matrix_chromatic_adaptation_VonKries(observer.sum(axis=0), D65, transform=transform)
        xyz = np.array([each.reflectance for each in spectra]) @ observer
        return xyz @ (np.linalg.inv(XYZ_FROM_SRGB) @ adapt).T

    def bands(self, spectra: list[Spectrum], centres=CENTRES, width=FWHM, shape: str = "gauss") -> np.ndarray:
        """Return band reflectances (N, 3): means under sunlight, by a Gaussian (FWHM), a box, or at one wavelength."""
        weights = []
        for centre in centres:
            off = np.abs(NM - centre)
            response = {
                "gauss": lambda x=off: np.exp(-4.0 * np.log(2.0) * (x / width) ** 2),
                "box": lambda x=off: np.clip(width / 2.0 + 0.5 - x, 0.0, 1.0),
                "point": lambda x=off: (x < 0.5).astype(float),
            }[shape]()
            weights.append(response * self.spectrum / (response * self.spectrum).sum())
        return np.array([each.reflectance for each in spectra]) @ np.array(weights).T


def lab(srgb: np.ndarray) -> np.ndarray:
    """CIELAB of linear sRGB under D65."""
    return colour.XYZ_to_Lab(srgb @ XYZ_FROM_SRGB.T, SRGB.whitepoint)


def difference(srgb: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """CIEDE2000 (N,) between linear sRGB colours."""
    return colour.delta_E(lab(srgb), lab(truth), method="CIE 2000")


def as_matrix(free: np.ndarray) -> np.ndarray:
    """Return the matrix of free entries whose rows sum to 1: the last column is what remains."""
    rows = np.reshape(free, (3, -1))
    return np.column_stack([rows, 1.0 - rows.sum(axis=1)])


def fit(inputs: np.ndarray, truth: np.ndarray, ridge: float = 0.0, weight: np.ndarray | float = 1.0) -> np.ndarray:
    """Return the matrix from inputs (N, k) to sRGB whose rows sum to 1 and that has the least difference.

    The mean difference counts as much as the sixth-power mean, which stands for the largest. ``ridge`` holds back the
    terms beyond the three bands.
    """
    count = inputs.shape[1]
    start = np.zeros((3, count - 1))
    start[:, : min(3, count - 1)] = np.eye(3)[:, : min(3, count - 1)]

    def cost(free: np.ndarray) -> float:
        matrix = as_matrix(free)
        error = weight * difference(inputs @ matrix.T, truth)
        return (error**6).mean() ** (1 / 6) + error.mean() + ridge * (matrix[:, 3:] ** 2).sum()

    free = start.ravel()
    for method in ("Powell", "Nelder-Mead", "Powell", "Nelder-Mead"):
        free = minimize(cost, free, method=method, options={"maxiter": 8000}).x
    return as_matrix(free)


def root_terms(bands: np.ndarray) -> np.ndarray:
    """The bands and the roots of their products: root-polynomial of degree 2 (Finlayson et al. 2015)."""
    red, green, blue = np.maximum(bands, 0.0).T
    return np.column_stack([bands, np.sqrt(red * green), np.sqrt(green * blue), np.sqrt(red * blue)])


def summary(label: str, fitted: list[Spectrum], held: list[Spectrum], errors: tuple[np.ndarray, np.ndarray]) -> str:
    """One row of the table of alternatives."""
    first, second = errors
    worst = fitted[int(first.argmax())].name, held[int(second.argmax())].name
    return (
        f"| {label} | {first.max():.2f} ({worst[0]}) | {first.mean():.2f} "
        f"| {second.max():.2f} ({worst[1]}) | {second.mean():.2f} |"
    )


def alternatives(sun: Sunlight, fitted: list[Spectrum], held: list[Spectrum]) -> None:
    """Print what other bands, other weights and root-polynomial terms give."""
    truth, truth_held = sun.srgb(fitted), sun.srgb(held)
    print("\n| bands | largest | mean | largest, held out | mean, held out |\n|---|---|---|---|---|")

    def show(label: str, matrix: np.ndarray, inputs: np.ndarray, inputs_held: np.ndarray) -> None:
        errors = difference(inputs @ matrix.T, truth), difference(inputs_held @ matrix.T, truth_held)
        print(summary(label, fitted, held, errors), flush=True)

    choices = [(CENTRES, 1.0, "point"), *((CENTRES, width, "box") for width in (40.0, 60.0, 80.0, 100.0, 110.0, 120.0))]
    choices += [(CENTRES, width, "gauss") for width in (60.0, 70.0, 80.0, 90.0, 100.0)]
    choices += [((610.0, 545.0, 455.0), 100.0, "box"), ((600.0, 550.0, 450.0), 80.0, "box")]
    for centres, width, shape in choices:
        pair = [sun.bands(group, centres, width, shape) for group in (fitted, held)]
        label = "/".join(f"{c:.0f}" for c in centres) + (f", {shape} {width:.0f} nm" if shape != "point" else ", point")
        if centres == CENTRES and shape in ("point",):
            show(f"{label}, shown as sRGB (before)", np.eye(3), *pair)
        show(label, fit(pair[0], truth), *pair)
    for shape, width in (("point", 1.0), ("box", 80.0), ("gauss", FWHM)):
        pair = [root_terms(sun.bands(group, CENTRES, width, shape)) for group in (fitted, held)]
        for ridge in (0.03, 0.3):
            show(f"root-polynomial, {shape} {width:.0f} nm, ridge {ridge}", fit(pair[0], truth, ridge), *pair)
    pair = [sun.bands(group) for group in (fitted, held)]
    for share in (0.2, 0.5, 1.0):
        weight = np.repeat([1.0, share], [len(fitted), len(held)])
        matrix = fit(np.vstack(pair), np.vstack([truth, truth_held]), weight=weight)
        show(f"gauss {FWHM:.0f} nm, held-out spectra fitted too, weight {share}", matrix, *pair)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spectra", type=Path, required=True)
    parser.add_argument("--alternatives", action="store_true")
    options = parser.parse_args()
    spectrum, spectra = load(options.spectra)
    sun = Sunlight(spectrum)
    fitted, held = ([each for each in spectra if each.fitted is kind] for kind in (True, False))
    matrix = np.round(fit(sun.bands(fitted), sun.srgb(fitted)), 4)
    matrix[np.arange(3), np.arange(3)] += np.round(1.0 - matrix.sum(axis=1), 4)
    print("SRGB_FROM_BANDS =", matrix.tolist())
    print("\n| spectrum | R | G | B | L* | hue | chroma | before | after |\n|---|---|---|---|---|---|---|---|---|")
    for group in (fitted, held):
        bands, truth = sun.bands(group), sun.srgb(group)
        before = difference(sun.bands(group, shape="point"), truth)
        after = difference(bands @ matrix.T, truth)
        for each, values, (light, a, b), was, now in zip(group, bands, lab(truth), before, after, strict=True):
            numbers = " | ".join(f"{value:.4f}" for value in values)
            angle = f"{np.degrees(np.arctan2(b, a)) % 360.0:.1f}" if np.hypot(a, b) > 0.5 else "-"
            print(f"| {each.name} | {numbers} | {light:.1f} | {angle} | {np.hypot(a, b):.1f} | {was:.2f} | {now:.2f} |")
        means, most = (f"{before.mean():.2f}", f"{after.mean():.2f}"), (f"{before.max():.2f}", f"{after.max():.2f}")
        print("| mean | | | | | | |", " | ".join(means), "|\n| largest | | | | | | |", " | ".join(most), "|")
    if options.alternatives:
        alternatives(sun, fitted, held)


if __name__ == "__main__":
    warnings.simplefilter("ignore", colour.utilities.ColourUsageWarning)
    main()
