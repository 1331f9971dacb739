"""Films: each frame is the image of its moment, under one exposure; the same settings give the same film."""

from __future__ import annotations

import hashlib
import json

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from selfiesim.cli.film import progress_text
from selfiesim.core.errors import SceneError
from selfiesim.films.film import TITLE_S, FilmSettings, film, lock_exposure
from selfiesim.scene.scene import Scene

SIZE = [64, 36]
TAKE = {"start": "release+10s", "stop": "release+40s", "step_s": 10.0}


@pytest.fixture(scope="module")
def scene():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=SIZE, photo__stops=0.0)


@pytest.fixture(scope="module")
def fixed(scene):
    """The scene with a fixed shutter time: nothing is metered."""
    return scene.with_changes(photo__shutter_s=0.01)


@pytest.fixture(scope="module")
def made(scene, tmp_path_factory):
    return film(scene, tmp_path_factory.mktemp("film") / "a.apng", FilmSettings(**TAKE))


def frames_of(path):
    """Yield the frames of a lossless film."""
    with Image.open(path) as opened:
        for number in range(opened.n_frames):
            opened.seek(number)
            yield np.asarray(opened.convert("RGB"))


def test_each_frame_is_the_image_of_its_moment_under_the_held_exposure(scene, made):
    shutter = made.recipe["frames"]["shutter_s"][0]
    frames = list(frames_of(made.path))
    assert len(frames) == 4
    for seconds, frame in zip((10, 20, 30, 40), frames, strict=True):
        photo = scene.view(f"release+{seconds}s").render().expose(shutter_s=shutter)
        assert np.array_equal(frame, photo.pixels)


def test_exposure_is_held_unless_each_frame_is_metered(scene, fixed):
    take = FilmSettings(**TAKE)
    held = lock_exposure(scene, take, take.times(scene))
    metered = [scene.view(f"release+{t}s").render("draft", 1).expose().exposure.shutter_s for t in (10, 20, 30, 40)]
    assert max(metered) > 1.05 * min(metered)
    assert held.photo.shutter_s == pytest.approx(sorted(metered)[0], rel=1e-9)
    assert lock_exposure(scene, FilmSettings(**TAKE, exposure="metered"), take.times(scene)) is scene
    assert lock_exposure(fixed, take, take.times(fixed)) is fixed


def test_an_exposure_correction_is_applied_once(scene, made):
    take = FilmSettings(**TAKE)
    held = lock_exposure(scene.with_changes(photo__stops=1.0), take, take.times(scene))
    exposed = held.view("release+20s").render("draft", 1).expose().exposure.shutter_s
    assert exposed == pytest.approx(2.0 * made.recipe["frames"]["shutter_s"][0])


def test_two_runs_give_the_same_film_and_recipe(fixed, tmp_path):
    take = FilmSettings("release+10s", "release+20s", 10.0, fps=10.0, counter=True, title=True)
    for name in ("one", "two"):
        film(fixed, tmp_path / f"{name}.mp4", take)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "one.mp4", "two.json", "two.mp4"]


def test_a_ping_pong_film_shows_its_ends_once(fixed, tmp_path):
    film(fixed, tmp_path / "a.apng", FilmSettings(**TAKE, ping_pong=True))
    frames = [hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames_of(tmp_path / "a.apng")]
    assert len(set(frames)) == 4
    assert frames[4:] == [frames[2], frames[1]]


def test_title_and_counter_are_written_where_they_belong(fixed, tmp_path):
    large = fixed.with_changes(camera__size_px=[320, 180])
    take = FilmSettings("release+20s", "release+30s", 10.0, fps=5.0, title=True, counter=True)
    made = film(large, tmp_path / "a.apng", take)
    frames = list(frames_of(tmp_path / "a.apng"))
    titled = round(5.0 * TITLE_S)
    assert made.frames == titled + 2
    # Pillow merges equal frames into one with a longer duration.
    card, frame = frames[0], frames[-1]
    lit = card.max(axis=-1) > 100
    assert 0.005 < lit.mean() < 0.2
    assert np.nonzero(lit)[0].mean() == pytest.approx(90, abs=10)
    assert np.nonzero(lit)[1].mean() == pytest.approx(160, abs=5)
    plain = large.view("release+30s").render().expose().pixels
    rows, columns = np.nonzero((frame != plain).any(axis=-1))
    assert 40 < rows.size < 0.05 * plain[..., 0].size
    assert (rows.max(), columns.max()) < (30, 160)


