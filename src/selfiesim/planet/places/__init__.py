"""Where named places are."""
