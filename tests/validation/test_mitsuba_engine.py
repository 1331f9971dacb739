"""The engine mitsuba itself; without the extra, only what is said about that."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from proof_scenes import NAMES, reference, view_of

from selfiesim.errors import GraphicsError
from selfiesim.planet.maps import load_maps
from selfiesim.render import mitsuba as engine
from selfiesim.render import renderer
from selfiesim.render.planet_light import planet_radiance


def installed():
    try:
        engine.require()
    except GraphicsError:
        return False
    return True


needs_mitsuba = pytest.mark.skipif(not installed(), reason="mitsuba is not installed")


def test_without_the_extra_one_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GraphicsError, match=r"not installed; run: pip install 'selfiesim\[mitsuba\]'"):
        engine.require.__wrapped__()


def test_an_unknown_engine_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must be one of pyvista, mitsuba"):
        view_of(NAMES[0], tmp_path).render(engine="povray")


@needs_mitsuba
def test_the_same_picture_again_bit_for_bit(tmp_path):
    view = view_of(NAMES[1], tmp_path)
    told = []
    first = view.render(samples=4, engine="mitsuba", progress=lambda done, of: told.append((done, of)))
    again = view.render(samples=4, engine="mitsuba")
    assert first.rgb.tobytes() == again.rgb.tobytes()
    assert first.engine.startswith("mitsuba ")
    assert first.samples == 4
    assert told[0] == (0, 4)


@needs_mitsuba
def test_few_paths_give_the_mean_of_the_reference(tmp_path):
    rgb = view_of(NAMES[0], tmp_path).render(samples=16, engine="mitsuba").rgb
    assert rgb.mean(axis=(0, 1)) == pytest.approx(reference(NAMES[0], "bounced").mean(axis=(0, 1)), rel=0.005)


@needs_mitsuba
def test_the_planet_stands_round_the_craft_where_it_is(tmp_path):
    import drjit as dr
    import mitsuba as mi

    from selfiesim.render.mitsuba_scene import scenes_of

    view = view_of(NAMES[0], tmp_path)
    maps = load_maps("mars")
    mi.set_variant(engine.require())
    lamp = scenes_of(view, maps, engine.require() == engine.FAST)[1].environment()
    dice = np.random.default_rng(1).normal(size=(120, 3))
    rays = dice / np.linalg.norm(dice, axis=1, keepdims=True)
    told = planet_radiance(view, maps, view.craft.position, rays @ view.craft.body_to_camera.T)
    seen = []
    for ray in rays:
        met = dr.zeros(mi.SurfaceInteraction3f)
        met.wi = mi.Vector3f(*(-ray).tolist())
        seen.append(np.array(lamp.eval(met)).ravel())
    assert 20 < (told[:, 1] > 0.0).sum() < 100
    # A few rays pass within a texel of the limb.
    assert np.percentile(np.abs(np.array(seen) - told).max(axis=1), 97) < 0.02 * told.max()


@needs_mitsuba
def test_a_lens_that_bends_sees_what_the_pinholes_do(tmp_path):
    shot = view_of(NAMES[1], tmp_path).scene
    straight = shot.view().camera
    bent = shot.with_changes(camera__model="brown-conrady", camera__distortion=[0.0] * 4)
    assert bent.view().camera.distortion is not None
    one, other = (scene.view().render(samples=16, engine="mitsuba").rgb for scene in (shot, bent))
    assert one.shape == other.shape == (straight.height, straight.width, 3)
    assert other.mean() == pytest.approx(one.mean(), rel=0.01)


@needs_mitsuba
def test_truth_is_the_other_renderers(tmp_path):
    view = view_of(NAMES[1], tmp_path)
    assert np.array_equal(view.render(samples=1, engine="mitsuba").truth.part, renderer("pyvista").truth(view).part)
