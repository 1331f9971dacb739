"""The reference of scene keys, from the JSON Schema: each with its type, limits, default and meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import key_pictures

from selfiesim.scene.scene import schema

EXAMPLES = Path(__file__).parents[2] / "examples"
Node = dict[str, Any]


def page(folder: Path | None = None) -> str:
    """Return the page in Markdown; the pictures of keys go into ``folder``, None to leave them out."""
    document = schema()
    lines = [
        "# Scene keys",
        "",
        "Every key of a scene file, from the JSON Schema that `selfiesim schema` prints. [Scene files](../scenes.md)",
        "explains how they belong together.",
    ]
    for section, description, keys in sections(document):
        lines += ["", f"## {section}", "", description, ""]
        for path, field in keys:
            lines += entry(path, field, document["$defs"], folder)
    return "\n".join(lines) + "\n"


def sections(document: Node) -> Iterator[tuple[str, str, list[tuple[str, Node]]]]:
    """Yield each table of the file: its name, what it holds, and its keys with their paths."""
    top = [(key, field) for key, field in document["properties"].items() if not _table(field)]
    yield "At the top", "Keys outside any table.", top
    for name, field in document["properties"].items():
        if _table(field):
            yield from _section(name, _table(field), document["$defs"], _is_list(field))


def _section(path: str, table: str, tables: Node, several: bool) -> Iterator[tuple[str, str, list[tuple[str, Node]]]]:
    title = f"`[[{path}]]`" if several else f"`[{path}]`"
    properties = tables[table]["properties"]
    keys = [(f"{path}.{key}", field) for key, field in properties.items()]
    yield title, tables[table].get("description", ""), keys
    for key, field in properties.items():
        inner = _table(field)
        # The orbit of an object has the keys of the orbit, described there.
        if inner and not (path == "objects" and key in ("orbit", "release", "attitude", "decals")):
            yield from _section(f"{path}.{key}", inner, tables, _is_list(field))


def entry(path: str, field: Node, tables: Node, folder: Path | None = None) -> list[str]:
    """Return the lines for one key: a definition that other pages can link to."""
    facts = [kind(field, tables)]
    if "default" in field and not _table(field):
        facts.append(f"default `{json.dumps(field['default'])}`")
    lines = [f"(key-{path})=", f"`{path}`", f": {field.get('description') or _described(field, tables)}"]
    lines += [f"  <br>*{'; '.join(facts)}*"]
    examples = shown_in(path)
    if examples:
        links = ", ".join(f"{{doc}}`/docs/examples/{example}`" for example in examples)
        lines += [f"  <br>Example: {links}"]
    return [*lines, *key_pictures.lines(path, folder), ""]


def kind(field: Node, tables: Node) -> str:
    """Say in words what a value may be: ``number from 0 to 5, or "seasonal"``."""
    table = _table(field)
    if table and "anyOf" not in field:
        return f"table{'s' if _is_list(field) else ''}"
    if "anyOf" in field:
        choices = [kind(choice, tables) for choice in field["anyOf"] if choice.get("type") != "null"]
        return ", or ".join(choices)
    if "$ref" in field:
        return "table"
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return "one of " + ", ".join(f"`{json.dumps(word)}`" for word in field["enum"])
    if field.get("type") == "array":
        return _array(field, tables)
    return {"boolean": "true or false", "string": "text", "object": "table"}.get(field.get("type", ""), "") or (
        field.get("type", "any value") + _limits(field)
    )


def _array(field: Node, tables: Node) -> str:
    if "prefixItems" in field:
        return f"list of {len(field['prefixItems'])}: {kind(field['prefixItems'][0], tables)}"
    length = f" (at most {field['maxItems']})" if "maxItems" in field else ""
    return f"list{length} of {kind(field['items'], tables)}"


def _limits(field: Node) -> str:
    low = f"{field['minimum']:g}" if "minimum" in field else None
    above = f"{field['exclusiveMinimum']:g}" if "exclusiveMinimum" in field else None
    high = field.get("maximum", field.get("exclusiveMaximum"))
    below = "below" if "exclusiveMaximum" in field else "to"
    if low is not None and high is not None:
        return f" from {low} {below} {high:g}"
    words = [f"above {above}" if above else f"at least {low}" if low else "", f"at most {high:g}" if high else ""]
    text = ", ".join(word for word in words if word)
    return f" {text}" if text else ""


def _described(field: Node, tables: Node) -> str:
    table = _table(field)
    return tables[table].get("description", "") if table else ""


def _table(field: Node) -> str:
    """Return the name of the table that a key holds, or of those in its list; empty for other keys."""
    choices = [field, field.get("items", {}), *field.get("anyOf", []), *field.get("allOf", [])]
    return next((choice["$ref"].rsplit("/", 1)[-1] for choice in choices if "$ref" in choice), "")


def _is_list(field: Node) -> bool:
    return field.get("type") == "array"


def shown_in(path: str) -> list[str]:
    """Return the examples that set a key, as paths without suffix: what it does is in their pictures."""
    words = re.compile(rf"\b{re.escape(path.replace('.', '__'))}=|\"{re.escape(path.replace('.', '__'))}\"")
    return [
        str(script.relative_to(EXAMPLES).with_suffix(""))
        for script in sorted(EXAMPLES.rglob("*.py"))
        if words.search(script.read_text(encoding="utf-8"))
    ]
