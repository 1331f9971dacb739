"""The planet behind everything: quads with a fragment shader for each region, and one texture atlas of three maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.light import air_table
from selfiesim.planet.light.atmosphere import GAS_COLOUR, Atmosphere
from selfiesim.planet.light.haze_layer import ASYMMETRY, HazeLayer
from selfiesim.planet.light.photometry import LAWS, lambert_share
from selfiesim.planet.light.weather import FROST_EDGE_HALF_WIDTH_RAD, MAX_FROST_COVER
from selfiesim.planet.maps.map_cache import release_pages
from selfiesim.planet.maps.planet_maps import MAX_CRATER_DENSITY
from selfiesim.planet.terrain.cast_shadows import ShadowGrid
from selfiesim.planet.terrain.relief import MAX_SLOPE
from selfiesim.render.gl.shader_program import (
    Uniforms,
    new_actor,
    new_float_texture,
    new_mipmapped_texture,
    new_still_texture,
    replace_shading,
    shader_source,
    upload_image,
)
from selfiesim.render.layers.craft_group import law_uniforms
from selfiesim.render.layers.earth_layer import EarthLayer, earth_constants
from selfiesim.render.layers.planet_tiles import NORTH, REGIONS, SOUTH, Caps, classify_tiles
from selfiesim.render.light.relief_shadows import relief_shadows
from selfiesim.sky.earth_shadow import UMBRA_CENTER, UMBRA_EDGE

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.planet.light.air_table import AirTable
    from selfiesim.planet.light.weather import Weather
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.planet.terrain.cast_shadows import ShadowMap
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

# Alpha is the coverage by craft: 1 for the craft. VTK discards fragments with alpha 0, so that the planet has an alpha
# too small to make a difference next to 1 in single precision.
PLANET_ALPHA = 2.0**-30
_MAIN = f"fragOutput0 = vec4(planetRadiance(gl_FragCoord.xy), {PLANET_ALPHA!r});\n"
_RIM_RAD = float(
    np.radians(1.0)
)  # width of a patch's rim that the globe's map covers, so that coarse mip levels do not bleed over it
_WRAP = 64  # columns of the globe repeated beyond either end, for the same reason
_SHADERS = (
    "noise.glsl",
    "photometry.glsl",
    "atmosphere.glsl",
    "weather.glsl",
    "detail.glsl",
    "eclipse.glsl",
    "earth.glsl",
    "planet.glsl",
)
_NO_SHADOWS = np.full((8, 8, 4), 255, np.uint8)
_FLAT_RELIEF = np.full((8, 8, 4), (128, 128, 128, 0), np.uint8)
_MAX_FROST_OVERLAP_RAD = 0.1  # how far frost extends beyond its line at most
_NO_FROST_RAD = np.pi / 2.0
_CLOUD_BELT_RAD, _HOOD_EDGE_RAD = (-0.43, 0.67), 0.95  # latitudes with clouds in weather.glsl
_MAX_DETAIL_FOOTPRINT = 0.0018  # footprint of a pixel, planet radii, above which detail.glsl adds nothing
_CRATERS_PER_CELL = 2000.0  # craters over 5 km per 10^6 km^2 if each cell of detail.glsl's first octave had a crater
_MAX_CRATER_SINE = 0.956  # sine of the latitude above which detail.glsl adds no craters
# Vertices are in clip coordinates; depth just in front of the far plane.
_VERTEX = {"//VTK::PositionVC::Impl": "gl_Position = vec4(vertexMC.xy, 0.9999999, 1.0);\n"}


class _RegionQuads:
    """The quads of one region of the image, and their shader."""

    def __init__(self, textures: dict[str, Any]) -> None:
        self.actor = new_actor(_quads(np.zeros((0, 4)), 1, 1))
        self.actor.GetProperty().LightingOff()
        for name, texture in textures.items():
            self.actor.GetProperty().SetTexture(name, texture)
        self.uniforms = Uniforms(self.actor.GetShaderProperty().GetFragmentCustomUniforms())
        self._defines: tuple[str, ...] | None = None

    def set_rectangles(self, boxes: NDArray[np.float64], camera: Camera) -> None:
        """Set the rectangles (N, 4) to render, pixels; hide the actor if there are none."""
        self.actor.SetVisibility(len(boxes) > 0)
        if len(boxes):
            self.actor.GetMapper().SetInputData(_quads(boxes, camera.width, camera.height))

    def compile(self, functions: str, defines: tuple[str, ...]) -> None:
        """Compile the shader with only the features visible in this region: llvmpipe executes every branch."""
        if defines == self._defines:
            return
        self._defines = defines
        self.actor.GetShaderProperty().ClearAllShaderReplacements()
        head = "".join(f"#define {name}\n" for name in defines)
        replace_shading(self.actor, head + functions, _MAIN, _VERTEX)


class PlanetLayer:
    """The quads that show one planet; ``actor`` is the assembly of all of them."""

    _air_table: AirTable | None = None  # the one in the textures

    def __init__(self, maps: PlanetMaps, renderer: Any) -> None:
        from vtkmodules.vtkRenderingCore import vtkPropAssembly

        self.maps = maps
        colours, colour_rectangles = _load_atlas(renderer, maps.north, maps.south, maps.globe)
        slopes, slope_rectangles = _load_atlas(
            renderer,
            *(
                _FLAT_RELIEF if relief is None else relief
                for relief in (maps.north_relief, maps.south_relief, maps.globe_relief)
            ),
        )
        craters = np.zeros((8, 8), np.uint8) if maps.craters is None else maps.craters
        textures = {"planetMap": colours, "reliefMap": slopes}
        textures["craterMap"] = new_mipmapped_texture(np.repeat(craters[..., None], 3, axis=2))
        self._shadow_texture = new_mipmapped_texture(_NO_SHADOWS)
        self._shadows: ShadowMap | None = None
        self._earth = EarthLayer(maps)
        self._air_textures = {"airOnce": new_float_texture(), "airMore": new_float_texture()}
        textures |= {"shadowMap": self._shadow_texture, **self._air_textures, **self._earth.textures}
        self.actor = vtkPropAssembly()
        self._regions = {region: _RegionQuads(textures) for region in REGIONS}
        for quads in self._regions.values():
            self.actor.AddPart(quads.actor)
        self._functions = _air_constants() + earth_constants() + "".join(shader_source(name) for name in _SHADERS)
        patch_width = 4.0 * np.sin(maps.patch_span_rad / 2.0)
        self._max_globe_sine = float(np.cos(maps.patch_span_rad - _RIM_RAD))
        self._set(
            **{f"{name}Place": rectangle for name, rectangle in colour_rectangles.items()},
            **{f"{name}Relief": rectangle for name, rectangle in slope_rectangles.items()},
            reflectanceMax=maps.reflectance_max,
            maxSlope=MAX_SLOPE,
            craterScale=MAX_CRATER_DENSITY / _CRATERS_PER_CELL,
            patchRadius=patch_width / 2.0,
            patchSine=self._max_globe_sine,
            northTexel=_texel_sizes(patch_width, maps.north, maps.north_relief),
            southTexel=_texel_sizes(patch_width, maps.south, maps.south_relief),
            globeTexel=_texel_sizes(np.pi, maps.globe, maps.globe_relief),
            groundShare=1.0,
        )

    def _set(self, **values: ArrayLike) -> None:
        for quads in self._regions.values():
            quads.uniforms.set(**values)

    def update(self, view: View, passes: int = 1) -> None:
        """Set planet, Sun and air for ``view``, which has a planet, in an image that is the mean of ``passes``.

        Passes with shifts of up to half a pixel sample maps at a finer level each: their mean is as smooth.
        """
        pixel_angle, pose = view.camera.pixel_angle / np.sqrt(passes), view.planet
        assert pose is not None
        radii = np.array(pose.body.radii_m)
        mean = float(np.mean(radii))
        eye = -(pose.camera_to_bodyfixed @ pose.position) / radii
        to_scaled = mean / radii[:, None] * pose.camera_to_bodyfixed
        air = Atmosphere.from_weather(pose.weather, pose.body)
        layer = _detached_layer(pose.weather, mean)
        layer_top = layer.height + layer.half_thickness if layer.opacity else 0.0
        air_top = max(air.top if pose.weather.has_air else 0.0, layer_top)
        self._set(
            eye=eye,
            cameraToScaled=to_scaled,
            radii=radii / mean,
            inverseRadii=mean / radii,
            sunDirection=pose.camera_to_bodyfixed @ view.sun.direction,
            sunIrradiance=view.sun.irradiance,
            pixelAngle=pixel_angle,
            airTop=air.top,
            shellTop=air_top,
            detachedLayer=(layer.height, layer.half_thickness, layer.opacity, ASYMMETRY),
            **law_uniforms(LAWS[pose.law or self.maps.law]),
            lawLambertShare=min(lambert_share(pose.law or self.maps.law), 1.0),
            **_eclipse_uniforms(pose, mean),
            **_weather_uniforms(pose.weather),
            **self._air_uniforms(air, pose.weather),
            **self._earth.update(pose.weather),
        )
        shadows = self._update_shadows(view)
        caps = Caps(globe=self._max_globe_sine, patch=max(self._max_globe_sine, _MAX_CRATER_SINE))
        boxes = classify_tiles(view.camera, _principal(view.camera), eye, to_scaled, radii, air_top, caps)
        extra = [*self._earth.features(pose.weather), *["SHADOWS"] * shadows]
        features = (*_shader_features(pose, pixel_angle), *extra)
        for region, quads in self._regions.items():
            quads.set_rectangles(boxes[region], view.camera)
            if len(boxes[region]):
                quads.compile(self._functions, (region.upper(), *_region_defines(region, features, pose.weather)))
        self.aim(view, (0.0, 0.0))

    def show_ground(self, share: float) -> None:
        """Show this share of the ground's light: 1 for all of it, 0 for the air alone."""
        self._set(groundShare=share)

    def _update_shadows(self, view: View) -> bool:
        """Upload the shadows of the relief in ``view``; return whether there are any."""
        shadows = relief_shadows(view, self.maps)
        if shadows is not None and shadows is not self._shadows:
            # VTK reads two channels as grey and alpha, and three are not aligned.
            upload_image(self._shadow_texture, np.repeat(shadows.codes, 2, axis=2), copy=False)
            self._shadows = shadows
        grid = ShadowGrid(1, 0, 1, 0, 1) if shadows is None else shadows.grid
        self._set(
            sunFrame=np.eye(3) if shadows is None else shadows.frame,
            shadowGrid=(
                grid.middle_turn,
                grid.columns_per_turn / grid.columns,
                1.0 / (grid.texel * grid.rows),
                grid.first_row / grid.rows,
            ),
            shadowTexel=grid.texel,
        )
        return shadows is not None

    def _air_uniforms(self, air: Atmosphere, weather: Weather) -> dict[str, ArrayLike]:
        """Upload the table of the air unless it is there; return the uniforms that go with it."""
        if weather.has_air and air.table is not self._air_table:
            self._air_table = air.table
            for name, image in (("airOnce", air.table.once), ("airMore", air.table.more)):
                upload_image(self._air_textures[name], image, copy=False)
        place = air.table.horizon_place if weather.has_air else 0.0
        return {
            "dustNarrow": air.columns[0].aerosol.narrow_g,
            "dustLobes": (air.columns[0].aerosol.narrow_share, air.columns[0].aerosol.wide_g),
            "gasColour": GAS_COLOUR,
            "airBlocks": len(air.columns),
            "horizonPlace": place,
        }

    def aim(self, view: View, shift: tuple[float, float]) -> None:
        """Shift the pixel grid by ``shift`` pixels, right and down."""
        camera = view.camera
        x, y = _principal(camera)
        self._set(focal=(camera.fx, camera.fy), principal=(x + shift[0], y - shift[1]))


