"""Read the meshes of a glTF file, each instanced where its nodes place it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_NODES, MESH_TRIANGLES
from selfiesim.craft.formats.gltf import read_document, scene_nodes_parents_first, table_entry
from selfiesim.craft.formats.gltf_accessors import AccessorReader
from selfiesim.craft.formats.gltf_material import GltfMaterials
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance, make_unique_name

_TRIANGLES, _TRIANGLE_STRIP, _TRIANGLE_FAN = 4, 5, 6
_INSTANCING = "EXT_mesh_gpu_instancing"


def read_gltf(content: bytes, binary: bool, resources: ResourceResolver) -> ImportedScene:
    """Read all mesh instances of a glTF file; ``binary`` for a GLB.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    try:
        return _GltfReader(content, binary, resources).read()
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(f"its document is not glTF ({type(error).__name__}: {str(error)[:80]})") from error
    except MemoryError as error:
        raise ModelError("it does not fit into memory; make it smaller") from error


class _GltfReader:
    """Walks the node tree of one glTF file and reads each mesh once."""

    def __init__(self, content: bytes, binary: bool, resources: ResourceResolver) -> None:
        self.document, binary_chunk = read_document(content, binary)
        self.accessor_reader = AccessorReader(self.document, binary_chunk, resources)
        self.scene = ImportedScene(metres_per_unit=None, up="y")
        self.materials = GltfMaterials(self.accessor_reader, self.scene)
        self.mesh_cache: dict[int, list[MeshInstance]] = {}
        self.triangle_count = 0

    def read(self) -> ImportedScene:
        names: dict[int, str] = {}
        ancestors: dict[int, tuple[str, ...]] = {-1: ()}
        matrices: dict[int, Floats] = {-1: np.eye(4)}
        used_names: dict[str, int] = {}
        for index, parent in scene_nodes_parents_first(self.document):
            node = table_entry(self.document, "nodes", index, "nodes")
            names[index] = make_unique_name(str(node.get("name") or f"node {index}"), used_names)
            ancestors[index] = (names[index], *ancestors[parent])
            matrices[index] = matrices[parent] @ _local_transform(node, f"nodes[{index}]")
            if "mesh" in node:
                self._add_instances(node, index, ancestors[index], matrices[index])
        self.scene.nodes = list(names.values())
        if self.document.get("animations"):
            self.scene.warn(f"{len(self.document['animations'])} animations are left out: the model is static")
        return self.scene

    def _add_instances(self, node: dict[str, Any], index: int, ancestors: tuple[str, ...], matrix: Floats) -> None:
        meshes = self._read_mesh(node["mesh"], f"nodes[{index}].mesh")
        if "skin" in node:
            self.scene.warn(f"the skin of {ancestors[0]!r} is left out: it keeps the pose it was modelled in")
        copies = self._instance_matrices(node, index)
        count = len(self.scene.instances) + len(copies) * len(meshes)
        MESH_NODES.check(count, f"it has {count:,} meshes, counting every instance", ModelError, "join some of them")
        self.triangle_count += len(copies) * sum(len(mesh.faces) for mesh in meshes)
        what = f"it has {self.triangle_count:,} triangles, counting every instance"
        MESH_TRIANGLES.check(self.triangle_count, what, ModelError, "decimate it")
        self.scene.instances += [
            mesh.placed(ancestors[0], ancestors, matrix @ copy) for copy in copies for mesh in meshes
        ]

    def _instance_matrices(self, node: dict[str, Any], index: int) -> list[Floats]:
        """Transforms (4, 4) of the instances of a node's mesh; usually one."""
        table = node.get("extensions", {}).get(_INSTANCING, {}).get("attributes")
        if not table:
            return [np.eye(4)]
        label = f"nodes[{index}].extensions.{_INSTANCING}.attributes"
        attributes = {"TRANSLATION": ("translation", 3), "ROTATION": ("rotation", 4), "SCALE": ("scale", 3)}
        rows = {
            key: self.accessor_reader.array(table[name], f"{label}.{name}", (width,)).tolist()
            for name, (key, width) in attributes.items()
            if name in table
        }
        if len({len(values) for values in rows.values()}) > 1:
            raise ModelError(f"{label}: its accessors differ in length")
        count = len(next(iter(rows.values()), []))
        MESH_NODES.check(count, f"{label}: {count:,} instances", ModelError)
        return [_local_transform({key: values[k] for key, values in rows.items()}, label) for k in range(count)]

    def _read_mesh(self, index: Any, referrer: str) -> list[MeshInstance]:
        mesh = table_entry(self.document, "meshes", index, referrer)
        if index not in self.mesh_cache:
            primitives = [
                self._read_primitive(primitive, f"meshes[{index}].primitives[{k}]")
                for k, primitive in enumerate(mesh["primitives"])
            ]
            self.mesh_cache[index] = [primitive for primitive in primitives if primitive is not None]
        return self.mesh_cache[index]

    def _read_primitive(self, primitive: dict[str, Any], label: str) -> MeshInstance | None:
        """One primitive, not yet placed; None for points and lines."""
        mode = primitive.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _TRIANGLE_STRIP, _TRIANGLE_FAN):
            self.scene.warn("points and lines are left out: only surfaces are rendered")
            return None
        if primitive.get("targets"):
            self.scene.warn("morph targets are left out: the mesh keeps its base shape")
        draco_data = self.accessor_reader.decode_draco(primitive, label) or {}
        vertices = self._read_attribute(primitive, draco_data, "POSITION", (3,), label)
        if vertices is None:
            raise ModelError(f"{label}.attributes is not glTF: POSITION is missing")
        corners = self._read_indices(primitive, draco_data, len(vertices), label)
        material, texture_transform = self.materials.material(primitive.get("material"), label)
        uv_name = f"TEXCOORD_{texture_transform.channel}"
        uv = self._read_attribute(primitive, draco_data, uv_name, (2,), label) if material.textures else None
        normals = self._read_attribute(primitive, draco_data, "NORMAL", (3,), label)
        tint = self._read_attribute(primitive, draco_data, "COLOR_0", (3, 4), label)
        for name, values in {"normals": normals, "uv": uv, "tint": tint}.items():
            if values is not None and len(values) != len(vertices):
                lengths = f"{len(vertices):,} positions, {len(values):,} {name}"
                raise ModelError(f"{label}: its attributes differ in length ({lengths})")
        return MeshInstance(
            node="",
            ancestors=(),
            matrix=np.eye(4),
            vertices=vertices.astype(np.float64),
            faces=_triangles(corners, mode),
            material=material,
            normals=None if normals is None else normals.astype(np.float64),
            uv=texture_transform.apply(uv),
            tint=None if tint is None else _normalized_colors(tint)[:, :3],
        )

    def _read_attribute(
        self,
        primitive: dict[str, Any],
        draco_data: dict[str, NDArray[Any]],
        name: str,
        widths: tuple[int, ...],
        label: str,
    ) -> NDArray[Any] | None:
        """One vertex attribute, from the Draco data if it is there; None if the primitive lacks it."""
        attributes = primitive["attributes"]
        if name in draco_data:
            if draco_data[name].shape[1] not in widths:
                raise ModelError(f"{label}.attributes.{name}: {draco_data[name].shape[1]} components are not allowed")
            return draco_data[name]
        if name not in attributes:
            return None
        return self.accessor_reader.array(attributes[name], f"{label}.attributes.{name}", widths)

    def _read_indices(
        self, primitive: dict[str, Any], draco_data: dict[str, NDArray[Any]], count: int, label: str
    ) -> NDArray[np.int64]:
        """Vertex indices of the faces' corners, one after the other; ``count`` is the number of vertices."""
        if draco_data:
            corners = draco_data["indices"]
        elif "indices" in primitive:
            corners = self.accessor_reader.array(primitive["indices"], f"{label}.indices", (1,))[:, 0]
        else:
            corners = np.arange(count)
        if corners.dtype.kind == "f":
            raise ModelError(f"{label}.indices: must be whole numbers")
        if len(corners) and corners.max() >= count:
            raise ModelError(f"{label}.indices: vertex {corners.max():,} of {count:,}")
        return corners.astype(np.int64)


