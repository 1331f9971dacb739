"""A shader that does not compile raises an error; previews converge to the final image."""

from __future__ import annotations

import pytest
from small_scenes import box, stage, write_craft

import selfiesim.render.layers.craft_group
from selfiesim.core.errors import GraphicsError
from selfiesim.render.raster.renderer import PyVistaRenderer


@pytest.fixture
def view(tmp_path):
    return stage(tmp_path, write_craft(tmp_path, "plate", [box((1.0, 1.0, 0.02))], (0.3, 0.1, 3.0))).view()


def test_a_shader_that_does_not_compile_raises_the_message_of_the_driver(view, monkeypatch, capfd):
    shader_source = selfiesim.render.layers.craft_group.shader_source
    fault = lambda name: shader_source(name).replace("vec3 light = vec3(0.0);", "vec3 light = vec3(0.0) +* 1.0;")  # noqa: E731
    monkeypatch.setattr(selfiesim.render.layers.craft_group, "shader_source", fault)
    with pytest.raises(GraphicsError, match=r"does not compile a shader of selfiesim \(.*error.*\)"):
        PyVistaRenderer().render(view, "draft")
    assert "#version" not in capfd.readouterr().err  # VTK would print the whole shader


def test_previews_converge_to_the_image(view):
    previews = []
    last = view.render("final", 8, preview=previews.append)
    assert [each.samples for each in previews] == [1, 2, 4, 8]
    assert previews[0].expose().pixels.shape == last.expose().pixels.shape
    assert previews[-1].rgb.tobytes() == last.rgb.tobytes()
    assert last.rgb.tobytes() == view.render("final", 8).rgb.tobytes()
