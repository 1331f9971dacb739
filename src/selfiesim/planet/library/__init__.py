"""Charts, and the maps a user has added."""
