"""How a grain of Martian dust scatters light in the three bands.

The single-scattering albedo is that of Wolff et al. 2009 (JGR 114, E00D04; CRISM), the phase function that of
Chen-Chen et al. 2019 (Icarus 330, 16; sky brightness over Gale crater): two Henyey-Greenstein lobes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import BANDS_NM
from selfiesim.planet.light.aerosol import Aerosol

Floats = NDArray[np.float64]

# Wolff et al. 2009 at an effective radius of 1.5 micrometres, as the Mars Climate Database uses it: 0.73 at 388 and
# 0.967 at 650 nm. Between them the logarithm of the absorbed fraction is interpolated along the reflectance of bright
# ground, which is the same dust and has 0.044 and 0.331 there (Singer et al. 1979, J. Geophys. Res. 84, 8415; the
# method is assumed).
_ALBEDO, _BRIGHT_GROUND = (0.73, 0.967), (0.0436, 0.3307)
_BRIGHT_GROUND_IN_BANDS = (0.2922, 0.1862, 0.0910)

# Chen-Chen et al. 2019 at 650 nm: 0.743 of the light in a lobe of g = 0.889, the rest in one of 0.094. Diffraction
# makes the first lobe narrower in proportion to the wavelength, hence the blue glow around a low Sun (the scaling is
# assumed).
_PHASE_NM, _NARROW_G = 650.0, 0.889
NARROW_SHARE, WIDE_G = 0.743, 0.094

SINGLE_SCATTERING_ALBEDO: Floats = 1.0 - np.exp(
    np.interp(_BRIGHT_GROUND_IN_BANDS, _BRIGHT_GROUND, np.log1p(-np.array(_ALBEDO)))
)
"""Fraction (3,) of the extinguished light that is scattered."""

NARROW_G: Floats = 1.0 - (1.0 - _NARROW_G) * np.array(BANDS_NM) / _PHASE_NM
"""Henyey-Greenstein g (3,) of the narrow lobe."""

RELATIVE_EXTINCTION: Floats = np.interp(BANDS_NM, (440.0, 550.0, 680.0), np.array([0.0303, 0.0305, 0.0315]) / 0.0305)
"""Extinction (3,) over that at 550 nm: Schneegans et al., Eurographics 2024, as CosmoScout VR has it."""

DUST = Aerosol(
    tuple(SINGLE_SCATTERING_ALBEDO.tolist()), NARROW_SHARE, tuple(NARROW_G.tolist()), WIDE_G,
    tuple(RELATIVE_EXTINCTION.tolist()),
)  # fmt: skip
"""The dust of Mars."""
