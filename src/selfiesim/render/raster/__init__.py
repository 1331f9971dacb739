"""The raster renderer, built on PyVista and VTK."""
