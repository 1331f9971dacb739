"""Parse JSON from anywhere: the values are counted before they are built."""

from __future__ import annotations

import json
from typing import Any

from selfiesim.core.errors import UserError
from selfiesim.core.limits import JSON_VALUES


def parse_json(content: bytes, what: str, error_type: type[UserError]) -> Any:
    """Parse a JSON document.

    Parameters
    ----------
    content : bytes
        The document.
    what : str
        What it is, with which the message begins.
    error_type : type of UserError
        The error to raise.

    Raises
    ------
    UserError
        An ``error_type``: it is not JSON, is nested too deeply, or has too many values.
    """
    count = sum(content.count(mark) for mark in (b",", b"[", b"{"))
    JSON_VALUES.check(count, f"{what} has {count:,} values", error_type)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise error_type(f"{what} is not valid JSON ({str(error)[:60]}); the file is damaged") from error
