"""Languages of captions: templates of sentences in TOML files, shipped ones and a translator's own."""

from __future__ import annotations

import string
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from selfiesim.core.config_validation import read_limited, truncate
from selfiesim.core.errors import OutputError
from selfiesim.core.limits import LANGUAGE_BYTES

SHIPPED = ("en", "zh")
_FREE_TABLES = ("names", "titles")  # a translation adds what it knows
_SENTENCES = ("press", "full", "alt")
_MAX_SENTENCE = 500


class Language:
    """The sentences and words of one language.

    Parameters
    ----------
    tables : dict
        As in ``en.toml``: strings, and tables of strings.
    """

    def __init__(self, tables: dict[str, Any]) -> None:
        self._tables = tables

    def sentence(self, table: str, key: str, **words: object) -> str:
        """Return the sentence ``[table] key`` with its words filled in."""
        text = str(self._tables[table][key]).format(**words)
        # A sentence may begin with a name, such as "the Moon".
        return text[:1].upper() + text[1:] if table in _SENTENCES else text

    def name(self, name: str, default: str | None = None) -> str:
        """Name of a body, or of what heights are measured from; one without a translation is returned as it is."""
        return str(self._tables["names"].get(name, default if default is not None else name))

    def title(self, title: str) -> str:
        """Title of a scene; one without a translation is returned as it is."""
        return str(self._tables["titles"].get(title, title))

    def listed(self, names: list[str], most: int) -> str:
        """Return a list in words: at most ``most`` names, and the number of the others."""
        shown = str(self._tables["list_gap"]).join(names[:most])
        if len(names) > most:
            return str(self._tables["and_more"]).format(names=shown, count=len(names) - most)
        if len(names) < 2:
            return shown
        return str(self._tables["list_gap"]).join(names[:-1]) + str(self._tables["list_last"]) + names[-1]

    def join(self, sentences: list[str]) -> str:
        """Return sentences as a paragraph."""
        return str(self._tables["sentence_gap"]).join(sentences)

    def count(self, number: str, unit: str) -> str:
        """Return a number with its unit, ``metre`` or ``second``, say, in the singular or plural."""
        return self.sentence("units", unit) if number == "1" else self.sentence("units", f"{unit}s", number=number)


def load_language(name: str) -> Language:
    """Load a language.

    Parameters
    ----------
    name : str
        One of :data:`SHIPPED`, or the path of a file like ``en.toml``.

    Raises
    ------
    OutputError
        For an unknown language, a file that cannot be read, a missing sentence, or one with unknown {words}.
    """
    if name in SHIPPED:
        return Language(_shipped(name))
    if not name.endswith(".toml"):
        raise OutputError(f"--language {truncate(name)}: choose {' or '.join(SHIPPED)}, or a file that ends in .toml")
    text = read_limited(Path(name), LANGUAGE_BYTES, "that is not a file of sentences", OutputError)
    try:
        tables = tomllib.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise OutputError(f"{name}: is not valid TOML ({truncate(str(error))})") from error
    _check(tables, name)
    return Language(tables)


@cache
def _shipped(name: str) -> dict[str, Any]:
    return tomllib.loads((files("selfiesim.files.captions") / f"{name}.toml").read_text(encoding="utf-8"))


def _check(tables: dict[str, Any], source: str) -> None:
    """Check that a translation has each sentence of the English one, with no other {words}."""
    for key, wanted in _shipped("en").items():
        given = tables.get(key)
        if isinstance(wanted, str):
            _check_sentence(given, wanted, source, key)
        elif not isinstance(given, dict):
            raise OutputError(f"{source}: the table [{key}] is missing; en.toml of selfiesim has all of them")
        elif key in _FREE_TABLES:
            if not all(isinstance(value, str) and len(value) <= _MAX_SENTENCE for value in given.values()):
                raise OutputError(f"{source}: [{key}]: each value must be a text of at most {_MAX_SENTENCE} characters")
        else:
            for each, sentence in wanted.items():
                _check_sentence(given.get(each), sentence, source, f"{key}.{each}")


def _check_sentence(given: object, wanted: str, source: str, key: str) -> None:
    if not isinstance(given, str) or len(given) > _MAX_SENTENCE:
        raise OutputError(f"{source}: {key}: must be a text of at most {_MAX_SENTENCE} characters, like {wanted!r}")
    try:
        # Nothing but plain words: a format or an attribute of one could take any memory, or read what it should not.
        parts = [part for part in string.Formatter().parse(given) if part[1] is not None]
        is_plain = all(not spec and conversion is None for _, _, spec, conversion in parts)
    except ValueError:
        parts, is_plain = [], False
    known = {name for _, name, _, _ in string.Formatter().parse(wanted) if name is not None}
    if not is_plain or not {name for _, name, _, _ in parts} <= known:
        words = ", ".join(f"{{{name}}}" for name in sorted(known)) or "no words in braces"
        raise OutputError(f"{source}: {key}: may contain {words}, each as it is")
