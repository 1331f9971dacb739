"""Band values of the finishes that have measured optical constants: foil, metals, mirrors and solar cells.

    python design/finish_bands.py --spectra spectra.tsv

Needs what fit_colour_matrix.py needs; the table's last column, sunlight, weighs the bands.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from colour_spectra import NM, behind_sheet, coated, fresnel, kapton_on_aluminium, optical_constants, read_table

from selfiesim.core.colour import BAND_FWHM_NM, linear_srgb_from_bands, srgb_from_linear

CENTRES_NM = np.array([[620.0], [550.0], [460.0]])
TIO2, AL2O3, GAAS = "main/TiO2/nk/Siefke", "main/Al2O3/nk/Boidin", "main/GaAs/nk/Aspnes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spectra", type=Path, required=True)
    sun = list(read_table(parser.parse_args().spectra).values())[-1]
    weights = np.exp(-4.0 * np.log(2.0) * ((NM - CENTRES_NM) / BAND_FWHM_NM) ** 2) * sun
    weights /= weights.sum(axis=1, keepdims=True)

    def show(name: str, reflectance: np.ndarray) -> None:
        bands = weights @ reflectance
        code = 255.0 * srgb_from_linear(np.clip(linear_srgb_from_bands(bands), 0.0, 1.0))
        print(f"{name:42s} {bands.round(3)}  sRGB {code.round().astype(int)}")

    for thickness_um in (25.0, 50.0, 75.0, 125.0):
        show(f"Kapton {thickness_um:g} um on aluminium", kapton_on_aluminium(thickness_um))
    for name in ("Al/nk/Rakic", "Ti/nk/Johnson"):
        show(f"{name} in vacuum", np.abs(fresnel(1.0, optical_constants(f"main/{name}"))) ** 2)
    silver = np.abs(fresnel(1.46, optical_constants("main/Ag/nk/Johnson"))) ** 2
    show("silver behind fused silica", behind_sheet(1.46 + 0j * NM, 2e5, silver))
    # The coat that lets most photons into the cell.
    photons = sun * NM
    thicknesses = list(product(np.arange(0.0, 121.0, 5.0), np.arange(30.0, 71.0, 2.5)))
    lost = [float(photons @ under_glass(*each) / photons.sum()) for each in thicknesses]
    best = thicknesses[int(np.argmin(lost))]
    print(f"GaAs: least reflection, {min(lost):.2%} of photons, with {best[0]:g} nm Al2O3 and {best[1]:g} nm TiO2")
    for change in product((0.0, 2.0), (-1.0, 0.0, 1.0, 2.0)):
        show(f"  and {change} nm", under_glass(best[0] + change[0], best[1] + change[1]))


def under_glass(al2o3_nm: float, tio2_nm: float) -> np.ndarray:
    """GaAs under coated cover glass, without the glass's own reflection, which the finish's clear coat has."""
    layers = [(optical_constants(name), nm) for name, nm in ((AL2O3, al2o3_nm), (TIO2, tio2_nm)) if nm > 0.0]
    cell = coated(1.41, layers, optical_constants(GAAS))
    glass, magnesium_fluoride = 1.52 + 0j * NM, optical_constants("main/MgF2/nk/Rodriguez-de Marcos")
    front = coated(1.0, [(magnesium_fluoride, 100.0)], glass)
    return (1.0 - front) ** 2 * cell / (1.0 - front * cell)


if __name__ == "__main__":
    main()
