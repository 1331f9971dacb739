"""SPICE kernels written by the tests, read back and compared with the original data."""

from __future__ import annotations

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
    with Kernels([mission / name for name in ALL], folder=mission) as opened:
        yield opened


@pytest.mark.parametrize("kind", [9, 13])
def test_a_trajectory_is_read_as_written(mission, kind):
    with Kernels([mission / f"path{kind}.bsp", mission / "frames.tf"]) as kernels:
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
    with (
        Kernels([mission / name for name in names]) as kernels,
        pytest.raises(KernelError, match=r"spacecraft clock kernel \(SCLK\)"),
    ):
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
    with (
        Kernels([mission / "path13.bsp", mission / "mars.tpc"]) as first,
        Kernels([tmp_path / "shifted.bsp"]) as second,
    ):
        for _ in range(3):
            apart = second.position("-905", "499", START) - first.position("-905", "499", START)
            np.testing.assert_allclose(apart, [1e5, 0.0, 0.0], atol=1e-3)
            first.rotation("icrf", "IAU_MARS", START)
            with pytest.raises(KernelError, match="IAU_MARS"):
                second.rotation("icrf", "IAU_MARS", START)


def test_kernels_loaded_elsewhere_are_neither_used_nor_lost(spice, mission, tmp_path):
    before = [spice.kdata(n, "ALL")[0] for n in range(spice.ktotal("ALL"))]
    assert before  # the session's own leap seconds and constants
    with Kernels([mission / "path13.bsp"]) as kernels:
        kernels.position("-905", "499", START)
        with pytest.raises(KernelError):  # the constants of Mars are loaded, but not in this set
            kernels.rotation("icrf", "IAU_MARS", START)
    assert [spice.kdata(n, "ALL")[0] for n in range(spice.ktotal("ALL"))] == before
    assert spice.pxform("J2000", "IAU_MARS", 0.0).shape == (3, 3)


def test_a_single_set_is_loaded_once(spice, mission, monkeypatch):
    found = [spice.kdata(n, "ALL")[0] for n in range(spice.ktotal("ALL"))]
    spice.kclear()
    try:
        with Kernels([mission / name for name in ALL]) as kernels:
            kernels.position("selfie", "mars", START)
            loads = []
            furnish = spice.furnsh
            monkeypatch.setattr(spice, "furnsh", lambda name: (loads.append(name), furnish(name)))
            for seconds in range(20):
                kernels.position("selfie", "mars", START + float(seconds))
            assert loads == []
            monkeypatch.undo()
        assert spice.ktotal("ALL") == 0
    finally:
        for name in found:
            spice.furnsh(name)


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
    for opened in sets:
        opened.close()
    assert wrong == []


def test_a_meta_kernel_loads_its_files(mission):
    (mission / "all.tm").write_text(
        "KPL/MK\n\\begindata\nPATH_VALUES = ( '.' )\nPATH_SYMBOLS = ( 'K' )\n"
        "KERNELS_TO_LOAD = ( '$K/leapseconds.tls', '$K/frames.tf', '$K/path+', '13.bsp' )\n\\begintext\n"
    )
    with Kernels([mission / "all.tm"], folder=mission) as kernels:
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
    with Kernels([tmp_path / "planets.bsp"]) as kernels:
        position = kernels.position("-905", "mars", START)
    np.testing.assert_allclose(position, true_state(START).position, atol=1e-2)
