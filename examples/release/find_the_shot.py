"""
Find the shot
=============

Say what the picture should show; the planner says when.
"""

from selfiesim import Scene
from selfiesim.plan.planner import plan

# %%
scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[480, 270])
found = plan(scene, "2021-12-31T12:00:00Z", "2021-12-31T15:00:00Z", ["craft whole", "feature Korolev in frame"])
for shot in found.shots:
    print(shot)

# %%
# The best of them is a scene, and renders.
photo = found.shots[0].view().render("draft").expose()
photo

# %%
assert found.shots