def _normalized_colors(colors: NDArray[Any]) -> Floats:
    if colors.dtype.kind in "iu":
        return np.asarray(colors / np.iinfo(colors.dtype).max)
    return colors.astype(np.float64)


def _triangles(corners: NDArray[np.int64], mode: int) -> NDArray[np.int64]:
    """Triangles (M, 3) from a list, a strip or a fan (glTF 2.0, section 3.7.2.1)."""
    if mode == _TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    k = np.arange(max(len(corners) - 2, 0))
    if mode == _TRIANGLE_STRIP:
        return np.stack([corners[k], corners[k + 1 + k % 2], corners[k + 2 - k % 2]], axis=1)
    return np.stack([corners[k + 1], corners[k + 2], np.broadcast_to(corners[:1], k.shape)], axis=1)


def _local_transform(node: dict[str, Any], label: str) -> Floats:
    """A node's transform relative to its parent, (4, 4)."""
    if "matrix" in node:
        matrix = np.array(node["matrix"], dtype=np.float64)
        if matrix.shape != (16,) or not np.all(np.isfinite(matrix)):
            raise ModelError(f"{label}.matrix: must be 16 finite numbers")
        return matrix.reshape(4, 4).T
    translation, rotation, scale = (
        np.array(node.get(key, default), dtype=np.float64)
        for key, default in (("translation", [0.0] * 3), ("rotation", [0.0, 0.0, 0.0, 1.0]), ("scale", [1.0] * 3))
    )
    shapes = (translation.shape, rotation.shape, scale.shape)
    if shapes != ((3,), (4,), (3,)) or not np.all(np.isfinite([*translation, *rotation, *scale])):
        raise ModelError(f"{label}: its translation, rotation or scale is not made of finite numbers")
    out = np.eye(4)
    out[:3, :3] = _rotation_matrix(rotation) * scale
    out[:3, 3] = translation
    return out


def _rotation_matrix(quaternion: Floats) -> Floats:
    """The rotation (3, 3) of a scalar-last quaternion of any length; the identity for a zero quaternion."""
    length = float(np.linalg.norm(quaternion))
    x, y, z, w = quaternion / length if length > 1e-9 else (0.0, 0.0, 0.0, 1.0)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