def test_blur_opens_the_shutter_for_its_fraction_of_the_step(fixed, tmp_path):
    film(fixed, tmp_path / "a.apng", FilmSettings("release+20s", "release+30s", 10.0, blur=0.5, samples=4))
    *_, last = frames_of(tmp_path / "a.apng")
    assert np.array_equal(last, fixed.view("release+30s").render("draft", 4, shutter_open_s=5.0).expose().pixels)


def test_sensor_noise_differs_between_frames(scene, tmp_path):
    still = scene.with_changes(photo__look="raw", photo__shutter_s=0.001)
    made = film(still, tmp_path / "a.apng", FilmSettings("release+20s", "release+20.000001s", 1e-6))
    first, second = frames_of(tmp_path / "a.apng")
    assert made.frames == 2
    assert np.abs(first.astype(int) - second).max() > 1
    again = still.view("release+20s").render().expose(seed=still.photo.seed)
    assert np.array_equal(first, again.pixels)


def test_a_mounted_camera_is_filmed_between_two_moments(tmp_path):
    table = Scene.load("tianwen1-mars").with_changes(camera__size_px=SIZE).model_dump(mode="json", exclude_unset=True)
    table = {key: value for key, value in table.items() if key not in ("release", "assumed", "at")}
    mounted = Scene.from_table(table | {"mounted": {"out_m": 3.0}, "at": "max-latitude"})
    made = film(mounted, tmp_path / "a.mp4", FilmSettings("max-latitude", "max-latitude+20s", 10.0, counter=True))
    assert made.frames == 3
    with pytest.raises(SceneError, match=r"--from.*mounted"):
        film(mounted, tmp_path / "b.mp4", FilmSettings())


def test_the_recipe_describes_the_film_and_reproduces_it(scene, made, tmp_path):
    recipe = json.loads(made.path.with_suffix(".json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert recipe == json.loads(json.dumps(made.recipe))
    assert recipe["kind"] == "synthetic image"
    assert recipe["frames"]["seconds"] == [0.0, 10.0, 20.0, 30.0]
    assert recipe["frames"]["epoch_utc"][-1] == scene.view("release+40s").epoch.utc(3)
    assert recipe["film"]["frames_shown"] == 4
    again = film(Scene.from_table(recipe["scene"]), tmp_path / "again.mp4", FilmSettings(**TAKE))
    assert again.recipe["film"]["frames_sha256"] == recipe["film"]["frames_sha256"]


def test_settings_out_of_range_are_refused(scene):
    with pytest.raises(SceneError, match="before --from"):
        FilmSettings("release+10s", "release+5s").times(scene)
    with pytest.raises(SceneError, match="frames are too many; the limit is 20,000"):
        FilmSettings("release", "release+300s", 1e-3).times(scene)
    for wrong in ({"step_s": 0.0}, {"step_s": float("nan")}, {"blur": 1.5}, {"samples": 0}, {"exposure": "auto"}):
        with pytest.raises(SceneError, match="--"):
            FilmSettings(**wrong)


def test_the_command_writes_a_film_and_prints_json(run):
    words = ["film", "tianwen1-mars", "--from", "release+10s", "--to", "release+20s", "--step-s", "5", "--fps", "12.5"]
    code, out, err = run(*words, "--size", "64x36", "-o", "a.mp4", "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert (report["frames"], report["fps"], report["size_px"], report["duration_s"]) == (3, 12.5, SIZE, 0.24)
    assert imageio_ffmpeg.count_frames_and_secs(report["file"])[0] == 3
    assert all(word in run("film", "--help")[1] for word in ("--from", "--step-s", "--blur", "--ping-pong"))
    assert "is the recipe of a film, not of a picture" in run("replay", "a.json")[2]
    code, out, err = run(*words, "-o", "a.avi")
    assert (code, out) == (2, "")
    assert ".mp4 or .gif" in err


def test_progress_says_how_long_the_rest_takes():
    assert progress_text(0.0, 0, 10) == "rendering, frame 1 of 10"
    assert progress_text(6.0, 3, 10) == "rendering, frame 4 of 10, 14 s left"
