"""Numbers about a release: drift tables, dispersion, framing, the radio link."""