def _air_constants() -> str:
    """Return the shape of the tables of the air as constants of the shader."""
    tables = ("SUN_COLUMNS", "AZIMUTHS", "GROUND_ROWS", "LIMB_ROWS", "BLOCK_ROWS", "BEAM", "SKY", "VIEW")
    names = (*tables, "MIN_MU0", "MU0_BEND")
    values = {name: float(getattr(air_table, name)) for name in names}
    return "".join(f"const float {name} = {value!r};\n" for name, value in values.items())


def _weather_uniforms(weather: Weather) -> dict[str, ArrayLike]:
    return {
        "frostLines": (weather.frost_north, -weather.frost_south),
        "frostCover": MAX_FROST_COVER,
        "frostEdge": FROST_EDGE_HALF_WIDTH_RAD,
        "clouds": (weather.cloud_opacity, weather.north_hood_opacity, weather.south_hood_opacity),
    }


def _eclipse_uniforms(pose: PlanetPose, radius_m: float) -> dict[str, ArrayLike]:
    """Return the uniforms of up to two bodies that may eclipse the Sun: position and radius, planet radii."""
    first, second = (*pose.casters, None, None)[:2]
    spheres = [
        (0.0, 0.0, 0.0, 0.0) if c is None else (*c.position / radius_m, c.radius / radius_m) for c in (first, second)
    ]
    to_sun, angle = (first.to_sun, first.sun_radius) if first else (np.array([0.0, 0.0, 1.0]), 1.0)
    uniforms: dict[str, ArrayLike] = {
        "casterOne": spheres[0],
        "casterTwo": spheres[1],
        "sunCenter": (*to_sun, np.tan(angle)),
    }
    return uniforms | {"logUmbraCenter": np.log(UMBRA_CENTER), "logUmbraEdge": np.log(UMBRA_EDGE)}


