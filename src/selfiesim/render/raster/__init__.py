"""The raster renderer, on PyVista and VTK."""
