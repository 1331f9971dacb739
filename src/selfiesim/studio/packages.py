"""The packages that only the studio needs."""

from importlib.util import find_spec

from selfiesim.core.errors import UserError

INSTALL_COMMAND = "pip install 'selfiesim[studio]'"
_PACKAGES = ("starlette", "uvicorn", "websockets", "tomlkit")


def require_packages() -> None:
    """Check that they are installed.

    Raises
    ------
    UserError
        One is missing; the message has the command that installs it.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise UserError(f"the studio needs {', '.join(missing)}; run: {INSTALL_COMMAND}")
