"""A user's own map: its pattern in measured tones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.colour import bands_from_linear_srgb, srgb_from_linear
from selfiesim.core.errors import MapError, SceneError
from selfiesim.planet.library import user_maps
from selfiesim.planet.light.photometry import LAWS
from selfiesim.planet.maps import albedo, planet_maps, surface
from selfiesim.planet.maps.albedo import disc_row_weights
from selfiesim.planet.maps.map_file import MapFile
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance
from selfiesim.planet.maps.surface import Surface, surface_maps
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.scene.scene import Scene

LAT = (0.5 - (np.arange(256) + 0.5) / 256)[:, None] * np.pi
LON = (np.arange(512) + 0.5)[None, :] / 512 * 2 * np.pi


@pytest.fixture(autouse=True)
def _fresh_memory(mars: PlanetMaps) -> Iterator[None]:
    yield
    surface._own_maps.cache_clear()


def srgb_bytes(light: np.ndarray) -> np.ndarray:
    """Return the 8-bit sRGB codes of light 0..1."""
    return np.round(255 * np.clip(srgb_from_linear(light), 0, 1)).astype(np.uint8)


def write_image(path: Path, light: np.ndarray) -> Path:
    Image.fromarray(srgb_bytes(light)).save(path)
    return path


def user_surface(path: Path, body: str = "mars", **keys: object) -> PlanetMaps:
    return surface_maps(Surface(body, map=MapFile(path, Conventions(lon0_deg=0.0), **keys)))  # type: ignore[arg-type]


def disc(planet: PlanetMaps) -> np.ndarray:
    return disc_row_weights(256, LAWS[planet.law]) @ reflectance(planet, LAT, LON).mean(axis=1)


def recoloured_mars(mars: PlanetMaps, width: int) -> np.ndarray:
    """Return the default map with another contrast, hue and brightness, as light 0..1."""
    lat = (0.5 - (np.arange(width // 2) + 0.5) / (width // 2))[:, None] * np.pi
    lon = (np.arange(width) + 0.5)[None, :] / width * 2 * np.pi
    true = reflectance(mars, lat, lon)
    return np.stack([(1.6 * true[..., 0]) ** 0.7, (1.5 * true[..., 1]) ** 1.2, (1.4 * true[..., 2]) ** 0.9], -1)


def test_a_recoloured_mars_gets_the_measured_tones_back(mars: PlanetMaps, tmp_path: Path) -> None:
    ours = user_surface(write_image(tmp_path / "m.png", recoloured_mars(mars, 1024)))
    error = reflectance(ours, LAT, LON) - reflectance(mars, LAT, LON)
    assert np.abs(error).mean() < 0.01
    assert disc(ours) == pytest.approx(disc(mars), rel=0.01)


def test_the_images_pattern_is_kept(mars: PlanetMaps, tmp_path: Path) -> None:
    """In an image shifted by 90 degrees the features stay where the image has them."""
    shifted = np.roll(recoloured_mars(mars, 1024), 256, axis=1)
    ours = reflectance(user_surface(write_image(tmp_path / "m.png", shifted)), LAT[60:196], LON)[..., 1]
    there = reflectance(mars, LAT[60:196], LON - np.pi / 2)[..., 1]
    here = reflectance(mars, LAT[60:196], LON)[..., 1]
    assert np.corrcoef(ours.ravel(), there.ravel())[0, 1] > 0.97
    assert np.corrcoef(ours.ravel(), here.ravel())[0, 1] < 0.5


def test_a_coarse_map_keeps_the_default_polar_patches(mars: PlanetMaps, tmp_path: Path) -> None:
    ours = user_surface(write_image(tmp_path / "m.png", recoloured_mars(mars, 512)))
    assert ours.globe.shape == (256, 512, 3)
    np.testing.assert_array_equal(ours.north, mars.north)
    np.testing.assert_array_equal(ours.south, mars.south)


def test_patches_of_a_fine_map_have_no_added_detail(mars: PlanetMaps, tmp_path: Path) -> None:
    """A smooth image gives a smooth patch; the default's mottling would add a few percent."""
    lat = (0.5 - (np.arange(1500) + 0.5) / 1500)[:, None] * np.pi
    lon = (np.arange(3000) + 0.5)[None, :] / 3000 * 2 * np.pi
    light = 0.2 + 0.1 * np.cos(lat) * np.cos(lon) + 0.05 * np.sin(3 * lat)
    ours = user_surface(write_image(tmp_path / "m.png", np.repeat(light[..., None], 3, axis=2)), tone="own")
    assert len(ours.north) >= 1024
    places = np.radians(np.linspace(-89.9, -75, 200))[:, None]
    tone = reflectance(ours, places, LON)[..., 1]
    scale = tone.mean() / (0.2 + 0.1 * np.cos(places) * np.cos(LON) + 0.05 * np.sin(3 * places)).mean()
    expected = (0.2 + 0.1 * np.cos(places) * np.cos(LON) + 0.05 * np.sin(3 * places)) * scale
    assert (tone / expected - 1).std() < 0.01  # quantisation of 8-bit input and output


