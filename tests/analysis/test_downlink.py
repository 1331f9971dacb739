"""The downlink: the radio against published numbers, damaged JPEGs against OpenCV, light time against DE421."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from selfiesim.analysis import radio
from selfiesim.analysis.downlink import (
    decode_jpeg,
    downlink_sequence,
    drop_packets,
    encode_jpeg,
    lost_packets,
    select_evenly,
    simulate_reception,
    transmit_light_time,
)
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.solar_system import Almanac
from selfiesim.core.errors import SceneError
from selfiesim.photo.finish import jpeg_round_trip
from selfiesim.scene.downlink import DownlinkSection
from selfiesim.scene.scene import Scene

SHOT = Scene.load("tianwen1-mars").with_changes(camera__size_px=[160, 96])


# Free-space loss as in ITU-R P.525, 32.4 + 20 log f (MHz) + 20 log d (km), and the worked example in
# the manual of the I-O Wireless WBC11 bridge: 115.67 dB over 6 km at 2.4 GHz.
@pytest.mark.parametrize(
    ("range_m", "frequency_mhz", "loss_db"),
    [
        (6000.0, 2400.0, 115.67),
        (20.0, 2437.0, 32.4 + 20 * np.log10(2437.0) + 20 * np.log10(0.020)),
        (400e9, 8400.0, 32.4 + 20 * np.log10(8400.0) + 20 * np.log10(400e6)),
    ],
)
def test_path_loss_follows_friis(range_m, frequency_mhz, loss_db):
    assert radio.path_loss_db(range_m, frequency_mhz) == pytest.approx(loss_db, abs=0.06)


# Thermal noise of -174 dBm/Hz, the start of every link budget: -101 dBm in 20 MHz.
def test_noise_at_290_kelvin():
    assert radio.noise_dbm(1e-6, 0.0) == pytest.approx(-174.0, abs=0.05)
    assert radio.noise_dbm(20.0, 6.0) == pytest.approx(-95.0, abs=0.05)


# IEEE 802.11-2016, table 19-23, with the standard's noise figure (10 dB) and implementation margin (5 dB): at these
# powers one packet of 4096 bytes in ten is lost.
@pytest.mark.parametrize(
    ("dbm", "rate"),
    [(-82, 6.5), (-79, 13.0), (-77, 19.5), (-74, 26.0), (-70, 39.0), (-66, 52.0), (-65, 58.5), (-64, 65)],
)
def test_each_rate_works_down_to_the_standards_sensitivity(figure, dbm, rate):
    part = DownlinkSection(noise_figure_db=15.0, margin_db=-0.05, packet_bytes=4096, retries=0, stray_loss=0.0)
    path_loss = part.transmit_dbm + part.transmit_gain_dbi + part.receive_gain_dbi - part.losses_db - dbm
    range_m = 299.792458 / part.frequency_mhz / (4 * np.pi) * 10 ** (path_loss / 20)
    found = radio.link_budget(part, float(range_m))
    assert found.received_dbm == pytest.approx(dbm, abs=1e-6)
    assert found.rate_mbit_s == rate
    off = 100.0 * abs(found.loss - 0.1)
    figure(
        "photograph", "packets lost at each rate's weakest signal", "IEEE 802.11-2016, table 19-23", off, 1.0, "percent"
    )


def test_rate_falls_and_loss_grows_with_range():
    links = [radio.link_budget(DownlinkSection(stray_loss=0.0), range_m) for range_m in np.geomspace(1.0, 3e4, 200)]
    rates = [one.rate_mbit_s for one in links]
    assert rates == sorted(rates, reverse=True)
    assert (rates[0], rates[-1]) == (65.0, 6.5)
    assert links[0].loss < 1e-6
    assert links[-1].loss == pytest.approx(1.0)
    assert links[-1].throughput_mbit_s == 0.0


@pytest.fixture(scope="module")
def scenery():
    """A picture with sky, edges and texture, 512 x 256."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:256, :512]
    grey = 120 + 60 * np.sin(x / 23.0) * np.cos(y / 17.0) + rng.normal(0, 8, (256, 512))
    grey[:, 380:] = 3
    return np.clip(grey[..., None] * (1.0, 0.85, 0.7), 0, 255).astype(np.uint8)


def test_restart_markers_change_no_pixel(scenery):
    marked = encode_jpeg(scenery, 78, 1)
    assert sum(marked.count(bytes([0xFF, 0xD0 + k])) for k in range(8)) == 256 // 16 - 1
    assert np.array_equal(decode_jpeg(marked), jpeg_round_trip(scenery, 78))


