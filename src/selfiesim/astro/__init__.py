"""Time scales, bodies, frames, ephemerides, orbits and forces; SPICE and CCSDS files."""
