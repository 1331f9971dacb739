"""Spacecraft: shapes, materials, joints and camera mounts."""