def test_a_lost_packet_damages_its_rows_up_to_the_next_marker(scenery):
    whole = encode_jpeg(scenery, 78, 1)
    lost = np.zeros(-(-len(whole) // 400), bool)
    lost[len(lost) // 2] = True
    received = decode_jpeg(drop_packets(whole, 400, lost))
    wrong = (received != decode_jpeg(whole)).any(axis=(1, 2))
    rows = np.flatnonzero(wrong) // 16
    assert rows.size
    assert np.ptp(rows) <= 3  # chroma is interpolated between rows of blocks
    assert 0.3 < rows.mean() / 16 < 0.7


def test_without_markers_a_lost_packet_displaces_the_rest(scenery):
    whole = encode_jpeg(scenery, 78, 0)
    lost = np.zeros(-(-len(whole) // 400), bool)
    lost[len(lost) // 2] = True
    wrong = (decode_jpeg(drop_packets(whole, 400, lost)) != decode_jpeg(whole)).any(axis=(1, 2))
    assert not wrong[:80].any()
    assert wrong[150:].all()


@pytest.mark.parametrize("restart_rows", [0, 1, 3])
@pytest.mark.parametrize("seed", range(6))
def test_damaged_streams_decode_as_in_opencv(figure, scenery, restart_rows, seed):
    cv2 = pytest.importorskip("cv2")
    whole = encode_jpeg(scenery, 78, restart_rows)
    lost = np.random.default_rng(seed).random(-(-len(whole) // 300)) < 0.15
    lost[:3] = False  # keep the header, without which nothing can be decoded
    arrived = drop_packets(whole, 300, lost) + b"\xff\xd9"
    theirs = cv2.imdecode(np.frombuffer(arrived, np.uint8), cv2.IMREAD_COLOR)
    differ = np.count_nonzero(decode_jpeg(arrived) != theirs[..., ::-1])
    figure("photograph", "values that differ in pictures decoded from broken JPEG", "OpenCV's decoder", differ, 0.0)


def test_a_stream_without_its_header_cannot_be_decoded(scenery):
    whole = encode_jpeg(scenery, 78, 1)
    lost = np.zeros(-(-len(whole) // 400), bool)
    lost[0] = True
    assert decode_jpeg(drop_packets(whole, 400, lost)) is None
    assert decode_jpeg(b"") is None


def test_packet_loss_has_the_given_rate_and_is_reproducible():
    part = DownlinkSection(stray_loss=0.3)
    near = radio.link_budget(part, 5.0)
    lost = lost_packets(part, 7, 14_000_000, near)
    assert lost.mean() == pytest.approx(0.3, abs=0.02)
    assert np.array_equal(lost, lost_packets(part, 7, 14_000_000, near))
    assert not np.array_equal(lost, lost_packets(part, 8, 14_000_000, near))
    assert not np.array_equal(lost, lost_packets(part.model_copy(update={"seed": 1}), 7, 14_000_000, near))


# JPL's DE421, read by Skyfield: the signal leaves Mars and meets the Earth where it will be.
@pytest.mark.parametrize("utc", ["2000-01-01T00:00:00Z", "2021-12-31T13:20:00Z", "2035-08-15T06:00:00Z"])
def test_light_time_to_earth_against_de421(figure, de421, utc):
    from skyfield.api import load

    epoch = Epoch.from_utc(utc)
    scale = load.timescale(builtin=True)

    def at(target, seconds):
        return de421[target].at(scale.tdb_jd(epoch.day, epoch.fraction + seconds / 86400.0)).position.km

    mars, seconds = at("mars barycenter", 0.0), 0.0
    for _ in range(5):
        seconds = float(np.linalg.norm(at("earth", seconds) - mars)) / 299792.458
    ours = transmit_light_time(Almanac(), "earth", "mars", epoch, np.zeros(3))
    worst = 1e3 * abs(ours - seconds)
    figure("time", "light time from Mars to the Earth", "JPL's DE421", worst, 0.3, "ms")  # 90 km


def test_frames_queue_for_both_links():
    slow = SHOT.with_changes(downlink__efficiency=0.0001, downlink__earth_kbit_s=4.0, downlink__stray_loss=0.0)
    frames = downlink_sequence(slow, 10.0, 20.0).frames
    size = round(0.8 * 160 * 96 / 8)
    assert [frame.taken_s for frame in frames] == [10.0 + k for k in range(11)]
    assert frames[0].received_s == pytest.approx(10.0 + 8 * size / (65e6 * 1e-4), abs=1e-6)
    for before, after in itertools.pairwise(frames):
        assert after.sent_s == pytest.approx(before.received_s, abs=1e-6)
        gap = Epoch.from_utc(after.earth_utc) - Epoch.from_utc(before.earth_utc)
        assert gap == pytest.approx(8 * size / 4e3, abs=2e-3)
    first = Epoch.from_utc(frames[0].earth_utc) - SHOT.view(10.0).epoch
    assert first == pytest.approx(frames[0].received_s - 10.0 + 8 * size / 4e3 + frames[0].light_time_s, abs=2e-3)


# 0.01 Wh lasts 9 s at 4 W.
def test_the_battery_ends_the_sequence():
    found = downlink_sequence(SHOT.with_changes(downlink__battery_wh=0.01), 0.0, 60.0)
    assert found.battery_s == pytest.approx(9.0)
    assert [frame.taken_s for frame in found.frames] == [float(k) for k in range(10)]
    assert found.frames[-1].received_s is None
    assert found.summary()["lost"] == 1


def test_received_frames_have_the_losses_of_the_sequence():
    lossy = SHOT.with_changes(downlink__stray_loss=0.3, downlink__packet_bytes=200, photo__iso=100.0)
    sequence, received = simulate_reception(lossy, 40.0, 60.0, 2)
    assert [one.frame.number for one in received] == [0, 20]
    assert any(one.frame.packets_lost for one in received)
    for one in received:
        assert one.clean.shape == (96, 160, 3)
        assert sequence.frames[one.frame.number] == one.frame
        assert len(one.stream) <= one.frame.size_bytes - 200 * (one.frame.packets_lost - 1)
        if one.frame.packets_lost and one.broken is not None:
            assert not np.array_equal(one.clean, one.broken)
    _sequence, received = simulate_reception(SHOT.with_changes(downlink__stray_loss=0.0), 40.0, 40.0, 1)
    assert np.array_equal(received[0].clean, received[0].broken)


def test_frames_are_selected_evenly():
    frames = downlink_sequence(SHOT, 0.0, 10.0).frames
    assert [frame.number for frame in select_evenly(frames, 3)] == [0, 5, 10]
    assert [frame.number for frame in select_evenly(frames, 50)] == list(range(11))


def test_the_command_writes_a_sheet_and_the_received_streams(run, tmp_path):
    words = ("downlink", "tianwen1-mars", "--from", "release+40s", "--to", "release+60s", "--size", "160x96")
    code, out, err = run(*words, "--frames", "2", "-o", "sent", "--json")
    assert code == 0, err
    report = json.loads(out)
    assert report["summary"]["frames"] == 21
    assert report["frames"][20]["range_m"] == pytest.approx(12.0, abs=0.1)
    with Image.open(tmp_path / "sent" / "sheet.png") as sheet:
        assert sheet.size == (2 * 160 + 4, 2 * (96 + 3 * 16 + 4))  # captions of three lines
        written = np.asarray(sheet).reshape(2, -1, 324, 3)[:, 96:]
        assert written.any()
        assert not written[:, :, -4:].any()  # that end before the edge
        assert "synthetic image" in sheet.text["Description"]
    with Image.open(tmp_path / "sent" / "frame-0020.jpg") as frame:
        assert frame.size == (160, 96)
    assert json.loads((tmp_path / "sent" / "sheet.json").read_text())["downlink"]["frequency_mhz"] == 2437.0
    code, out, _err = run(*words)
    assert code == 0
    assert "21 frames" in out
    assert "assumed" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "release+20s", "--to", "release+10s"), "0 <= from <= to"),
        (("--from", "yesterday"), "is not a moment"),
        (("--frames", "0", "-o", "d"), "1 to 50"),
        (("--from", "release+2000s", "--to", "release+2100s"), "battery is empty 1800 s after the release"),
    ],
)
def test_bad_options_are_refused(run, words, message):
    code, _out, err = run("downlink", "tianwen1-mars", *words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_a_folder_that_is_a_file_is_refused(run, tmp_path):
    (tmp_path / "d").write_text("in the way")
    code, _out, err = run(
        "downlink", "tianwen1-mars", "--to", "release+10s", "--size", "64x48", "--frames", "1", "-o", "d"
    )
    assert code == 2
    assert "d: cannot be created" in err


def test_a_mounted_camera_has_no_radio():
    table = Scene.load("tianwen1-mars").model_dump(mode="json", exclude_unset=True)
    del table["release"], table["assumed"]
    scene = Scene.from_table(table | {"mounted": {"out_m": 1.0}, "at": "max-latitude"})
    with pytest.raises(SceneError, match="needs no radio"):
        downlink_sequence(scene, 0.0, 10.0)
    with pytest.raises(SceneError, match="never released"):
        scene.seconds("release+10s", "--from")


@pytest.mark.parametrize(("key", "value"), [("packet_bytes", 0), ("efficiency", 0.0), ("cadence_s", -1.0), ("gain", 3)])
def test_radio_settings_are_validated(key, value):
    with pytest.raises(SceneError, match=rf"downlink\.{key}"):
        SHOT.with_changes(**{f"downlink__{key}": value})


def test_as_many_packets_are_lost_as_the_link_loses():
    part = DownlinkSection(packet_bytes=1000)
    link = replace(radio.link_budget(part, 500.0), loss=0.3)
    lost = np.concatenate([lost_packets(part, number, 99_001, link) for number in range(200)])
    assert len(lost) == 200 * 100  # the last packet is not full
    assert lost.mean() == pytest.approx(0.3, abs=0.015)
