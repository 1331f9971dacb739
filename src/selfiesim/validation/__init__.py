"""The proof that comes with the package: claims of physics and geometry, checked where it is installed."""
