"""Batches: many variations of a scene, rendered by parallel workers into one folder, and resumed after any failure."""
