"""
An orbit over a place
=====================

Say what the spacecraft is over, and when in the day: the orbital elements follow.
"""

from selfiesim import Scene

# %%
# A scene from a table, as in a TOML file: over Valles Marineris, in the morning.
scene = Scene.from_table(
    {
        "title": "Over the canyon",
        "at": "release+60s",
        "craft": {"model": "tianwen1-orbiter"},
        "orbit": {
            "epoch_utc": "2022-01-01T00:00:00Z",
            "over": "Valles Marineris",
            "local_time_h": 8.5,
            "altitude_km": 400,
            "inclination_deg": 93,
        },
        "release": {"at": "over-60s", "speed_m_s": 0.2},
        "camera": {"size_px": [480, 270], "horizontal_fov_deg": 95},
    }
)
view = scene.view()
photo = view.render("draft").expose()
photo

# %%
# The canyon is near 14 degrees south.
print(f"{view.facts['camera_latitude_deg']:.1f} N, {view.facts['camera_altitude_km']:.0f} km")
assert abs(view.facts["camera_latitude_deg"] + 13.8) < 3.0
assert abs(view.facts["camera_altitude_km"] - 400.0) < 15.0
