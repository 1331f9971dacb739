"""Systems other than POSIX: the package imports without the modules that Windows lacks."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Blocks the modules for selfiesim alone: other packages look after themselves.
PROGRAM = """
import builtins, importlib, pkgutil, sys

imported = builtins.__import__

def refuse(name, globals=None, *rest, **options):
    importer = (globals or {}).get("__name__", "")
    if name in ("fcntl", "resource") and importer.split(".")[0] == "selfiesim":
        raise ImportError(f"{importer} imports {name}")
    return imported(name, globals, *rest, **options)

builtins.__import__ = refuse
import selfiesim
names = [module.name for module in pkgutil.walk_packages(selfiesim.__path__, "selfiesim.")]
for name in names:
    if name != "selfiesim.__main__":
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in sys.argv[1:]:
                raise
print(len(names))
"""
OPTIONAL = ["mitsuba", "drjit", "distributed", "OpenEXR", "spiceypy", "rasterio", "DracoPy", "imageio_ffmpeg"]
OPTIONAL += ["starlette", "uvicorn", "tomlkit"]


def test_every_module_imports_without_fcntl_and_resource():
    child = subprocess.run([sys.executable, "-c", PROGRAM, *OPTIONAL], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    assert int(child.stdout) > 100


@pytest.mark.parametrize("name", ["fcntl", "resource"])
def test_an_import_of_a_posix_module_would_be_noticed(name, tmp_path):
    (tmp_path / "selfiesim").mkdir()
    (tmp_path / "selfiesim" / "__init__.py").touch()
    (tmp_path / "selfiesim" / "posix_only.py").write_text(f"import {name}\n")
    child = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"ImportError: selfiesim.posix_only imports {name}" in child.stderr
