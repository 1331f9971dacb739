"""Reflection and scattering of light by a planet: photometry, atmosphere and weather."""
