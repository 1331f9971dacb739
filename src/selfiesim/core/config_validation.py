"""TOML files checked by pydantic models: read within bounds, and every fault said in one plain line.

Scenes and craft descriptions share this, so that a misspelt key is told the same way in both.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from selfiesim.core.errors import UserError

MAX_BYTES = 1 << 20


def read_toml_table(path: Path, kind: str, error_type: type[UserError]) -> tuple[dict[str, Any], bytes]:
    """The table in a TOML file and the bytes it was read from. ``kind`` says what the file should be ("a scene").

    Raises
    ------
    UserError
        Of the type given: the file cannot be read, is too large, or is no TOML.
    """
    content = read_limited(path, MAX_BYTES, f"that is not {kind}", error_type)
    try:
        return tomllib.loads(content.decode("utf-8")), content
    except UnicodeDecodeError as error:
        raise error_type(f"{path}: not UTF-8 text; {kind} is a TOML file") from error
    except (ValueError, RecursionError) as error:  # also a number of 5,000 digits, or brackets 1,000 deep
        raise error_type(f"{path}: not valid TOML: {error}") from error


def read_limited(path: Path, most: int, advice: str, error_type: type[UserError]) -> bytes:
    """The bytes of a file of at most ``most`` bytes; ``advice`` ends the message about a larger one.

    Raises
    ------
    UserError
        Of the type given: the file cannot be read, or is larger.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise error_type(f"{path}: cannot be read ({error.strerror})") from error
    if len(content) > most:
        raise error_type(f"{path}: larger than {most >> 20} MB; {advice}")
    return content


def closest_match(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, if one is like it at all."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` with the nearest known word, or nothing."""
    near = closest_match(word, known)
    return f"; did you mean {near!r}?" if near else ""


def explain_validation_error(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line for each fault: key path, and what would be right.

    A misspelt key also shows up as a missing one; it is told once.
    """
    faults = error.errors()
    misspelt = {
        (*fault["loc"][:-1], closest_match(str(fault["loc"][-1]), known_keys(model, fault["loc"][:-1])))
        for fault in faults
        if fault["type"] == "extra_forbidden"
    }
    return [
        _fault_message(fault, model)
        for fault in faults
        if not (fault["type"] == "missing" and fault["loc"] in misspelt)
    ]


def _fault_message(fault: Any, model: type[BaseModel]) -> str:
    where = fault["loc"]
    key = ".".join(str(part) for part in where)
    message = fault["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if fault["type"] == "extra_forbidden":
        known = known_keys(model, where[:-1])
        hint = did_you_mean(str(where[-1]), known) or "; known keys are " + ", ".join(known)
        return f"{key}: unknown key{hint}"
    if fault["type"] == "missing":
        return f"{key}: missing, and has no default"
    if fault["type"] == "value_error":
        # What takes two keys to see is told by the one that it begins with.
        first = message.partition(": ")[0]
        joint = "." if first in known_keys(model, where) else ": "
        return f"{key}{joint}{message}" if key else message
    return f"{key or '(top level)'}: {message}, not {truncate(repr(fault['input']))}"


def known_keys(model: type[BaseModel], where: Sequence[int | str]) -> list[str]:
    """The keys that may stand in the section at a path, in alphabetical order."""
    annotation: Any = model
    for part in where:
        if get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
        elif isinstance(part, str) and part in model.model_fields:
            annotation = model.model_fields[part].annotation
        inner = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)]
        if inner and get_origin(annotation) is not dict:
            annotation = model = inner[0]
    return sorted(model.model_fields)


def truncate(text: str) -> str:
    """At most 60 characters of ``text``."""
    return text if len(text) <= 60 else text[:57] + "..."
