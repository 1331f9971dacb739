"""What stands in the sky besides planet and craft: the Sun's disc, moons, planets, stars; places, sizes, light."""

from selfiesim.sky.backdrop import Backdrop, backdrop_of
from selfiesim.sky.globes import Globe

__all__ = ["Backdrop", "Globe", "backdrop_of"]
