"""Photography: exposure, lens, sensor and development turn radiance into a picture."""
