"""Films of a drifting camera."""
