"""Reduce what TOML and Python give for the keys of a scene to plain values: bool, int, float, str, list, dict, date."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from selfiesim.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np

MAX_DEPTH = 40
"""Deepest nesting of lists and sections; scenes need 7."""
_INT64 = 2**63


def plain_table(table: Any, error_type: type[UserError], source: str) -> Any:
    """Copy nested dicts and lists, with numbers and arrays of numpy turned into plain ones.

    Parameters
    ----------
    table : Any
        Sections and keys; other things are left as they are, for the checks of the keys to refuse.
    error_type : type of UserError
        The error to raise.
    source : str
        Begins its message.

    Returns
    -------
    Any
        The copy.

    Raises
    ------
    UserError
        An ``error_type``: an integer beyond the 64 bits that TOML has for one, or nesting beyond any scene's; the
        message names the key.
    """
    return _plain(table, error_type, source, ())


def _plain(value: Any, error_type: type[UserError], source: str, path: tuple[str, ...]) -> Any:
    import numpy as np

    where = ": ".join([source, ".".join(path[:6])] if path else [source])
    if len(path) > MAX_DEPTH:
        raise error_type(f"{where}: nested more than {MAX_DEPTH} deep")
    if isinstance(value, (np.generic, np.ndarray)):
        value = _without_numpy(value)
    if isinstance(value, dict):
        return {each: _plain(part, error_type, source, (*path, str(each)[:60])) for each, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part, error_type, source, (*path, str(n))) for n, part in enumerate(value)]
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise error_type(f"{where}: an integer must fit into 64 bits; this one has {value.bit_length()}")
    return value


def _without_numpy(value: np.generic | np.ndarray[Any, Any]) -> Any:
    """A number, text, time or nested list of Python's own types."""
    import numpy as np

    if value.dtype.kind == "M":  # finer than a microsecond, numpy would give an integer
        value = value.astype("datetime64[us]")
    if value.dtype.kind == "f":  # numpy has no Python number for its long double
        value = value.astype(np.float64)
    plain = value.tolist()
    return plain if isinstance(plain, (bool, int, float, str, list, datetime.date)) else value
