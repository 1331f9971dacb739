"""Time scales, bodies, frames, ephemerides, orbits and forces; SPICE, CCSDS and TLE files."""
