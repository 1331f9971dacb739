"""Triangle meshes: cleaning, normals, units and simplification."""
