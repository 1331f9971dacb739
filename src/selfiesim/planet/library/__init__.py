"""Named places, charts, and the maps a user has added."""
