"""What can be wrong with a user's input, said in one sentence.

Every error a user can cause is a :class:`UserError`. The command line prints it and exits with code 2; from Python it
is an ordinary exception.
"""


class UserError(Exception):
    """Something the user can put right: the message names the file, the key and what would be right."""


class SceneError(UserError):
    """A scene file, or a value in it, cannot be used."""


class ModelError(UserError):
    """A mesh or the description beside it cannot be used."""


class ModelWarning(UserWarning):
    """Something about a mesh that was guessed, or left out."""


class MapError(UserError):
    """A planet's map cannot be used."""


class GraphicsError(UserError):
    """No working OpenGL on this machine."""


class PhotoError(UserError):
    """Light or settings that no photograph can be made of."""


class OutputError(UserError):
    """A file cannot be written."""


class EphemerisError(UserError):
    """No position: a body that this ephemeris does not know, or a time that it does not cover."""


class KernelError(EphemerisError):
    """A SPICE kernel that cannot be used, or a question that the kernels loaded do not answer."""


class CcsdsError(UserError):
    """An OEM or AEM file that cannot be used, or a time that it does not cover."""


class BatchError(UserError):
    """A job file, or the folder of a batch, cannot be used."""
