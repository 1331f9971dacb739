"""Spacecraft: their shapes, materials, joints and camera mounts."""
