"""Recreate spacecraft selfies: the path of an ejected camera, and the picture it takes.

>>> from selfiesim import Scene
>>> photo = Scene.load("tianwen1-mars").view(at="release+100s").render().expose()
>>> photo.save("selfie.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selfiesim.analysis.dispersion import disperse
    from selfiesim.analysis.drift_table import drift
    from selfiesim.astro.epoch import Epoch
    from selfiesim.batches.run import batch
    from selfiesim.camera.catalogue import cameras
    from selfiesim.camera.pinhole import Camera
    from selfiesim.cli.report import Report
    from selfiesim.core.errors import (
        BatchError,
        CcsdsError,
        EphemerisError,
        GraphicsError,
        KernelError,
        MapError,
        MatchError,
        ModelError,
        ModelWarning,
        OutputError,
        PhotoError,
        SceneError,
        UserError,
    )
    from selfiesim.craft.load import load_craft, models
    from selfiesim.craft.model import Craft
    from selfiesim.films.film import film
    from selfiesim.labels.sequence import label
    from selfiesim.matching.match import Match, match
    from selfiesim.photo.develop import Photo
    from selfiesim.planet.library.user_maps import maps
    from selfiesim.render.common.radiance import Radiance
    from selfiesim.scene.scene import Scene
    from selfiesim.scene.shipped import scenes
    from selfiesim.view.view import View

__version__: str

__all__ = [
    "BatchError",
    "Camera",
    "CcsdsError",
    "Craft",
    "EphemerisError",
    "Epoch",
    "GraphicsError",
    "KernelError",
    "MapError",
    "Match",
    "MatchError",
    "ModelError",
    "ModelWarning",
    "OutputError",
    "Photo",
    "PhotoError",
    "Radiance",
    "Report",
    "Scene",
    "SceneError",
    "UserError",
    "View",
    "__version__",
    "batch",
    "cameras",
    "disperse",
    "drift",
    "film",
    "label",
    "load_craft",
    "maps",
    "match",
    "models",
    "scenes",
]

_MODULES = {
    "Camera": "selfiesim.camera.pinhole",
    "Craft": "selfiesim.craft.model",
    "Epoch": "selfiesim.astro.epoch",
    "Match": "selfiesim.matching.match",
    "Photo": "selfiesim.photo.develop",
    "Radiance": "selfiesim.render.common.radiance",
    "Report": "selfiesim.cli.report",
    "Scene": "selfiesim.scene.scene",
    "View": "selfiesim.view.view",
    "batch": "selfiesim.batches.run",
    "cameras": "selfiesim.camera.catalogue",
    "disperse": "selfiesim.analysis.dispersion",
    "drift": "selfiesim.analysis.drift_table",
    "film": "selfiesim.films.film",
    "label": "selfiesim.labels.sequence",
    "load_craft": "selfiesim.craft.load",
    "maps": "selfiesim.planet.library.user_maps",
    "match": "selfiesim.matching.match",
    "models": "selfiesim.craft.load",
    "scenes": "selfiesim.scene.shipped",
}


def __getattr__(name: str) -> Any:
    # Imported on first use, so that `selfiesim --help` does not wait for numpy and VTK.
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("selfiesim")
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    if name in __all__:
        return getattr(import_module("selfiesim.core.errors"), name)
    raise AttributeError(f"module 'selfiesim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
