"""Captions of pictures in several registers and languages, from their recipes and templates."""
