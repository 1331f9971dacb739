"""The section ``[sky]``."""

from __future__ import annotations

from pydantic import Field

from selfiesim.scene.section import Section


class SkySection(Section):
    """What is visible in the sky besides planet and craft."""

    stars: bool = Field(True, description="Stars down to magnitude 5.5, planets, and the Moon.")
    sun: bool = Field(True, description="The Sun's disc.")
    moons: bool = Field(True, description="Phobos and Deimos.")
