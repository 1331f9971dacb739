"""From a photograph back to the scene: where the camera was, how it pointed, and how well the points tell."""
