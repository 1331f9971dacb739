"""Readers of mesh files: glTF, OBJ, PLY, STL, OFF, DAE, 3MF."""
