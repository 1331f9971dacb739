"""Public reflectance spectra for fit_colour_matrix.py, on one grid of 1 nm from 380 to 780 nm.

Mars and the Sun come from a table of published measurements (``--spectra``, not part of this repository). The other
spectra come from packages on PyPI: colour-science (paint, foliage), pyelli (the refractiveindex.info database, CC0),
prosail (the PROSPECT-D leaf model) and hydropt-oc (absorption and scattering of sea water). Where no package holds a
reflectance, it is calculated from measured optical constants; each such function says how.
"""

from __future__ import annotations

import csv
import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import colour
import numpy as np
import yaml

NM = np.arange(380.0, 781.0)


@dataclass(frozen=True)
class Spectrum:
    """A reflectance on the grid ``NM``, with its source; ``fitted`` if the matrix is fitted to it."""

    name: str
    reflectance: np.ndarray
    source: str
    fitted: bool = True


# Column of the table, name, source. The two HST spectra end near 570 nm: no colour can be had from them.
MARS = [
    ("mars_bright_singer1979", "Mars, bright ground", "Singer et al. 1979, J. Geophys. Res. 84, 8415"),
    ("mars_dark_singer1979", "Mars, dark ground", "Singer et al. 1979, J. Geophys. Res. 84, 8415"),
    ("mars_disc_mccord1971", "Mars, disc", "McCord and Westphal 1971, Astrophys. J. 168, 141"),
    ("bright_soil_pathfinder", "Mars, bright soil", "Imager for Mars Pathfinder"),
    ("dark_soil_pathfinder", "Mars, dark soil", "Imager for Mars Pathfinder"),
    ("ice_phoenix_trench", "Mars, ice in a trench", "Phoenix"),
]