def test_gaps_are_filled_from_the_default(mars: PlanetMaps, tmp_path: Path) -> None:
    light = srgb_bytes(recoloured_mars(mars, 512))
    alpha = np.full(light.shape[:2], 255, np.uint8)
    alpha[100:150, 50:100] = 0
    Image.fromarray(np.dstack([light, alpha])).save(tmp_path / "m.png")
    ours = user_surface(tmp_path / "m.png")
    lat, lon = (0.5 - 125.5 / 256) * np.pi, 75.5 / 512 * 2 * np.pi
    np.testing.assert_allclose(reflectance(ours, lat, lon), reflectance(mars, lat, lon), atol=0.004)


@pytest.mark.parametrize("body", ["mars", "moon"])
def test_own_colours_are_scaled_to_the_albedo(tmp_path: Path, body: str) -> None:
    light = np.broadcast_to(np.array([0.1, 0.2, 0.3]), (128, 256, 3))
    ours = user_surface(write_image(tmp_path / "m.png", light), body, tone="own")
    bands = bands_from_linear_srgb(light[0, 0])
    tone = reflectance(ours, 0.1, 0.2)
    published = {"mars": 0.172, "moon": 0.12}[body]  # Mallama et al. 2017; NSSDC
    assert tone[1] == pytest.approx(published, rel=0.02)
    assert tone / tone[1] == pytest.approx(bands / bands[1], rel=0.05)


def test_a_grey_image_of_a_body_gets_its_hue(tmp_path: Path) -> None:
    image = Image.fromarray(np.full((128, 256), 120, np.uint8))
    image.save(tmp_path / "m.png")
    assert disc(user_surface(tmp_path / "m.png", "moon")) == pytest.approx([0.133, 0.120, 0.103], rel=0.02)


def test_a_map_of_the_moon_gets_the_lunar_law(tmp_path: Path) -> None:
    light = np.broadcast_to(np.array([0.2, 0.2, 0.2]), (128, 256, 3))
    ours = user_surface(write_image(tmp_path / "m.png", light), "moon")
    assert ours.law == "lunar"
    with pytest.raises(MapError, match="tone 'measured' exists for mars only"):
        user_surface(tmp_path / "m.png", "moon", tone="measured")


def test_credits_name_the_map_and_the_default(mars: PlanetMaps, tmp_path: Path) -> None:
    path = write_image(tmp_path / "m.png", recoloured_mars(mars, 256))
    assert "Someone" in user_surface(path, credits="Someone").credits
    assert mars.credits in user_surface(path, credits="Someone").credits
    assert "m.png" in user_surface(path).credits


def test_a_changed_file_is_read_again(mars: PlanetMaps, tmp_path: Path) -> None:
    light = recoloured_mars(mars, 256)
    before = user_surface(write_image(tmp_path / "m.png", light)).globe.copy()
    assert user_surface(tmp_path / "m.png").globe is user_surface(tmp_path / "m.png").globe
    write_image(tmp_path / "m.png", light[:, ::-1])
    assert (user_surface(tmp_path / "m.png").globe != before).any()


def test_a_uniform_image_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"m\.png: has only one shade"):
        user_surface(write_image(tmp_path / "m.png", np.full((128, 256, 3), 0.2)))
    with pytest.raises(MapError, match=r"n\.png: is entirely black"):
        user_surface(write_image(tmp_path / "n.png", np.zeros((128, 256, 3))), tone="own")


def test_bad_maps_leave_the_cache_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    path = write_image(tmp_path / "m.png", np.random.default_rng(0).uniform(0, 1, (128, 256, 3)))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(MapError, match=r"m\.png"):
        user_surface(path)
    assert not list((tmp_path / "cache").rglob("*.npy"))


