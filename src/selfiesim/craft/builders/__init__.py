"""The scripts that made the shipped models, one module a vehicle, from a small vocabulary of parts."""
