"""Resolve a scene into its geometry: where camera, craft, planet and Sun are at one instant."""
