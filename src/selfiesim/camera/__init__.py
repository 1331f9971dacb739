"""Camera models: pinhole, lens distortion, panoramas, and a catalogue of flown cameras."""
