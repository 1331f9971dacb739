"""Files that a mesh file refers to (buffers, textures, MTL): read only from its own folder, within size limits."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from selfiesim.core.errors import ModelError
from selfiesim.core.files import is_within
from selfiesim.core.limits import MESH_BYTES


class MissingFileError(ModelError):
    """A mesh file refers to a file that cannot be read."""


@dataclass
class ResourceResolver:
    """Opens the files that a mesh refers to, only inside its folder, and records their digests.

    Attributes
    ----------
    folder : Path
        The mesh file's folder.
    digests : dict
        File name to SHA-256 hex digest; empty for a file that cannot be read.
    rejected : ModelError, optional
        The last error that must not be swallowed.
    missing : list of str
        Names of the files that cannot be read.
    """

    folder: Path
    digests: dict[str, str] = field(default_factory=dict)
    rejected: ModelError | None = None
    missing: list[str] = field(default_factory=list)

    def get(self, name: str) -> bytes:
        """Return the bytes of a referenced file; ``name`` may use Windows path separators.

        Raises
        ------
        MissingFileError
            When the file cannot be read.
        ModelError
            When it is outside the folder or too large.
        """
        name = name.replace("\\", "/")
        path = self.folder / name
        try:
            check_within_folder(name)
            if path.exists() or path.is_symlink():
                if not is_within(self.folder, path):
                    raise _outside_error(name)
                if not path.is_file():  # to open a named pipe would wait for its other end
                    raise ValueError(name)
                size = path.stat().st_size
                MESH_BYTES.check(size, f"it refers to {_truncated_repr(name)} with {size >> 20} MB", ModelError)
        except (OSError, ValueError, RuntimeError) as error:  # a name of 5,000 letters, a null byte, a symlink loop
            self.missing.append(name[:60])
            raise MissingFileError(f"it refers to a file {_truncated_repr(name)} that cannot be read") from error
        except ModelError as error:
            self.rejected = error
            raise
        try:
            content = path.read_bytes()
        except (OSError, ValueError) as error:  # a null byte
            self.digests[name] = ""
            self.missing.append(name)
            reason = getattr(error, "strerror", None) or "not a name"
            raise MissingFileError(
                f"it refers to a file {_truncated_repr(name)} that cannot be read ({reason})"
            ) from error
        self.digests[name] = hashlib.sha256(content).hexdigest()
        return content


def name_beside(name: str) -> str:
    """Return the name of a file in the folder of the mesh in place of an absolute path, such as ``C:/maps/a.png``.

    Programs write the paths of their own machine; the files then lie beside the mesh. Other names are returned as they
    are.
    """
    plain = name.removeprefix("file://").replace("\\", "/")
    is_absolute = plain.startswith("/") or re.match(r"/*[A-Za-z][:|]/", plain) is not None
    return plain.rpartition("/")[2] if is_absolute else name


def check_within_folder(name: str) -> None:
    """Reject a reference by absolute path, drive letter, URL or parent folder (``..``).

    Raises
    ------
    ModelError
        When the name points outside the mesh file's folder.
    """
    parts = unquote(name).replace("\\", "/").split("/")
    if ".." in parts or parts[0].endswith(":") or (len(parts) > 1 and parts[0] == "") or "://" in name:
        raise _outside_error(name)


def _outside_error(name: str) -> ModelError:
    return ModelError(
        f"it points outside its own folder ({_truncated_repr(name)}), which is not allowed; "
        "move the file into the folder of the mesh"
    )


def _truncated_repr(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:77] + "...")
