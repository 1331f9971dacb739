"""A resolved scene: everything that its instants share, and the view at any of them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from selfiesim.core.errors import CcsdsError, EphemerisError, MapError, SceneError
from selfiesim.scene.moments import MomentLike, moment_text
from selfiesim.view.build_view import view_at
from selfiesim.view.scene_setup import SceneSetup, set_up_scene

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.scene.scene import Scene
    from selfiesim.view.view import View


class ResolvedScene(SceneSetup):
    """A scene with its files read and its release worked out: :meth:`at` gives its view at any moment."""

    def at(self, moment: MomentLike | None = None) -> View:
        """The view at a moment such as ``"release+60s"``, a UTC time, or a number of seconds after the release.

        The default is the scene's own moment.

        Raises
        ------
        UserError
            Impossible geometry, or a file that does not cover the moment; the message names the scene and the key.
        """
        scene = self.scene
        try:
            text = scene.at if moment is None else moment_text(moment)
        except SceneError as error:
            raise SceneError(f"{scene.source}: at: {error}") from error
        try:
            return view_at(self, self.epoch_at(text, "at"), text)
        except (SceneError, EphemerisError, CcsdsError, MapError) as error:
            raise type(error)(f"{scene.source}: {error}") from error

    def seconds(self, moment: str, key: str = "at") -> float:
        """Seconds from the release to a moment of the scene; ``key`` is the key to name in an error.

        Raises
        ------
        SceneError
            For a camera that is never released, or text that is not a moment.
        """
        if self.release_state is None:
            raise SceneError(f"{key}: {moment!r} has no meaning; this camera is mounted and never released")
        return self.epoch_at(moment, key) - self.release_state.release.epoch


def resolve(scene: Scene, craft: Craft) -> ResolvedScene:
    """Read what ``scene`` names and work out its release.

    Raises
    ------
    UserError
        Impossible input; the message names the key.
    """
    setup = set_up_scene(scene, craft)
    return ResolvedScene(**{each.name: getattr(setup, each.name) for each in fields(SceneSetup)})
