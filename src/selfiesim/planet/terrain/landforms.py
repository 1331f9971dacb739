"""Table of the large landforms of Mars: craters, basins, volcanoes and canyons.

Names, places and diameters are the IAU's (Gazetteer of Planetary Nomenclature, USGS; rounded to 0.1 degree and 1 km).
Heights and depths are rounded, from the general literature; those without a named source are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Crater:
    """A crater: planetocentric place (rad, east) and diameter (km); ``degradation`` is 0 if fresh, 1 if erased."""

    name: str
    lat_rad: float
    lon_rad: float
    diameter_km: float
    degradation: float = 0.35
    ice: bool = False


@dataclass(frozen=True)
class Mountain:
    """A shield volcano: centre of its foot (rad), radii of foot and caldera (km), height of the rim (m).

    The caldera may be off the centre of the foot; ``scarp_m`` is the height of the cliff at the foot.
    """

    lat_rad: float
    lon_rad: float
    radius_km: float
    caldera_km: float
    height_m: float
    caldera_lat_rad: float
    caldera_lon_rad: float
    scarp_m: float = 0.0


@dataclass(frozen=True)
class Swell:
    """A broad rise or, with a negative height, a basin: place (rad), rms radius (km), height (m)."""

    lat_rad: float
    lon_rad: float
    radius_km: float
    height_m: float


_ICE_FILLED = ("Korolev", "Dokka")

# Name, latitude, longitude east (degrees), diameter (km).
_CRATERS = """
Huygens -13.9 55.6 467; Schiaparelli -2.7 16.8 459; Greeley -36.8 3.9 457; Cassini 23.4 32.1 408
Antoniadi 21.4 60.8 401; Dollfus -21.6 355.7 363; Tikhonravov 13.3 35.9 344; de Vaucouleurs -13.3 171.0 302
Copernicus -48.8 191.2 302; Newton -40.5 202.0 300; Herschel -14.5 129.9 298; Koval'sky -29.6 218.5 297
Schroeter -1.9 56.0 292; Newcomb -24.3 1.0 254; Flaugergues -16.8 19.2 236; Kepler -46.7 141.0 228
Galle -50.6 329.0 224; Secchi -57.8 102.2 223; Lyot 50.5 29.3 222; Vinogradov -19.8 322.3 210
Lowell -52.0 278.5 202; Kaiser -46.2 19.1 202; Schmidt -72.1 282.1 201; Schöner 19.9 50.7 199
Mutch 0.6 304.8 199; Phillips -66.3 315.1 185; Dawes -9.1 38.1 185; Green -52.3 351.5 182
Baldet 22.8 65.5 181; Margulis -23.2 8.5 180; Savich -27.5 96.1 179; Darwin -57.0 340.8 176
Flammarion 25.2 48.3 174; Proctor -47.6 29.7 173; Terby -28.0 74.1 171; Wallace -52.5 110.9 171
Molesworth -27.5 149.3 169; Henry 10.8 23.4 168; Becquerel 21.9 352.1 165; Ptolemaeus -45.9 202.4 165
Stoney -69.6 221.5 161; Denning -17.4 33.5 160; Schaeberle -24.4 50.2 159; Gusev -14.5 175.5 158
Mariner -34.7 195.8 157; Graff -21.2 153.8 154; Gale -5.4 137.8 154; Janssen 2.7 37.6 154
Bakhuysen -23.0 15.7 153; Holden -26.0 326.0 153; Arago 10.2 29.9 152; Dejnev -25.1 195.4 152
Robert Sharp -4.2 133.4 152; Lohse -43.2 343.3 151; Trouvelot 16.1 347.0 149; Miyamoto -2.9 353.1 145
Wislicenus -18.2 11.4 140; Roddenberry -49.4 355.6 139; Maggini 27.8 9.5 139; Hooke -44.9 315.6 138
Le Verrier -37.7 17.1 138; Hale -35.7 323.6 137; Galilaei 5.7 333.1 137; Quenisset 34.3 40.7 137
Mitchel -67.5 76.0 136; Russell -54.5 12.4 135; Liu Hsin -53.2 188.4 135; Moreux 41.8 44.5 132
Lomonosov 65.0 350.8 131; Bernard -23.2 205.8 128; Slipher -47.3 275.5 127; Rayleigh -75.6 118.9 126
Campbell -54.3 165.6 125; Mädler -10.7 2.8 124; Oudemans -9.8 268.2 124; Knobel -6.6 133.3 123
Byrd -65.2 127.8 123; Williams -18.4 195.9 123; Liais -75.3 106.9 123; Arrhenius -40.0 122.7 123
Lyell -69.9 344.5 122; Gilbert -68.0 86.1 121; Barnard -61.1 61.6 121; Vogel -36.8 346.7 121
Barabashov 47.3 291.2 121; Müller -25.7 127.9 121; Wirtz -48.2 334.1 120; Chamberlin -65.8 235.7 120
Comas Sola -19.6 201.5 120; Roemer -27.5 8.1 120; Tycho Brahe -49.4 146.1 105; Mie 48.2 139.7 101
Korolev 72.8 164.6 81; Kunowsky 56.8 350.4 66; Eberswalde -24.0 326.7 62; Micoud 50.6 16.3 52
Dokka 77.2 214.2 51; Jezero 18.4 77.7 48; Endeavour -2.3 354.8 22
"""


def craters() -> tuple[Crater, ...]:
    """Return the large named craters, largest first."""
    out = []
    for entry in _CRATERS.replace("\n", ";").split(";"):
        if entry.strip():
            *name, lat, lon, diameter = entry.split()
            title = " ".join(name)
            place = float(np.radians(float(lat))), float(np.radians(float(lon)))
            out.append(Crater(title, *place, float(diameter), ice=title in _ICE_FILLED))
    return tuple(out)


def _mountain(
    lat: float,
    lon: float,
    radius_km: float,
    caldera_km: float,
    height_m: float,
    caldera: tuple[float, float] | None = None,
    scarp_m: float = 0.0,
) -> Mountain:
    places = (lat, lon), caldera or (lat, lon)
    (foot_lat, foot_lon), (top_lat, top_lon) = ((float(np.radians(x)) for x in place) for place in places)
    return Mountain(foot_lat, foot_lon, radius_km, caldera_km, height_m, top_lat, top_lon, scarp_m)


# Heights above the surrounding ground.
MOUNTAINS = (
    _mountain(18.65, 226.2, 305.0, 42.0, 21_500.0, (18.32, 226.81), 6_000.0),  # Olympus Mons, Paterae, Rupes
    _mountain(11.92, 255.92, 225.0, 24.0, 13_500.0),  # Ascraeus Mons
    _mountain(1.48, 247.04, 185.0, 24.0, 9_500.0),  # Pavonis Mons
    _mountain(-8.26, 239.91, 235.0, 58.0, 11_000.0),  # Arsia Mons
    _mountain(25.02, 147.21, 200.0, 8.0, 12_000.0),  # Elysium Mons
    _mountain(41.08, 249.29, 600.0, 60.0, 5_500.0),  # Alba Mons
    _mountain(32.12, 150.24, 90.0, 6.0, 5_500.0),  # Hecates Tholus
    _mountain(18.87, 150.47, 80.0, 16.0, 4_000.0),  # Albor Tholus
    _mountain(13.25, 269.31, 75.0, 24.0, 6_500.0),  # Tharsis Tholus
    _mountain(24.0, 262.75, 64.0, 12.0, 5_500.0),  # Ceraunius Tholus
    _mountain(26.9, 267.85, 130.0, 26.0, 3_500.0),  # Uranius Mons
    _mountain(-21.63, 105.88, 135.0, 20.0, 1_500.0),  # Tyrrhenus Mons
    _mountain(-31.29, 91.86, 225.0, 40.0, 1_100.0),  # Hadriacus Mons
    _mountain(-9.17, 174.79, 135.0, 40.0, 4_500.0),  # Apollinaris Mons
)


def _swell(lat: float, lon: float, radius_km: float, height_m: float) -> Swell:
    return Swell(float(np.radians(lat)), float(np.radians(lon)), radius_km, height_m)


SWELLS = (
    _swell(0.0, 248.0, 1100.0, 5_200.0),  # Tharsis
    _swell(-22.0, 258.0, 1300.0, 3_200.0),  # Solis and Sinai Planum
    _swell(-28.0, 280.0, 700.0, 1_200.0),  # Thaumasia
    _swell(26.0, 148.0, 550.0, 2_200.0),  # Elysium
    _swell(13.9, 88.4, 480.0, -3_000.0),  # Isidis
    _swell(46.7, 117.5, 1000.0, -900.0),  # Utopia
    _swell(-10.0, 320.0, 700.0, -1_200.0),  # toward Chryse
    _swell(-60.0, 150.0, 1200.0, 800.0),  # southern highlands
)

# Impact basins with a floor and a rim: lat, lon (degrees), radius of the floor's edge (km), depth, rim (m).
BASINS = (
    (-42.4, 70.5, 1000.0, 7_600.0, 1_300.0),  # Hellas: 9 km from rim to floor
    (-49.8, 316.7, 450.0, 4_200.0, 1_000.0),  # Argyre
)

# The northern lowlands as one ellipse, 10,600 by 8,500 km around 67 N 208 E: Andrews-Hanna, Zuber and Banerdt 2008,
# Nature 453, 1212. Floor and highland levels are rounded from MOLA's two peaks.
LOWLANDS_LAT_RAD = float(np.radians(67.0))
LOWLANDS_LON_RAD = float(np.radians(208.0))
LOWLANDS_AXES_KM = (5300.0, 4250.0)
LOWLANDS_M = -4_200.0
HIGHLANDS_M = 1_300.0

# Valles Marineris as a chain of points: lat, lon (degrees), half width (km), depth (m).
CANYONS = (
    (
        (-5.0, 265.0, 25.0, 2500.0),
        (-7.0, 271.0, 35.0, 4500.0),
        (-7.6, 277.0, 50.0, 6500.0),
        (-8.6, 282.0, 60.0, 7000.0),
        (-10.3, 287.0, 110.0, 8000.0),
        (-12.3, 292.0, 75.0, 8000.0),
        (-13.6, 298.0, 60.0, 7500.0),
        (-14.2, 303.0, 60.0, 6500.0),
        (-13.0, 309.0, 90.0, 5500.0),
        (-12.0, 315.0, 110.0, 4500.0),
        (-9.0, 319.0, 110.0, 3500.0),
        (-4.0, 322.0, 110.0, 2500.0),
    ),
    (
        (-4.6, 272.0, 22.0, 3500.0),
        (-4.9, 278.0, 26.0, 4500.0),
        (-6.4, 285.5, 55.0, 6000.0),
        (-6.2, 290.0, 50.0, 5500.0),
    ),
    ((-1.0, 282.5, 45.0, 5500.0), (-0.6, 286.5, 45.0, 5500.0)),
)
