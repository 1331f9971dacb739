"""Many frames of one scene: what varies, who draws, what is done, and what is left."""
