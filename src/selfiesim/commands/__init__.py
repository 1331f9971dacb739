"""The commands of the command line, by noun: each is a few lines over the Python API."""
