"""Golden texts: what people see, kept in files and reviewed as a diff. FLOWBELL_ACCEPT_GOLDEN=1 rewrites them."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def golden(name: str, text: str) -> None:
    """Compare `text` with `tests/golden/<name>.txt`, or write it there if it is to be accepted."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("FLOWBELL_ACCEPT_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")
    assert f"{text}\n" == path.read_text(encoding="utf-8")