SCENE = {
    "title": "test",
    "at": "2021-12-31T13:05:00Z",
    "craft": {"model": "tianwen1-orbiter"},
    "orbit": {
        "epoch_utc": "2021-12-31T13:05:00Z",
        "semi_major_axis_km": 8898.75,
        "eccentricity": 0.5884,
        "inclination_deg": 86.3,
        "raan_deg": 100.72,
        "arg_periapsis_deg": 57.1,
        "true_anomaly_deg": 32.9,
    },
    "mounted": {"mount": "camera", "out_m": 5.0},
}


def scene(folder: Path, setting: object, **more: object) -> Scene:
    return Scene.from_table(SCENE | {"planet": {"map": setting}} | more, "my.toml", folder)


def test_a_scene_uses_a_file_next_to_it(mars: PlanetMaps, tmp_path: Path) -> None:
    write_image(tmp_path / "m.png", recoloured_mars(mars, 256))
    for setting in ("m.png", {"file": "m.png", "lon0_deg": 0, "tone": "own", "credits": "Me"}):
        found = scene(tmp_path, setting).view().planet.surface
        assert found.map.path == tmp_path / "m.png"
    assert (found.map.conventions.lon0_deg, found.map.tone, found.map.credits) == (0.0, "own", "Me")
    assert Scene.from_table(SCENE).view().planet.surface == Surface("mars")


def test_a_scene_uses_a_map_of_the_library(library: Path, mars: PlanetMaps, tmp_path: Path) -> None:
    user_maps.add(write_image(tmp_path / "m.png", recoloured_mars(mars, 256)), "mine", credits="Me")
    found = scene(tmp_path, "mine").view().planet.surface
    assert (found.map.path.name, found.map.credits) == ("m.png", "Me")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("mine", r"my\.toml: planet\.map: no map 'mine' in the library"),
        ("gone.png", r"my\.toml: planet\.map: .*gone\.png: no such file"),
        ("../m.png", r"planet\.map: '\.\./m\.png' lies outside the scene's folder"),
        ({"file": "/etc/passwd"}, r"planet\.map\.file: .* outside"),
        ("odd.png", r"planet\.map: .*odd\.png: is 300x200"),
        ({"file": "odd.png", "lon0": 0}, r"planet\.map\.MapSection\.lon0|lon0: unknown key"),
    ],
)
def test_a_scene_with_a_bad_map_names_it(library: Path, tmp_path: Path, setting: object, message: str) -> None:
    Image.new("RGB", (300, 200)).save(tmp_path / "odd.png")
    with pytest.raises((MapError, SceneError), match=message):
        scene(tmp_path, setting).view()


# Two independent images of Mars, of different contrast and hue.
@pytest.mark.parametrize(
    ("name", "latitude"),
    [("mars_colour_cosmographia_8192.jpg", None), ("mars_colour_celestia_4096.jpg", "planetographic")],
)
def test_real_maps_agree_with_the_default(
    reference: Callable[[str], Path], mars: PlanetMaps, name: str, latitude: str | None
) -> None:
    conventions = Conventions.model_validate({"lon0_deg": -180.0, "latitude": latitude})
    ours = surface_maps(Surface("mars", map=MapFile(reference(name), conventions)))
    assert disc(ours) == pytest.approx(disc(mars), rel=0.01)
    toned, default = reflectance(ours, LAT, LON), reflectance(mars, LAT, LON)
    for band in range(2):
        assert np.corrcoef(toned[..., band].ravel(), default[..., band].ravel())[0, 1] > 0.6
    middle = slice(40, 216)
    assert toned[middle].std(axis=(0, 1)) == pytest.approx(default[middle].std(axis=(0, 1)), rel=0.15)
    # The caps are as bright as the default's, not overexposed, and no wider.
    for cap, wide in ((np.radians(80) < LAT, 0.06), (np.radians(-84) > LAT, 0.2)):
        here = np.broadcast_to(cap, toned.shape[:2])
        assert toned[here].mean(axis=0) == pytest.approx(default[here].mean(axis=0), rel=wide)
    assert ours.globe.shape[1] == int(name.split("_")[-1].split(".")[0])
    assert ours.reflectance_max == albedo.REFLECTANCE_MAX
    assert ours.patch_span_rad == planet_maps.PATCH_SPAN_RAD
