"""Parse XML from anywhere: no document type and so no entities, and limits on size, depth and number of elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from selfiesim.core.errors import UserError
from selfiesim.core.limits import XML_BYTES, XML_DEPTH, XML_ELEMENTS
from selfiesim.core.quiet import paused_garbage_collection

_ENCODINGS = (b"UTF-8", b"US-ASCII", b"ASCII", b"ISO-8859-1", b"WINDOWS-1252")
_CHUNK_BYTES = 1 << 16
_MAX_CHUNK_BYTES = 1 << 24


def parse_xml(content: bytes, error_type: type[UserError]) -> Any:
    """Return the root element of an XML text, with namespaces removed from the tags.

    Parameters
    ----------
    content : bytes
        The text.
    error_type : type of UserError
        The error to raise.

    Raises
    ------
    UserError
        An ``error_type``, without the file's name: it is not XML, is above a limit, or declares a document type, whose
        entities can expand to anything.
    """
    XML_BYTES.check(len(content), f"it has {len(content) >> 20} MB of XML", error_type)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or not _is_ascii_compatible(content):
        raise error_type("its XML declares a document type or is not UTF-8, which is not allowed")
    depth, root, count = 0, None, 0
    max_depth, max_count = XML_DEPTH.value, XML_ELEMENTS.value
    try:
        with paused_garbage_collection():
            for event, element in _events(content):
                if event == "end":
                    depth -= 1
                    continue
                depth, count = depth + 1, count + 1
                root = element if root is None else root
                element.tag = element.tag.rpartition("}")[2]
                if depth > max_depth:
                    raise error_type(XML_DEPTH.excess("its XML is nested too many levels deep"))
                if count > max_count:
                    raise error_type(XML_ELEMENTS.excess("its XML has too many elements"))
    except (ElementTree.ParseError, ValueError) as error:
        raise error_type(f"its XML is damaged ({str(error)[:60]})") from error
    if root is None:
        raise error_type("its XML is empty")
    return root


def _events(content: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the start and end of each element.

    The parser scans a tag or comment again from its start with each chunk that does not end it; the chunks therefore
    grow until something ends.
    """
    parser: Any = ElementTree.XMLPullParser(("start", "end"))
    view, start, size = memoryview(content), 0, _CHUNK_BYTES
    while start < len(content):
        parser.feed(view[start : start + size])
        start += size
        found: list[Any] = list(parser.read_events())
        size = _CHUNK_BYTES if found else min(2 * size, _MAX_CHUNK_BYTES)
        yield from found
    parser.close()
    yield from parser.read_events()


def _is_ascii_compatible(content: bytes) -> bool:
    """Whether a text is in an encoding in which a document type would be found by its bytes."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4]:
        return False
    start = content[:1000].removeprefix(b"\xef\xbb\xbf")
    declared = re.match(rb"\s*<\?xml[^>]*?\bencoding\s*=\s*[\"']([^\"']*)", start)
    return not declared or declared[1].upper() in _ENCODINGS
