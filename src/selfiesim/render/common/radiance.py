"""What a renderer gives back, and what one must offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo
    from selfiesim.render.common.truth import Truth
    from selfiesim.view.view import View

Progress = Callable[[int, int], None]
Preview = Callable[["Radiance"], None]
QUALITIES = ("draft", "final")
LAYERS = ("rgb", "depth", "position", "normal", "part", "albedo", "sun_visibility")


@dataclass(frozen=True)
class Radiance:
    """The light that arrives at each pixel, before any camera.

    Attributes
    ----------
    rgb : (H, W, 3) float32
        Spectral radiance at 620, 550 and 460 nm, W m^-2 sr^-1 nm^-1; row 0 is the top.
    view : View
        What was drawn.
    engine : str
        What drew it, for the record.
    samples : int
        Passes it is the mean of.
    """

    rgb: NDArray[np.float32]
    view: View
    quality: str
    engine: str
    _renderer: Renderer = field(repr=False, compare=False)
    samples: int = 1

    @cached_property
    def truth(self) -> Truth:
        """What each pixel's centre sees: depth, position, normal, part, albedo, sunlight."""
        return self._renderer.truth(self.view)

    @property
    def depth(self) -> NDArray[np.float32]:
        """(H, W) float32: metres along the camera's axis to what each pixel's centre sees; infinite for sky."""
        return self.truth.depth

    def motion(self, later: View) -> NDArray[np.float32]:
        """(H, W, 2) float32: how far what each pixel sees moves to the ``later`` view, pixels right and down.

        Not a number where the later view does not see it: ``radiance.motion(scene.view("release+61s"))``.
        """
        from selfiesim.render.common.truth import motion

        return motion(self.view, later, self.truth)

    def layer(self, name: str) -> NDArray[Any]:
        """One of :data:`LAYERS` by its name.

        Raises
        ------
        ValueError
            For any other name.
        """
        if name not in LAYERS:
            raise ValueError(f"no layer {name!r}; there are {', '.join(LAYERS)}")
        return self.rgb if name == "rgb" else getattr(self.truth, name)

    def expose(self, **settings: Any) -> Photo:
        """Take the photograph: the scene's exposure, with any of its keys replaced (``stops=1.0``)."""
        from selfiesim.photo.develop import expose

        return expose(self, **settings)

    def _repr_png_(self) -> bytes:
        return self.expose()._repr_png_()

    def __repr__(self) -> str:
        height, width = self.rgb.shape[:2]
        return f"Radiance({width}x{height}, {self.quality}, up to {self.rgb.max():.3g} W/m2/sr/nm, {self.engine})"


class Renderer(Protocol):
    """A view in, radiance out. A renderer knows no scene file."""

    def render(
        self,
        view: View,
        quality: str,
        samples: int | None = None,
        progress: Progress | None = None,
        shutter_open_s: float = 0.0,
        preview: Preview | None = None,
    ) -> Radiance:
        """Draw ``view``.

        Parameters
        ----------
        quality : str
            One of :data:`QUALITIES`.
        samples : int, optional
            How many passes, instead of what the quality takes.
        progress : callable, optional
            Told before each pass how many are done, and of how many.
        shutter_open_s : float
            Seconds from the view's instant on over which the passes are spread.
        preview : callable, optional
            Given the radiance of the passes so far, after 1, 2, 4 ... of them.
        """
        ...

    def truth(self, view: View) -> Truth:
        """What each pixel's centre sees, without antialiasing."""
        ...
