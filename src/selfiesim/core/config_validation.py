"""Read TOML files within a size limit and explain pydantic's validation errors, one plain line per fault.

Scenes and craft descriptions share this module, so both report a misspelt key in the same words.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from selfiesim.core.errors import SceneError, UserError
from selfiesim.core.limits import TOML_BYTES, Limit
from selfiesim.core.untrusted.toml_shape import check_toml_shape

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

_MAX_FAULTS = 30  # lines of one message


def read_toml_table(path: Path, kind: str, error_type: type[UserError]) -> tuple[dict[str, Any], bytes]:
    """Read a TOML file and return its table and the bytes it was parsed from.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        What the file should be, with its article ("a scene"), for the error messages.
    error_type : type of UserError
        The error to raise.

    Raises
    ------
    UserError
        An ``error_type``: the file cannot be read, is too large, or is not valid TOML.
    """
    content = read_limited(path, TOML_BYTES, f"that is not {kind}", error_type)
    try:
        text = content.decode("utf-8")
        check_toml_shape(text, str(path), error_type)
        return tomllib.loads(text), content
    except UnicodeDecodeError as error:
        raise error_type(f"{path}: not UTF-8 text; {kind} is a TOML file") from error
    except (ValueError, RecursionError) as error:  # includes a number of 5,000 digits
        raise error_type(f"{path}: not valid TOML: {error}") from error


def read_limited(path: Path, limit: Limit, advice: str, error_type: type[UserError]) -> bytes:
    """Read a whole file within a limit of bytes; ``advice`` ends the message about a larger one.

    Raises
    ------
    UserError
        An ``error_type``: the file cannot be read, or is too large.
    """
    try:
        if path.exists() and not path.is_file():  # to open a named pipe would wait for its other end
            raise error_type(f"{path}: cannot be read (not a file)")
        with path.open("rb") as file:
            content = file.read(limit.value + 1)
    except OSError as error:
        raise error_type(f"{path}: cannot be read ({error.strerror})") from error
    limit.check(len(content), f"{path}: too large", error_type, advice)
    return content


def closest_match(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most similar to ``word``, or None if none is similar."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest known word, or an empty string."""
    match = closest_match(word, known)
    return f"; did you mean {match!r}?" if match else ""


def explain_validation_error(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one line per fault: the key's path, what is wrong with it, and what would be valid.

    Pydantic reports a misspelt key twice, as unknown and as missing; only the first is returned. Only the first of many
    faults are explained.
    """
    faults = error.errors(include_url=False, include_context=False)
    rest = len(faults) - _MAX_FAULTS
    faults = _faults_of_keys(faults[:_MAX_FAULTS])
    misspelt = {
        (*fault["loc"][:-1], closest_match(str(fault["loc"][-1]), known_keys(model, fault["loc"][:-1])))
        for fault in faults
        if fault["type"] == "extra_forbidden"
    }
    lines = [
        _fault_message(fault, model)
        for fault in faults
        if not (fault["type"] == "missing" and fault["loc"] in misspelt)
    ]
    return [*lines, f"and {rest:,} more faults"] if rest > 0 else lines


def _faults_of_keys(faults: Sequence[Any]) -> list[Any]:
    """Return the faults with only keys in their paths: pydantic adds the types that a key could have.

    Of a key that may be text or a table, and is a table, only the faults inside it are kept.
    """
    found = [fault | {"loc": tuple(part for part in fault["loc"] if not _is_type(part))} for fault in faults]
    inside = {fault["loc"][:length] for fault in found for length in range(len(fault["loc"]))}
    return [fault for fault in found if not (isinstance(fault["input"], dict) and fault["loc"] in inside)]


def _is_type(part: int | str) -> bool:
    return (
        isinstance(part, str)
        and re.match(r"(function-\w+|literal|tuple|list|dict|nullable)\[|constrained-", part) is not None
    )


def _fault_message(fault: Any, model: type[BaseModel]) -> str:
    location = fault["loc"]
    key = ".".join(str(part) for part in location)
    message = fault["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if fault["type"] == "extra_forbidden":
        known = known_keys(model, location[:-1])
        hint = did_you_mean(str(location[-1]), known) or "; known keys are " + ", ".join(known)
        return f"{key}: unknown key{hint}"
    if fault["type"] == "missing":
        return f"{key}: required key is missing"
    if fault["type"] == "value_error":
        # A fault that involves several keys is reported at their section; its message begins with the key to blame.
        first = message.partition(": ")[0]
        separator = "." if first in known_keys(model, location) else ": "
        return f"{key}{separator}{message}" if key else message
    return f"{key or '(top level)'}: {message}, not {truncate(repr(fault['input']))}"


def known_keys(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Return the keys allowed in the section at ``location``, in alphabetical order."""
    from pydantic import BaseModel  # here, since commands that read no scene need not wait for it

    annotation: Any = model
    for part in location:
        if get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
        elif isinstance(part, str) and part in model.model_fields:
            annotation = model.model_fields[part].annotation
        inner = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)]
        if inner and get_origin(annotation) is not dict:
            annotation = model = inner[0]
    return sorted(model.model_fields)


def truncate(text: str) -> str:
    """Shorten ``text`` to at most 60 characters."""
    return text if len(text) <= 60 else text[:57] + "..."


def set_by_path(
    table: dict[str, Any],
    path: Sequence[str],
    value: Any,
    where: str = "",
    error_type: type[UserError] = SceneError,
) -> None:
    """Set the value at a key path such as ``["release", "speed_m_s"]`` or ``["objects", NAME, "offset_m"]``.

    Sections that are missing are added. ``where`` begins the message of an
    error; by default that is the key path itself.

    Raises
    ------
    UserError
        Of the type given: the path leads through a value, or names an object that does not exist.
    """
    *sections, last = path
    node: Any = table
    for depth, section in enumerate(sections):
        if isinstance(node, list):
            names = {str(each.get("name")): each for each in node if isinstance(each, dict)}
            if section not in names:
                begin = where or ".".join(sections[:depth])
                raise error_type(f"{begin}: nothing is called {section!r}{did_you_mean(section, names)}")
            node = names[section]
        else:
            node = node.setdefault(section, {})
        if not isinstance(node, (dict, list)):
            begin = f"{where}: {section!r}" if where else f"{'.'.join(sections[: depth + 1])}:"
            raise error_type(f"{begin} is a value, with no key {last!r} under it")
    if isinstance(node, list):
        raise error_type(f"{where or '.'.join(sections)}: give the name of one of them and a key")
    node[last] = value
