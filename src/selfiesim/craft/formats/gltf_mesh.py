"""The meshes of a glTF file where its nodes put them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.gltf import read_header, scene_nodes_parents_first, table_entry
from selfiesim.craft.formats.gltf_accessors import AccessorReader
from selfiesim.craft.formats.gltf_material import GltfMaterials
from selfiesim.craft.formats.limits import MAX_ACCESSOR_ITEMS, MAX_NODES, MAX_TRIANGLES
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance, make_unique_name

_TRIANGLES, _TRIANGLE_STRIP, _TRIANGLE_FAN = 4, 5, 6
_INSTANCING = "EXT_mesh_gpu_instancing"


def read_gltf(content: bytes, binary: bool, resources: ResourceResolver) -> ImportedScene:
    """All shapes of a glTF (``binary``: GLB) file.

    Raises
    ------
    ModelError
        Says what is wrong, without the file's name: the caller knows it.
    """
    try:
        return _Reader(content, binary, resources).read()
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(f"its table of contents is not glTF ({type(error).__name__}: {str(error)[:80]})") from error
    except MemoryError as error:
        raise ModelError("it does not fit into memory; make it smaller") from error


class _Reader:
    def __init__(self, content: bytes, binary: bool, resources: ResourceResolver) -> None:
        self.header, glb_chunk = read_header(content, binary)
        self.accessor_reader = AccessorReader(self.header, glb_chunk, resources)
        self.out = ImportedScene(metres_per_unit=None, up="y")
        self.materials = GltfMaterials(self.accessor_reader, self.out)
        self.mesh_cache: dict[int, list[MeshInstance]] = {}
        self.triangles = self.vertices = 0

    def read(self) -> ImportedScene:
        names: dict[int, str] = {}
        ancestors: dict[int, tuple[str, ...]] = {-1: ()}
        matrices: dict[int, Floats] = {-1: np.eye(4)}
        used_names: dict[str, int] = {}
        for number, parent in scene_nodes_parents_first(self.header):
            node = table_entry(self.header, "nodes", number, "nodes")
            names[number] = make_unique_name(str(node.get("name") or f"node {number}"), used_names)
            ancestors[number] = (names[number], *ancestors[parent])
            matrices[number] = matrices[parent] @ _local_transform(node, f"nodes[{number}]")
            if "mesh" in node:
                self._add_instances(node, number, ancestors[number], matrices[number])
        self.out.nodes = list(names.values())
        if self.header.get("animations"):
            self.out.warn(f"{len(self.header['animations'])} animations are left out: it stands still")
        return self.out

    def _add_instances(self, node: dict[str, Any], number: int, ancestors: tuple[str, ...], matrix: Floats) -> None:
        shapes = self._read_mesh(node["mesh"], f"nodes[{number}].mesh")
        if "skin" in node:
            self.out.warn(f"{ancestors[0]!r} has a skin, which is left out: it stands as it was modelled")
        copies = self._instance_matrices(node, number)
        if len(self.out.shapes) + len(copies) * len(shapes) > MAX_NODES:
            raise ModelError(f"it has over {MAX_NODES:,} meshes, each instance counted; join some of them")
        self.triangles += len(copies) * sum(len(shape.faces) for shape in shapes)
        if self.triangles > MAX_TRIANGLES:
            raise ModelError(f"it has over {MAX_TRIANGLES:,} triangles, each instance counted; decimate it")
        self.out.shapes += [shape.at(ancestors[0], ancestors, matrix @ copy) for copy in copies for shape in shapes]

    def _instance_matrices(self, node: dict[str, Any], number: int) -> list[Floats]:
        """Matrices of the copies that a node makes of its mesh; usually one."""
        table = node.get("extensions", {}).get(_INSTANCING, {}).get("attributes")
        if not table:
            return [np.eye(4)]
        label = f"nodes[{number}].extensions.{_INSTANCING}.attributes"
        kinds = {"TRANSLATION": ("translation", 3), "ROTATION": ("rotation", 4), "SCALE": ("scale", 3)}
        rows = {
            ours: self.accessor_reader.table(table[name], f"{label}.{name}", (width,)).tolist()
            for name, (ours, width) in kinds.items()
            if name in table
        }
        if len({len(values) for values in rows.values()}) > 1:
            raise ModelError(f"{label}: its tables differ in length")
        count = len(next(iter(rows.values()), []))
        if count > MAX_NODES:
            raise ModelError(f"{label}: {count:,} instances; the limit is {MAX_NODES:,}")
        return [_local_transform({name: values[k] for name, values in rows.items()}, label) for k in range(count)]

    def _read_mesh(self, index: Any, referrer: str) -> list[MeshInstance]:
        mesh = table_entry(self.header, "meshes", index, referrer)
        if index not in self.mesh_cache:
            found = [
                self._read_primitive(primitive, f"meshes[{index}].primitives[{k}]")
                for k, primitive in enumerate(mesh["primitives"])
            ]
            self.mesh_cache[index] = [shape for shape in found if shape is not None]
        return self.mesh_cache[index]

    def _read_primitive(self, primitive: dict[str, Any], label: str) -> MeshInstance | None:
        mode = primitive.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _TRIANGLE_STRIP, _TRIANGLE_FAN):
            self.out.warn("points and lines are left out: only surfaces are drawn")
            return None
        if primitive.get("targets"):
            self.out.warn("morph targets are left out: it stands as it was modelled")
        draco_data = self.accessor_reader.decode_draco(primitive, label)
        attributes = primitive["attributes"]
        self._count_vertices(attributes, label)

        def read_attribute(name: str, widths: tuple[int, ...]) -> NDArray[Any] | None:
            if draco_data is not None and name in draco_data:
                if draco_data[name].shape[1] not in widths:
                    raise ModelError(f"{label}.attributes.{name}: {draco_data[name].shape[1]} numbers wide")
                return draco_data[name]
            if name not in attributes:
                return None
            return self.accessor_reader.table(attributes[name], f"{label}.attributes.{name}", widths)

        vertices = read_attribute("POSITION", (3,))
        if vertices is None:
            raise ModelError(f"{label}.attributes is not glTF: POSITION is missing")
        count = len(vertices)
        corners = self._read_indices(primitive, draco_data, count, label)
        material, texture_transform = self.materials.of(primitive.get("material"), label)
        uv = read_attribute(f"TEXCOORD_{texture_transform.channel}", (2,)) if material.textures else None
        columns = {
            "normals": read_attribute("NORMAL", (3,)),
            "uv": texture_transform.place(uv),
            "tint": read_attribute("COLOR_0", (3, 4)),
        }
        for name, values in columns.items():
            if values is not None and len(values) != count:
                raise ModelError(f"{label}: its tables differ in length ({count:,} positions, {len(values):,} {name})")
        tint = columns["tint"]
        return MeshInstance(
            node="",
            ancestors=(),
            matrix=np.eye(4),
            vertices=vertices.astype(np.float64),
            faces=_triangles(corners, mode),
            material=material,
            normals=None if columns["normals"] is None else columns["normals"].astype(np.float64),
            uv=columns["uv"],
            tint=None if tint is None else _normalized_colors(tint)[:, :3],
        )

    def _read_indices(
        self, primitive: dict[str, Any], draco_data: dict[str, NDArray[Any]] | None, count: int, label: str
    ) -> NDArray[np.int64]:
        """Which of ``count`` vertices the corners of the faces are, one after the other."""
        if draco_data is not None:
            corners = draco_data["indices"]
        elif "indices" in primitive:
            corners = self.accessor_reader.table(primitive["indices"], f"{label}.indices", (1,))[:, 0]
        else:
            corners = np.arange(count)
        if corners.dtype.kind == "f":
            raise ModelError(f"{label}.indices: whole numbers would be right")
        if len(corners) and corners.max() >= count:
            raise ModelError(f"{label}.indices: names vertex {corners.max():,} of {count:,}")
        return corners.astype(np.int64)

    def _count_vertices(self, attributes: dict[str, Any], label: str) -> None:
        """Keep count of the vertices of all meshes: a table of zeros takes no room in a file."""
        if "POSITION" in attributes:
            accessor = table_entry(self.header, "accessors", attributes["POSITION"], f"{label}.attributes.POSITION")
            self.vertices += accessor["count"]
        if self.vertices > MAX_ACCESSOR_ITEMS:
            raise ModelError(f"it has over {MAX_ACCESSOR_ITEMS:,} vertices; decimate it")


def _normalized_colors(colours: NDArray[Any]) -> Floats:
    if colours.dtype.kind in "iu":
        return np.asarray(colours / np.iinfo(colours.dtype).max)
    return colours.astype(np.float64)


def _triangles(corners: NDArray[np.int64], mode: int) -> NDArray[np.int64]:
    """Triangles (M, 3) from a list, a strip or a fan (glTF 2.0, section 3.7.2.1)."""
    if mode == _TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    k = np.arange(max(len(corners) - 2, 0))
    if mode == _TRIANGLE_STRIP:
        return np.stack([corners[k], corners[k + 1 + k % 2], corners[k + 2 - k % 2]], axis=1)
    return np.stack([corners[k + 1], corners[k + 2], np.broadcast_to(corners[:1], k.shape)], axis=1)


def _local_transform(node: dict[str, Any], label: str) -> Floats:
    """A node's own transform (4, 4)."""
    if "matrix" in node:
        matrix = np.array(node["matrix"], dtype=np.float64)
        if matrix.shape != (16,) or not np.all(np.isfinite(matrix)):
            raise ModelError(f"{label}.matrix: 16 finite numbers would be right")
        return matrix.reshape(4, 4).T
    move, turn, size = (
        np.array(node.get(key, default), dtype=np.float64)
        for key, default in (("translation", [0.0] * 3), ("rotation", [0.0, 0.0, 0.0, 1.0]), ("scale", [1.0] * 3))
    )
    if (move.shape, turn.shape, size.shape) != ((3,), (4,), (3,)) or not np.all(np.isfinite([*move, *turn, *size])):
        raise ModelError(f"{label}: its translation, rotation or scale are not finite numbers")
    length = float(np.linalg.norm(turn))
    x, y, z, w = turn / length if length > 1e-9 else (0.0, 0.0, 0.0, 1.0)
    out = np.eye(4)
    out[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    out[:3, :3] *= size
    out[:3, 3] = move
    return out
