"""Relief of a planet."""
