"""SPICE kernels written by the tests, read back and compared with the original data."""

from __future__ import annotations

import random
import re
import shutil
import sys
import threading

import numpy as np
import pytest
from spice_mission import ALL, ROWS, START, STEP_S, true_attitude, true_state, write_spk

from selfiesim.astro.bodies import MARS
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.spice_kernels import Kernels
from selfiesim.core.errors import KernelError, UserError


@pytest.fixture
def kernels(mission):
    return Kernels([mission / name for name in ALL], folder=mission)


@pytest.mark.parametrize("kind", [9, 13])
def test_a_trajectory_is_read_as_written(mission, kind):
    kernels = Kernels([mission / f"path{kind}.bsp", mission / "frames.tf"])
    for seconds in (0.0, 47.3, 1811.1, STEP_S * (ROWS - 1)):
        epoch = START + seconds
        truth = true_state(epoch)
        assert np.linalg.norm(kernels.position("selfie", "mars", epoch) - truth.position) < 1e-2
        assert np.linalg.norm(kernels.velocity("-905", "499", epoch) - truth.velocity) < 1e-3
    assert np.linalg.norm(kernels.position("mars", "selfie", START) + true_state(START).position) < 1e-2


def test_frames_and_attitudes_are_read_as_written(kernels):
    epoch = START + 1234.5
    np.testing.assert_allclose(kernels.icrf_to_body("SELFIE_BODY", epoch), true_attitude(epoch), atol=1e-9)
    np.testing.assert_allclose(kernels.rotation("icrf", "IAU_MARS", epoch), icrf_to_bodyfixed(MARS, epoch), atol=1e-9)
    both = kernels.rotation("SELFIE_BODY", "IAU_MARS", epoch)
    np.testing.assert_allclose(both, icrf_to_bodyfixed(MARS, epoch) @ true_attitude(epoch).T, atol=1e-9)


def test_coverage_is_that_of_the_file(kernels):
    ((start, stop),) = kernels.coverage("selfie")
    assert abs(start - START) < 1e-6
    assert stop - start == pytest.approx(STEP_S * (ROWS - 1), abs=1e-5)
    assert kernels.coverage("phobos") == []


def test_a_time_outside_the_trajectory_is_an_error_that_gives_the_coverage_in_utc(kernels):
    with pytest.raises(KernelError, match="2021-12-31T16:00:00Z to 2021-12-31T17:00:00Z") as error:
        kernels.position("selfie", "mars", START + 4000.0)
    assert "no data for selfie at 2021-12-31T17:06:40Z" in str(error.value)
    assert "SPICE(" not in str(error.value)
    assert isinstance(error.value, UserError)


def test_a_time_outside_the_attitude_is_an_error_that_gives_the_coverage(kernels):
    with pytest.raises(KernelError, match="the CK files cover 2021-12-31T16:00:00Z to 2021-12-31T17:00:00Z"):
        kernels.icrf_to_body("SELFIE_BODY", START + -60.0)


def test_a_missing_clock_kernel_is_reported(mission):
    names = ["leapseconds.tls", "frames.tf", "attitude.bc"]
    kernels = Kernels([mission / name for name in names])
    with pytest.raises(KernelError, match=r"spacecraft clock kernel \(SCLK\)"):
        kernels.icrf_to_body("SELFIE_BODY", START)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda k: k.position("vulcan", "mars", START), "unknown body 'vulcan'"),
        (lambda k: k.position("earth", "mars", START), "no SPK file given holds earth"),
        (lambda k: k.position("sun", "mars", START), "mars"),
        (lambda k: k.rotation("icrf", "ATLANTIS", START), "unknown frame 'ATLANTIS'"),
        (lambda k: k.rotation("icrf", "IAU_VENUS", START), "SPICE cannot rotate icrf to IAU_VENUS"),
    ],
)
def test_queries_without_data_have_one_line_messages(kernels, ask, message):
    with pytest.raises(KernelError, match=message) as error:
        ask(kernels)
    assert "\n" not in str(error.value)
    assert "toolkit" not in str(error.value).lower()


