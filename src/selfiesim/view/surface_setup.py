"""From a scene's words to the surface that its planet is drawn with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfiesim.core.errors import MapError
from selfiesim.planet.maps.surface import MapFile, Surface, examine
from selfiesim.planet.readers.conventions import Conventions

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


def surface_of(scene: Scene, body: str) -> Surface:
    """The default maps, or the map that ``planet.map`` names: in the library, or a file beside the scene.

    Raises
    ------
    UserError
        When there is no such map, it lies outside the scene's folder, or its header says that it cannot be used.
    """
    own = scene.body
    albedo = own.geometric_albedo if own is not None and own.name == body else None
    if scene.planet.map is None:
        return Surface(body, albedo)
    file = _named(scene, body)
    try:
        examine(file, body)
    except MapError as error:
        raise MapError(f"planet.map: {error}") from error
    return Surface(body, albedo, file)


def _named(scene: Scene, body: str) -> MapFile:
    from selfiesim.planet.library import user_maps

    told = scene.planet.map
    if isinstance(told, str):
        if "." in told or "/" in told:
            return MapFile(scene.beside("planet.map", told, "the map"), Conventions())
        try:
            return user_maps.map_file(told, body)
        except MapError as error:
            raise MapError(f"planet.map: {error}") from error
    assert told is not None
    conventions = Conventions(**told.model_dump(exclude={"file", "tone", "credits"}, exclude_unset=True))
    return MapFile(scene.beside("planet.map.file", told.file, "the map"), conventions, told.tone, told.credits)
