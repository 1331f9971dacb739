"""The public names: present, importable without the rest, and documented to the numpydoc standard."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc

import selfiesim

NAMES = [name for name in selfiesim.__all__ if name != "__version__"]


def public_methods(cls):
    """Functions and properties that the class itself defines, by name."""
    for name, member in vars(cls).items():
        inner = getattr(member, "__func__", getattr(member, "fget", getattr(member, "func", member)))
        if not name.startswith(("_", "model_")) and inspect.isfunction(inner):  # pydantic adds model_post_init
            yield name, inner, isinstance(member, property) or not callable(getattr(cls, name))


def callables():
    for name in NAMES:
        thing = getattr(selfiesim, name)
        if inspect.isfunction(thing):
            yield pytest.param(thing, id=name)
        elif not issubclass(thing, Exception):
            for method, inner, is_property in public_methods(thing):
                if not is_property:
                    yield pytest.param(inner, id=f"{name}.{method}")


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_a_docstring(name):
    thing = getattr(selfiesim, name)
    first = (inspect.getdoc(thing) or "").partition("\n")[0]
    assert first.endswith("."), f"the summary of {name} must be one sentence: {first!r}"
    if inspect.isclass(thing):
        for method, inner, _ in public_methods(thing):
            assert inspect.getdoc(inner), f"{name}.{method} has no docstring"


@pytest.mark.parametrize("function", list(callables()))
def test_every_parameter_and_result_is_documented(function):
    signature = inspect.signature(function)
    wanted = {name for name in signature.parameters if name not in ("self", "cls")}
    parsed = FunctionDoc(function)
    documented = {
        name.strip().lstrip("*")
        for entry in (*parsed["Parameters"], *parsed["Other Parameters"])
        for name in entry.name.split(",")
    }
    assert wanted <= documented, f"not documented: {sorted(wanted - documented)}"
    assert documented <= wanted, f"documented but not there: {sorted(documented - wanted)}"
    returns = signature.return_annotation
    if returns not in (None, "None", inspect.Signature.empty):
        assert parsed["Returns"] or parsed["Yields"], "no Returns section"


@pytest.mark.parametrize("name", [name for name in NAMES if dataclasses.is_dataclass(getattr(selfiesim, name))])
def test_every_field_of_a_public_class_is_documented(name):
    thing = getattr(selfiesim, name)
    documented = {
        field.strip()
        for cls in thing.__mro__[:-1]
        for entry in ClassDoc(cls, config={"show_class_members": False})["Attributes"]
        for field in entry.name.split(",")
    }
    wanted = {field.name for field in dataclasses.fields(thing) if not field.name.startswith("_")}
    assert wanted <= documented, f"not documented: {sorted(wanted - documented)}"


def test_import_is_light():
    """``import selfiesim`` leaves numpy, VTK and pydantic to first use."""
    command = (
        "import sys, selfiesim; print([m for m in ('numpy', 'vtkmodules', 'pydantic', 'trimesh') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert selfiesim.__version__ == version("selfiesim")


def test_unknown_names_raise_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'selfie'"):
        selfiesim.selfie  # noqa: B018
