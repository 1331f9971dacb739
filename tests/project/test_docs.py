"""What the documents promise is what the program has."""

import json
from pathlib import Path

from selfiesim.scene.scene import schema

ROOT = Path(__file__).parents[2]


def _keys(node, definitions, path=""):
    for name, field in node["properties"].items():
        # A section that may be left out is one of two things: the section, or null.
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
    # Sections, keys and what is said of each; how pydantic writes types differs from version to version.
    def told(document):
        sections = document["$defs"] | {"Scene": document}
        return {
            name: {key: field.get("description") for key, field in section["properties"].items()}
            for name, section in sections.items()
        }

    assert told(json.loads((ROOT / "scenes/scene.schema.json").read_text())) == told(schema()), "run: make schema"


def test_links_in_the_documents_lead_somewhere():
    import re

    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
