"""Posed scenes for other programs: foil as a normal map, a script for Blender, USD."""
