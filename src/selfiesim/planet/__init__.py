"""The planet: its maps, its polar caps, and how its ground reflects."""
