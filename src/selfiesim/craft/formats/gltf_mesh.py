"""Read the meshes of a glTF file, each instanced where its nodes place it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_NODES, MESH_TRIANGLES
from selfiesim.craft.formats.gltf import (
    IMAGE_ADVICE,
    SUPPORTED_EXTENSIONS,
    read_document,
    scene_nodes_parents_first,
    table_entry,
)
from selfiesim.craft.formats.gltf_accessors import AccessorReader
from selfiesim.craft.formats.gltf_material import GltfMaterials
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance, make_unique_name

_TRIANGLES, _TRIANGLE_STRIP, _TRIANGLE_FAN = 4, 5, 6
_INSTANCING = "EXT_mesh_gpu_instancing"
_MAX_INFLUENCE_SETS = 4  # of four joints each
_UNREAD_TABLES = {"cameras": "the scene has a camera of its own"}
_UNREAD_EXTENSIONS = {
    "KHR_lights_punctual": "light comes from the scene",
    "KHR_materials_variants": "the default materials are drawn",
    "KHR_animation_pointer": "the model is static",
    "KHR_xmp_json_ld": "its notes are not read",
    "KHR_xmp": "its notes are not read",
}


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
        self.scene = ImportedScene(up="y", unit_reason="metres, as glTF files are by definition")
        self.materials = GltfMaterials(self.accessor_reader, self.scene)
        self.mesh_cache: dict[tuple[int, tuple[float, ...], int], list[MeshInstance]] = {}
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
        for index in names:
            node = self.document["nodes"][index]
            if "mesh" in node:
                self._add_instances(node, index, ancestors[index], matrices)
        self.scene.nodes = list(names.values())
        self._warn_of_unread()
        if self.document.get("animations"):
            self.scene.warn(f"{len(self.document['animations'])} animations are left out: the model is static")
        return self.scene

    def _warn_of_unread(self) -> None:
        """Record what the document has and no picture shows."""
        for kind, effect in _UNREAD_TABLES.items():
            if self.document.get(kind):
                self.scene.ignore(kind, effect)
        for name in self.document.get("extensionsUsed", []):
            of_materials = str(name).startswith("KHR_materials_") and name not in _UNREAD_EXTENSIONS
            # Materials and textures tell of their own extensions.
            is_known = of_materials or name in IMAGE_ADVICE or any(key == name for key, _ in self.scene.ignored)
            if name not in SUPPORTED_EXTENSIONS and not is_known:
                self.scene.ignore(str(name)[:60], _UNREAD_EXTENSIONS.get(name, "it renders without"))

    def _add_instances(
        self, node: dict[str, Any], index: int, ancestors: tuple[str, ...], matrices: dict[int, Floats]
    ) -> None:
        label, matrix = f"nodes[{index}]", matrices[index]
        mesh_table = table_entry(self.document, "meshes", node["mesh"], f"{label}.mesh")
        weights = node.get("weights", mesh_table.get("weights", []))
        skin = self._joint_matrices(node["skin"], matrices, f"{label}.skin") if "skin" in node else None
        # A skin places its mesh by its joints alone (glTF 2.0, section 3.7.3.3).
        matrix = matrix if skin is None else np.eye(4)
        meshes = self._read_mesh(node["mesh"], tuple(float(weight) for weight in weights), skin, index)
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

    def _joint_matrices(self, index: Any, matrices: dict[int, Floats], label: str) -> Floats:
        """What each joint of a skin does with the vertices bound to it, (J, 4, 4), in the pose of the nodes."""
        skin = table_entry(self.document, "skins", index, label)
        joints = skin["joints"]
        if not joints:
            raise ModelError(f"{label}: a skin has at least one joint")
        MESH_NODES.check(len(joints), f"{label}: a skin with {len(joints):,} joints", ModelError)
        missing = [joint for joint in joints if joint not in matrices]
        if missing:
            raise ModelError(f"{label}: its joint {str(missing[0])[:20]} is not in the scene")
        places = np.stack([matrices[joint] for joint in joints])
        if "inverseBindMatrices" not in skin:
            return places
        inverse = self.accessor_reader.array(skin["inverseBindMatrices"], f"{label}.inverseBindMatrices", (16,))
        if len(inverse) < len(joints):
            raise ModelError(f"{label}: {len(inverse):,} inverse bind matrices for {len(joints):,} joints")
        return np.asarray(places @ inverse[: len(joints)].reshape(-1, 4, 4).transpose(0, 2, 1))

    def _read_mesh(self, index: int, weights: tuple[float, ...], skin: Floats | None, node: int) -> list[MeshInstance]:
        """The primitives of a mesh, morphed by ``weights`` and bent by the ``skin`` of a node."""
        key = index, weights if any(weights) else (), -1 if skin is None else node
        if key not in self.mesh_cache:
            primitives = [
                self._read_primitive(primitive, f"meshes[{index}].primitives[{k}]", key[1], skin)
                for k, primitive in enumerate(self.document["meshes"][index]["primitives"])
            ]
            self.mesh_cache[key] = [primitive for primitive in primitives if primitive is not None]
        return self.mesh_cache[key]

    # Long: it lists what a primitive has.
    def _read_primitive(
        self, primitive: dict[str, Any], label: str, weights: tuple[float, ...], skin: Floats | None
    ) -> MeshInstance | None:
        """One primitive, not yet placed; None for points and lines."""
        mode = primitive.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _TRIANGLE_STRIP, _TRIANGLE_FAN):
            self.scene.warn("points and lines are left out: only surfaces are rendered")
            return None
        draco_data = self.accessor_reader.decode_draco(primitive, label) or {}
        vertices = self._read_attribute(primitive, draco_data, "POSITION", (3,), label)
        if vertices is None:
            raise ModelError(f"{label}.attributes is not glTF: POSITION is missing")
        corners = self._read_indices(primitive, draco_data, len(vertices), label)
        mapped = self.materials.material(primitive.get("material"), label)
        material = mapped.material
        uv = uv2 = None
        if material.textures:
            uv = self._read_attribute(primitive, draco_data, f"TEXCOORD_{mapped.first.channel}", (2,), label)
            if mapped.second is not None:
                uv2 = self._read_attribute(primitive, draco_data, f"TEXCOORD_{mapped.second.channel}", (2,), label)
        normals = self._read_attribute(primitive, draco_data, "NORMAL", (3,), label)
        colours = self._read_attribute(primitive, draco_data, "COLOR_0", (3, 4), label)
        for name, values in {"normals": normals, "uv": uv, "uv2": uv2, "colours": colours}.items():
            if values is not None and len(values) != len(vertices):
                lengths = f"{len(vertices):,} positions, {len(values):,} {name}"
                raise ModelError(f"{label}: its attributes differ in length ({lengths})")
        if uv2 is None and material.second_uv and uv is not None:
            self.scene.ignore(", ".join(material.second_uv), "the mesh lacks their texture coordinates", material.name)
            material = self.materials.without_second(mapped)
        shape = vertices.astype(np.float64), None if normals is None else normals.astype(np.float64)
        if weights:
            shape = self._morphed(primitive, *shape, weights, label)
        if skin is not None:
            shape = self._bent(primitive, draco_data, *shape, skin, label)
        tint = None if colours is None else _normalized_colors(colours)
        return MeshInstance(
            node="",
            ancestors=(),
            matrix=np.eye(4),
            vertices=shape[0],
            faces=_triangles(corners, mode),
            material=material,
            normals=shape[1],
            uv=mapped.first.apply(uv),
            tint=None if tint is None else tint[:, :3],
            opacity=None if tint is None or tint.shape[1] < 4 else np.clip(np.nan_to_num(tint[:, 3]), 0.0, 1.0),
            uv2=None if mapped.second is None else mapped.second.apply(uv2),
        )

    def _morphed(
        self,
        primitive: dict[str, Any],
        vertices: Floats,
        normals: Floats | None,
        weights: tuple[float, ...],
        label: str,
    ) -> tuple[Floats, Floats | None]:
        """Positions and normals with the morph targets added by their default weights."""
        targets = primitive.get("targets", [])
        for number, (target, weight) in enumerate(zip(targets, weights, strict=False)):
            if weight == 0.0:
                continue
            for name, values in (("POSITION", vertices), ("NORMAL", normals)):
                if name not in target or values is None:
                    continue
                delta = self.accessor_reader.array(target[name], f"{label}.targets[{number}].{name}", (3,))
                if len(delta) != len(values):
                    raise ModelError(f"{label}.targets[{number}]: its attributes differ in length")
                values += weight * delta
        return vertices, normals

    def _bent(
        self,
        primitive: dict[str, Any],
        draco_data: dict[str, NDArray[Any]],
        vertices: Floats,
        normals: Floats | None,
        skin: Floats,
        label: str,
    ) -> tuple[Floats, Floats | None]:
        """Positions and normals of a skinned mesh, in the axes of the scene."""
        points, turned = np.zeros_like(vertices), None if normals is None else np.zeros_like(normals)
        total = np.zeros((len(vertices), 1))
        with_one = np.column_stack([vertices, np.ones(len(vertices))])
        turns = np.linalg.pinv(skin[:, :3, :3]).transpose(0, 2, 1)
        for number in range(_MAX_INFLUENCE_SETS):
            joints = self._read_attribute(primitive, draco_data, f"JOINTS_{number}", (4,), label)
            weights = self._read_attribute(primitive, draco_data, f"WEIGHTS_{number}", (4,), label)
            if joints is None or weights is None:
                break
            if len(joints) != len(vertices) or len(weights) != len(vertices) or joints.dtype.kind == "f":
                raise ModelError(f"{label}: its joints and weights do not fit its vertices")
            if len(joints) and joints.max() >= len(skin):
                raise ModelError(f"{label}.attributes.JOINTS_{number}: joint {joints.max()} of {len(skin)}")
            for influence in range(4):
                share = np.nan_to_num(_normalized_colors(weights[:, influence : influence + 1]))
                joint = joints[:, influence].astype(np.int64)
                points += share * np.einsum("nij,nj->ni", skin[joint, :3], with_one)
                total += share
                if turned is not None and normals is not None:
                    turned += share * np.einsum("nij,nj->ni", turns[joint], normals)
        if not total.all():
            raise ModelError(f"{label}: some vertices of its skin have no weights")
        return points / total, turned

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
