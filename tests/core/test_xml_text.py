"""XML from anywhere: entities, depth, size and number of elements."""

from __future__ import annotations

import time

import pytest

from selfiesim.core.errors import ModelError
from selfiesim.core.untrusted.xml_text import parse_xml


def test_elements_lose_their_namespaces_and_keep_their_order():
    root = parse_xml(
        b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><a xmlns='urn:x'><b c='1'>t</b><d/></a>", ModelError
    )
    assert [root.tag, *(each.tag for each in root)] == ["a", "b", "d"]
    assert (root[0].get("c"), root[0].text) == ("1", "t")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty|damaged"),
        (b"<a><b></a>", "damaged"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "document type"),
        ("<!DOCTYPE a><a/>".encode("utf-16"), "document type"),
        # In EBCDIC, a document type has other bytes; expat would read it.
        (b"<?xml version='1.0' encoding='cp037'?><a/>", "not UTF-8"),
        (b"<a>" * 300, "too many levels deep; the limit is 256"),
        (b"<a>" + b"<b/>" * 4_000_001 + b"</a>", "too many elements; the limit is 4,000,000"),
    ],
)
def test_other_texts_are_refused(content, words):
    with pytest.raises(ModelError, match=words):
        parse_xml(content, ModelError)


def test_size_is_limited(monkeypatch):
    monkeypatch.setenv("SELFIESIM_LIMITS", "xml-bytes=1k")
    with pytest.raises(ModelError, match="the limit is 1 kB"):
        parse_xml(b"<a>" + b" " * 1024 + b"</a>", ModelError)


@pytest.mark.parametrize("text", ["<a b='{}'/>", "<a><!-- {} --></a>", "<a>{}</a>"])
def test_a_long_tag_or_comment_takes_linear_time(text):
    start = time.process_time()
    parse_xml(text.format("x" * (32 << 20)).encode(), ModelError)
    assert time.process_time() - start < 3.0
