"""Errors, files, configuration checks, random numbers, vectors and work in parallel: what every room needs."""
