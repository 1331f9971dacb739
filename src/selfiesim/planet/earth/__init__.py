"""The Earth: its air, sea, clouds and land."""
