"""Cameras: the pinhole, lens distortion, and a catalogue of real ones."""
