"""Light by kind: together it is the picture, and each kind holds what its name says."""

from __future__ import annotations

import pytest
from scipy.ndimage import maximum_filter, minimum_filter

from selfiesim.core.errors import GraphicsError
from selfiesim.render.common.radiance import LIGHTS
from selfiesim.scene.scene import Scene

LENS = {"model": "kannala-brandt", "distortion": [0.02, -0.003, 0.0, 0.0], "horizontal_fov_deg": 120}


def view_of(name, camera=None, **changes):
    scene = Scene.load(name)
    camera = scene.camera.model_dump(exclude_unset=True) | {"size_px": [96, 54]} | (camera or {})
    return scene.with_changes(camera=camera, **changes).view()


# Space over air and over bare ground, a distorting lens, a ground with its sky, and final quality with
# traced light.
@pytest.mark.parametrize(
    ("name", "quality", "changes"),
    [
        ("tianwen1-mars", "final", {}),
        ("cubesat-earth", "draft", {}),
        ("bepicolombo-mcam2", "draft", {}),
        ("tianwen1-mars", "draft", {"camera": LENS}),
        ("zhurong-group", "draft", {}),
    ],
)
def test_kinds_of_light_add_up(name, quality, changes):
    radiance = view_of(name, **changes).render(quality)
    lights = radiance.lights()
    assert tuple(lights) == LIGHTS
    total = sum(lights.values())
    assert total == pytest.approx(radiance.rgb, rel=1e-4, abs=1e-6 * float(radiance.rgb.max()))
    assert all(image.min() >= -1e-6 * total.max() for name, image in lights.items() if name != "planetshine")


def test_they_add_up_under_motion_blur():
    radiance = view_of("tianwen1-mars").render("draft", 4, shutter_open_s=2.0)
    tolerance = 1e-6 * float(radiance.rgb.max())
    assert sum(radiance.lights().values()) == pytest.approx(radiance.rgb, rel=1e-4, abs=tolerance)


def test_each_kind_is_where_it_belongs():
    radiance = view_of("tianwen1-mars").render("final")
    lights, part = radiance.lights(), radiance.truth.part
    covered = maximum_filter(radiance.coverage().craft, 3)  # the picture has more samples than the coverage
    for name in ("sun", "planetshine", "interreflection", "reflection"):
        assert lights[name][covered > 0.0].max() > 0.0
        assert lights[name][covered == 0.0].max() == 0.0
    assert lights["glow"].max() == 0.0  # nothing on the orbiter glows
    assert lights["sky"][minimum_filter(part == 1, 5)].max() == 0.0  # no star in front of the planet
    # Without air, the ground's light is all there is of the planet.
    airless = view_of("tianwen1-mars", planet__dust_opacity=0.0).render("draft").lights()
    assert airless["air"].mean() < 0.2 * lights["air"].mean()


def test_on_faces_that_the_sun_does_not_reach_there_is_no_sunlight():
    dark = view_of("juice-jmc-moon").render("draft")
    assert dark.truth.sun_visibility[dark.truth.part >= 2].max() == 0.0
    lights = dark.lights()
    assert lights["sun"].max() == 0.0
    assert lights["reflection"].max() > 0.0


def test_another_engine_is_refused():
    radiance = view_of("tianwen1-mars").render("draft", 1)
    object.__setattr__(radiance, "engine", "mitsuba 3.8.0, scalar_rgb")
    with pytest.raises(GraphicsError, match="only the engine pyvista"):
        radiance.lights()
