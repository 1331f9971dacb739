"""Reader of CCSDS messages in XML (CCSDS 505.0-B), alone or inside a combined ``<ndm>``.

The parser is expat with document type declarations refused, so that no entity can be declared, and with limits on size,
depth and number of elements. Rows are handed on as they end; no tree is built.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from selfiesim.astro.messages.blocks import Fields, Handler, Value, add_field, check_version, place_error
from selfiesim.core.config_validation import truncate
from selfiesim.core.errors import CcsdsError
from selfiesim.core.limits import CCSDS_DEPTH, CCSDS_XML_BYTES, XML_ELEMENTS

_CHUNK = 1 << 20
_ROTATION = re.compile(r"rotation([123])")
_ANGLE_RATE = re.compile(r"ANGLE_([123])_DOT")


def parse_message(
    path: Path,
    content: bytes,
    name: str,
    versions: tuple[str, ...],
    row_element: str,
    on_metadata: Handler,
    on_row: Handler,
) -> None:
    """Parse the messages of one kind in an XML file; others beside them in an ``<ndm>`` are passed over.

    Parameters
    ----------
    path : Path
        The file, to name in errors.
    content : bytes
        Its content.
    name : str
        The kind of message, such as ``OEM``.
    versions : tuple of str
        Versions that are read.
    row_element : str
        Element that holds the numbers of one row.
    on_metadata, on_row : callable
        Receive line and fields of each ``<metadata>``, and of each row.

    Raises
    ------
    CcsdsError
        The file is not well-formed, declares a document type, is too large or too deep, or holds no such message.
    """
    CCSDS_XML_BYTES.check(len(content), f"{path}: too large", CcsdsError, "write so many rows as KVN")
    reader = _Reader(path, name, versions, row_element, on_metadata, on_row)
    try:
        for start in range(0, len(content), _CHUNK):
            reader.parser.Parse(content[start : start + _CHUNK], False)
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise place_error(path, error.lineno, f"not well-formed XML: {expat.ErrorString(error.code)}") from error
    except (LookupError, ValueError) as error:  # an encoding that Python does not have, or one of several bytes
        raise CcsdsError(f"{path}: the encoding that it declares is not supported; use UTF-8") from error
    if not reader.found:
        raise CcsdsError(f"{path}: holds no <{name.lower()}>; {reader.root_text}")


class _Reader:
    """The state of one parse: the open elements, and the fields of the innermost metadata or row."""

    def __init__(
        self,
        path: Path,
        name: str,
        versions: tuple[str, ...],
        row_element: str,
        on_metadata: Handler,
        on_row: Handler,
    ) -> None:
        self.path, self.name, self.versions = path, name, versions
        self.handlers = {"metadata": on_metadata, row_element: on_row}
        self.found, self.root_text = False, ""
        self.open: list[str] = []
        self.count = 0
        self.max_count, self.max_depth = XML_ELEMENTS.value, CCSDS_DEPTH.value
        self.fields: Fields | None = None
        self.fields_place = 0
        self.leaf: tuple[int, str] | None = None
        self.text: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text.append

    @property
    def line(self) -> int:
        return self.parser.CurrentLineNumber

    def refuse_doctype(self, *_declaration: object) -> NoReturn:
        raise place_error(self.path, self.line, "a document type declaration; a CCSDS message has none")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = tag.rpartition(":")[2]
        self.count += 1
        if self.count > self.max_count:
            raise place_error(self.path, self.line, XML_ELEMENTS.excess("too many elements", "split the file"))
        if len(self.open) >= self.max_depth:
            raise place_error(self.path, self.line, CCSDS_DEPTH.excess("elements nested too deeply"))
        if not self.open:
            self.root_text = f"its root is <{truncate(element)}>"
        if element == self.name.lower() and len(self.open) <= 1:
            self.found = True
            check_version(self.path, self.line, self.name, attributes.get("version", ""), self.versions)
        self.open.append(element)
        self.text.clear()
        if self.name.lower() not in self.open[:2]:
            return
        if self.fields is not None:
            self.leaf = (self.line, attributes.get("units", ""))
        elif element in self.handlers:
            self.fields, self.fields_place, self.leaf = {}, self.line, None

    def end(self, _tag: str) -> None:
        element = self.open.pop()
        text = "".join(self.text).strip()
        self.text.clear()
        if self.fields is None:
            return
        if element in self.handlers:
            fields, self.fields = self.fields, None
            self.handlers[element](self.fields_place, fields)
        elif self.leaf is not None and element not in ("COMMENT", "USER_DEFINED"):
            add_leaf(self.path, self.fields, element, self.open[-1], Value(self.leaf[0], text, self.leaf[1]))
        self.leaf = None


def add_leaf(path: Path, fields: Fields, name: str, parent: str, value: Value) -> None:
    """Add an innermost element under the name of its column.

    Version 1 of the AEM numbers the rotations of angles and of rates alike; version 2 calls a rate ANGLE_1_DOT.

    Raises
    ------
    CcsdsError
        The name is given twice, or there are too many.
    """
    rotation, rate = _ROTATION.fullmatch(name), _ANGLE_RATE.fullmatch(name)
    if rotation:
        name = f"{'RATE' if parent.endswith('Rates') else 'ANGLE'}_{rotation.group(1)}"
    elif rate:
        name = f"RATE_{rate.group(1)}"
    add_field(path, fields, name, value)
