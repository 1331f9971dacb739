"""Grids of numbers: fields, the polar projection, upsampling and noise."""
