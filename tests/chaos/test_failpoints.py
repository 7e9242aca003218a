"""The list of failpoints is what the code has; the process dies at them and goes on."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.failpoints import NAMES
from tests.chaos import failpoints
from tests.documents import ROOT


def _named(source: str) -> Iterator[str]:
    """Yield the names given to `failpoint`, called here or handed on to be called."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        mentioned = [node.id for node in (call.func, *call.args) if isinstance(node, ast.Name)]
        if "failpoint" in mentioned:
            yield from (
                each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


def test_every_failpoint_of_the_code_is_listed_once_and_every_listed_one_is_in_the_code() -> None:
    sources = [
        path.read_text("utf-8") for folder in ("bot", "handlers", "services") for path in (ROOT / folder).rglob("*.py")
    ]
    assert Counter(name for source in sources for name in _named(source)) == Counter(NAMES)
    assert list(NAMES) == sorted(NAMES, key=lambda name: name.partition(".")[0])


@pytest.mark.process
async def test_some_of_the_deaths(tmp_path: Path) -> None:
    places = ["outbox.after_intent", "inbox.changed"]
    verdict = await failpoints.run_at(1, 1, tmp_path, places)
    assert verdict.broken == ()
    assert verdict.figures["deaths"] == len(places)
