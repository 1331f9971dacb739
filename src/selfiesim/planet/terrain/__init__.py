"""Relief of a planet, and the ground around a landed vehicle."""
