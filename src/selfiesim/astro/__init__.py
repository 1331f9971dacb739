"""Time, bodies, frames, ephemerides, orbits, and the files (SPICE, CCSDS) that they come from."""
