"""The command ``selfiesim studio``: set up a shot by hand, in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from selfiesim.studio.server import require_packages, serve


def studio(
    scene_name: Annotated[
        str, Parameter(name="SCENE", help="Name of a shipped scene, or path of a scene file (.toml).")
    ] = "tianwen1-mars",
    /,
    *,
    photo: Annotated[Path | None, Parameter(help="Photograph to compare the render with.")] = None,
    port: Annotated[int, Parameter(help="Port on this machine; 0 takes a free one.")] = 0,
    browser: Annotated[bool, Parameter(help="Open the page in the browser.")] = True,
) -> None:
    """Set up a shot by hand, on a page in the browser that shows it live.

    Scenes are saved in the current folder. Only this machine can reach the page.

    Example: selfiesim studio tianwen1-mars
    """
    require_packages()

    def on_ready(address: str) -> None:
        print(f"The studio is at {address}\nStop it with Ctrl+C.", flush=True)
        if browser:
            import webbrowser

            if not webbrowser.open(address):
                print("No browser could be opened; open the address by hand.", flush=True)

    serve(scene_name, Path.cwd(), port, on_ready, photo)