def _detached_layer(weather: Weather, radius_m: float) -> HazeLayer:
    return HazeLayer(
        weather.layer_height_m / radius_m, 0.5 * weather.layer_thickness_m / radius_m, weather.layer_opacity
    )


def _principal(camera: Camera) -> tuple[float, float]:
    """Return the principal point in ``gl_FragCoord`` coordinates: pixel centres at halves, row 0 at the bottom."""
    return camera.cx + 0.5, camera.height - (camera.cy + 0.5)


def _quads(boxes: NDArray[np.float64], width: int, height: int) -> Any:
    """Return rectangles (N, 4), pixels, as a mesh in clip coordinates."""
    import pyvista

    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    points = np.zeros((4 * len(boxes), 3))
    points[:, :2] = corners.reshape(-1, 2) * (2.0 / width, 2.0 / height) - 1.0
    quads = pyvista.PolyData.from_regular_faces(points, np.arange(4 * len(boxes)).reshape(-1, 4))
    # VTK declares samplers only for meshes with texture coordinates; the shader does not use them.
    quads.active_texture_coordinates = np.zeros((len(points), 2), np.float32)
    return quads


def _region_defines(region: str, features: tuple[str, ...], weather: Weather) -> tuple[str, ...]:
    """Return the optional features of the shader that a region needs."""
    hidden = {
        NORTH: {"DETAIL"}
        | ({"FROST"} if weather.frost_north >= _NO_FROST_RAD else set())
        | ({"CLOUDS"} if weather.north_hood_opacity == 0.0 else set()),
        SOUTH: ({"FROST"} if weather.frost_south <= -_NO_FROST_RAD else set())
        | ({"CLOUDS"} if weather.south_hood_opacity == 0.0 else set()),
    }
    return tuple(name for name in features if name not in hidden.get(region, set()))


