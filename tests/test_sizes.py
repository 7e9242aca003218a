"""Files and functions stay short enough to be read at one sitting."""

import ast
from pathlib import Path

from tests.documents import ROOT

FILE_LINES, FUNCTION_LINES = 300, 40
LONGER_FILES: dict[str, tuple[int, str]] = {}
"""Files that may be longer for now: how long, and why. The list may only get shorter, and the numbers smaller."""
LONGER_FUNCTIONS: dict[str, tuple[int, str]] = {}
"""Functions that may be longer for now, by file and name: how long, and why."""


def sources() -> list[Path]:
    found = (path for folder in ("bot", "handlers", "services", "tests") for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "versions" not in path.parts)  # a migration is a list, and never edited


def too_long(found: dict[str, int], most: int, excused: dict[str, tuple[int, str]]) -> dict[str, int]:
    return {name: lines for name, lines in found.items() if lines > excused.get(name, (most, ""))[0]}


def file_lines() -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources()}


def function_lines() -> dict[str, int]:
    return {
        f"{path.relative_to(ROOT)}::{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_files_are_short() -> None:
    assert too_long(file_lines(), FILE_LINES, LONGER_FILES) == {}


def test_functions_are_short() -> None:
    assert too_long(function_lines(), FUNCTION_LINES, LONGER_FUNCTIONS) == {}


def test_no_exception_is_kept_that_is_not_needed() -> None:
    files, functions = file_lines(), function_lines()
    assert [name for name, (_, why) in LONGER_FILES.items() if not files.get(name, 0) > FILE_LINES or not why] == []
    assert [
        name for name, (_, why) in LONGER_FUNCTIONS.items() if not functions.get(name, 0) > FUNCTION_LINES or not why
    ] == []
