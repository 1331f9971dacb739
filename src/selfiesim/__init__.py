"""Recreate spacecraft selfies: the path of an ejected camera, and the picture it takes.

>>> from selfiesim import Scene
>>> photo = Scene.load("tianwen1-mars").view(at="release+100s").render().expose()
>>> photo.save("selfie.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selfiesim.batches.run import batch
    from selfiesim.core.errors import UserError
    from selfiesim.photo.develop import Photo
    from selfiesim.render.common.radiance import Radiance
    from selfiesim.scene.scene import Scene
    from selfiesim.view.view import View

__all__ = ["Photo", "Radiance", "Scene", "UserError", "View", "batch"]

_LAZY_IMPORTS = {
    "Photo": "selfiesim.photo.develop",
    "Radiance": "selfiesim.render.common.radiance",
    "Scene": "selfiesim.scene.scene",
    "UserError": "selfiesim.core.errors",
    "View": "selfiesim.view.view",
    "batch": "selfiesim.batches.run",
}


def __getattr__(name: str) -> Any:
    # Loaded when first asked for, so that `selfiesim --help` need not wait for numpy and VTK.
    if name in _LAZY_IMPORTS:
        from importlib import import_module

        return getattr(import_module(_LAZY_IMPORTS[name]), name)
    raise AttributeError(f"module 'selfiesim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
