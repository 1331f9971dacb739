"""Errors a user can cause and correct.

Each is a :class:`UserError` with a one-sentence message. The command line prints the message and exits with code 2;
from Python it is an ordinary exception.
"""

from selfiesim.core.terminal import printable


class UserError(Exception):
    """Base class: the message names the file, the key and what would be valid; control characters in it are escaped."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class SceneError(UserError):
    """A scene file, or a value in it, is invalid."""


class ModelError(UserError):
    """A mesh, or the description next to it, is invalid."""


class ModelWarning(UserWarning):
    """Part of a mesh was guessed or left out."""


class MapError(UserError):
    """A planetary map is invalid."""


class GraphicsError(UserError):
    """No working OpenGL on this machine."""


class PhotoError(UserError):
    """No photograph can be made with this light or these settings."""


class OutputError(UserError):
    """A file cannot be written."""


class EphemerisError(UserError):
    """The ephemeris does not know the body, or does not cover the time."""


class KernelError(EphemerisError):
    """A SPICE kernel is invalid, or the loaded kernels do not hold the requested data."""


class CcsdsError(UserError):
    """A file with an orbit or an attitude (OEM, AEM, OMM, TLE) is invalid, or does not cover the time."""


class ReaderError(UserError):
    """A reader in a child process failed: it crashed, or needed too much time or memory."""


class MatchError(UserError):
    """Points of a photograph that cannot be used, or that do not determine a camera."""


class BatchError(UserError):
    """A job file or a batch folder is invalid."""
