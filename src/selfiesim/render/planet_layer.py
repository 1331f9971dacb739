"""The planet behind everything: one quad, one fragment shader, three maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.planet.atmosphere import haze
from selfiesim.render.program import Uniforms, new_actor, replace_shading, source, texture_of

if TYPE_CHECKING:
    from selfiesim.planet.maps import PlanetMaps
    from selfiesim.view import View

_MAIN = "fragOutput0 = vec4(planetRadiance(gl_FragCoord.xy), 1.0);\n"
_SHADERS = ("photometry.glsl", "atmosphere.glsl", "planet.glsl")
# Clip coordinates as they are, just in front of the far plane.
_VERTEX = {"//VTK::PositionVC::Impl": "gl_Position = vec4(vertexMC.xy, 0.9999999, 1.0);\n"}


class PlanetLayer:
    """The quad that draws one planet."""

    def __init__(self, maps: PlanetMaps) -> None:
        import pyvista

        self.maps = maps
        quad = pyvista.PolyData(
            np.array([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]]), faces=[4, 0, 1, 2, 3]
        )
        # Samplers exist only for meshes with texture coordinates; the shader does not use them.
        quad.active_texture_coordinates = np.zeros((4, 2), np.float32)
        self.actor = new_actor(quad)
        self.actor.GetProperty().LightingOff()
        for name, image in (("globeMap", maps.globe), ("northMap", maps.north), ("southMap", maps.south)):
            self.actor.GetProperty().SetTexture(name, texture_of(image, repeat=name == "globeMap"))
        replace_shading(self.actor, "".join(source(name) for name in _SHADERS), _MAIN, _VERTEX)
        self._uniforms = Uniforms(self.actor.GetShaderProperty().GetFragmentCustomUniforms())
        patch_width = 4.0 * np.sin(maps.patch_span_rad / 2.0)
        self._uniforms.set(
            reflectanceMax=maps.reflectance_max,
            patchRadius=patch_width / 2.0,
            patchLatitude=np.pi / 2.0 - maps.patch_span_rad,
            patchTexel=patch_width / maps.north.shape[0],
            globeTexel=np.pi / maps.globe.shape[0],
        )

    def update(self, view: View) -> None:
        """Place planet and Sun for ``view``."""
        pose = view.planet
        inverse = 1.0 / np.array(pose.body.radii_m)
        self._uniforms.set(
            eye=-inverse * (pose.camera_to_bodyfixed @ pose.position),
            cameraToScaled=inverse[:, None] * pose.camera_to_bodyfixed * float(np.mean(pose.body.radii_m)),
            inverseRadii=inverse * float(np.mean(pose.body.radii_m)),
            sunDirection=pose.camera_to_bodyfixed @ view.sun.direction,
            sunIrradiance=view.sun.irradiance,
            pixelAngle=view.camera.pixel_angle,
        )
        air = haze(pose.dust_opacity, float(np.mean(pose.body.radii_m)))
        self._uniforms.set(
            hazeDepth=air.depth, hazeAlbedo=air.albedo, hazeAsymmetry=air.asymmetry, hazeHeight=air.height
        )
        self.aim(view, (0.0, 0.0))

    def aim(self, view: View, jitter: tuple[float, float]) -> None:
        """Move the pixel grid by ``jitter`` pixels, right and down."""
        camera = view.camera
        # gl_FragCoord has pixel centres at halves and row 0 at the bottom.
        self._uniforms.set(
            focal=(camera.fx, camera.fy),
            principal=(camera.cx + 0.5 + jitter[0], camera.height - (camera.cy + 0.5 + jitter[1])),
        )
