"""The house rules that no linter checks: sizes of folders, modules and functions, and the words we do not use."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/selfiesim"
MODULES = sorted(PACKAGE.rglob("*.py"))
# One module per vehicle part, and one per command.
OPEN_ENDED = {"craft/builders", "cli"}


def test_the_package_root_holds_only_rooms():
    files = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "py.typed"}


def test_no_folder_holds_more_than_sixteen_modules():
    count = Counter(str(path.parent.relative_to(PACKAGE)) for path in MODULES if path.name != "__init__.py")
    assert {folder: number for folder, number in count.items() if number > 16 and folder not in OPEN_ENDED} == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node) or "").splitlines())
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            reason = lines[start - 2].lstrip().startswith("#")
            assert length <= 40 or reason, f"{node.name}: {length} lines without a reason above it"


def test_tests_mirror_the_rooms():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert rooms - folders == set()
    assert folders - rooms == {"project", "support", "fuzz"}


def test_words_that_read_as_translated_are_not_used():
    words = re.compile(r"\b(told|dice|anew|afar|befall)\b", re.IGNORECASE)
    folders = [PACKAGE, ROOT / "docs", ROOT / "design", ROOT / "scenes", ROOT / "examples"]
    kinds = (".py", ".md", ".glsl", ".toml")
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in kinds]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in (*files, ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if words.search(line)
    ]
    assert found == []
