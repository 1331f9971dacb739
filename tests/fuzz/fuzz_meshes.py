"""Kinds of cases around meshes, in every format."""

from __future__ import annotations

from typing import Any

import fuzz_mesh_seeds as seeds
from fuzz_case import Case, encoded, inspected
from fuzz_gltf import spoiled_gltf
from fuzz_mutators import json_text, spoiled_archives, spoiled_bytes, spoiled_tables, spoiled_texts
from fuzz_seeds import box_files, picture
from hypothesis import strategies as st


@st.composite
def _obj(draw: Any) -> Case:
    files = box_files()
    chosen = draw(st.sampled_from(["box.obj", "box.obj", "box.mtl", "tex.png"]))
    if chosen == "tex.png":
        files[chosen] = draw(spoiled_bytes(files[chosen]))
    else:
        tokens = (
            "f 1 2 3 4 5 6",
            "f -1 -2 -3",
            "usemtl gold",
            "mtllib ../outside/bait.mtl",
            "map_d tex.png",
            "illum 9",
        )
        files[chosen] = draw(spoiled_texts(files[chosen].decode(), tokens=tokens).map(encoded))
    return inspected("box.obj", files)


@st.composite
def _simple_meshes(draw: Any) -> Case:
    name = draw(st.sampled_from(sorted(seeds.simple_meshes())))
    content = seeds.simple_meshes()[name]
    if name.startswith("a") and draw(st.booleans()):
        content = draw(spoiled_texts(content.decode()).map(encoded))
    else:
        content = draw(spoiled_bytes(content, before=300))
    return inspected(name, {name: content})


@st.composite
def _xml_meshes(draw: Any) -> Case:
    tokens = ("1 2 3", "-1", "NaN", 'count="99999999"', 'id="g"', 'url="#n"', "<node/>", 'xmlns:x="y"')
    if draw(st.booleans()):
        text = draw(spoiled_texts(seeds.DAE, tokens=tokens))
        return inspected("a.dae", {"a.dae": encoded(text), "tex.png": picture()})

    def members(_name: str, content: bytes) -> Any:
        return spoiled_texts(content.decode(), tokens=tokens).map(encoded)

    return inspected("a.3mf", {"a.3mf": draw(spoiled_archives(seeds.model_3mf(), members))})


_documents = st.sampled_from([seeds.gltf_document, seeds.rich_gltf, seeds.rich_gltf, seeds.compressed_gltf]).map(
    lambda make: make()
)


@st.composite
def _gltf(draw: Any) -> Case:
    if draw(st.integers(0, 3)):
        return inspected("a.glb", {"a.glb": draw(spoiled_gltf(*draw(_documents)))})
    table = draw(spoiled_tables(seeds.embedded_gltf()))
    return inspected("a.gltf", {"a.gltf": encoded(json_text(table))})


@st.composite
def _converted(draw: Any) -> Case:
    name = draw(st.sampled_from(sorted(seeds.converted_meshes())))
    content = seeds.converted_meshes()[name]
    if name.endswith(".usdz"):
        content = draw(spoiled_archives(content, lambda _name, member: spoiled_bytes(member)))
    elif name.endswith((".fbx", ".usda")) and draw(st.integers(0, 3)):
        tokens = ("*99999999 {", "a: 1,2,3", "int[]", "(1, nan, 1e400)", "references = @../outside/bait.obj@")
        tokens += ("asset inputs:file = @../outside/bait.png@", "rel material:binding = </gold/surface>", "over")
        content = draw(spoiled_texts(content.decode(), tokens=tokens).map(encoded))
    else:
        content = draw(spoiled_bytes(content, before=400))
    return inspected(name, {name: content, "tex.png": picture()})


KINDS: dict[str, Any] = {
    "obj, mtl": _obj,
    "ply, stl, off": _simple_meshes,
    "dae, 3mf": _xml_meshes,
    "gltf, glb": _gltf,
    "3ds, fbx, usd": _converted,
}
