"""The shipped scene with keys added, changed or taken away."""

from __future__ import annotations

import copy
import tomllib

from selfiesim.core import files
from selfiesim.scene.scene import Scene

SHIPPED = tomllib.loads((files.shipped("scenes") / "tianwen1-mars.toml").read_text())
# Pushed off along the mount's own axis.
del SHIPPED["release"]["axis"], SHIPPED["assumed"]["release.axis"]


def scene(folder=None, without=(), **changes):
    """The shipped scene without some sections and with some keys changed, ``__`` for the dot."""
    table = copy.deepcopy(SHIPPED)
    table["assumed"] = {}
    for key in without:
        del table[key]
    for key, value in changes.items():
        *sections, last = key.split("__")
        node = table
        for section in sections:
            node = node.setdefault(section, {})
        node[last] = value
    return Scene.from_table(table, folder=folder)