def read_table(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of a tab-separated table on the grid."""
    with path.open() as lines:
        rows = list(csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t"))
    table = np.array(rows[1:], float)
    return {name: np.interp(NM, table[:, 0], column) for name, column in zip(rows[0], table.T, strict=True)}


@lru_cache
def optical_constants(entry: str) -> np.ndarray:
    """Return n + ik of an entry of refractiveindex.info such as ``main/Al/nk/Rakic``, as shipped by pyelli."""
    root = Path(importlib.util.find_spec("elli").origin).parent
    path = root / "database/refractiveindexinfo-database/database/data" / f"{entry}.yml"
    index = np.zeros(len(NM), complex)
    for part in yaml.safe_load(path.read_text())["DATA"]:
        rows = np.array([line.split() for line in part["data"].strip().splitlines()], float)
        for column, letter in enumerate(part["type"].split()[-1], 1):
            # Beyond its last value an index is constant, and an unknown absorption is NaN.
            ends = {} if letter == "n" else {"left": np.nan, "right": np.nan}
            part_of = index.real if letter == "n" else index.imag
            part_of += np.interp(NM, 1e3 * rows[:, 0], rows[:, column], **ends)
    return index


def kapton() -> np.ndarray:
    """Return n + ik of Kapton: HN from 480 nm up, H up to 430 nm, between them a straight line of log k.

    HN: French et al. 2009, 34th IEEE PVSC, 394. H: Arakawa et al. 1981, J. Appl. Phys. 52, 3579.
    """
    folder = "other/commercial polymers/Kapton/nk"
    index, ultraviolet = optical_constants(f"{folder}/French"), optical_constants(f"{folder}/Arakawa").imag
    absorption = np.where(NM < 440.0, ultraviolet, index.imag)
    known = ~np.isnan(absorption)
    return index.real + 1j * np.exp(np.interp(NM, NM[known], np.log(absorption[known])))


def fresnel(first: np.ndarray | float, second: np.ndarray | float) -> np.ndarray:
    """Return the amplitude reflected at normal incidence between two media."""
    return np.asarray((first - second) / (first + second))


def coated(outside: np.ndarray | float, layers: list[tuple[np.ndarray, float]], base: np.ndarray) -> np.ndarray:
    """Return the reflectance of thin layers (index, nm) on a base at normal incidence (Airy's recursion)."""
    media = [np.asarray(outside) + 0j * NM, *(index for index, _ in layers), base]
    amplitude = fresnel(media[-2], media[-1])
    for (index, thickness), above in zip(reversed(layers), reversed(media[:-2]), strict=True):
        turn = np.exp(4j * np.pi * index * thickness / NM)
        step = fresnel(above, index)
        amplitude = (step + amplitude * turn) / (1.0 + step * amplitude * turn)
    return np.abs(amplitude) ** 2


def behind_sheet(index: np.ndarray, thickness_nm: float, mirror: np.ndarray) -> np.ndarray:
    """Return the reflectance of a thick sheet, without interference, in front of a mirror of given reflectance."""
    front = np.abs(fresnel(1.0, index)) ** 2
    pass_twice = np.exp(-8.0 * np.pi * index.imag * thickness_nm / NM) * mirror
    return front + (1.0 - front) ** 2 * pass_twice / (1.0 - front * pass_twice)


def kapton_on_aluminium(thickness_um: float) -> np.ndarray:
    """Second-surface mirror: a sheet of Kapton on evaporated aluminium (Rakic 1995, Appl. Opt. 34, 4755)."""
    film, aluminium = kapton(), optical_constants("main/Al/nk/Rakic")
    return behind_sheet(film, 1e3 * thickness_um, np.abs(fresnel(film, aluminium)) ** 2)


def solar_cell(semiconductor: str, layers: list[tuple[str, float]]) -> np.ndarray:
    """A cell under 100 um of cover glass coated with 100 nm of MgF2, cemented with silicone of index 1.41."""
    cell = coated(1.41, [(optical_constants(name), nm) for name, nm in layers], optical_constants(semiconductor))
    glass, magnesium_fluoride = 1.52 + 0j * NM, optical_constants("main/MgF2/nk/Rodriguez-de Marcos")
    front = coated(1.0, [(magnesium_fluoride, 100.0)], glass)
    return front + (1.0 - front) ** 2 * cell / (1.0 - front * cell)


def leaf(chlorophyll: float, carotenoids: float) -> np.ndarray:
    """Leaf by PROSPECT-D (Feret et al. 2017): pigments in ug/cm2, structure 1.5, dry matter 9 mg/cm2."""
    import prosail

    nm, reflectance, _ = prosail.run_prospect(
        1.5, chlorophyll, carotenoids, 0.0, 0.01, 0.009, ant=0.0, prospect_version="D"
    )
    return np.interp(NM, nm, reflectance)


def ocean(chlorophyll: float) -> np.ndarray:
    """Open ocean: case 1 water (Morel 1988, 1991) with chlorophyll in mg/m3, and 2 percent reflected at the surface."""
    folder = Path(importlib.util.find_spec("hydropt").origin).parent / "data"
    water = np.genfromtxt(folder / "water_mason016.csv", delimiter=",", skip_header=1)
    pigment = np.genfromtxt(folder / "phyto_siop.csv", delimiter=";", skip_header=1)
    absorbed, back = (np.interp(NM, water[:, 0], water[:, column]) for column in (1, 2))
    shape = np.interp(NM, *pigment.T) / np.interp(440.0, *pigment.T)
    absorbed = (absorbed + 0.06 * chlorophyll**0.65 * shape) * (1.0 + 0.2 * np.exp(-0.014 * (NM - 440.0)))
    particles = 0.30 * chlorophyll**0.62
    back = back + particles * (0.002 + 0.01 * (0.5 - 0.25 * np.log10(chlorophyll)) * 550.0 / NM)
    return 0.02 + 0.54 * 0.33 * back / absorbed


def patch(chart: str, name: str) -> np.ndarray:
    """A patch of a colour chart of colour-science."""
    measured = colour.SDS_COLOURCHECKERS[chart][name]
    return np.interp(NM, measured.wavelengths, measured.values)


def load(table: Path) -> tuple[np.ndarray, list[Spectrum]]:
    """Return the Sun's spectrum and all spectra: those that are fitted, then those held out as a check."""
    columns = read_table(table)
    spectra = [Spectrum(name, columns[key], source) for key, name, source in MARS]
    chart, babel = "BabelColor Average", "BabelColor average of 30 ColorChecker charts (paint), in colour-science"
    foil = "optical constants of Arakawa 1981, French 2009 and Rakic 1995, refractiveindex.info"
    cells = "optical constants of Schinke 2015, Aspnes 1986, Siefke 2016 and Boidin 2016, refractiveindex.info"
    tio2, al2o3 = "main/TiO2/nk/Siefke", "main/Al2O3/nk/Boidin"
    spectra += [
        Spectrum("Sunlit white", np.ones(len(NM)), "by definition"),
        Spectrum("Leaf, green", leaf(40.0, 8.0), "PROSPECT-D, Feret et al. 2017, in prosail"),
        Spectrum("Ocean, clear", ocean(0.1), "Mason et al. 2016, Morel 1988 and 1991, in part in hydropt-oc"),
        Spectrum("Kapton 25 um on aluminium", kapton_on_aluminium(25.4), foil),
        Spectrum("Solar cell, silicon", solar_cell("main/Si/nk/Schinke", [(tio2, 60.0)]), cells),
        Spectrum("Solar cell, GaAs", solar_cell("main/GaAs/nk/Aspnes", [(al2o3, 30.0), (tio2, 45.0)]), cells),
        Spectrum("White paint", patch(chart, "white 9.5 (.05 D)"), babel),
        Spectrum("Grey paint", patch(chart, "neutral 5 (.70 D)"), babel),
        Spectrum("Leaf, yellowing", leaf(10.0, 6.0), "PROSPECT-D, in prosail", fitted=False),
        Spectrum("Ocean, green", ocean(1.0), "Morel 1988", fitted=False),
        Spectrum("Kapton 50 um on aluminium", kapton_on_aluminium(50.8), foil, fitted=False),
        Spectrum("Aluminium", np.abs(fresnel(1.0, optical_constants("main/Al/nk/Rakic"))) ** 2, foil, fitted=False),
        Spectrum("Foliage (paint)", patch(chart, "foliage"), babel, fitted=False),
        Spectrum("Dark skin (paint)", patch(chart, "dark skin"), babel, fitted=False),
        Spectrum("Blue sky (paint)", patch(chart, "blue sky"), babel, fitted=False),
        Spectrum("Orange (paint)", patch(chart, "orange"), babel, fitted=False),
        Spectrum("Orange yellow (paint)", patch(chart, "orange yellow"), babel, fitted=False),
        Spectrum("Red (paint)", patch(chart, "red"), babel, fitted=False),
    ]
    return columns["sun_calspec_stis_relative"], spectra
