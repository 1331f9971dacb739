"""The planet behind everything: one quad, one fragment shader, one picture that holds its three maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.atmosphere import haze
from selfiesim.render.program import Uniforms, new_actor, replace_shading, source, texture_of

if TYPE_CHECKING:
    from selfiesim.planet.maps import PlanetMaps
    from selfiesim.view import View

# The share of a pixel that the craft covers is the fourth number: 1 for the craft. VTK throws away what has 0 there, so
# that the planet has so little that single precision takes it for nothing beside 1.
BEHIND = 2.0**-30
_MAIN = f"fragOutput0 = vec4(planetRadiance(gl_FragCoord.xy), {BEHIND!r});\n"
_RIM_RAD = float(np.radians(1.5))  # of a patch's rim left to the globe, so that coarse mip levels do not reach over it
_WRAP = 64  # columns of the globe repeated past either end, for the same reason
_SHADERS = ("noise.glsl", "photometry.glsl", "atmosphere.glsl", "planet.glsl")
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
        atlas, places = _side_by_side(maps)
        self.actor.GetProperty().SetTexture("planetMap", texture_of(atlas))
        replace_shading(self.actor, "".join(source(name) for name in _SHADERS), _MAIN, _VERTEX)
        self._uniforms = Uniforms(self.actor.GetShaderProperty().GetFragmentCustomUniforms())
        patch_width = 4.0 * np.sin(maps.patch_span_rad / 2.0)
        self._uniforms.set(
            **places,
            reflectanceMax=maps.reflectance_max,
            patchRadius=patch_width / 2.0,
            patchSine=np.cos(maps.patch_span_rad - _RIM_RAD),
            patchTexel=(patch_width / maps.north.shape[0], patch_width / maps.south.shape[0]),
            globeTexel=np.pi / maps.globe.shape[0],
        )

    def update(self, view: View) -> None:
        """Place planet and Sun for ``view``, which has a planet."""
        pose = view.planet
        assert pose is not None
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
            hazeDepth=air.depth,
            hazeHeld=air.held,
            hazeAlbedo=air.albedo,
            hazeAsymmetry=air.asymmetry,
            hazeHeight=air.height,
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


def _side_by_side(maps: PlanetMaps) -> tuple[NDArray[np.uint8], dict[str, ArrayLike]]:
    """The maps in one picture, and where each stands in it, as the shader's uniforms.

    A patch's place is its middle and half its size, the globe's its corner and size, all in texture coordinates.
    """
    north, south = maps.north.shape[0], maps.south.shape[0]
    rows, columns = maps.globe.shape[:2]
    height, width = north + rows, max(north + south, columns + 2 * _WRAP)
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:north, :north] = maps.north
    picture[:south, north : north + south] = maps.south
    picture[north:, : columns + 2 * _WRAP] = np.take(maps.globe, range(-_WRAP, columns + _WRAP), axis=1, mode="wrap")
    size = np.array([width, height, width, height], float)
    return picture, {
        "northPlace": np.array([north / 2, north / 2, north / 2, north / 2]) / size,
        "southPlace": np.array([north + south / 2, south / 2, south / 2, south / 2]) / size,
        "globePlace": np.array([_WRAP, north, columns, rows]) / size,
    }
