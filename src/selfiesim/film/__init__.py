"""Films of a drift."""
