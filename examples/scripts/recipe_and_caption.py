"""
A picture that proves itself
============================

Each file holds its recipe: from it alone the picture is rendered again, and captions are written.
"""

from pathlib import Path
from tempfile import mkdtemp

from selfiesim import Scene
from selfiesim.files.captions.caption import caption
from selfiesim.files.replay import read_recipe, replay

# %%
path = Path(mkdtemp()) / "selfie.png"
photo = Scene.load("tianwen1-mars").with_changes(camera__size_px=[320, 180]).view().render("draft").expose()
photo.save(path)
photo

# %%
# A caption for readers, from the file.
recipe = read_recipe(path)
print(caption(recipe, style="press"))

# %%
# Rendered again, from the file: no difference.
again, differences = replay(path)
print(differences)
assert differences == []
