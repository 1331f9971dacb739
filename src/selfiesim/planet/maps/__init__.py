"""Reflectance maps and polar caps."""
