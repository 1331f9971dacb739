"""From a View to Radiance: the raster renderer and the Mitsuba path tracer."""
