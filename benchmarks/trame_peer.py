"""Serve a shipped scene with PyVista's trame backend, for ``studio_latency.py``: ``python trame_peer.py 640 360``.

The interpreter needs selfiesim and trame-pyvista.
"""

from __future__ import annotations

import sys

import pyvista
from trame.app import get_server
from trame.ui.vuetify3 import VAppLayout
from trame_pyvista.ui import plotter_ui

from selfiesim import Scene


def main() -> None:
    size = [int(each) for each in sys.argv[1:]]
    pyvista.OFF_SCREEN = True
    plotter = Scene.load("tianwen1-mars").with_changes(camera__size_px=size).view().plotter(off_screen=True)
    server = get_server(client_type="vue3")
    with VAppLayout(server):
        plotter_ui(plotter, mode="server", add_menu=False)
    server.start(port=0, open_browser=False)


if __name__ == "__main__":
    main()
