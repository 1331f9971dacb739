"""
Known cameras
=============

:func:`selfiesim.cameras` lists cameras that took such pictures. A preset supplies lens and sensor, each number with its
source.
"""

from selfiesim import Scene, cameras

# %%
for name, preset in cameras().items():
    print(f"{name:24s} {preset.title}")

# %%
# The shot through the wide lens of the camera that Tianwen-1 released.
scene = Scene.load("tianwen1-mars").with_changes(
    camera={"preset": "tianwen1-deployable", "size_px": [320, 320]}, at="release+40s"
)
photo = scene.view().render("draft").expose(look="onboard")
photo

# %%
assert "tianwen1-deployable" in cameras()
