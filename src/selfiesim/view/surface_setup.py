"""The surface maps that a scene's planet is rendered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfiesim.core.errors import MapError
from selfiesim.planet.maps.map_file import MapFile
from selfiesim.planet.maps.surface import Surface, check_map_file
from selfiesim.planet.readers.conventions import Conventions

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


def resolve_surface(scene: Scene, body: str) -> Surface:
    """Resolve ``planet.map``: the default maps, one from the library, or a file next to the scene.

    Raises
    ------
    UserError
        For an unknown map, one outside the scene's folder, or one whose header shows that it cannot be used.
    """
    from selfiesim.planet.library import user_maps

    custom = scene.body
    albedo = custom.geometric_albedo if custom is not None and custom.name == body else None
    radius_km = sum(custom.radii_km) / 3 if custom is not None and custom.name == body else None
    elevation = user_maps.elevation_map_file(body)
    if scene.planet.map is None:
        return Surface(body, albedo, elevation=elevation, radius_km=radius_km)
    file = _resolve_map_file(scene, body)
    try:
        check_map_file(file, body)
    except MapError as error:
        raise MapError(f"planet.map: {error}") from error
    return Surface(body, albedo, file, elevation, radius_km)


def _resolve_map_file(scene: Scene, body: str) -> MapFile:
    from selfiesim.planet.library import user_maps

    map_setting = scene.planet.map
    if isinstance(map_setting, str):
        if "." in map_setting or "/" in map_setting:
            return MapFile(scene.resolve_file("planet.map", map_setting, "the map"), Conventions())
        try:
            return user_maps.albedo_map_file(map_setting, body)
        except MapError as error:
            raise MapError(f"planet.map: {error}") from error
    assert map_setting is not None
    conventions = Conventions(**map_setting.model_dump(exclude={"file", "tone", "credits", "cap"}, exclude_unset=True))
    return MapFile(
        scene.resolve_file("planet.map.file", map_setting.file, "the map"),
        conventions,
        map_setting.tone,
        map_setting.credits,
        map_setting.cap,
    )
