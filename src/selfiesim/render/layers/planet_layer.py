"""The planet behind everything: quads, a fragment shader for each region of them, one picture that holds three maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.light.atmosphere import build_atmosphere
from selfiesim.planet.light.haze_layer import ASYMMETRY, HazeLayer
from selfiesim.planet.light.photometry import LAWS
from selfiesim.planet.light.weather import FROST_EDGE_HALF_WIDTH_RAD, FROST_REFLECTANCE, MAX_FROST_COVER
from selfiesim.planet.terrain.relief import MAX_SLOPE
from selfiesim.render.gl.shader_program import (
    Uniforms,
    new_actor,
    new_mipmapped_texture,
    replace_shading,
    shader_source,
)
from selfiesim.render.layers.planet_tiles import NORTH, REGIONS, SOUTH, Caps, classify_tiles

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.planet.light.weather import Weather
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

# The share of a pixel that the craft covers is the fourth number: 1 for the craft. VTK throws away what has 0 there, so
# that the planet has so little that single precision takes it for nothing beside 1.
PLANET_ALPHA = 2.0**-30
_MAIN = f"fragOutput0 = vec4(planetRadiance(gl_FragCoord.xy), {PLANET_ALPHA!r});\n"
_RIM_RAD = float(np.radians(1.0))  # of a patch's rim left to the globe, so that coarse mip levels do not reach over it
_WRAP = 64  # columns of the globe repeated past either end, for the same reason
_SHADERS = (
    "noise.glsl",
    "photometry.glsl",
    "atmosphere.glsl",
    "weather.glsl",
    "detail.glsl",
    "eclipse.glsl",
    "planet.glsl",
)
_FLAT_RELIEF = np.full((8, 8, 4), (128, 128, 128, 0), np.uint8)
_FRAY_RAD = 0.1  # how far frost reaches over its line at most
_NO_FROST_RAD = np.pi / 2.0
_MAX_DETAIL_FOOTPRINT = 0.0018  # pixel on the ground, planet radii, above which detail.glsl adds nothing
_MAX_CRATER_SINE = 0.956  # of latitude, above which detail.glsl adds no craters
_AIR_TOP_SCALE_HEIGHTS = 12.0  # scale heights; planet.glsl draws no air above
# Clip coordinates as they are, just in front of the far plane.
_VERTEX = {"//VTK::PositionVC::Impl": "gl_Position = vec4(vertexMC.xy, 0.9999999, 1.0);\n"}


class _RegionQuads:
    """The quads of one region of the picture, and the shader that draws them."""

    def __init__(self, textures: dict[str, Any]) -> None:
        self.actor = new_actor(_quads(np.zeros((0, 4)), 1, 1))
        self.actor.GetProperty().LightingOff()
        for name, texture in textures.items():
            self.actor.GetProperty().SetTexture(name, texture)
        self.uniforms = Uniforms(self.actor.GetShaderProperty().GetFragmentCustomUniforms())
        self._defines: tuple[str, ...] | None = None

    def set_rectangles(self, boxes: NDArray[np.float64], camera: Camera) -> None:
        """Draw in rectangles (N, 4) of the picture; nowhere for none."""
        self.actor.SetVisibility(len(boxes) > 0)
        if len(boxes):
            self.actor.GetMapper().SetInputData(_quads(boxes, camera.width, camera.height))

    def compile(self, functions: str, defines: tuple[str, ...]) -> None:
        """The shader with only what this view shows here: llvmpipe pays for every line, taken or not."""
        if defines == self._defines:
            return
        self._defines = defines
        self.actor.GetShaderProperty().ClearAllShaderReplacements()
        head = "".join(f"#define {name}\n" for name in defines)
        replace_shading(self.actor, head + functions, _MAIN, _VERTEX)


class PlanetLayer:
    """The quads that draw one planet: ``actor`` is all of them."""

    def __init__(self, maps: PlanetMaps) -> None:
        from vtkmodules.vtkRenderingCore import vtkPropAssembly

        self.maps = maps
        colours, colour_places = _build_atlas(maps.north, maps.south, maps.globe)
        slopes, slope_places = _build_atlas(
            *(
                _FLAT_RELIEF if part is None else part
                for part in (maps.north_relief, maps.south_relief, maps.globe_relief)
            )
        )
        textures = {"planetMap": new_mipmapped_texture(colours), "reliefMap": new_mipmapped_texture(slopes)}
        self.actor = vtkPropAssembly()
        self._regions = {region: _RegionQuads(textures) for region in REGIONS}
        for piece in self._regions.values():
            self.actor.AddPart(piece.actor)
        self._functions = "".join(shader_source(name) for name in _SHADERS)
        patch_width = 4.0 * np.sin(maps.patch_span_rad / 2.0)
        self._rim = float(np.cos(maps.patch_span_rad - _RIM_RAD))
        self._set(
            **{f"{name}Place": place for name, place in colour_places.items()},
            **{f"{name}Relief": place for name, place in slope_places.items()},
            reflectanceMax=maps.reflectance_max,
            maxSlope=MAX_SLOPE,
            patchRadius=patch_width / 2.0,
            patchSine=self._rim,
            northTexel=_texel_sizes(patch_width, maps.north, maps.north_relief),
            southTexel=_texel_sizes(patch_width, maps.south, maps.south_relief),
            globeTexel=_texel_sizes(np.pi, maps.globe, maps.globe_relief),
        )

    def _set(self, **values: ArrayLike) -> None:
        for piece in self._regions.values():
            piece.uniforms.set(**values)

    def update(self, view: View, passes: int = 1) -> None:
        """Place planet and Sun for ``view``, which has a planet, in a picture that is the mean of ``passes``.

        Passes that are moved over a whole pixel each read maps finer: their mean is as smooth.
        """
        angle = view.camera.pixel_angle / np.sqrt(passes)
        pose = view.planet
        assert pose is not None
        radii = np.array(pose.body.radii_m)
        mean = float(np.mean(radii))
        eye = -(pose.camera_to_bodyfixed @ pose.position) / radii
        to_scaled = mean / radii[:, None] * pose.camera_to_bodyfixed
        weather, law = pose.weather, LAWS[pose.law or self.maps.law]
        air = build_atmosphere(weather.dust_opacity, mean, weather.gas)
        layer = _detached_layer(weather, mean)
        top = max(_AIR_TOP_SCALE_HEIGHTS * air.height, layer.height + layer.half_thickness if layer.opacity else 0.0)
        self._set(
            eye=eye,
            cameraToScaled=to_scaled,
            radii=radii / mean,
            inverseRadii=mean / radii,
            sunDirection=pose.camera_to_bodyfixed @ view.sun.direction,
            sunIrradiance=view.sun.irradiance,
            pixelAngle=angle,
            lawSingle=law.lommel_seeliger_poly,
            lawDiffuse=law.lambert_poly,
            lawSurge=(law.surge_height, law.surge_width),
            **_eclipse_uniforms(pose, mean),
            frostLines=(weather.frost_north, -weather.frost_south),
            frostReflectance=FROST_REFLECTANCE,
            frostCover=MAX_FROST_COVER,
            frostEdge=FROST_EDGE_HALF_WIDTH_RAD,
            clouds=(weather.cloud_opacity, weather.hood_opacity, weather.winter_pole_sign),
            airTop=top,
            layer=(layer.height, layer.half_thickness, layer.opacity, ASYMMETRY),
            hazeOpticalDepth=air.optical_depth,
            hazeDustFraction=air.dust,
            hazeBaselineDepth=air.law_optical_depth,
            hazeAlbedo=air.albedo,
            hazeAsymmetry=air.asymmetry,
            hazeHeight=air.height,
            hazeGrazing=air.horizon_airmass,
            hazeGamma=np.sqrt(1.0 - air.albedo),
            hazeForward=air.forward,
            hazePeak=air.forward_peak_g,
            hazeTop=air.top,
        )
        caps = Caps(globe=self._rim, patch=max(self._rim, _MAX_CRATER_SINE))
        boxes = classify_tiles(view.camera, _principal(view.camera), eye, to_scaled, radii, top, caps)
        features = _shader_features(pose, angle)
        for region, piece in self._regions.items():
            piece.set_rectangles(boxes[region], view.camera)
            if len(boxes[region]):
                piece.compile(self._functions, (region.upper(), *_region_defines(region, features, weather)))
        self.aim(view, (0.0, 0.0))

    def aim(self, view: View, jitter: tuple[float, float]) -> None:
        """Move the pixel grid by ``jitter`` pixels, right and down."""
        camera = view.camera
        x, y = _principal(camera)
        self._set(focal=(camera.fx, camera.fy), principal=(x + jitter[0], y - jitter[1]))


def _eclipse_uniforms(pose: PlanetPose, radius_m: float) -> dict[str, ArrayLike]:
    """The bodies that may stand before the Sun, two at most: place and size in planet radii; where the Sun is."""
    first, second = (*pose.casters, None, None)[:2]
    places = [
        (0.0, 0.0, 0.0, 0.0) if c is None else (*c.position / radius_m, c.radius / radius_m) for c in (first, second)
    ]
    to_sun, angle = (first.to_sun, first.sun_radius) if first else (np.array([0.0, 0.0, 1.0]), 1.0)
    return {"casterOne": places[0], "casterTwo": places[1], "sunCenter": (*to_sun, np.tan(angle))}


def _detached_layer(weather: Weather, radius_m: float) -> HazeLayer:
    return HazeLayer(
        weather.layer_height_m / radius_m, 0.5 * weather.layer_thickness_m / radius_m, weather.layer_opacity
    )


def _principal(camera: Camera) -> tuple[float, float]:
    """The principal point as ``gl_FragCoord`` counts: pixel centres at halves and row 0 at the bottom."""
    return camera.cx + 0.5, camera.height - (camera.cy + 0.5)


def _quads(boxes: NDArray[np.float64], width: int, height: int) -> Any:
    """Rectangles (N, 4) in pixels as a mesh in clip coordinates."""
    import pyvista

    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    points = np.zeros((4 * len(boxes), 3))
    points[:, :2] = corners.reshape(-1, 2) * (2.0 / width, 2.0 / height) - 1.0
    quads = pyvista.PolyData.from_regular_faces(points, np.arange(4 * len(boxes)).reshape(-1, 4))
    # Samplers exist only for meshes with texture coordinates; the shader does not use them.
    quads.active_texture_coordinates = np.zeros((len(points), 2), np.float32)
    return quads


def _region_defines(region: str, features: tuple[str, ...], weather: Weather) -> tuple[str, ...]:
    """The optional parts of the shader that a region needs."""
    hidden = {
        NORTH: {"DETAIL"} | ({"FROST"} if weather.frost_north >= _NO_FROST_RAD else set()),
        SOUTH: {"FROST"} if weather.frost_south <= -_NO_FROST_RAD else set(),
    }
    return tuple(name for name in features if name not in hidden.get(region, set()))


def _shader_features(pose: PlanetPose, pixel_angle: float) -> tuple[str, ...]:
    """Which optional parts of the shader show something."""
    radius = float(np.mean(pose.body.radii_m))
    distance = max(float(np.linalg.norm(pose.position)), 1.001 * radius)
    up = float((pose.camera_to_bodyfixed @ -pose.position)[2] / np.linalg.norm(pose.position))
    below = float(np.arcsin(np.clip(up, -1.0, 1.0)))  # straight over a pole rounding makes it more than 1
    reach = float(np.arccos(radius / distance)) + _FRAY_RAD
    weather = pose.weather
    # A line at the pole is none at all, however much of the pole is in view.
    north, south = min(below + reach, _NO_FROST_RAD), max(below - reach, -_NO_FROST_RAD)
    shown = {
        "FROST": north > weather.frost_north or south < weather.frost_south,
        "DETAIL": pose.body.name == "mars" and (distance - radius) * pixel_angle < _MAX_DETAIL_FOOTPRINT * radius,
        "ECLIPSE": len(pose.casters) > 0,
        "DETACHED": weather.layer_opacity > 0.0,
        "CLOUDS": weather.cloud_opacity > 0.0 or weather.hood_opacity > 0.0,
    }
    return tuple(name for name, used in shown.items() if used)


def _texel_sizes(width: float, colours: NDArray[np.uint8], slopes: NDArray[np.uint8] | None) -> tuple[float, float]:
    """Size of a pixel of a map's colours and of its slopes, planet radii, for a map ``width`` high."""
    return width / len(colours), width / len(_FLAT_RELIEF if slopes is None else slopes)


def _build_atlas(
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
