"""Light of a dust sky and of the ground below it, in the form in which the craft's shaders take the planet's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.light.dust_sky import DustSky
from selfiesim.render.light.planetshine import Planetshine, irradiance_harmonics

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]


def dust_sky_light(sky: DustSky, sun_irradiance: Floats, site_to_body: Floats) -> Planetshine:
    """Return the light of sky and ground as a :class:`Planetshine`.

    Parameters
    ----------
    sky : DustSky
        In site axes (east, north, up).
    sun_irradiance : (3,)
        Above the atmosphere, W m^-2 nm^-1; the direct sunlight on the craft is ``sky.beam_transmittance`` times it.
    site_to_body : (3, 3)
        From site axes to the craft's body axes.
    """
    rays, light = sky.light()
    rays, light = rays @ site_to_body.T, light * sun_irradiance
    ground = sky.ground * sky.ground_irradiance_fraction * sun_irradiance / np.pi
    # The ground is a planet so near that it fills the lower half; its reflection is lit by the Sun's elevation.
    down, sun = -site_to_body[:, 2], site_to_body @ sky.to_sun
    return Planetshine(irradiance_harmonics(rays, light), down, 1.0, ground, rays, light, sun)


def sky_reflection_uniforms(view: View) -> dict[str, Floats]:
    """Return the sky's radiance (3,) at the horizon and at the zenith, W m^-2 sr^-1 nm^-1, by uniform.

    That of the horizon is the mean over all azimuths: only the Sun's glint shows which side the Sun is on.
    """
    if view.ground is None:
        return {"skyHorizon": np.zeros(3), "skyZenith": np.zeros(3)}
    azimuth = np.linspace(0.0, 2.0 * np.pi, 36, endpoint=False)
    low = np.stack([np.cos(azimuth), np.sin(azimuth), np.full(36, 0.05)], axis=1)
    sky, unit_radiance = view.ground.sky, view.sun.extraterrestrial_irradiance / np.pi
    horizon = sky.radiance(low, glow=False).mean(axis=0)
    zenith = sky.radiance(np.array([[0.0, 0.0, 1.0]]), glow=False)[0]
    return {"skyHorizon": horizon * unit_radiance, "skyZenith": zenith * unit_radiance}


def ground_plane_uniforms(view: View, pose: CraftPose) -> dict[str, Floats | float]:
    """Return the level ground below a craft, and the fraction of its light that comes from the Sun, by uniform.

    The scalar product of ``groundPlane`` (4,) and a point (x, y, z, 1) of the craft, body axes, is the height above
    the ground, m.
    """
    if view.ground is None:
        return {"groundPlane": np.zeros(4), "directSunFraction": 0.0}
    up = view.ground.enu_to_camera[:, 2]
    height = float((pose.position - view.ground.position) @ up)
    share = float((view.ground.sky.beam_transmittance / view.ground.sky.ground_irradiance_fraction).mean())
    return {"groundPlane": np.append(pose.body_to_camera.T @ up, height), "directSunFraction": min(share, 1.0)}
