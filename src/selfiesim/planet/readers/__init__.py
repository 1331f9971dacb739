"""Readers of map files: images, GeoTIFF, PDS3 and tiled mosaics."""
