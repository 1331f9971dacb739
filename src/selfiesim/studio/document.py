"""The scene that is being edited: its TOML text, the faults in it, and undo."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, InlineTable, Table

from selfiesim.core.errors import SceneError, UserError
from selfiesim.core.limits import STUDIO_KEYS, STUDIO_TEXT, STUDIO_UNDO
from selfiesim.core.untrusted.toml_shape import check_toml_shape
from selfiesim.scene.shipped import find_scene, scenes

_TABLE = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")
_PATH = re.compile(r"[A-Za-z0-9_-]+(\[\d+\])?(\.[A-Za-z0-9_-]+(\[\d+\])?)*")
# A step of the path of a change: a bare or quoted key, or the number of an entry.
_STEP = re.compile(r'\.?(?:(?P<bare>[A-Za-z0-9_-]+)|"(?P<quoted>[^"\\\x00-\x1f]+)")|\[(?P<entry>\d{1,6})\]')
_MAX_PATH = 200


@dataclass(frozen=True)
class Fault:
    """What is wrong with a text.

    Attributes
    ----------
    message : str
        As ``selfiesim check`` prints it, without the file's name.
    line : int or None
        Line of the text, from 1; None where the message names no key of it.
    """

    message: str
    line: int | None


class _Version(NamedTuple):
    """What undo goes back to: a change of the text, or the scene that was open before another."""

    text: str
    saved: str
    name: str
    folder: Path


class Document:
    """The text of a scene, its revisions and its place on the disk.

    Parameters
    ----------
    text : str
        TOML.
    name : str
        Name of the scene, for titles and file names.
    folder : Path
        Folder of the files that the scene names.
    """

    def __init__(self, text: str, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.text, self.saved = text, text
        self.revision = 1
        self._undo: list[_Version] = []
        self._redo: list[_Version] = []
        self._merging: str | None = None

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._redo)

    def replace(self, text: str, merge: str | None = None) -> None:
        """Take a new text. Successive changes with the same ``merge`` are undone together, as those of one drag.

        Raises
        ------
        SceneError
            The text is too long, or no file can hold it.
        """
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:  # half of a surrogate pair
            raise SceneError("the text has a character that no file can hold; type it again") from error
        STUDIO_TEXT.check(size, f"the scene has {size:,} bytes", SceneError)
        if text == self.text:
            return
        if merge is None or merge != self._merging:
            self._remember()
        self._merging = merge
        self._take(self._version()._replace(text=text))

    def open(self, other: Document) -> None:
        """Take the text, name and folder of another document, in one step that can be undone."""
        if (other.text, other.name, other.folder) == (self.text, self.name, self.folder):
            return
        self._remember()
        self._merging = None
        self._take(other._version())

    def copy(self) -> Document:
        """Return another document with the same text and place, without what can be undone."""
        made = Document(self.text, self.name, self.folder)
        made.saved = self.saved
        return made

    def mark_saved(self, name: str) -> None:
        """Note that the text has been saved under a name, which earlier versions of this scene take as well."""
        for history in (self._undo, self._redo):
            for at, each in enumerate(history):
                if (each.name, each.folder) == (self.name, self.folder):
                    history[at] = each._replace(name=name, saved=self.text)
        self.name, self.saved = name, self.text

    def _remember(self) -> None:
        self._undo.append(self._version())
        while sum(len(each.text) for each in self._undo) > STUDIO_UNDO.value:
            del self._undo[0]
        self._redo.clear()

    def _version(self) -> _Version:
        return _Version(self.text, self.saved, self.name, self.folder)

    def set(self, values: dict[str, Any], merge: str | None = None) -> None:
        """Set keys by their paths, such as ``camera.roll_deg`` or ``objects[0].model``; None removes one.

        A key that is not a bare one is quoted: ``assumed."camera.roll_deg"``. Comments and layout of the rest of the
        text stay.

        Raises
        ------
        SceneError
            The text is not valid TOML, or too long for this, or a path does not fit it.
        """

        def change(table: Any) -> None:
            for path, value in values.items():
                _set(table, path, value)

        self._change(change, merge)

    def arrange(self, path: str, action: str, entry: int, value: dict[str, Any] | None = None) -> None:
        """Add an entry to an array of tables such as ``objects``, remove one, or move one up.

        Parameters
        ----------
        path : str
            The array; it is made where it does not exist.
        action : str
            ``"add"`` puts ``value`` at the end, ``"remove"`` takes ``entry`` out, ``"raise"`` moves it up by one.
        entry : int
            Number of the entry, from 0.
        value : dict, optional
            The new entry.

        Raises
        ------
        SceneError
            The text is not valid TOML, the path is not that of an array of tables, or there is no such entry.
        """
        self._change(lambda table: _arrange(table, path, action, entry, value or {}), None)

    def _change(self, change: Callable[[Any], None], merge: str | None) -> None:
        # tomlkit's work grows with the square of the number of keys, and of the dots in them.
        count = sum(map(self.text.count, "=[.,"))
        STUDIO_KEYS.check(count, f"edit this scene as text: it has {count:,} keys, tables, dots and commas", SceneError)
        check_toml_shape(self.text, self.name, SceneError)
        try:
            table = tomlkit.parse(self.text)
            change(table)
            self.replace(tomlkit.dumps(table), merge)
        except (TOMLKitError, RecursionError, ValueError, TypeError) as error:
            raise SceneError(f"mend the text first: {error}") from error

    def undo(self) -> None:
        """Take the last change back."""
        if self._undo:
            self._redo.append(self._version())
            self._take(self._undo.pop())
            self._merging = None

    def redo(self) -> None:
        """Make the last change that was taken back again."""
        if self._redo:
            self._undo.append(self._version())
            self._take(self._redo.pop())
            self._merging = None

    def _take(self, version: _Version) -> None:
        is_same = (version.name, version.folder) == (self.name, self.folder)
        saved = self.saved if is_same else version.saved  # what a file holds does not change by undoing
        self.text, self.saved, self.name, self.folder = version.text, saved, version.name, version.folder
        self.revision += 1


def find_faults(text: str, message: str, source: str) -> list[Fault]:
    """Return the faults that an error message lists, one per line, with the lines of ``text`` that have the keys.

    Parameters
    ----------
    text : str
        The scene.
    message : str
        Message of a :class:`selfiesim.SceneError`.
    source : str
        Name of the scene, with which lines of the message begin.
    """
    faults = []
    for line in message.splitlines() or [message]:
        plain = line.removeprefix(f"{source}: ")
        number = re.search(r"\(at line (\d+), column \d+\)", plain)
        key = _PATH.match(plain)
        if number:
            where: int | None = int(number[1])
        else:
            where = line_of(text, key[0]) if key else _line_naming(text, plain.partition(": ")[0])
        faults.append(Fault(plain, where))
    return faults


def _line_naming(text: str, path: str) -> int | None:
    """Return the line, from 1, that has the name of a file in quotes, or None."""
    name = Path(path).name
    lines = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if f'{name}"' in line or f"{name}'" in line), None)


def line_of(text: str, path: str) -> int | None:
    """Return the line, from 1, of the key at a path, else of the closest table above it; None if there is neither."""
    wanted = re.sub(r"\[(\d+)\]", r".\1", path).split(".")
    best, best_depth = None, 0
    here: list[str] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE.match(line)
        if header:
            here = _words(header[1])
            if line.lstrip().startswith("[["):
                counts[header[1]] = counts.get(header[1], -1) + 1
                here = [*here, str(counts[header[1]])]
            found = here
        else:
            key = _KEY.match(line)
            if not key:
                continue
            found = here + _words(key[1])
        depth = len(found) if found == wanted[: len(found)] else 0
        if depth > best_depth:
            best, best_depth = number, depth
    return best


def _words(key: str) -> list[str]:
    return [part.strip().strip("\"'") for part in key.split(".")]


def parse(text: str, source: str) -> dict[str, Any]:
    """Parse TOML text.

    Raises
    ------
    SceneError
        It is not valid; the message has the line.
    """
    check_toml_shape(text, source, SceneError)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SceneError(f"{source}: not valid TOML: {error}") from error


def _steps(path: str) -> list[str | int]:
    """Return the keys and entry numbers of a path."""
    steps: list[str | int] = []
    place = 0
    while place < len(path) <= _MAX_PATH:
        step = _STEP.match(path, place)
        if step is None or (place > 0) == (step["entry"] is None and path[place] != "."):
            break
        steps.append(int(step["entry"]) if step["entry"] else step["bare"] or step["quoted"])
        place = step.end()
    if not steps or place != len(path):
        raise SceneError(f"{path[:60]!r} is not the path of a key")
    return steps


def _descend(table: Any, steps: list[str | int], path: str, make: bool) -> Any:
    """Return the table or array at ``steps``; sections that do not exist are made, or None is returned."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(table, (AoT, list)) or step >= len(table):
                raise SceneError(f"{path}: there is no entry {step}")
        elif not isinstance(table, (Table, InlineTable, dict)):
            raise SceneError(f"{path}: {step} is not in a section")
        elif step not in table:
            if not make:
                return None
            _add_section(table, step, tomlkit.inline_table() if isinstance(table, InlineTable) else tomlkit.table())
        table = table[step]
    return table


