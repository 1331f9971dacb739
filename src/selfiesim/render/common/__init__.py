"""Shared by all renderers: the radiance they return, truth layers, crops, sampling patterns."""
