"""Finding the shot: what is wanted of a picture, when a scene offers it, and the best of its releases."""
