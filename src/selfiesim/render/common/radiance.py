"""Radiance, the result of a render, and the protocol that renderers implement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.equality import EqualByContent

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo
    from selfiesim.render.common.truth import Truth
    from selfiesim.render.raster.coverage import Coverage
    from selfiesim.view.view import View

Progress = Callable[[int, int], None]
"""Called before each pass, and between the steps before the first, with the number of passes done and their total."""
Preview = Callable[["Radiance"], None]
"""Called with the mean of the passes so far."""
QUALITIES = ("draft", "final")
LIGHTS = ("sun", "planetshine", "interreflection", "reflection", "glow", "planet", "air", "sky")
"""Kinds of light that add up to the radiance."""
LAYERS = ("rgb", "depth", "position", "normal", "part", "albedo", "sun_visibility")


@dataclass(frozen=True, eq=False)
class Radiance(EqualByContent):
    """The light that arrives at each pixel, before any effect of the camera.

    Attributes
    ----------
    rgb : (H, W, 3) float32
        Spectral radiance at 620, 550 and 460 nm, W m^-2 sr^-1 nm^-1; row 0 is the top.
    view : View
        The view it shows.
    quality : str
        One of :data:`QUALITIES`.
    engine : str
        The renderer with its versions and device, for the record.
    samples : int
        Number of passes averaged.
    moving : tuple of View
        The views of the passes while the shutter is open; empty without motion blur.
    """

    rgb: NDArray[np.float32]
    view: View
    quality: str
    engine: str
    samples: int = 1
    moving: tuple[View, ...] = field(default=(), repr=False, compare=False)

    @property
    def truth(self) -> Truth:
        """Ground truth at each pixel centre: depth, position, normal, part, albedo, sunlight; rendered at first use."""
        # Not a cached_property: Python 3.11 holds a lock of all instances meanwhile, and a callback may need another's.
        if "_truth" not in self.__dict__:
            from selfiesim.render.engine import truth

            self.__dict__["_truth"] = truth(self.view)
        return self.__dict__["_truth"]  # type: ignore[no-any-return]

    @property
    def depth(self) -> NDArray[np.float32]:
        """Depth along the camera axis at each pixel centre, (H, W) float32 m; infinite for sky."""
        return self.truth.depth

    def lights(self, progress: Progress | None = None) -> dict[str, NDArray[np.float32]]:
        """Render each kind of light on its own; together they are ``rgb``.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of steps done and their total.

        Returns
        -------
        dict of str to (H, W, 3) float32
            By the names in :data:`LIGHTS`, W m^-2 sr^-1 nm^-1: on craft, direct sunlight, planetshine, the light of
            other parts, what gloss mirrors of planet and parts, and glow; the planet's surface as seen through its
            air; the light of the air; Sun, moons, planets and stars. On a ground, planetshine is the light of sky and
            ground.

        Raises
        ------
        GraphicsError
            For a picture of another engine than ``pyvista``.
        """
        from selfiesim.render.engine import lights

        return lights(self, progress)

    def coverage(self) -> Coverage:
        """Render which parts each pixel shows, and how much of it each covers, antialiased.

        Returns
        -------
        Coverage
            Numbers of the parts and their shares, the largest first: ``part`` and ``share``, (K, H, W), and the sums
            ``craft`` and ``planet``, (H, W).

        Raises
        ------
        GraphicsError
            When this machine cannot render.
        """
        from selfiesim.render.engine import coverage

        return coverage(self)

    def motion(self, later: View) -> NDArray[np.float32]:
        """Return the optical flow to a later view: ``radiance.motion(scene.view("release+61s"))``.

        Parameters
        ----------
        later : View
            A view of the same scene.

        Returns
        -------
        (H, W, 2) float32
            Displacement of the point in each pixel, right and down, px; NaN where it is outside the later view.
        """
        from selfiesim.render.common.truth import motion

        return motion(self.view, later, self.truth)

    def layer(self, name: str) -> NDArray[Any]:
        """Return one of :data:`LAYERS` by name.

        Parameters
        ----------
        name : str
            ``"rgb"``, ``"depth"``, ``"position"``, ``"normal"``, ``"part"``, ``"albedo"`` or ``"sun_visibility"``.

        Returns
        -------
        (H, W) or (H, W, 3) array
            Lengths in m, vectors in camera axes; see :class:`selfiesim.render.common.truth.Truth`.

        Raises
        ------
        ValueError
            For an unknown layer.
        """
        if name not in LAYERS:
            raise ValueError(f"unknown layer {name!r}: must be one of {', '.join(LAYERS)}")
        return self.rgb if name == "rgb" else getattr(self.truth, name)

    def expose(self, **settings: Any) -> Photo:
        """Take the photograph, with the scene's exposure and look.

        Parameters
        ----------
        **settings
            Replace keys of the scene's ``[photo]`` section, with ``__`` for the dot: ``stops=1.0``, ``look="press"``.

        Returns
        -------
        Photo
            The developed picture.

        Raises
        ------
        SceneError
            For an unknown setting or a value out of range.
        PhotoError
            For radiance that is not finite.
        """
        from selfiesim.photo.develop import expose

        return expose(self, **settings)

    def _repr_png_(self) -> bytes:
        return self.expose()._repr_png_()

    def __repr__(self) -> str:
        height, width = self.rgb.shape[:2]
        return f"Radiance({width}x{height}, {self.quality}, up to {self.rgb.max():.3g} W/m2/sr/nm, {self.engine})"


class Renderer(Protocol):
    """Renders views to radiance. A renderer knows nothing of scene files."""

    def render(
        self,
        view: View,
        quality: str,
        samples: int | None = None,
        progress: Progress | None = None,
        moving: Sequence[View] = (),
        preview: Preview | None = None,
    ) -> Radiance:
        """Render ``view``.

        Parameters
        ----------
        view : View
            The view to render.
        quality : str
            One of :data:`QUALITIES`.
        samples : int, optional
            Number of passes; default: set by the quality.
        progress : callable, optional
            Called with the number of passes done and their total: :data:`Progress`.
        moving : sequence of View
            The view at the time of each pass while the shutter is open, for motion blur.
        preview : callable, optional
            Called with the radiance so far after 1, 2, 4 ... passes.
        """
        ...