def _add_section(parent: Any, key: str, section: Any) -> None:
    """Add a section below another; the comment above the next header stays above it."""
    body = parent.value.body if type(parent) is Table else []
    trailing: list[Any] = []
    while body and body[-1][0] is None:
        trailing.insert(0, body.pop()[1])
    if body:
        parent.add(tomlkit.nl())
    parent[key] = section
    last = parent[key][-1] if isinstance(section, AoT) else parent[key]
    if isinstance(last, Table):
        for each in trailing or [tomlkit.nl()]:
            last.add(each)


def _set(root: Any, path: str, value: Any) -> None:
    *parents, last = _steps(path)
    table = _descend(root, parents, path, make=value is not None)
    if table is None:
        return
    if isinstance(last, int):
        if not isinstance(table, (AoT, list)) or last >= len(table):
            raise SceneError(f"{path}: there is no entry {last}")
        if isinstance(table, AoT) and value is not None and not isinstance(value, dict):
            raise SceneError(f"{path}: an entry of this array is a table")
    elif not isinstance(table, (Table, InlineTable, dict)):
        raise SceneError(f"{path}: is not a key of a section")
    elif value is None and last not in table:
        return
    key: Any = last
    if value is None:
        del table[key]
    else:
        table[key] = value


def _arrange(root: Any, path: str, action: str, entry: int, value: dict[str, Any]) -> None:
    *parents, last = _steps(path)
    table = _descend(root, parents, path, make=action == "add")
    if not isinstance(last, str) or not isinstance(table, (Table, InlineTable, dict)):
        raise SceneError(f"{path}: is not an array of tables")
    array = table.get(last)
    if array is None and action == "add":
        array = [] if isinstance(table, InlineTable) else tomlkit.aot()
    if not isinstance(array, (AoT, list)) or not all(isinstance(each, dict) for each in array):
        raise SceneError(f"{path}: is not an array of tables")
    entries = list(array)
    if action == "add":
        entries.append(value)
    elif not 0 <= entry < len(entries):
        raise SceneError(f"{path}: there is no entry {entry}")
    elif action == "remove":
        del entries[entry]
    elif entry > 0:
        entries[entry - 1 : entry + 1] = entries[entry], entries[entry - 1]
    if not entries:
        del table[last]
    elif isinstance(array, AoT):
        arranged = tomlkit.aot()
        for each in entries:
            arranged.append(tomlkit.item(each))
        if last in table:
            table[last] = arranged
        else:
            _add_section(table, last, arranged)
    else:
        table[last] = entries


def open_document(scene: str, shipped_only: bool = False) -> Document:
    """Read the text of a scene.

    Raises
    ------
    UserError
        There is no such scene, or it cannot be read.
    """
    if shipped_only and scene not in scenes():
        raise UserError(f"{scene[:60]!r} is not the name of a shipped scene")
    path = find_scene(scene)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    return Document(text, path.stem, path.parent)
