"""The commands about models: ``selfiesim models``."""

from __future__ import annotations

from cyclopts import App

from selfiesim.inspect_cli import inspect_model

models_app = App(name="models", help="Look into the meshes of craft.", help_format="plaintext")
models_app.command(inspect_model, name="inspect")
