"""What all tests share: settled hypothesis runs, kernels for SPICE, DE421, and the figures of docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from figures import Figures
from hypothesis import settings
from spice_mission import mission  # noqa: F401  (a fixture that several rooms use)
from web_page import browser  # noqa: F401  (likewise)

# The same examples at each run: a test that passes once passes again.
settings.register_profile("settled", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("settled")

# IERS Bulletin C: the day each new TAI - UTC began.
LEAP_SECONDS = [
    (10, "1972-JAN-1"), (11, "1972-JUL-1"), (12, "1973-JAN-1"), (13, "1974-JAN-1"), (14, "1975-JAN-1"),
    (15, "1976-JAN-1"), (16, "1977-JAN-1"), (17, "1978-JAN-1"), (18, "1979-JAN-1"), (19, "1980-JAN-1"),
    (20, "1981-JUL-1"), (21, "1982-JUL-1"), (22, "1983-JUL-1"), (23, "1985-JUL-1"), (24, "1988-JAN-1"),
    (25, "1990-JAN-1"), (26, "1991-JAN-1"), (27, "1992-JUL-1"), (28, "1993-JUL-1"), (29, "1994-JUL-1"),
    (30, "1996-JAN-1"), (31, "1997-JUL-1"), (32, "1999-JAN-1"), (33, "2006-JAN-1"), (34, "2009-JAN-1"),
    (35, "2012-JUL-1"), (36, "2015-JUL-1"), (37, "2017-JAN-1"),
]  # fmt: skip

# The constants of TDB - TT are those of every NAIF leap-second kernel (SPICE Time Required Reading).
LEAP_SECOND_KERNEL = """KPL/LSK
\\begindata
DELTET/DELTA_T_A = 32.184
DELTET/K         = 1.657D-3
DELTET/EB        = 1.671D-2
DELTET/M         = ( 6.239996D0 1.99096871D-7 )
DELTET/DELTA_AT  = ( {table} )
\\begintext
"""

# IAU 2015 (Archinal et al. 2018, Celest. Mech. Dyn. Astr. 130:22), Mars, in the form SPICE's PCK Required Reading asks:
# one list of angles (constant, per century, per century squared), and amplitudes in the order of that list.
POLE_RA_TERMS = [
    (0.000068, 198.991226, 19139.4819985),
    (0.000238, 226.292679, 38280.8511281),
    (0.000052, 249.663391, 57420.7251593),
    (0.000009, 266.183510, 76560.6367950),
    (0.419057, 79.398797, 0.5042615),
]
POLE_DEC_TERMS = [
    (0.000051, 122.433576, 19139.9407476),
    (0.000141, 43.058401, 38280.8753272),
    (0.000031, 57.663379, 57420.7517205),
    (0.000005, 79.476401, 76560.6495004),
    (1.591274, 166.325722, 0.5042615),
]
MERIDIAN_TERMS = [
    (0.000145, 129.071773, 19140.0328244),
    (0.000157, 36.352167, 38281.0473591),
    (0.000040, 56.668646, 57420.9295360),
    (0.000001, 67.364003, 76560.2552215),
    (0.000001, 104.792680, 95700.4387578),
    (0.584542, 95.391654, 0.5042615),
]


def mars_constants_kernel() -> str:
    groups = [POLE_RA_TERMS, POLE_DEC_TERMS, MERIDIAN_TERMS]
    angles = "\n".join(f"  {phase!r} {rate!r} 0.0" for group in groups for _, phase, rate in group)
    count = sum(len(group) for group in groups)

    def amplitudes(wanted: int) -> str:
        return " ".join(repr(term[0]) if n == wanted else "0.0" for n, group in enumerate(groups) for term in group)

    return f"""KPL/PCK
\\begindata
BODY4_MAX_PHASE_DEGREE = 2
BODY4_NUT_PREC_ANGLES = (
{angles} )
BODY499_POLE_RA  = ( 317.269202 -0.10927547 0.0 )
BODY499_POLE_DEC = (  54.432516 -0.05827105 0.0 )
BODY499_PM       = ( 176.049863 350.891982443297 0.0 )
BODY499_NUT_PREC_RA  = ( {_wrapped(amplitudes(0), count)} )
BODY499_NUT_PREC_DEC = ( {_wrapped(amplitudes(1), count)} )
BODY499_NUT_PREC_PM  = ( {_wrapped(amplitudes(2), count)} )
BODY499_RADII    = ( 3396.19 3396.19 3376.20 )
\\begintext
"""


def _wrapped(numbers: str, count: int) -> str:
    """Kernel lines end at 132 characters."""
    words = numbers.split()
    assert len(words) == count
    return "\n  ".join(" ".join(words[start : start + 6]) for start in range(0, count, 6))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-figures", action="store_true", help="run what docs/accuracy.md states, and write it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--write-figures"):
        items[:] = [item for item in items if "figure" in getattr(item, "fixturenames", ())]


@pytest.fixture(scope="session")
def figure(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """Checks a figure that docs/accuracy.md states, and writes it where that is asked for."""
    figures = Figures(request.config.getoption("--write-figures"))
    yield figures
    figures.write()


@pytest.fixture(scope="session")
def spice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """spiceypy with a leap-second kernel and the IAU 2015 constants of Mars loaded."""
    import spiceypy

    folder = tmp_path_factory.mktemp("kernels")
    table = ",\n  ".join(f"{count}, @{day}" for count, day in LEAP_SECONDS)
    kernels = {"leapseconds.tls": LEAP_SECOND_KERNEL.format(table=table), "mars.tpc": mars_constants_kernel()}
    for name, text in kernels.items():
        (folder / name).write_text(text)
        spiceypy.furnsh(str(folder / name))
    yield spiceypy
    spiceypy.kclear()


@pytest.fixture(scope="session")
def de421() -> Any:
    """JPL's DE421 as skyfield reads it."""
    from skyfield.api import load_file
    from skyfield_data import get_skyfield_data_path

    return load_file(str(Path(get_skyfield_data_path()) / "de421.bsp"))


@pytest.fixture(scope="session")
def before_the_cap() -> Any:
    """The shipped shot as it was first taken, its camera pushed off as the bracket points: the cap behind the craft."""
    from selfiesim.scene.scene import Scene

    return Scene.load("tianwen1-mars").with_changes(
        at="release+72s",
        orbit__epoch_utc="2021-12-31T13:05:00Z",
        orbit__true_anomaly_deg=32.9,
        release__at="max-latitude-95s",
        release__axis=[-0.30, 0.88, -0.36],
        camera__horizontal_fov_deg=88.0,
        camera__roll_deg=268.0,
        camera__place=[0.60, 0.62],
    )


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Runs a command in an empty folder; gives back exit code, standard output, standard error."""
    from selfiesim.cli.app import main

    monkeypatch.chdir(tmp_path)

    def command(*words):
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return command
