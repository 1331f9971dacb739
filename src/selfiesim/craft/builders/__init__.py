"""The scripts that build the shipped models, one module per vehicle, from a small set of shapes."""
