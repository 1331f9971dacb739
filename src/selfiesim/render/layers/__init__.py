"""The layers of an image: craft, planet, ground, sky."""