def _shader_features(pose: PlanetPose, pixel_angle: float) -> tuple[str, ...]:
    """Return the optional features of the shader that are visible."""
    radius = float(np.mean(pose.body.radii_m))
    distance = max(float(np.linalg.norm(pose.position)), 1.001 * radius)
    up = float((pose.camera_to_bodyfixed @ -pose.position)[2] / np.linalg.norm(pose.position))
    below = float(np.arcsin(np.clip(up, -1.0, 1.0)))  # over a pole, rounding may make the sine more than 1
    reach = float(np.arccos(radius / distance)) + _MAX_FROST_OVERLAP_RAD
    weather = pose.weather
    # A frost line at the pole means no frost, even if the pole is in view.
    north, south = min(below + reach, _NO_FROST_RAD), max(below - reach, -_NO_FROST_RAD)
    visible = {
        "FROST": north > weather.frost_north or south < weather.frost_south,
        "DETAIL": pose.body.name == "mars" and (distance - radius) * pixel_angle < _MAX_DETAIL_FOOTPRINT * radius,
        "ECLIPSE": len(pose.casters) > 0,
        "AIR": weather.has_air,
        "SEASONAL_AIR": weather.has_air and weather.dust_varies,
        "REFRACTED": any(caster.has_air for caster in pose.casters),
        "DETACHED": weather.layer_opacity > 0.0,
        "CLOUDS": (weather.cloud_opacity > 0.0 and north > _CLOUD_BELT_RAD[0] and south < _CLOUD_BELT_RAD[1])
        or (weather.north_hood_opacity > 0.0 and north > _HOOD_EDGE_RAD)
        or (weather.south_hood_opacity > 0.0 and south < -_HOOD_EDGE_RAD),
    }
    return tuple(name for name, is_visible in visible.items() if is_visible)


