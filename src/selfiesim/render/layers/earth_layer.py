"""What the planet's shader needs for the Earth: textures of water, clouds and grain, and the constants of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.earth import cloud_light, clouds, grain, sea
from selfiesim.planet.earth.air import AIRGLOW_HALF_WIDTH_M, AIRGLOW_HEIGHT_M, AIRGLOW_OVERHEAD, EARTH_RADIUS_M
from selfiesim.planet.light.weather import FROST_REFLECTANCE
from selfiesim.planet.maps.earth_maps import CLEAR_SEA, COASTAL_SEA
from selfiesim.planet.maps.worlds import LAMBERT_SPHERE_ALBEDO
from selfiesim.render.gl.shader_program import new_mipmapped_texture, upload_image

if TYPE_CHECKING:
    from selfiesim.planet.light.weather import Weather
    from selfiesim.planet.maps.planet_maps import PlanetMaps

_NOTHING = np.zeros((8, 8, 4), np.uint8)
MAP_WRAP = 64
"""Columns of the maps repeated beyond either end, so that their coarse levels join."""

LAND_GRAIN = 0.06
CLOUD_GRAIN = 0.11
"""Standard deviations that the grain adds: to the reflectance of land, relative; to the amount of cloud (assumed)."""


def earth_constants() -> str:
    """Return the numbers of clouds, sea and grain as constants of the shader."""
    values = {
        "WATER_INDEX": sea.WATER_INDEX,
        "WATER_NORMAL": sea.NORMAL_REFLECTANCE,
        "CLOUD_ZERO": clouds.CODE_ZERO,
        "CLOUD_SCALE": clouds.CODE_SCALE,
        "CLOUD_BASE": clouds.LOWEST_TOP,
        "CLOUD_DEPTH": clouds.HIGHEST_TOP - clouds.LOWEST_TOP,
        "CLOUD_MAX": cloud_light.MAX_OPACITY,
        "CLOUD_GAMMA": cloud_light.GAMMA,
        "CLOUD_ANISOTROPY": cloud_light.ANISOTROPY,
        "CLOUD_MEAN_SQUARE": cloud_light.MEAN_SQUARE,
        "CLOUD_FORWARD": cloud_light.FORWARD,
        "AIR_FALL": cloud_light.AIR_FALL,
        "AIRGLOW_MIDDLE": AIRGLOW_HEIGHT_M / EARTH_RADIUS_M,
        "AIRGLOW_HALF": AIRGLOW_HALF_WIDTH_M / EARTH_RADIUS_M,
        "AIRGLOW_OVERHEAD": AIRGLOW_OVERHEAD,
        "MAP_WRAP": float(MAP_WRAP),
        "GRAIN_SIZE": float(grain.SIZE),
        "GRAIN_COARSE": grain.SPANS[0],
        "GRAIN_FINE": grain.SPANS[1],
        "LAND_GRAIN": LAND_GRAIN,
        "CLOUD_GRAIN": CLOUD_GRAIN,
    }
    return "".join(f"const float {name} = {value!r};\n" for name, value in values.items())


class EarthLayer:
    """Textures and uniforms of sea and clouds; empty ones for other bodies."""

    def __init__(self, maps: PlanetMaps) -> None:
        self._water = maps.water
        self._clouds: NDArray[np.uint8] | None = None
        water = _NOTHING if maps.water is None else _wrapped(maps.water)
        self._cloud_texture = new_mipmapped_texture(_NOTHING)
        self.textures: dict[str, Any] = {
            "waterMap": new_mipmapped_texture(water),
            "cloudMap": self._cloud_texture,
            "grainMap": new_mipmapped_texture(_NOTHING if maps.water is None else grain.grain_tile(), repeat=True),
        }

    def features(self, weather: Weather) -> tuple[str, ...]:
        """Return the parts of the shader that are needed."""
        if self._water is None:
            return ()
        return ("EARTH", "EARTH_CLOUDS") if weather.cloud_cover > 0.0 else ("EARTH",)

    def update(self, weather: Weather) -> dict[str, ArrayLike]:
        """Upload the clouds of the weather unless they are there; return the uniforms of sea and clouds."""
        if self._water is not None and weather.cloud_cover > 0.0:
            wanted = clouds.cloud_map(clouds.scene_of(weather))
            if wanted is not self._clouds:
                upload_image(self._cloud_texture, _wrapped(wanted))
                self._clouds = wanted
        wind = weather.wind_m_s
        foam = sea.foam_reflectance(wind)
        return {
            "frostReflectance": FROST_REFLECTANCE if self._water is None else sea.SEA_ICE_REFLECTANCE,
            "seaSlope": float(sea.slope_variance(wind)),
            "seaFresnelPower": sea.fresnel_power(wind),
            "clearSea": LAMBERT_SPHERE_ALBEDO * (np.array(CLEAR_SEA) + foam),
            "coastalSea": LAMBERT_SPHERE_ALBEDO * (np.array(COASTAL_SEA) + foam),
            "waterColumns": 2.0 * (8 if self._water is None else len(self._water)),
            "cloudColumns": float(clouds.SHAPE[1]),
            "waterTexel": np.pi / (8 if self._water is None else len(self._water)),
            "cloudTexel": np.pi / clouds.SHAPE[0],
        }


def _wrapped(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a map (H, W, 2) with four channels, as VTK reads two as grey and alpha, and its ends repeated."""
    return np.concatenate([image[:, -MAP_WRAP:], image, image[:, :MAP_WRAP]], axis=1)[..., [0, 1, 0, 1]]
