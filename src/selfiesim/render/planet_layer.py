"""The planet behind everything: one quad, one fragment shader, one picture that holds its three maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.atmosphere import haze
from selfiesim.planet.relief import STEEPEST
from selfiesim.render.program import Uniforms, new_actor, replace_shading, source, texture_of

if TYPE_CHECKING:
    from selfiesim.planet.maps import PlanetMaps
    from selfiesim.view import View

_MAIN = "fragOutput0 = vec4(planetRadiance(gl_FragCoord.xy), 1.0);\n"
_RIM_RAD = float(np.radians(1.0))  # of a patch's rim left to the globe, so that coarse mip levels do not reach over it
_WRAP = 64  # columns of the globe repeated past either end, for the same reason
_SHADERS = ("noise.glsl", "photometry.glsl", "atmosphere.glsl", "detail.glsl", "planet.glsl")
_FLAT = np.full((8, 8, 4), (128, 128, 128, 0), np.uint8)
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
        colours, colour_places = _side_by_side(maps.north, maps.south, maps.globe)
        slopes, slope_places = _side_by_side(
            *(_FLAT if part is None else part for part in (maps.north_relief, maps.south_relief, maps.globe_relief))
        )
        self.actor.GetProperty().SetTexture("planetMap", texture_of(colours))
        self.actor.GetProperty().SetTexture("reliefMap", texture_of(slopes))
        replace_shading(self.actor, "".join(source(name) for name in _SHADERS), _MAIN, _VERTEX)
        self._uniforms = Uniforms(self.actor.GetShaderProperty().GetFragmentCustomUniforms())
        patch_width = 4.0 * np.sin(maps.patch_span_rad / 2.0)
        self._uniforms.set(
            **{f"{name}Place": place for name, place in colour_places.items()},
            **{f"{name}Relief": place for name, place in slope_places.items()},
            reflectanceMax=maps.reflectance_max,
            steepest=STEEPEST,
            patchRadius=patch_width / 2.0,
            patchSine=np.cos(maps.patch_span_rad - _RIM_RAD),
            northTexel=_texels(patch_width, maps.north, maps.north_relief),
            southTexel=_texels(patch_width, maps.south, maps.south_relief),
            globeTexel=_texels(np.pi, maps.globe, maps.globe_relief),
            reliefScale=1.0,
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


def _texels(width: float, colours: NDArray[np.uint8], slopes: NDArray[np.uint8] | None) -> tuple[float, float]:
    """Size of a pixel of a map's colours and of its slopes, planet radii, for a map ``width`` high."""
    return width / len(colours), width / len(_FLAT if slopes is None else slopes)


def _side_by_side(
    north: NDArray[np.uint8], south: NDArray[np.uint8], globe: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.float64]]]:
    """Three maps in one picture, and where each stands in it, in texture coordinates.

    A patch's place is its middle and half its size, the globe's its corner and size.
    """
    n, m, (rows, columns, bands) = len(north), len(south), globe.shape
    # The north on top, the globe below it, the south beside whichever leaves less empty.
    wide = columns + 2 * _WRAP
    beside_north = n + m <= max(n, wide)
    corner = (0, n) if beside_north else (n, wide)
    height = n + (rows if beside_north else max(rows, m))
    width = max(n, wide, corner[1] + m)
    picture = np.zeros((height, width, bands), np.uint8)
    picture[:n, :n] = north
    picture[corner[0] : corner[0] + m, corner[1] : corner[1] + m] = south
    picture[n : n + rows, :wide] = np.take(globe, range(-_WRAP, columns + _WRAP), axis=1, mode="wrap")
    size = np.array([width, height, width, height], float)
    return picture, {
        "north": np.array([n / 2, n / 2, n / 2, n / 2]) / size,
        "south": np.array([corner[1] + m / 2, corner[0] + m / 2, m / 2, m / 2]) / size,
        "globe": np.array([_WRAP, n, columns, rows]) / size,
    }
