"""Foundations for every other package: errors, files, configuration checks, random streams, vectors, threads."""