def _texel_sizes(height: float, colours: NDArray[np.uint8], slopes: NDArray[np.uint8] | None) -> tuple[float, float]:
    """Return the size of a texel of a map's colours and of its slopes, for a map ``height`` planet radii high."""
    return height / len(colours), height / len(_FLAT_RELIEF if slopes is None else slopes)


def _load_atlas(renderer: Any, *maps: NDArray[np.uint8]) -> tuple[Any, dict[str, NDArray[np.float64]]]:
    """Put the maps of the north, the south and the globe on the graphics card; return as :func:`_build_atlas`."""
    image, rectangles = _build_atlas(*maps)
    for each in maps:
        release_pages(each)
    return new_still_texture(renderer, image), rectangles


def _build_atlas(
    north: NDArray[np.uint8], south: NDArray[np.uint8], globe: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.float64]]]:
    """Pack three maps into one image.

    Parameters
    ----------
    north, south : (N, N, C) array
        Polar patches.
    globe : (H, W, C) array
        Equirectangular map.

    Returns
    -------
    image : (H, W, C) array
        The atlas.
    rectangles : dict of str to (4,) array
        Position of each map in texture coordinates: centre and half size of a patch, corner and size of the globe.
    """
    n, m, (rows, columns, bands) = len(north), len(south), globe.shape
    # North on top, the globe below it, and south to the right of whichever leaves less empty space.
    wide = columns + 2 * _WRAP
    beside_north = n + m <= max(n, wide)
    corner = (0, n) if beside_north else (n, wide)
    height = n + (rows if beside_north else max(rows, m))
    width = max(n, wide, corner[1] + m)
    image = np.zeros((height, width, bands), np.uint8)
    image[:n, :n] = north
    image[corner[0] : corner[0] + m, corner[1] : corner[1] + m] = south
    image[n : n + rows, :wide] = np.take(globe, range(-_WRAP, columns + _WRAP), axis=1, mode="wrap")
    size = np.array([width, height, width, height], float)
    return image, {
        "north": np.array([n / 2, n / 2, n / 2, n / 2]) / size,
        "south": np.array([corner[1] + m / 2, corner[0] + m / 2, m / 2, m / 2]) / size,
        "globe": np.array([_WRAP, n, columns, rows]) / size,
    }
