"""Readers of the formats whose faces are polygons: OBJ with MTL, OFF, PLY, DAE; and STL."""
