"""Readers of map files: pictures, GeoTIFF, PDS3, tiled mosaics."""
