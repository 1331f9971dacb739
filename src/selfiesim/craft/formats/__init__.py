"""Readers of mesh files: glTF, OBJ, PLY, STL, OFF, DAE, 3MF; shape models of small bodies."""
