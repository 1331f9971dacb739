"""The files that a mesh file names (buffers, textures, MTL): only those in its own folder, within bounds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.limits import MAX_BYTES


class MissingFileError(ModelError):
    """A file that a mesh names and that is not there."""


@dataclass
class ResourceResolver:
    """Opens the files a mesh names, only inside its folder, and notes their digests.

    Mesh libraries pass over some failures (an OBJ without its MTL is grey, not wrong); ``rejected`` keeps those that may
    not be passed over, and ``missing`` the names of files that are not there.
    """

    folder: Path
    digests: dict[str, str] = field(default_factory=dict)
    rejected: ModelError | None = None
    missing: list[str] = field(default_factory=list)

    def get(self, name: str) -> bytes:
        """The bytes of a companion file; its folders may be parted as Windows programs write them."""
        name = name.replace("\\", "/")
        path = self.folder / name
        try:
            check_within_folder(name)
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise _outside_error(name)
            if path.is_file() and path.stat().st_size > MAX_BYTES:
                raise ModelError(f"the file {_truncated_repr(name)} that it names is over {MAX_BYTES >> 20} MB")
        except (OSError, ValueError, RuntimeError) as error:  # a name of 5,000 letters, a zero byte, links in a ring
            self.missing.append(name[:60])
            raise MissingFileError(f"it names a file {_truncated_repr(name)} that cannot be read") from error
        except ModelError as error:
            self.rejected = error
            raise
        try:
            content = path.read_bytes()
        except OSError as error:
            self.digests[name] = ""
            self.missing.append(name)
            raise MissingFileError(
                f"it names a file {_truncated_repr(name)} that cannot be read ({error.strerror})"
            ) from error
        self.digests[name] = hashlib.sha256(content).hexdigest()
        return content

    def __getitem__(self, name: str) -> bytes:
        return self.get(name)

    def keys(self) -> list[str]:
        """Names are not listed: only what the mesh file names is opened."""
        return []


def check_within_folder(name: str) -> None:
    """Refuse a companion file that is named by an absolute path, a drive, a network address or a way out (``..``)."""
    parts = unquote(name).replace("\\", "/").split("/")
    if ".." in parts or parts[0].endswith(":") or (len(parts) > 1 and parts[0] == "") or "://" in name:
        raise _outside_error(name)


def _outside_error(name: str) -> ModelError:
    return ModelError(
        f"it points outside its own folder ({_truncated_repr(name)}), which is not allowed; put the file beside it"
    )


def _truncated_repr(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:77] + "...")