def test_kernel_sets_are_isolated(spice, mission, tmp_path):
    write_spk(spice, tmp_path / "shifted.bsp", 13, shift_km=100.0)
    first = Kernels([mission / "path13.bsp", mission / "mars.tpc"])
    second = Kernels([tmp_path / "shifted.bsp"])
    for _ in range(3):
        apart = second.position("-905", "499", START) - first.position("-905", "499", START)
        np.testing.assert_allclose(apart, [1e5, 0.0, 0.0], atol=1e-3)
        first.rotation("icrf", "IAU_MARS", START)
        with pytest.raises(KernelError, match="IAU_MARS"):
            second.rotation("icrf", "IAU_MARS", START)


def test_kernels_loaded_elsewhere_are_neither_used_nor_lost(spice, mission, tmp_path):
    before = [spice.kdata(n, "ALL")[0] for n in range(spice.ktotal("ALL"))]
    assert before  # the session's own leap seconds and constants
    kernels = Kernels([mission / "path13.bsp"])
    kernels.position("-905", "499", START)
    with pytest.raises(KernelError):  # the constants of Mars are loaded, but not in this set
        kernels.rotation("icrf", "IAU_MARS", START)
    assert [spice.kdata(n, "ALL")[0] for n in range(spice.ktotal("ALL"))] == before
    assert spice.pxform("J2000", "IAU_MARS", 0.0).shape == (3, 3)


