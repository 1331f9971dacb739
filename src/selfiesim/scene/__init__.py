"""Scene files: one module for each section of the TOML."""
