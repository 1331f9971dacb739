"""The section ``[sky]``."""

from __future__ import annotations

from pydantic import Field

from selfiesim.scene.section import Section


class SkySection(Section):
    """What stands in the sky besides the planet and the craft."""

    stars: bool = Field(True, description="Stars to magnitude 5.5, the planets and the Moon.")
    sun: bool = Field(True, description="The Sun's disc.")
    moons: bool = Field(True, description="Phobos and Deimos.")