def test_threads_may_query_two_sets_at_once(spice, mission, tmp_path):
    write_spk(spice, tmp_path / "shifted.bsp", 13, shift_km=100.0)
    sets = [Kernels([mission / "path13.bsp"]), Kernels([tmp_path / "shifted.bsp"])]
    wrong = []

    def ask(which):
        for n in range(25):
            epoch = START + 10.0 * n
            shift = sets[which].position("-905", "499", epoch) - true_state(epoch).position
            if np.linalg.norm(shift - [1e5 * which, 0.0, 0.0]) > 0.1:
                wrong.append((which, n))

    threads = [threading.Thread(target=ask, args=(n % 2,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_meta_kernel_loads_its_files(mission):
    (mission / "all.tm").write_text(
        "KPL/MK\n\\begindata\nPATH_VALUES = ( '.' )\nPATH_SYMBOLS = ( 'K' )\n"
        "KERNELS_TO_LOAD = ( '$K/leapseconds.tls', '$K/frames.tf', '$K/path+', '13.bsp' )\n\\begintext\n"
    )
    kernels = Kernels([mission / "all.tm"], folder=mission)
    assert [file.name for file in kernels.files] == ["leapseconds.tls", "frames.tf", "path13.bsp"]
    assert np.linalg.norm(kernels.position("selfie", "mars", START) - true_state(START).position) < 1e-2


def test_a_meta_kernel_cannot_leave_the_folder(mission):
    inner = mission / "scene"
    inner.mkdir()
    (inner / "out.tm").write_text("KPL/MK\n\\begindata\nKERNELS_TO_LOAD = ( '../path13.bsp' )\n\\begintext\n")
    with pytest.raises(KernelError, match="is outside"):
        Kernels([inner / "out.tm"], folder=inner)
    (inner / "link.bsp").symlink_to(mission / "path13.bsp")
    with pytest.raises(KernelError, match="is outside"):
        Kernels([inner / "link.bsp"], folder=inner)


@pytest.mark.parametrize("kind", ["PCK", "FK", "IK", "SCLK", "LSK"])
def test_only_a_meta_kernel_may_name_files(mission, kind):
    inner = mission / "scene"
    inner.mkdir(exist_ok=True)
    text = f"KPL/{kind}\n\\begindata\nKERNELS_TO_LOAD = ( '../path13.bsp' )\n\\begintext\n"
    (inner / "escape.t").write_text(text)
    with pytest.raises(KernelError, match=r"escape\.t: names other kernels \(KERNELS_TO_LOAD\)"):
        Kernels([inner / "escape.t"], folder=inner)


def test_long_paths_continue_with_a_plus_sign(mission, tmp_path):
    # FURNSH joins the strings of all three variables (stpool_c, NAIF's Kernel Required Reading, "Meta-kernels").
    folder = tmp_path / ("long-" * 10) / ("folder-" * 7)
    folder.mkdir(parents=True)
    shutil.copy(mission / "path13.bsp", folder / "path.bsp")
    parts = [f"{part}+" for part in re.findall(".{1,40}", f"./{folder.relative_to(tmp_path)}")]
    values = "'\n'".join([*parts[:-1], parts[-1].removesuffix("+")])
    (tmp_path / "long.tm").write_text(
        f"KPL/MK\n\\begindata\nPATH_VALUES = ( '{values}' )\nPATH_SYMBOLS = ( 'K' )\n"
        "KERNELS_TO_LOAD = ( '$K/path.bsp' )\n\\begintext\n"
    )
    assert [file.name for file in Kernels([tmp_path / "long.tm"], folder=tmp_path).files] == ["path.bsp"]


def test_a_path_that_is_too_long_for_spice_is_refused(mission, tmp_path):
    folder = tmp_path / ("a" * 120) / ("b" * 120)
    folder.mkdir(parents=True)
    shutil.copy(mission / "path13.bsp", folder / "path.bsp")
    with pytest.raises(KernelError, match="at most 255 characters"):
        Kernels([folder / "path.bsp"])


def test_damaged_trajectories_are_refused_or_read_and_never_end_the_process(mission, tmp_path):
    # One changed byte in a descriptor or a directory can crash CSPICE: addresses are not checked.
    content, rng = (mission / "path13.bsp").read_bytes(), random.Random(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(content)
        start, stop = rng.choice([(0, 100), (1024, 1088), (len(content) - 2000, len(content))])
        damaged[rng.randrange(start, stop)] ^= 0xFF
        (tmp_path / "damaged.bsp").write_bytes(damaged)
        try:
            Kernels([tmp_path / "damaged.bsp"]).position("-905", "499", START)
        except KernelError:
            refused += 1
    assert refused > 5


def test_a_recursive_meta_kernel_is_rejected(mission):
    (mission / "loop.tm").write_text("KPL/MK\n\\begindata\nKERNELS_TO_LOAD = ( 'loop.tm' )\n\\begintext\n")
    with pytest.raises(KernelError, match="deep"):
        Kernels([mission / "loop.tm"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.bsp", None, "no such file"),
        ("noise.bsp", bytes(range(256)) * 20, "not a kernel"),
        ("letter.txt", b"Dear reader,\n", "not a kernel"),
        ("empty.bsp", b"", "not a kernel|cannot read"),
        ("cut.bsp", b"DAF/SPK " + bytes(100), "cannot read|not a kernel"),
        ("broken.tpc", b"KPL/PCK\n\\begindata\nBODY499_RADII = ( 1 'two' )\n\\begintext\n", "cannot read it"),
        ("nothing.tm", b"KPL/MK\n\\begindata\nX = 1\n\\begintext\n", "names no kernels"),
    ],
)
def test_files_that_are_not_kernels_are_rejected_by_name(spice, tmp_path, name, content, message):
    before = spice.ktotal("ALL")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(KernelError, match=message) as error:
        Kernels([tmp_path / name])
    assert name in str(error.value)
    assert spice.ktotal("ALL") == before


def test_an_empty_set_is_rejected():
    with pytest.raises(KernelError, match="no kernel files"):
        Kernels([])


def test_without_spiceypy_the_error_gives_the_pip_command(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "spiceypy", None)
    with pytest.raises(KernelError, match=r"pip install 'selfiesim\[spice\]'"):
        Kernels([tmp_path / "a.bsp"])


def test_the_barycentre_replaces_a_missing_planet(spice, tmp_path):
    write_spk(spice, tmp_path / "planets.bsp", 13, center=4)
    kernels = Kernels([tmp_path / "planets.bsp"])
    position = kernels.position("-905", "mars", START)
    np.testing.assert_allclose(position, true_state(START).position, atol=1e-2)
