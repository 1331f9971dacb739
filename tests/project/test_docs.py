"""The documents agree with the program."""

import ast
import json
import pkgutil
import re
from pathlib import Path

import pytest

from selfiesim.scene.scene import schema

ROOT = Path(__file__).parents[2]


def _keys(node, definitions, path=""):
    for name, field in node["properties"].items():
        # An optional section is either the section or null.
        choices = [field, *field.get("anyOf", []), *field.get("allOf", [])]
        reference = next((choice["$ref"].rsplit("/", 1)[-1] for choice in choices if "$ref" in choice), "")
        here = f"{path}{name}"
        if reference and not {"toward", "uniform"} & set(definitions[reference]["properties"]):
            yield from _keys(definitions[reference], definitions, f"{here}.")
        else:
            yield here


def test_every_scene_key_is_documented():
    text = (ROOT / "docs/scenes.md").read_text()
    scene = schema()
    missing = [key for key in _keys(scene, scene["$defs"]) if f"`{key}`" not in text]
    assert missing == []


def test_shipped_schema_is_the_current_one():
    # Sections, keys and descriptions only: how pydantic writes types differs between versions.
    def descriptions(document):
        sections = document["$defs"] | {"Scene": document}
        return {
            name: {key: field.get("description") for key, field in section["properties"].items()}
            for name, section in sections.items()
        }

    stored = json.loads((ROOT / "scenes/scene.schema.json").read_text())
    assert descriptions(stored) == descriptions(schema()), "run: make schema"


GENERATED = {ROOT / "docs/examples/index.rst", ROOT / "docs/reference/keys.md"}  # by `make docs`, which checks them
NOT_IN_GIT = re.compile(r"/(examples|_site|commands|api|backreferences)/|/keys\.md$")
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if not NOT_IN_GIT.search(path.as_posix())),
    *sorted((ROOT / "design").glob("*.md")),
]


def _anchors(page):
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_local_links_in_the_documents_exist(page):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        if (page.parent / target).resolve() in GENERATED:
            continue
        assert (page.parent / target).exists(), target
        assert not anchor or anchor in _anchors(page.parent / target if target else page), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_documents_imports_names_that_exist(page):
    for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom):
                for each in node.names:
                    assert _resolves(f"{node.module}.{each.name}"), f"{node.module}.{each.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_named_in_the_documents_exist(page):
    current = page.read_text().split("### Changed")[0]  # a changelog may name what is gone
    for name in set(re.findall(r"`(selfiesim(?:\.\w+)+)", current)):
        assert _resolves(name), name


def _resolves(name):
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True
