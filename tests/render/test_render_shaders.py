"""A shader that does not compile raises an error; previews converge to the final image."""

from __future__ import annotations

import pytest
from small_scenes import box, stage, write_craft

import selfiesim.render.layers.craft_group
import selfiesim.render.layers.craft_shader
from selfiesim.core.errors import GraphicsError
from selfiesim.render.raster.renderer import PyVistaRenderer


@pytest.fixture
def view(tmp_path):
    return stage(tmp_path, write_craft(tmp_path, "plate", [box((1.0, 1.0, 0.02))], (0.3, 0.1, 3.0))).view()


def test_a_shader_that_does_not_compile_raises_the_message_of_the_driver(view, monkeypatch, capfd):
    shader_source = selfiesim.render.layers.craft_shader.shader_source
    fault = lambda name: shader_source(name).replace("vec3 light = vec3(0.0);", "vec3 light = vec3(0.0) +* 1.0;")  # noqa: E731
    monkeypatch.setattr(selfiesim.render.layers.craft_shader, "shader_source", fault)
    with pytest.raises(GraphicsError, match=r"does not compile a shader of selfiesim \(.*error.*\)"):
        PyVistaRenderer().render(view, "draft")
    assert "#version" not in capfd.readouterr().err  # VTK would print the whole shader


def test_the_shader_of_a_draft_gives_the_light_of_the_whole_one(view, monkeypatch):
    renderer = PyVistaRenderer()
    draft = renderer.render(view, "draft").rgb
    renderer.render(view, "final", 2)  # what this has traced must not show in a draft
    again = renderer.render(view, "draft").rgb
    monkeypatch.setattr(selfiesim.render.layers.craft_group, "DRAFT", "")
    whole = PyVistaRenderer().render(view, "draft").rgb
    assert draft.tobytes() == again.tobytes() == whole.tobytes()


def test_previews_converge_to_the_image(view):
    previews = []
    last = view.render("final", 8, preview=previews.append)
    assert [each.samples for each in previews] == [1, 2, 4, 8]
    assert previews[0].expose().pixels.shape == last.expose().pixels.shape
    assert previews[-1].rgb.tobytes() == last.rgb.tobytes()
    assert last.rgb.tobytes() == view.render("final", 8).rgb.tobytes()
