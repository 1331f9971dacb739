"""Measure how deeply a TOML text nests before it is parsed: the parser's work grows with the square of it."""

from __future__ import annotations

import re

from selfiesim.core.errors import UserError
from selfiesim.core.limits import TOML_DEPTH, TOML_KEY_LENGTH

# Strings and comments, in which brackets and dots mean nothing; then what separates keys and values; then the rest.
# No alternative backtracks, and a string without an end takes the rest of the text: the scan is linear.
_TOKEN = re.compile(
    r'''
      (?P<text>"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z) | \'\'\'(?:[^\']++|\'(?!\'\'))*+(?:\'\'\'|\Z)
             | "(?:[^"\\\n]++|\\.)*+"? | \'[^\'\n]*+\'?)
    | (?P<comment>\#[^\n]*+)
    | (?P<open>[\[{])
    | (?P<close>[\]}])
    | (?P<equals>=)
    | (?P<end>[,\n])
    | (?P<dot>\.)
    | (?P<rest>[^"\'\#\[\]{}=,\n.]++)
    ''',
    re.VERBOSE | re.DOTALL,
)


def check_toml_shape(text: str, where: str, error_type: type[UserError]) -> None:
    """Refuse a text whose keys are too long, or whose tables and lists nest too deeply.

    Parameters
    ----------
    text : str
        The text.
    where : str
        Its file, to begin the message.
    error_type : type of UserError
        The error to raise.

    Raises
    ------
    UserError
        An ``error_type``: a key has more characters than ``toml-key-length`` allows, or more dots, or brackets around
        it, than ``toml-depth`` allows.
    """
    around: list[int] = []  # levels that each open bracket adds: its own, and the dots of the key before it
    depth = dots = length = key_dots = 0
    max_depth, max_length = TOML_DEPTH.value, TOML_KEY_LENGTH.value
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind in ("text", "rest"):
            length += token.end() - token.start()
        elif kind == "dot":
            dots, length = dots + 1, length + 1
            if depth + dots > max_depth:
                raise error_type(TOML_DEPTH.excess(f"{where}: a key has too many dots"))
        elif kind == "equals":
            if length > max_length:
                raise error_type(TOML_KEY_LENGTH.excess(f"{where}: a key is too long"))
            key_dots, dots, length = dots, 0, 0
        elif kind == "open":
            around.append(1 + key_dots)
            depth += around[-1]
            if depth > max_depth:
                raise error_type(TOML_DEPTH.excess(f"{where}: tables or lists are nested too deeply"))
            key_dots = dots = length = 0
        else:
            if kind == "close" and around:
                depth -= around.pop()
            key_dots = dots = length = 0
