"""
Reading the map of Mars
=======================

Reflectance, heights and places, without a picture.
"""

import matplotlib.pyplot as plt
import numpy as np

from selfiesim import planet

# %%
place = planet.locate("Olympus Mons")
print(place)

# %%
# A profile across the volcano.
longitudes = place.lon_deg + np.linspace(-12.0, 12.0, 241)
height_km = planet.height(np.full(longitudes.shape, place.lat_deg), longitudes) / 1000.0
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.fill_between(longitudes, height_km, height_km.min(), color="#b5674a")
axis.set_xlabel("longitude, degrees east")
axis.set_ylabel("height above the areoid, km")

# %%
# Its summit is 21.2 km above the areoid (MOLA: Smith et al. 2001); the built-in heights resolve 15 km.
print(f"{height_km.max():.1f} km")
assert 20.0 < height_km.max() < 22.0
